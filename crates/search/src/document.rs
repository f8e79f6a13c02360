//! What is put into the index.

/// Whose eyes see a document: each app has at most one document per view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum View {
    /// What the store shows: the snapshot of the last release.
    Store,
    /// What the app's workspace sees: the draft.
    Workspace,
}

/// One app as one view shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The app's row.
    pub id: i64,
    /// Which of the app's two documents this is.
    pub view: View,
    /// The workspace that owns the app.
    pub workspace_id: i64,
    /// The name of the chart.
    pub name: String,
    /// The names people read, one per language; by the first one (else by `name`) apps are sorted.
    pub display_names: Vec<String>,
    /// Keywords, each of one or more words.
    pub keywords: Vec<String>,
    /// Names of maintainers; they are searched like the summaries.
    pub maintainers: Vec<String>,
    /// Slugs of the categories; an app without one is given `uncategorized` by the caller if that is to be counted.
    pub categories: Vec<String>,
    /// Abstracts and descriptions in all languages.
    pub summaries: Vec<String>,
    /// READMEs in all languages; the first 10,000 words of each are searched.
    pub readmes: Vec<String>,
    /// When the app last changed, in any unit that is the same for all documents (milliseconds since 1970, say).
    pub updated_at: i64,
}

impl Document {
    /// A document without text, to be filled in.
    #[must_use]
    pub fn new(id: i64, view: View, workspace_id: i64) -> Self {
        Self {
            id,
            view,
            workspace_id,
            name: String::new(),
            display_names: Vec::new(),
            keywords: Vec::new(),
            maintainers: Vec::new(),
            categories: Vec::new(),
            summaries: Vec::new(),
            readmes: Vec::new(),
            updated_at: 0,
        }
    }
}

/// A step from one state of the index to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Adds a document, in place of the one with the same id and view.
    Put(Document),
    /// Removes a document, if it is there.
    Remove {
        /// The app's row.
        id: i64,
        /// Which of its documents.
        view: View,
    },
}
