//! The full-text index of apps: words in, app ids out.
//!
//! The index is derived from the database and never the truth: it may be deleted at any time, and whoever owns it fills
//! it again from the rows. It knows up to two [`Document`]s of an app, one per [`View`]: what the store shows (the
//! snapshot of the last release) and what its workspace sees (the draft). A [`Query`] searches one view and says
//! whose apps it may find; there is no default that shows everything.
//!
//! ```
//! use chandlery_search::{Change, Document, Index, Query, View, Workspaces};
//!
//! let index = Index::in_memory()?;
//! let document = Document { name: "redis".to_owned(), ..Document::new(7, View::Store, 1) };
//! index.apply([Change::Put(document)], 1)?;
//! let page = index.search(&Query::new(View::Store, Workspaces::All).with_text("reids"))?;
//! assert_eq!(page.hits[0].id, 7);
//! # Ok::<(), chandlery_core::Error>(())
//! ```
//!
//! # What matches
//!
//! The text of a query is words, not a language: no input is a syntax error. Every word must be found, each in any field.
//! Letters are compared without case and accents. Names count more than keywords, these more than the description, that
//! more than the README; within a field a word that is written out counts more than one that only begins so (the last
//! word of a query may be unfinished), and both more than one with a typing error. Errors are forgiven where a query finds
//! little otherwise: one in words from 4 letters, two from 8 if the first letter is right; two letters swapped are one
//! error. Chinese and Japanese text, which has no spaces, is cut into pairs of characters: 消息 finds 分布式消息中间件.

mod directory;
mod document;
mod index;
mod plan;
mod query;
mod ranking;
mod schema;
mod segment;
mod words;

pub use document::{Change, Document, View};
pub use index::Index;
pub use query::{Cursor, Hit, MAX_QUERY_CHARACTERS, MAX_QUERY_WORDS, Page, Query, Sort, Start, Workspaces};
