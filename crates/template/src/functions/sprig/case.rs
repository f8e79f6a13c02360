//! Upper and lower case, and names in the styles of programming languages.

use super::support::{made, map_runes, runes};
use super::unicode::{
    is_letter, is_lower, is_number, is_punctuation, is_title, is_upper, to_lower, to_title, to_upper,
};
use crate::exec::Call;
use crate::functions::Functions;
use crate::value::Text;

/// Writes a text in another way.
type Style = fn(&[u8]) -> Vec<u8>;

pub(super) fn add(functions: &mut Functions) {
    let by_text: [(&'static str, Style); 8] = [
        ("title", title),
        ("untitle", untitle),
        ("swapcase", swap_case),
        ("nospace", without_space),
        ("initials", initials),
        ("camelcase", pascal_case),
        ("snakecase", |text| separated(text, '_')),
        ("kebabcase", |text| separated(text, '-')),
    ];
    for (name, function) in by_text {
        functions.add(name, move |call: &mut Call<'_>, text: Text| made(call, function(&text)));
    }
}

/// The first letter of each word in title case. Letters, digits and `_` are in words; of what is not ASCII, all but
/// space.
fn title(text: &[u8]) -> Vec<u8> {
    let mut previous = ' ';
    map_runes(text, |character| {
        let is_first = if previous.is_ascii() {
            !previous.is_ascii_alphanumeric() && previous != '_'
        } else {
            previous.is_whitespace()
        };
        previous = character;
        if is_first { to_title(character) } else { character }
    })
}

/// The first letter of each word in lower case; space is between words.
fn untitle(text: &[u8]) -> Vec<u8> {
    let mut is_first = true;
    map_runes(text, |character| {
        if character.is_whitespace() {
            is_first = true;
            return character;
        }
        to_lower_if(character, std::mem::take(&mut is_first))
    })
}

/// Lower case for upper and upper for lower, title case for a lower-case letter that begins a word.
fn swap_case(text: &[u8]) -> Vec<u8> {
    let mut after_space = true;
    map_runes(text, |character| {
        if is_upper(character) || is_title(character) {
            after_space = false;
            to_lower(character)
        } else if is_lower(character) {
            if std::mem::take(&mut after_space) { to_title(character) } else { to_upper(character) }
        } else {
            after_space = character.is_whitespace();
            character
        }
    })
}

/// Without white space. Go reads single bytes as characters here: a text that had white space and letters beyond ASCII
/// comes out garbled.
fn without_space(text: &[u8]) -> Vec<u8> {
    let kept: Vec<u8> = text.iter().copied().filter(|&byte| !char::from(byte).is_whitespace()).collect();
    if kept.len() == text.len() { kept } else { latin1(&kept) }
}

/// The first byte of each word, as a character.
fn initials(text: &[u8]) -> Vec<u8> {
    let mut after_space = true;
    let first = text.iter().copied().filter(|&byte| {
        let is_space = char::from(byte).is_whitespace();
        !is_space && std::mem::replace(&mut after_space, is_space) || {
            after_space = is_space;
            false
        }
    });
    latin1(&first.collect::<Vec<u8>>())
}

fn latin1(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().map(char::from).collect::<String>().into_bytes()
}

fn is_connector(character: char) -> bool {
    character == '-' || character == '_' || character.is_whitespace()
}

/// Words joined, each with an upper-case first letter. Connectors in front stay, and all but one of several.
fn pascal_case(text: &[u8]) -> Vec<u8> {
    let characters: Vec<char> = runes(text).map(|(character, _)| character).collect();
    let Some(first) = characters.iter().position(|&character| !is_connector(character)) else {
        // Nothing but connectors: Go writes the last one twice.
        return characters.iter().chain(characters.last()).collect::<String>().into_bytes();
    };
    let mut made: String = characters[..first].iter().collect();
    let mut current = to_upper(characters[first]);
    let mut in_upper = is_upper(characters[first]);
    for &next in &characters[first + 1..] {
        let previous = std::mem::replace(&mut current, next);
        if is_connector(next) && is_connector(previous) {
            made.push(previous);
        } else if is_connector(previous) {
            in_upper = is_upper(next);
            current = to_upper(next);
        } else {
            in_upper = in_upper && is_upper(next);
            current = to_lower_if(next, in_upper);
            made.push(previous);
        }
    }
    made.push(current);
    made.into_bytes()
}

fn to_lower_if(character: char, condition: bool) -> char {
    if condition { to_lower(character) } else { character }
}

/// What a run of characters is, for the styles with a separator.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    /// No character is left.
    End,
    Number,
    Upper,
    Alphabet,
    Connector,
    Punctuation,
    Other,
}

/// A letter of a script with cases or spaces between words: Chinese characters are not.
fn is_alphabet(character: char) -> bool {
    is_letter(character)
        && !matches!(character, '\u{4E00}'..='\u{9FCC}' | '\u{3400}'..='\u{4D85}' | '\u{20000}'..='\u{2B81D}')
}

fn is_small(character: char) -> bool {
    is_alphabet(character) && !is_upper(character)
}

fn is_other(character: char) -> bool {
    !(is_connector(character) || is_alphabet(character) || is_number(character) || is_punctuation(character))
}

/// The length of the run that all are in; at least the first is.
fn run_length(characters: &[char], is_in: Test) -> usize {
    let others = &characters[1..];
    1 + others.iter().position(|&character| !is_in(character)).unwrap_or(others.len())
}

type Test = fn(char) -> bool;

/// The first run and its length.
fn first_word(characters: &[char]) -> (Word, usize) {
    let Some(&first) = characters.first() else { return (Word::End, 0) };
    if is_upper(first) {
        return (Word::Upper, upper_length(characters));
    }
    let kinds: [(Word, Test); 5] = [
        (Word::Connector, is_connector),
        (Word::Punctuation, is_punctuation),
        (Word::Alphabet, is_small),
        (Word::Number, is_number),
        (Word::Other, is_other),
    ];
    let (word, is_in) = kinds.into_iter().find(|(_, is_in)| is_in(first)).unwrap_or((Word::Other, is_other));
    (word, run_length(characters, is_in))
}

/// `HTTPStatus` is `HTTP` and `Status`: the last upper-case letter belongs to the small ones after it.
fn upper_length(characters: &[char]) -> usize {
    let upper = run_length(characters, is_upper);
    match characters.get(upper) {
        Some(&after) if is_alphabet(after) && upper > 1 => upper - 1,
        Some(&after) if is_alphabet(after) => run_length(characters, is_small),
        _ => upper,
    }
}

/// Lower-case words with a separator between them.
struct Separated<'a> {
    /// What comes after `run`.
    rest: &'a [char],
    word: Word,
    run: &'a [char],
    separator: char,
    made: String,
}

