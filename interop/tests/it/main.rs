//! Chandlery among the programs it must get along with: Helm 3 and 4, cm-push, ChartMuseum, a registry,
//! an object store and dex, all real.

mod chartmuseum;
mod cli;
mod cm_push;
mod corpus;
mod dependency;
mod differential;
mod environment;
mod external;
mod helm;
mod helm_compare;
mod http;
mod keys;
mod lint;
mod oidc;
mod operations;
mod packages;
mod peer_server;
mod program;
mod recorder;
mod server;
mod template;
mod tutorial;
mod virtual_repositories;
