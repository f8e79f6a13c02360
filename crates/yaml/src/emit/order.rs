//! The order in which go-yaml writes the keys of a mapping.

use std::cmp::Ordering;

use crate::emit::Dialect;

/// Compares two keys as go-yaml sorts them: runs of digits as numbers (`a2` before `a10`), letters behind other characters.
///
/// The order of [`Dialect::Compact`] is not transitive for odd sets such as `a2`, `a10`, `a1x`; there go-yaml's own
/// output is random. Sort with [`sort_entries`]: the sorts of the standard library may panic on such an order.
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

/// Sorts pairs by their keys as go-yaml sorts a mapping ([`compare_keys`]); equal keys keep their places.
///
/// It takes any set of keys, where the sorts of the standard library may panic because the order is not transitive.
pub fn sort_entries<K: AsRef<str> + Copy, V: Copy>(entries: &mut [(K, V)], dialect: Dialect) {
    if !entries.is_sorted_by(|left, right| compare_entries(left, right, dialect).is_le()) {
        let mut spare = entries.to_vec();
        merge_sort(entries, &mut spare, dialect);
    }
}

fn compare_entries<K: AsRef<str>, V>(left: &(K, V), right: &(K, V), dialect: Dialect) -> Ordering {
    compare_keys(left.0.as_ref(), right.0.as_ref(), dialect)
}

fn merge_sort<K: AsRef<str> + Copy, V: Copy>(entries: &mut [(K, V)], spare: &mut [(K, V)], dialect: Dialect) {
    if entries.len() < 2 {
        return;
    }
    let middle = entries.len() / 2;
    merge_sort(&mut entries[..middle], &mut spare[..middle], dialect);
    merge_sort(&mut entries[middle..], &mut spare[middle..], dialect);
    let (left, right) = entries.split_at(middle);
    let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
    for slot in spare.iter_mut() {
        let is_before = |second: &&(K, V)| {
            left.peek().is_none_or(|first| compare_entries(first, second, dialect).is_gt())
        };
        let next = right.next_if(is_before).or_else(|| left.next());
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
        sort_entries(&mut entries, Dialect::Compact);
        let mut left: Vec<&str> = entries.iter().map(|entry| entry.0).collect();
        left.sort_unstable();
        left.dedup();
        assert_eq!(left.len(), 600);
    }
}
