//! The rows of the table, in groups.

mod blobs;
mod conditional;
mod helm_index;
mod hostile;
mod index;
mod memory;
mod put;
mod render;
mod sources;
mod start;
mod store;
mod upload;

use crate::bench::Group;

/// Every group, in the order of the table.
pub(crate) const GROUPS: &[Group] = &[
    Group { name: "index", run: index::run },
    Group { name: "304", run: conditional::run },
    Group { name: "upload", run: upload::run },
    Group { name: "memory", run: memory::run },
    Group { name: "start", run: start::run },
    Group { name: "helm-index", run: helm_index::run },
    Group { name: "blobs", run: blobs::run },
    Group { name: "put", run: put::run },
    Group { name: "render", run: render::run },
    Group { name: "hostile", run: hostile::run },
    Group { name: "store", run: store::run },
    Group { name: "sources", run: sources::run },
];
