//! Letters as Go's `unicode` package sees them: one character to one character, by general category.

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

/// Greek letters with an iota below: Rust only knows their two-letter upper case, Go the one-letter title case.
/// First and last of a row, and how far the other case is.
const GREEK: [(char, char, u32); 6] = [
    ('\u{1F80}', '\u{1F87}', 8),
    ('\u{1F90}', '\u{1F97}', 8),
    ('\u{1FA0}', '\u{1FA7}', 8),
    ('\u{1FB3}', '\u{1FB3}', 9),
    ('\u{1FC3}', '\u{1FC3}', 9),
    ('\u{1FF3}', '\u{1FF3}', 9),
];

/// The upper case, where it is one character.
pub(super) fn to_upper(character: char) -> char {
    if character.is_ascii() {
        return character.to_ascii_uppercase();
    }
    for (first, last, distance) in GREEK {
        if (first..=last).contains(&character) {
            return char::from_u32(u32::from(character) + distance).unwrap_or(character);
        }
    }
    let mut upper = character.to_uppercase();
    if upper.len() == 1 { upper.next().unwrap_or(character) } else { character }
}

/// The lower case, where it is one character.
pub(super) fn to_lower(character: char) -> char {
    // The only one with a lower case of two characters; Go leaves the dot out.
    if character == '\u{130}' {
        return 'i';
    }
    character.to_lowercase().next().unwrap_or(character)
}

/// The title case: of the digraphs one of their own, of Georgian letters themselves, else the upper case.
pub(super) fn to_title(character: char) -> char {
    match character {
        '\u{1C4}'..='\u{1C6}' => '\u{1C5}',
        '\u{1C7}'..='\u{1C9}' => '\u{1C8}',
        '\u{1CA}'..='\u{1CC}' => '\u{1CB}',
        '\u{1F1}'..='\u{1F3}' => '\u{1F2}',
        '\u{10D0}'..='\u{10FA}' | '\u{10FD}'..='\u{10FF}' => character,
        _ => to_upper(character),
    }
}

/// Is it a letter?
pub(super) fn is_letter(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_alphabetic();
    }
    character.general_category_group() == GeneralCategoryGroup::Letter
}

/// Is it an upper-case letter?
pub(super) fn is_upper(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_uppercase();
    }
    character.general_category() == GeneralCategory::UppercaseLetter
}

/// Is it a lower-case letter?
pub(super) fn is_lower(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_lowercase();
    }
    character.general_category() == GeneralCategory::LowercaseLetter
}

/// Is it a title-case letter?
pub(super) fn is_title(character: char) -> bool {
    character.general_category() == GeneralCategory::TitlecaseLetter
}

/// Is it a number?
pub(super) fn is_number(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_digit();
    }
    character.general_category_group() == GeneralCategoryGroup::Number
}

/// Is it a decimal digit?
pub(super) fn is_digit(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_digit();
    }
    character.general_category() == GeneralCategory::DecimalNumber
}

/// Is it punctuation?
pub(super) fn is_punctuation(character: char) -> bool {
    character.general_category_group() == GeneralCategoryGroup::Punctuation
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_one_to_one() {
        type Map = fn(char) -> char;
        let cases: [(Map, &str, &str); 3] = [
            (to_upper, "aßéᾳᾀǆŉა", "AßÉᾼᾈǄŉᲐ"),
            (to_lower, "AİÉᾼᾈǅΣ", "aiéᾳᾀǆσ"),
            (to_title, "aßéᾳǆა", "AßÉᾼǅა"),
        ];
        for (map, input, output) in cases {
            assert_eq!(input.chars().map(map).collect::<String>(), output);
        }
    }
}
