//! Chandlery among the programs it must get along with: Helm 3 and 4, cm-push and ChartMuseum, all real.

mod cm_push;
mod corpus;
mod environment;
mod helm;
mod http;
mod keys;
mod packages;
mod program;
mod recorder;
mod server;
