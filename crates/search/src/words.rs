//! Text to words: the same way for what is indexed and for what is asked.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization;

/// Longer words are cut: hashes and encoded blobs are not looked for by their tails.
const MAX_WORD_CHARACTERS: usize = 40;

/// A stretch of folded text without anything else in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Letters and digits of a script that puts spaces between words.
    Word(&'a str),
    /// Characters of a script that does not: how words are cut there takes a dictionary, pairs do without.
    Run(&'a str),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Separator,
    Spaced,
    Unspaced,
}

/// Calls `emit` with each piece of a text, in order, until it answers `false`.
pub(crate) fn each_piece(text: &str, mut emit: impl FnMut(Piece<'_>) -> bool) {
    let mut folded = String::new();
    for chunk in text.split_whitespace() {
        folded.clear();
        fold_into(chunk, &mut folded);
        if !split(&folded, &mut emit) {
            return;
        }
    }
}

/// The text in small letters, without accents, and with single spaces: how whole values are compared.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for chunk in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        fold_into(chunk, &mut folded);
    }
    folded
}

/// Adds the terms of a text to a document's: words, and pairs of characters of runs; of at most `limit` pieces.
pub(crate) fn add_terms(text: &str, limit: usize, terms: &mut HashSet<String>) {
    let mut left = limit;
    each_piece(text, |piece| {
        match piece {
            Piece::Word(word) => insert(terms, clip(word)),
            Piece::Run(run) => add_pairs(run, terms),
        }
        left = left.saturating_sub(1);
        left > 0
    });
}

/// The words of a text side by side, with what is to stand between them: `kube-prometheus` gives `kube prometheus`.
pub(crate) fn join(text: &str, between: &str) -> String {
    let mut joined = String::new();
    each_piece(text, |piece| {
        let (Piece::Word(word) | Piece::Run(word)) = piece;
        if !joined.is_empty() {
            joined.push_str(between);
        }
        joined.push_str(word);
        true
    });
    joined
}

/// The beginning of a word that is indexed and looked for.
pub(crate) fn clip(word: &str) -> &str {
    word.char_indices().nth(MAX_WORD_CHARACTERS).map_or(word, |(end, _)| &word[..end])
}

/// The pairs of neighbouring characters of a run; a single character is its own.
pub(crate) fn pairs(run: &str) -> impl Iterator<Item = &str> {
    let starts = run.char_indices().map(|(start, _)| start);
    let ends = run.char_indices().map(|(start, character)| start + character.len_utf8()).skip(1);
    let alone = (run.chars().nth(1).is_none() && !run.is_empty()).then_some(run);
    starts.zip(ends).map(move |(start, end)| &run[start..end]).chain(alone)
}

/// Besides the pairs the last character: whoever asks for a single one gets all pairs that begin with it, and this.
fn add_pairs(run: &str, terms: &mut HashSet<String>) {
    pairs(run).for_each(|pair| insert(terms, pair));
    if let Some((start, _)) = run.char_indices().next_back() {
        insert(terms, &run[start..]);
    }
}

fn insert(terms: &mut HashSet<String>, term: &str) {
    if !terms.contains(term) {
        terms.insert(term.to_owned());
    }
}

