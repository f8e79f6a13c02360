//! The order in which go-yaml writes the keys of a mapping.

use std::cmp::Ordering;

use crate::emit::Dialect;

/// Compares two keys as go-yaml sorts them: runs of digits as numbers (`a2` before `a10`), letters behind other characters.
///
/// The order of [`Dialect::Compact`] is not transitive for odd sets such as `a2`, `a10`, `a1x`; there go-yaml's own
/// output is random, and sorting with it needs an algorithm that tolerates this.
#[must_use]
pub fn compare_keys(left: &str, right: &str, dialect: Dialect) -> Ordering {
    let common = left.bytes().zip(right.bytes()).take_while(|(left, right)| left == right).count();
    let common = left.floor_char_boundary(common);
    let (Some(first), Some(second)) = (left[common..].chars().next(), right[common..].chars().next()) else {
        return left.len().cmp(&right.len());
    };
    match (first.is_alphabetic(), second.is_alphabetic()) {
        (true, true) => first.cmp(&second),
        (false, false) => compare_digits(left, right, common).then(first.cmp(&second)),
        (first_is_letter, _) => {
            let behind_digit = left[..common].ends_with(|character: char| character.is_ascii_digit());
            let letter_is_less = dialect == Dialect::Pretty && behind_digit;
            if first_is_letter == letter_is_less { Ordering::Less } else { Ordering::Greater }
        }
    }
}

/// Compares the numbers that begin at the first difference; a leading zero counts if other digits stand before it.
fn compare_digits(left: &str, right: &str, common: usize) -> Ordering {
    let (left_rest, right_rest) = (&left.as_bytes()[common..], &right.as_bytes()[common..]);
    let has_zero = left_rest[0] == b'0' || right_rest[0] == b'0';
    let digits_before = left.as_bytes()[..common].iter().rev().take_while(|byte| byte.is_ascii_digit());
    let start = i64::from(has_zero && digits_before.into_iter().any(|&byte| byte != b'0'));
    let (left_number, left_length) = leading_number(left_rest, start);
    let (right_number, right_length) = leading_number(right_rest, start);
    left_number.cmp(&right_number).then(left_length.cmp(&right_length))
}

fn leading_number(bytes: &[u8], start: i64) -> (i64, usize) {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold((start, 0), |(number, length), byte| {
        (number.wrapping_mul(10).wrapping_add(i64::from(byte - b'0')), length + 1)
    })
}

/// Sorts by key with a merge sort, because the standard sorts may panic on an order that is not transitive.
pub(super) fn sort_by_key<T: Copy>(entries: &mut [(&str, T)], dialect: Dialect) {
    if entries.is_sorted_by(|left, right| compare_keys(left.0, right.0, dialect).is_le()) {
        return;
    }
    let mut spare = entries.to_vec();
    merge_sort(entries, &mut spare, dialect);
}

fn merge_sort<'k, T: Copy>(entries: &mut [(&'k str, T)], spare: &mut [(&'k str, T)], dialect: Dialect) {
    if entries.len() < 2 {
        return;
    }
    let middle = entries.len() / 2;
    merge_sort(&mut entries[..middle], &mut spare[..middle], dialect);
    merge_sort(&mut entries[middle..], &mut spare[middle..], dialect);
    let (left, right) = entries.split_at(middle);
    let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
    for slot in spare.iter_mut() {
        let from_right = right.next_if(|second| {
            left.peek().is_none_or(|first| compare_keys(first.0, second.0, dialect).is_gt())
        });
        let next = from_right.or_else(|| left.next());
        *slot = *next.expect("as many places as entries");
    }
    entries.copy_from_slice(spare);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_in_natural_order() {
        let sorted =
            ["", "-y", "_x", "~", "1", "1.5", "2", "10", "A", "B", "a", "a b", "a-b", "a2", "a10", "ab", "é"];
        for (place, left) in sorted.iter().enumerate() {
            for (other, right) in sorted.iter().enumerate() {
                let order = compare_keys(left, right, Dialect::Compact);
                assert_eq!(order, place.cmp(&other), "{left} and {right}");
            }
        }
    }

    #[test]
    fn letters_behind_digits_come_first_only_in_pretty() {
        assert_eq!(compare_keys("a1b", "a1-", Dialect::Compact), Ordering::Greater);
        assert_eq!(compare_keys("a1b", "a1-", Dialect::Pretty), Ordering::Less);
    }

    #[test]
    fn sets_without_consistent_order_are_sorted_without_panic() {
        let names: Vec<String> =
            (0..200).flat_map(|n| [format!("a{n}"), format!("a{n}x"), format!("{n}min")]).collect();
        let mut entries: Vec<(&str, usize)> = names.iter().map(|name| (name.as_str(), 0)).collect();
        sort_by_key(&mut entries, Dialect::Compact);
        let mut left: Vec<&str> = entries.iter().map(|entry| entry.0).collect();
        left.sort_unstable();
        left.dedup();
        assert_eq!(left.len(), 600);
    }
}
