//! What tests need on the other side, here and in other crates: a server that answers as a test says, git repositories
//! behind the real `git http-backend`, and certificates by openssl.

mod certificates;
mod git;
mod server;

pub use certificates::Certificate;
pub use git::{GitRepository, git_backend};
pub use server::{Answer, Server};
