//! The fields of the index, and a document as they hold it.

use std::collections::HashSet;

use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::{TantivyDocument, Term};

use crate::document::{Document, View};
use crate::words::{add_terms, clip, fold, join};

/// Raised whenever fields or the cutting into words change: an older index is then made anew.
pub(crate) const FORMAT: u32 = 1;

/// Pieces of a README that are searched; more are tables of parameters.
const MAX_README_WORDS: usize = 10_000;

/// Pieces of any other text that are searched.
const MAX_TEXT_WORDS: usize = 1_000;

/// Characters of a name by which apps are sorted.
const MAX_SORT_CHARACTERS: usize = 100;

/// Columns that are read for each hit.
pub(crate) mod column {
    pub(crate) const ID: &str = "id";
    pub(crate) const CATEGORY: &str = "category";
    pub(crate) const SORT_NAME: &str = "sort_name";
    pub(crate) const UPDATED_AT: &str = "updated_at";
    pub(crate) const NAME_WORDS: &str = "name_words";
}

/// The searched fields of one view, the heaviest first. The views share none, so that a query reads the words of its own
/// view only.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TextFields {
    pub(crate) name: Field,
    /// The words of each name without anything between them: `certmanager` finds `cert-manager`. Apart from the words,
    /// since there are as many of them as apps: the beginnings of words are found without reading these.
    pub(crate) joined_name: Field,
    pub(crate) keyword: Field,
    pub(crate) summary: Field,
    pub(crate) readme: Field,
    /// The row's id, by which a document is replaced.
    pub(crate) key: Field,
}

/// All fields.
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    pub(crate) schema: Schema,
    store: TextFields,
    workspace: TextFields,
    pub(crate) view: Field,
    pub(crate) workspace_id: Field,
    pub(crate) category: Field,
    pub(crate) keyword: Field,
    pub(crate) maintainer: Field,
    id: Field,
    sort_name: Field,
    updated_at: Field,
    name_words: Field,
}

impl Fields {
    pub(crate) fn new() -> Self {
        let mut schema = Schema::builder();
        let indexed = NumericOptions::from(INDEXED);
        let mut text_fields = |prefix: &str| TextFields {
            name: schema.add_text_field(&format!("{prefix}_name"), words()),
            joined_name: schema.add_text_field(&format!("{prefix}_joined_name"), words()),
            keyword: schema.add_text_field(&format!("{prefix}_keyword"), words()),
            summary: schema.add_text_field(&format!("{prefix}_summary"), words()),
            readme: schema.add_text_field(&format!("{prefix}_readme"), words()),
            key: schema.add_i64_field(&format!("{prefix}_key"), indexed.clone()),
        };
        let (store, workspace) = (text_fields("store"), text_fields("workspace"));
        Self {
            store,
            workspace,
            view: schema.add_text_field("view", values()),
            workspace_id: schema.add_i64_field("workspace_id", indexed),
            category: schema.add_text_field(column::CATEGORY, values() | FAST),
            keyword: schema.add_text_field("keyword", values()),
            maintainer: schema.add_text_field("maintainer", values()),
            id: schema.add_i64_field(column::ID, FAST),
            sort_name: schema.add_text_field(column::SORT_NAME, TextOptions::default() | FAST),
            updated_at: schema.add_i64_field(column::UPDATED_AT, FAST),
            name_words: schema.add_u64_field(column::NAME_WORDS, FAST),
            schema: schema.build(),
        }
    }

    pub(crate) fn of(&self, view: View) -> &TextFields {
        match view {
            View::Store => &self.store,
            View::Workspace => &self.workspace,
        }
    }

    /// What a document is replaced by.
    pub(crate) fn key(&self, view: View, id: i64) -> Term {
        Term::from_field_i64(self.of(view).key, id)
    }

    pub(crate) fn view_term(&self, view: View) -> Term {
        Term::from_field_text(self.view, view_name(view))
    }

    pub(crate) fn document(&self, document: &Document) -> TantivyDocument {
        let mut fields = TantivyDocument::new();
        self.add_texts(document, &mut fields);
        self.add_values(document, &mut fields);
        fields
    }

    fn add_texts(&self, document: &Document, fields: &mut TantivyDocument) {
        let of = self.of(document.view);
        let names = std::iter::once(&document.name).chain(&document.display_names);
        let summary = document.summaries.iter().chain(&document.maintainers);
        add(fields, of.name, terms_of(names.clone(), MAX_TEXT_WORDS));
        add(fields, of.joined_name, names.map(|name| clip(&join(name, "")).to_owned()).collect());
        add(fields, of.keyword, terms_of(&document.keywords, MAX_TEXT_WORDS));
        add(fields, of.summary, terms_of(summary, MAX_TEXT_WORDS));
        add(fields, of.readme, terms_of(&document.readmes, MAX_README_WORDS));
        fields.add_i64(of.key, document.id);
    }

    fn add_values(&self, document: &Document, fields: &mut TantivyDocument) {
        fields.add_text(self.view, view_name(document.view));
        fields.add_i64(self.workspace_id, document.workspace_id);
        for category in document.categories.iter().collect::<HashSet<_>>() {
            fields.add_text(self.category, category);
        }
        document.keywords.iter().for_each(|keyword| fields.add_text(self.keyword, fold(keyword)));
        document.maintainers.iter().for_each(|name| fields.add_text(self.maintainer, fold(name)));
        fields.add_i64(self.id, document.id);
        let sort_name = fold(document.display_names.first().unwrap_or(&document.name));
        fields.add_text(self.sort_name, sort_name.chars().take(MAX_SORT_CHARACTERS).collect::<String>());
        fields.add_i64(self.updated_at, document.updated_at);
        fields.add_u64(self.name_words, join(&document.name, " ").split(' ').count() as u64);
    }
}

/// A field of words, with a space between them.
fn words() -> TextOptions {
    postings("whitespace")
}

/// A field of values that are terms as they are.
fn values() -> TextOptions {
    postings("raw")
}

/// Which documents have a term, and nothing more: how often and where would only make the index larger.
fn postings(tokenizer: &str) -> TextOptions {
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(tokenizer)
        .set_index_option(IndexRecordOption::Basic)
        .set_fieldnorms(false);
    TextOptions::default().set_indexing_options(indexing)
}

fn terms_of<'a>(texts: impl IntoIterator<Item = &'a String>, limit: usize) -> HashSet<String> {
    let mut terms = HashSet::new();
    texts.into_iter().for_each(|text| add_terms(text, limit, &mut terms));
    terms
}

/// One text with all terms: the writer queues thousands of documents, which as lists of terms would take ten times the
/// memory.
fn add(fields: &mut TantivyDocument, field: Field, terms: HashSet<String>) {
    let mut text = String::with_capacity(terms.iter().map(|term| term.len() + 1).sum());
    for term in terms {
        text.push_str(&term);
        text.push(' ');
    }
    fields.add_text(field, text);
}

fn view_name(view: View) -> &'static str {
    match view {
        View::Store => "store",
        View::Workspace => "workspace",
    }
}
