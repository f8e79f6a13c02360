//! `index.yaml`: the list of a repository's packages.

mod write;

pub use write::{EntryFields, write_chart_header, write_document_footer, write_document_header, write_entry};
