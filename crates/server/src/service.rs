//! The rules: each method takes who acts first, checks the permission, and does its work in one transaction.

pub(crate) mod accounts;
pub(crate) mod bootstrap;
pub(crate) mod categories;
pub(crate) mod charts;
pub(crate) mod downloads;
pub(crate) mod invitations;
pub(crate) mod members;
pub(crate) mod packages;
pub(crate) mod projects;
pub(crate) mod publish;
pub(crate) mod repositories;
pub(crate) mod rights;
pub(crate) mod robots;
pub(crate) mod roles;
pub(crate) mod search;
pub(crate) mod search_index;
pub(crate) mod sessions;
pub(crate) mod storefront;
pub(crate) mod texts;
pub(crate) mod tokens;
pub(crate) mod trail;
pub(crate) mod workspaces;
