//! The keywords for lists.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde_json::Value;

use super::{Step, Unevaluated, count_text, number};
use crate::render::go::print_count;
use crate::render::schema::compile::{Additional, Id, Items, Schema};
use crate::render::schema::draft::Draft;
use crate::render::schema::failure::Failure;

impl Schema {
    /// Whether a keyword looks at all items.
    pub(super) fn covers_all_items(&self) -> bool {
        self.additional_items.is_some()
            || self.other_items.is_some()
            || matches!(self.items, Some(Items::All(_)))
    }

    /// How many items at the start keywords look at.
    pub(super) fn covered_items(&self) -> usize {
        match &self.items {
            Some(Items::Each(each)) => each.len(),
            _ => self.first_items.len(),
        }
    }
}

impl Step<'_> {
    pub(super) fn check_array(
        self,
        items: &[Value],
        unevaluated: &mut Unevaluated,
        failures: &mut Vec<Failure>,
    ) {
        let schema = self.schema();
        let count = items.len() as u64;
        if let Some(least) = schema.least_items.filter(|least| count < *least) {
            failures.push(self.fail(|| count_text("minItems", count, least)));
        }
        if let Some(most) = schema.most_items.filter(|most| count > *most) {
            failures.push(self.fail(|| count_text("maxItems", count, most)));
        }
        if schema.unique_items
            && let Some((first, second)) = duplicates(items)
        {
            let (first, second) = (print_count(first), print_count(second));
            failures.push(self.fail(|| format!("items at {first} and {second} are equal")));
        }
        if schema.draft < Draft::V2020 {
            self.check_old_items(items, failures);
        } else {
            self.check_items(items, failures);
        }
        self.check_contained(items, unevaluated, failures);
    }

    fn check_old_items(self, items: &[Value], failures: &mut Vec<Failure>) {
        let schema = self.schema();
        let covered = match &schema.items {
            None => 0,
            Some(Items::All(target)) => {
                for (index, item) in items.iter().enumerate() {
                    failures.extend(self.apply_below(*target, &index.to_string(), item).err());
                }
                items.len()
            }
            Some(Items::Each(targets)) => {
                for (index, (target, item)) in targets.iter().zip(items).enumerate() {
                    failures.extend(self.apply_below(*target, &index.to_string(), item).err());
                }
                items.len().min(targets.len())
            }
        };
        match schema.additional_items {
            Some(Additional::Allowed(false)) if covered < items.len() => {
                let count = print_count(items.len() - covered);
                failures.push(self.fail(|| format!("last {count} additionalItem(s) not allowed")));
            }
            Some(Additional::Schema(target)) => self.check_rest(target, &items[covered..], failures),
            _ => {}
        }
    }

    fn check_items(self, items: &[Value], failures: &mut Vec<Failure>) {
        let schema = self.schema();
        for (index, (target, item)) in schema.first_items.iter().zip(items).enumerate() {
            failures.extend(self.apply_below(*target, &index.to_string(), item).err());
        }
        if let Some(target) = schema.other_items {
            let covered = items.len().min(schema.first_items.len());
            self.check_rest(target, &items[covered..], failures);
        }
    }

    /// The items after those with a schema of their own. Their places are counted from there, as in Helm 4.2.
    fn check_rest(self, target: Id, items: &[Value], failures: &mut Vec<Failure>) {
        for (index, item) in items.iter().enumerate() {
            failures.extend(self.apply_below(target, &index.to_string(), item).err());
        }
    }

    fn check_contained(self, items: &[Value], unevaluated: &mut Unevaluated, failures: &mut Vec<Failure>) {
        let schema = self.schema();
        let Some(target) = schema.contains else { return };
        let mut causes = Vec::new();
        let mut matched = Vec::new();
        for (index, item) in items.iter().enumerate() {
            match self.apply_below(target, &index.to_string(), item) {
                Ok(()) => {
                    matched.push(index);
                    if schema.draft >= Draft::V2020 {
                        unevaluated.items.remove(&index);
                    }
                }
                Err(failure) => causes.push(failure),
            }
        }
        let count = matched.len() as u64;
        match schema.least_contained {
            None if matched.is_empty() => {
                failures.push(self.fail_with(causes, || "no items match contains schema".to_owned()));
            }
            Some(least) if count < least => {
                failures.push(self.fail_with(causes, || contained_text("min", least, &matched)));
            }
            _ => {}
        }
        if let Some(most) = schema.most_contained.filter(|most| count > *most) {
            failures.push(self.fail(|| contained_text("max", most, &matched)));
        }
    }
}

fn contained_text(bound: &str, want: u64, matched: &[usize]) -> String {
    let want = print_count(want);
    let required = format!("{bound} {want} items required to match contains schema, but");
    if matched.is_empty() {
        return format!("{required} none matched");
    }
    let places: Vec<String> = matched.iter().map(ToString::to_string).collect();
    format!("{required} matched {} items at {}", print_count(matched.len()), places.join(" "))
}

/// The first item that is equal to an earlier one, which comes first.
fn duplicates(items: &[Value]) -> Option<(usize, usize)> {
    let mut seen = BTreeMap::new();
    for (index, item) in items.iter().enumerate() {
        match seen.entry(number::canonical(item)) {
            Entry::Vacant(place) => drop(place.insert(index)),
            Entry::Occupied(first) => return Some((*first.get(), index)),
        }
    }
    None
}
