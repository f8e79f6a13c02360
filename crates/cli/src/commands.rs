//! One file per command.

pub(crate) mod account;
pub(crate) mod completion;
pub(crate) mod config;
pub(crate) mod create;
pub(crate) mod dependency;
pub(crate) mod diff;
pub(crate) mod import;
pub(crate) mod index;
pub(crate) mod lint;
pub(crate) mod login;
pub(crate) mod package;
pub(crate) mod pull;
pub(crate) mod push;
pub(crate) mod repo;
pub(crate) mod resource;
pub(crate) mod search;
pub(crate) mod serve;
pub(crate) mod show;
pub(crate) mod template;
pub(crate) mod token;
pub(crate) mod verify;
pub(crate) mod version;