fn split(folded: &str, emit: &mut impl FnMut(Piece<'_>) -> bool) -> bool {
    let mut start = 0;
    let mut current = Class::Separator;
    let end = std::iter::once((folded.len(), Class::Separator));
    for (position, class) in folded.char_indices().map(|(position, c)| (position, class(c))).chain(end) {
        if class == current {
            continue;
        }
        let piece = &folded[start..position];
        let more = match current {
            Class::Separator => true,
            Class::Spaced => emit(Piece::Word(piece)),
            Class::Unspaced => emit(Piece::Run(piece)),
        };
        if !more {
            return false;
        }
        (start, current) = (position, class);
    }
    true
}

fn class(character: char) -> Class {
    match character {
        'a'..='z' | '0'..='9' => Class::Spaced,
        '\0'..='\x7f' => Class::Separator,
        // Thai, Lao, Myanmar, Khmer; kana; Han with its extensions.
        '\u{e00}'..='\u{eff}'
        | '\u{1000}'..='\u{109f}'
        | '\u{1780}'..='\u{17ff}'
        | '\u{3005}'..='\u{3007}'
        | '\u{3041}'..='\u{30ff}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}' => Class::Unspaced,
        other if other.is_alphanumeric() => Class::Spaced,
        _ => Class::Separator,
    }
}

/// Appends a text in small letters and without accents; full-width letters and ligatures become plain ones (NFKC).
fn fold_into(text: &str, folded: &mut String) {
    if text.is_ascii() {
        folded.extend(text.chars().map(|character| character.to_ascii_lowercase()));
        return;
    }
    let plain = text.nfkd().flat_map(char::to_lowercase).filter(|c| !matches!(c, '\u{300}'..='\u{36f}'));
    for character in plain.nfc() {
        match letters(character) {
            Some(letters) => folded.push_str(letters),
            None => folded.push(character),
        }
    }
}

/// What people type for letters that Unicode does not take apart.
fn letters(character: char) -> Option<&'static str> {
    Some(match character {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ł' => "l",
        'ħ' => "h",
        'ı' => "i",
        'ς' => "σ",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        each_piece(text, |piece| {
            found.push(match piece {
                Piece::Word(word) => word.to_owned(),
                Piece::Run(run) => format!("[{run}]"),
            });
            true
        });
        found
    }

    #[test]
    fn text_is_cut_into_folded_pieces() {
        let cases: &[(&str, &[&str])] = &[
            ("", &[]),
            (" \t\n", &[]),
            ("Kube-Prometheus_stack/v2.1", &["kube", "prometheus", "stack", "v2", "1"]),
            ("Café ÉLAN Zürich Straße Ærø", &["cafe", "elan", "zurich", "strasse", "aero"]),
            ("ＲＥＤＩＳ ﬁle İstanbul ıssız", &["redis", "file", "istanbul", "issiz"]),
            ("йод Ελλάς", &["иод", "ελλασ"]),
            ("分布式消息中间件", &["[分布式消息中间件]"]),
            ("Kafka消息2队列", &["kafka", "[消息]", "2", "[队列]"]),
            ("カフェ、コーヒー", &["[カフェ]", "[コーヒー]"]),
            ("한국어 검색", &["한국어", "검색"]),
            ("*:* \"a\" (b) !c \u{0}d🚀e", &["a", "b", "c", "d", "e"]),
            ("🚀 !!! …", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(pieces(text), *expected, "{text:?}");
        }
    }

    #[test]
    fn terms_are_words_pairs_and_the_last_character() {
        let cases: &[(&str, usize, &[&str])] = &[
            ("redis Redis", 9, &["redis"]),
            ("消息队列", 9, &["列", "息队", "消息", "队列"]),
            ("消", 9, &["消"]),
            ("one two three", 2, &["one", "two"]),
            (&"x".repeat(50), 9, &[&"x".repeat(40)]),
        ];
        for (text, limit, expected) in cases {
            let mut terms = HashSet::new();
            add_terms(text, *limit, &mut terms);
            let mut terms: Vec<_> = terms.into_iter().collect();
            terms.sort();
            assert_eq!(terms, *expected, "{text:?}");
        }
    }

    #[test]
    fn pairs_of_a_run() {
        let cases: &[(&str, &[&str])] =
            &[("", &[]), ("消", &["消"]), ("消息", &["消息"]), ("消息队", &["消息", "息队"])];
        for (run, expected) in cases {
            assert_eq!(pairs(run).collect::<Vec<_>>(), *expected, "{run}");
        }
    }

    #[test]
    fn whole_values_are_folded_and_joined() {
        assert_eq!(fold("  Message   Qüeue, Inc. "), "message queue, inc.");
        assert_eq!(join("Kube-Prometheus  Stack", " "), "kube prometheus stack");
        assert_eq!(join("Node.js", ""), "nodejs");
    }
}
