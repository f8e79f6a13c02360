//! What is asked of the index, and what it answers.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chandlery_core::{Error, Result};

use crate::document::View;

/// What a query's text has past this many characters is not looked at.
pub const MAX_QUERY_CHARACTERS: usize = 200;

/// What a query's text has past this many words is not looked at.
pub const MAX_QUERY_WORDS: usize = 10;

/// One question to the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The words to look for, as typed. Empty or blank: every document that the filters let through. A text without a
    /// letter or digit in it finds nothing.
    pub text: String,
    /// Which of the two documents of each app is searched.
    pub view: View,
    /// Whose apps may be found.
    pub workspaces: Workspaces,
    /// Only apps in the category with this slug.
    pub category: Option<String>,
    /// Only apps with this keyword, whole; case and accents do not matter.
    pub keyword: Option<String>,
    /// Only apps with a maintainer of this name, whole; case and accents do not matter.
    pub maintainer: Option<String>,
    /// The order of the hits.
    pub sort: Sort,
    /// Where the page begins.
    pub start: Start,
    /// The most hits on the page.
    pub limit: usize,
}

impl Query {
    /// The first 20 of all apps that the given workspaces have in a view, best first.
    #[must_use]
    pub fn new(view: View, workspaces: Workspaces) -> Self {
        Self {
            text: String::new(),
            view,
            workspaces,
            category: None,
            keyword: None,
            maintainer: None,
            sort: Sort::Relevance,
            start: Start::Offset(0),
            limit: 20,
        }
    }

    /// The same question with other words to look for.
    #[must_use]
    pub fn with_text(self, text: impl Into<String>) -> Self {
        Self { text: text.into(), ..self }
    }
}

/// The tenants whose apps may be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Workspaces {
    /// Everybody's: right in the store's view, and for those who may see all workspaces.
    All,
    /// Those of these workspaces; an empty list finds nothing.
    Only(Vec<i64>),
}

/// The order of hits; those that are equal in it follow by ascending id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The best match first, and of equal ones the shortest name.
    Relevance,
    /// By the name people read, without case and accents.
    Name,
    /// The last changed first.
    Newest,
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// After so many hits.
    Offset(usize),
    /// After the last hit of another page, whatever was added or removed since.
    After(Cursor),
}

/// A found app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// The app's row.
    pub id: i64,
    /// How well it matches, comparable within one query only.
    pub score: u32,
}

/// A part of the answer, and figures about the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The hits, in order.
    pub hits: Vec<Hit>,
    /// How many hits there are on all pages.
    pub total: usize,
    /// Hits per category slug, counted without the filter on category: what choosing another one would find.
    pub categories: BTreeMap<String, usize>,
    /// Where the next page begins; absent on the last one.
    pub next: Option<Cursor>,
}

/// The place of one hit in the order of a query. As text it is opaque and safe in a URL only when encoded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    pub(crate) order: Order,
    pub(crate) id: i64,
}

/// By what a hit is sorted; the smaller comes first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Order {
    Relevance(Reverse<u32>),
    Name(String),
    Newest(Reverse<i64>),
}

impl Order {
    pub(crate) fn sort(&self) -> Sort {
        match self {
            Self::Relevance(_) => Sort::Relevance,
            Self::Name(_) => Sort::Name,
            Self::Newest(_) => Sort::Newest,
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.order {
            Order::Relevance(Reverse(score)) => write!(f, "r.{}.{score}", self.id),
            Order::Name(name) => write!(f, "n.{}.{name}", self.id),
            Order::Newest(Reverse(time)) => write!(f, "t.{}.{time}", self.id),
        }
    }
}

impl FromStr for Cursor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        parse_cursor(text)
            .ok_or_else(|| Error::invalid("cursor", "is not one that a search has answered; leave it out"))
    }
}

fn parse_cursor(text: &str) -> Option<Cursor> {
    let mut parts = text.splitn(3, '.');
    let (kind, id, value) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
    let order = match kind {
        "r" => Order::Relevance(Reverse(value.parse().ok()?)),
        "n" => Order::Name(value.to_owned()),
        "t" => Order::Newest(Reverse(value.parse().ok()?)),
        _ => return None,
    };
    Some(Cursor { order, id })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_survive_being_text() {
        let orders = [
            Order::Relevance(Reverse(6_400)),
            Order::Name("a.b 消息".to_owned()),
            Order::Name(String::new()),
            Order::Newest(Reverse(-5)),
        ];
        for order in orders {
            let cursor = Cursor { order, id: -7 };
            assert_eq!(cursor.to_string().parse::<Cursor>().expect("our own text"), cursor);
        }
    }

    #[test]
    fn other_texts_are_no_cursors() {
        for text in ["", "r", "r.1", "r.x.1", "r.1.-1", "r.1.99999999999", "t.1.", "q.1.1", "1.1.1"] {
            let error = text.parse::<Cursor>().expect_err(text);
            assert_eq!(error.code(), "invalid", "{text}");
        }
    }
}
