//! The real server with the real store behind it, by HTTP.

mod authorisation;
mod charts;
mod faults;
mod files;
mod index;
mod notifications;
mod publishing;
mod replicas;
mod rest;
mod services;
mod sources;
mod store;
mod support;
mod virtual_repositories;