fn separated(text: &[u8], separator: char) -> Vec<u8> {
    let characters: Vec<char> = runes(text).map(|(character, _)| character).collect();
    let made = String::with_capacity(text.len() + 8);
    let mut state = Separated { rest: &characters, word: Word::End, run: &[], separator, made };
    state.advance();
    while !state.rest.is_empty() {
        state.step();
    }
    state.push(state.word, state.run);
    state.made.into_bytes()
}

impl<'a> Separated<'a> {
    fn push(&mut self, word: Word, run: &[char]) {
        for &character in run {
            self.made.push(match word {
                Word::Connector | Word::Upper if is_connector(character) => self.separator,
                Word::Connector | Word::Upper => to_lower_if(character, is_upper(character)),
                _ => character,
            });
        }
    }

    /// Goes to the next run; gives the one before.
    fn advance(&mut self) -> (Word, &'a [char]) {
        let (word, length) = first_word(self.rest);
        let (run, rest) = self.rest.split_at(length);
        self.rest = rest;
        (std::mem::replace(&mut self.word, word), std::mem::replace(&mut self.run, run))
    }

    fn step(&mut self) {
        if self.word != Word::Connector {
            self.push(self.word, self.run);
        }
        let (previous, run) = self.advance();
        match previous {
            Word::Number => self.letters_and_numbers(),
            Word::Connector => self.push(previous, run),
            Word::Punctuation => {}
            _ if self.word != Word::Number => self.separate(),
            _ if self.rest.is_empty() => {}
            _ => self.number_after_word(),
        }
    }

    fn separate(&mut self) {
        if !matches!(self.word, Word::Connector | Word::Punctuation) {
            self.made.push(self.separator);
        }
    }

    /// Numbers and the small letters after them are one word.
    fn letters_and_numbers(&mut self) {
        while matches!(self.word, Word::Alphabet | Word::Number) {
            self.push(self.word, self.run);
            self.advance();
        }
        if self.word != Word::End {
            self.separate();
        }
    }

    /// A number belongs to the word before it (`bld4_floor`), unless small letters follow it (`http_2xx`).
    fn number_after_word(&mut self) {
        let (_, number) = self.advance();
        if self.word == Word::Alphabet {
            self.made.push(self.separator);
            self.push(Word::Number, number);
            self.letters_and_numbers();
        } else {
            self.push(Word::Number, number);
            self.separate();
        }
    }
}
