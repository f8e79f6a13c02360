//! A query's text as the terms to look up.

use tantivy::query::{DfaWrapper, FuzzyTermQuery};
use tantivy::schema::Field;
use tantivy::{TantivyError, Term};

use crate::query::{MAX_QUERY_CHARACTERS, MAX_QUERY_WORDS};
use crate::words::{Piece, clip, each_piece, join, pairs};

/// How a term of the index answers to a word of the query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Exact,
    Prefix,
    OneError,
    TwoErrors,
}

/// The terms that answer to a word in one way.
pub(crate) struct Matcher {
    pub(crate) kind: Kind,
    pub(crate) terms: Terms,
}

pub(crate) enum Terms {
    One(String),
    BeginningWith(String),
    /// Those that an automaton accepts, of all that begin with the letter if there is one.
    Like(DfaWrapper, Option<String>),
}

/// A word of the query: each of its parts must be found (a run of characters has several), by any matcher.
pub(crate) struct Word {
    pub(crate) parts: Vec<Vec<Matcher>>,
    /// Set for words in which errors may be forgiven.
    text: Option<String>,
}

/// What to look up for a query.
pub(crate) struct Plan {
    pub(crate) words: Vec<Word>,
    /// All words of the query without anything between them, as the name of an app might be.
    pub(crate) joined_name: String,
    /// Whether the text is blank, so that everything is found.
    pub(crate) everything: bool,
    forgiving: bool,
}

impl Plan {
    pub(crate) fn new(text: &str) -> Self {
        let text: String = text.chars().take(MAX_QUERY_CHARACTERS).collect();
        let mut words = Vec::new();
        each_piece(&text, |piece| {
            words.push(match piece {
                Piece::Word(word) => Word::spaced(clip(word)),
                Piece::Run(run) => Word::unspaced(run),
            });
            words.len() < MAX_QUERY_WORDS
        });
        if let Some(last) = words.last_mut() {
            last.accept_prefix();
        }
        let everything = text.trim().is_empty();
        Self { words, joined_name: clip(&join(&text, "")).to_owned(), everything, forgiving: false }
    }

    /// Accepts typing errors from now on; `false` if that changes nothing.
    pub(crate) fn forgive(&mut self, any_field: Field) -> Result<bool, TantivyError> {
        if std::mem::replace(&mut self.forgiving, true) {
            return Ok(false);
        }
        let mut changed = false;
        for word in &mut self.words {
            changed |= word.forgive(any_field)?;
        }
        Ok(changed)
    }
}

impl Word {
    fn spaced(word: &str) -> Self {
        Self { parts: vec![vec![Matcher::exact(word)]], text: Some(word.to_owned()) }
    }

    fn unspaced(run: &str) -> Self {
        let mut parts: Vec<_> = pairs(run).map(|pair| vec![Matcher::exact(pair)]).collect();
        // A single character is found within words, which is where it begins a pair.
        if run.chars().nth(1).is_none() {
            parts[0].push(Matcher::prefix(run));
        }
        Self { parts, text: None }
    }

    fn accept_prefix(&mut self) {
        if let Some(text) = &self.text {
            self.parts[0].push(Matcher::prefix(text));
        }
    }

    fn forgive(&mut self, any_field: Field) -> Result<bool, TantivyError> {
        let Some(text) = &self.text else { return Ok(false) };
        let errors = match text.chars().count() {
            0..4 => 0,
            4..8 => 1,
            _ => 2,
        };
        for (allowed, kind) in [(1, Kind::OneError), (2, Kind::TwoErrors)] {
            if allowed <= errors {
                let term = Term::from_field_text(any_field, text);
                let automaton = FuzzyTermQuery::new(term, allowed, true).automaton()?;
                // A second error is not looked for in the first letter, which makes that twenty times cheaper.
                let first = text.chars().next().filter(|_| kind == Kind::TwoErrors).map(String::from);
                self.parts[0].push(Matcher { kind, terms: Terms::Like(automaton, first) });
            }
        }
        Ok(errors > 0)
    }
}

impl Matcher {
    fn exact(term: &str) -> Self {
        Self { kind: Kind::Exact, terms: Terms::One(term.to_owned()) }
    }

    fn prefix(term: &str) -> Self {
        Self { kind: Kind::Prefix, terms: Terms::BeginningWith(term.to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_to_a_sane_size() {
        let cases = [
            ("", 0, true),
            (" \u{3000} ", 0, true),
            ("!!! *:* \u{1}", 0, false),
            ("🚀", 0, false),
            ("redis", 1, false),
            (&"word ".repeat(50), MAX_QUERY_WORDS, false),
            (&"x".repeat(1 << 20), 1, false),
            (&"消".repeat(1 << 20), 1, false),
        ];
        for (text, words, everything) in cases {
            let plan = Plan::new(text);
            assert_eq!((plan.words.len(), plan.everything), (words, everything), "{text:.20}");
            assert!(plan.words.iter().all(|word| word.parts.len() < MAX_QUERY_CHARACTERS), "{text:.20}");
        }
    }

    #[test]
    fn errors_are_forgiven_by_length() {
        let field = Field::from_field_id(0);
        let cases =
            [("abc", 0), ("abcd", 1), ("abcdefg", 1), ("abcdefgh", 2), ("éàüö", 1), ("消息中间件", 0)];
        for (text, errors) in cases {
            let mut plan = Plan::new(text);
            assert_eq!(plan.forgive(field).expect("any text has an automaton"), errors > 0, "{text}");
            let like = |matcher: &&Matcher| matches!(matcher.terms, Terms::Like(..));
            assert_eq!(plan.words[0].parts[0].iter().filter(like).count(), errors, "{text}");
            assert!(!plan.forgive(field).expect("nothing is built"), "{text}: only once");
        }
    }
}
