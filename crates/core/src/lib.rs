//! Names, digests, actors, permissions and errors of Chandlery: rules without I/O.
//!
//! Every other crate may use this one; it uses none of them. Strings that mean something are types here
//! ([`WorkspaceName`], [`RepositoryPath`], [`Digest`]…), so that a value which exists is a value that was checked.

mod actor;
mod digest;
mod error;
mod event;
mod lifecycle;
mod name;
mod permission;
mod repository;
mod role;
mod secret;

pub use actor::{Account, Actor, Memberships, TokenScope};
pub use digest::{Digest, Sha256Hasher};
pub use error::{BoxError, Error, Result};
pub use event::{Audience, Event};
pub use lifecycle::{Action, MOVES_OF_RULES, VersionState, Who, app_state, default_phases, three_phases};
pub use name::{
    AccountName, AppName, CategoryName, ChartName, PhaseName, ProjectName, RESERVED_WORKSPACE_NAMES,
    RepositoryName, RepositoryPath, RobotName, RoleName, TokenName, WebhookName, WorkspaceName,
};
pub use permission::{Permission, PermissionSet, Place, RepositoryScope, Visibility, authorise, may, see};
pub use repository::RepositorySettings;
pub use role::{
    BUILTIN_ROLES, BuiltinRole, PLATFORM_ADMIN, PLATFORM_REGULAR, PROJECT_PERMISSIONS, REPOSITORIES_MANAGER,
    RoleKind, WORKSPACE_ADMIN, WORKSPACE_PERMISSIONS, builtin_role,
};
pub use secret::Secret;
