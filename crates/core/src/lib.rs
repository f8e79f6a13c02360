//! Names, digests, actors, permissions and errors of Chandlery: rules without I/O.
//!
//! Every other crate may use this one; it uses none of them. Strings that mean something are types here
//! ([`WorkspaceName`], [`RepositoryPath`], [`Digest`]…), so that a value which exists is a value that was checked.

mod actor;
mod digest;
mod error;
mod name;
mod permission;
mod repository;

pub use actor::{Account, Actor, TokenScope};
pub use digest::{Digest, Sha256Hasher};
pub use error::{BoxError, Error, Result};
pub use name::{
    AccountName, ChartName, RESERVED_WORKSPACE_NAMES, RepositoryName, RepositoryPath, TokenName,
    WorkspaceName,
};
pub use permission::{Permission, PlatformRole, RepositoryScope, Visibility, authorise};
pub use repository::RepositorySettings;
