//! What is worth a look in the difference to the released version.

use super::finding::Findings;
use super::report::{Change, Check, Comparison, Finding, PackageFacts, Right};
use crate::version::Version;

const ID: &str = "diff";

/// The check of a first version.
pub(super) fn first() -> Check {
    Check::of(ID, "no version is released yet: there is nothing to compare with", Findings::default())
}

pub(super) fn check(comparison: &Comparison) -> Check {
    if let Some(reason) = comparison.not_compared.first() {
        return Check::not_run(ID, reason);
    }
    let mut findings: Findings = versions(&comparison.before, &comparison.after).into_iter().collect();
    findings.extend(comparison.rights_added.items.iter().map(right));
    let images = comparison.images_added.items.iter();
    findings.extend(images.map(|image| Finding::info("image_added", format!("{image} is new"))));
    findings.extend(comparison.values.items.iter().filter(|value| value.change == Change::Removed).map(
        |value| Finding::info("value_removed", "whoever sets this value sets it in vain").field(&value.path),
    ));
    let summary = format!(
        "against {}: {} objects, {} values, {} images differ; {} rights more",
        comparison.before.version,
        total(&comparison.objects.items, comparison.objects.left_out),
        total(&comparison.values.items, comparison.values.left_out),
        total(&comparison.images_added.items, comparison.images_added.left_out)
            + total(&comparison.images_removed.items, comparison.images_removed.left_out),
        total(&comparison.rights_added.items, comparison.rights_added.left_out),
    );
    Check::of(ID, "", findings).saying(summary)
}

fn total<T>(items: &[T], left_out: u64) -> u64 {
    items.len() as u64 + left_out
}

fn versions(before: &PackageFacts, after: &PackageFacts) -> Vec<Finding> {
    let mut findings = Vec::new();
    if before.name != after.name {
        let message = format!("the released chart is called {:?}, this one {:?}", before.name, after.name);
        findings.push(Finding::error("other_chart", message).at("Chart.yaml"));
    }
    let is_newer = match (before.version.parse::<Version>(), after.version.parse::<Version>()) {
        (Ok(before), Ok(after)) => after > before,
        _ => false,
    };
    if !is_newer {
        let message = format!("{} does not come after {}", after.version, before.version);
        findings.push(Finding::warning("not_newer", message).at("Chart.yaml"));
    }
    findings
}

fn right(right: &Right) -> Finding {
    let object = match right {
        Right::Grant { object, .. } | Right::Binding { object, .. } => object.clone(),
    };
    Finding {
        object,
        ..Finding::warning("right_added", "asks for rights that the released version does not have")
    }
}
