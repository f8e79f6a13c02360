//! Checks of what the templates make.

use super::bounded::few;
use super::facts::warnings_of;
use super::finding::{Findings, named, word};
use super::rendering::Facts;
use super::report::{Check, Finding, Severity};
use crate::render::{ApiState, Grant, Hook, Image, ObjectReference, PodPower, PodRisk, Warning, split};

/// A check that needs nothing but the facts: its id, what it says if there is nothing to say, and how it finds.
struct Rule(&'static str, &'static str, fn(&Facts) -> Findings);

const RULES: &[Rule] = &[
    Rule("images", "no image", images),
    Rule("cluster_scope", "nothing outside the namespace of the release", cluster_scope),
    Rule("rights", "no rights are asked for", rights),
    Rule("powers", "no pod asks for more than its containers", powers),
    Rule("hooks", "no hooks", hooks),
    Rule("apis", "no API is deprecated or removed", apis),
];

/// All checks of a manifest; none of them runs without one.
pub(super) fn checks(facts: Result<&Facts, &str>) -> Vec<Check> {
    let check = |Rule(id, nothing, find): &Rule| match facts {
        Ok(facts) => Check::of(id, nothing, find(facts)),
        Err(reason) => Check::not_run(id, reason),
    };
    RULES.iter().map(check).collect()
}

fn images(facts: &Facts) -> Findings {
    let unreadable = facts.evidence.unreadable_images.iter().map(|found| {
        let message = format!("{:?} is no reference to an image", found.text);
        Finding::warning("unreadable_image", message).of(&found.object).field(&found.field)
    });
    facts.evidence.images.iter().filter_map(image).chain(unreadable).collect()
}

fn image(image: &Image) -> Option<Finding> {
    let found = match (&image.parts.tag, &image.parts.digest) {
        (_, Some(_)) => return None,
        (None, None) => Finding::warning("floating_tag", format!("{} has no tag", image.reference)),
        (Some(tag), None) if tag == "latest" => {
            Finding::warning("floating_tag", format!("{} is another image every day", image.reference))
        }
        (Some(_), None) => Finding::info("no_digest", format!("{} has no digest", image.reference)),
    };
    Some(match image.uses.first() {
        Some(first) => found.of(&first.object).field(&first.field),
        None => found,
    })
}

fn cluster_scope(facts: &Facts) -> Findings {
    let evidence = &facts.evidence;
    let cluster = evidence.cluster_objects.iter().map(|found| match found.object.kind.as_str() {
        "CustomResourceDefinition" => {
            about("definition", Severity::Warning, "defines a kind for the whole cluster", &found.object)
        }
        _ => about("cluster_object", Severity::Warning, "belongs to the whole cluster", &found.object),
    });
    let foreign = evidence.foreign_objects.iter().map(|object| {
        about("foreign_namespace", Severity::Error, "is in a namespace of its own choice", object)
    });
    let unknown = evidence.unknown_scopes.iter().map(|object| {
        about(
            "unknown_scope",
            Severity::Info,
            "may belong to the whole cluster: its kind is not known",
            object,
        )
    });
    foreign.chain(cluster).chain(unreadable_definitions(facts)).chain(unknown).collect()
}

fn about(code: &str, severity: Severity, text: &str, object: &ObjectReference) -> Finding {
    let api_version = &object.api_version;
    Finding::new(severity, code, format!("{} of {api_version} {text}", object.kind)).of(object)
}

/// Files of `crds/` are installed as they stand, whether we understand them or not.
fn unreadable_definitions(facts: &Facts) -> impl Iterator<Item = Finding> {
    facts.crds.iter().filter_map(|file| {
        let options = chandlery_yaml::Options::default();
        let documents = split(&file.text, crate::render::Compat::default());
        let error =
            documents.iter().find_map(|text| chandlery_yaml::check(text.as_bytes(), &options).err())?;
        let message = format!("this is no YAML, so nobody knows what it defines: {error}");
        Some(Finding::error("unreadable_definition", message).at(&file.path))
    })
}

/// What lets its holder become anybody.
const GRAVE: &[Warning] =
    &[Warning::Escalate, Warning::Bind, Warning::Impersonate, Warning::ClusterAdmin, Warning::Everybody];

/// Together: everything.
const WILDCARDS: [Warning; 3] = [Warning::AllVerbs, Warning::AllResources, Warning::AllGroups];

fn rights(facts: &Facts) -> Findings {
    let grants = facts.evidence.grants.iter().map(|grant| {
        let finding = right("grant", &grant.warnings, &allowed(grant));
        finding.of(&grant.object).field(format!("rules[{}]", grant.rule))
    });
    let bindings = facts.evidence.bindings.iter().map(|binding| {
        let subjects: Vec<String> =
            binding.subjects.iter().map(|subject| format!("{} {}", subject.kind, subject.name)).collect();
        let text =
            format!("gives {} {} to {}", binding.role_kind, binding.role_name, few(&subjects).join(", "));
        right("binding", &binding.warnings, &text).of(&binding.object)
    });
    grants.chain(bindings).collect()
}

fn right(code: &str, warnings: &[Warning], text: &str) -> Finding {
    let is_everything = WILDCARDS.iter().all(|wildcard| warnings.contains(wildcard));
    let severity = match warnings {
        [] => Severity::Info,
        _ if is_everything || warnings.iter().any(|warning| GRAVE.contains(warning)) => Severity::Error,
        _ => Severity::Warning,
    };
    match warnings {
        [] => Finding::new(severity, code, text),
        _ => Finding::new(severity, code, format!("{text} ({})", warnings_of(warnings).join(", "))),
    }
}

/// `may get, list pods, secrets of the core group`
fn allowed(grant: &Grant) -> String {
    let verbs = few(&grant.verbs).join(", ");
    let mut what = few(&grant.resources).join(", ");
    let urls = few(&grant.non_resource_urls).join(", ");
    if !urls.is_empty() {
        what = [what, urls].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
    }
    let groups: Vec<String> = few(&grant.api_groups)
        .into_iter()
        .map(|group| if group.is_empty() { "the core group".to_owned() } else { group })
        .collect();
    let groups = if groups.is_empty() { String::new() } else { format!(" of {}", groups.join(", ")) };
    let names = if grant.resource_names.is_empty() {
        String::new()
    } else {
        format!(" named {}", few(&grant.resource_names).join(", "))
    };
    format!("may {verbs} {what}{groups}{names}")
}

/// How the Pod Security Standards of Kubernetes see a power: an error is forbidden by "baseline", a warning by
/// "restricted".
const POWERS: &[(PodPower, Severity)] = &[
    (PodPower::HostNetwork, Severity::Error),
    (PodPower::HostPid, Severity::Error),
    (PodPower::HostIpc, Severity::Error),
    (PodPower::HostPath, Severity::Error),
    (PodPower::HostPort, Severity::Error),
    (PodPower::Privileged, Severity::Error),
    (PodPower::HostProcess, Severity::Error),
    (PodPower::SeccompUnconfined, Severity::Error),
    (PodPower::PrivilegeEscalation, Severity::Warning),
    (PodPower::RunsAsRoot, Severity::Warning),
];

/// The capabilities that "baseline" allows.
const BASELINE_CAPABILITIES: &[&str] = &[
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

fn powers(facts: &Facts) -> Findings {
    facts.evidence.pod_risks.iter().map(power).collect()
}

fn power(risk: &PodRisk) -> Finding {
    let known = POWERS.iter().find(|(power, _)| *power == risk.power);
    let severity = known.map_or_else(|| capability(&risk.detail), |(_, severity)| *severity);
    let code = word(&risk.power);
    let message = match risk.detail.as_str() {
        "" => code.replace('_', " "),
        detail => format!("{} {detail}", code.replace('_', " ")),
    };
    Finding::new(severity, &code, message).of(&risk.object).field(&risk.field)
}

fn capability(name: &str) -> Severity {
    match name.strip_prefix("CAP_").unwrap_or(name) {
        "NET_BIND_SERVICE" => Severity::Info,
        name if BASELINE_CAPABILITIES.contains(&name) => Severity::Warning,
        _ => Severity::Error,
    }
}

/// The policies that Helm knows.
const DELETE_POLICIES: [&str; 3] = ["before-hook-creation", "hook-succeeded", "hook-failed"];

fn hooks(facts: &Facts) -> Findings {
    let manifest = &facts.manifest;
    let dropped = manifest.dropped.iter().map(|document| {
        let events = document.head.annotations.get("helm.sh/hook").map_or("", String::as_str);
        let message =
            format!("Helm leaves this {} out: it does not know all events of {events:?}", document.head.kind);
        let title = named(&document.head.kind, None, &document.head.name);
        Finding { object: title, ..Finding::warning("unknown_event", message).at(&document.path) }
    });
    dropped.chain(manifest.hooks.iter().map(hook)).collect()
}

fn hook(hook: &Hook) -> Finding {
    let events: Vec<&str> = hook.events.iter().map(|event| event.as_str()).collect();
    let unknown = hook.delete_policies.iter().find(|policy| !DELETE_POLICIES.contains(&policy.as_str()));
    let deleted = match few(&hook.delete_policies).join(", ") {
        policies if policies.is_empty() => DELETE_POLICIES[0].to_owned(),
        policies => policies,
    };
    let message = format!("runs on {}; weight {}; deleted on {deleted}", events.join(", "), hook.weight);
    let finding = match unknown {
        Some(policy) => {
            Finding::warning("unknown_policy", format!("{message}; Helm does not know {policy:?}"))
        }
        None => Finding::info("hook", message),
    };
    let head = &hook.document.head;
    let object = named(&head.kind, None, &head.name);
    Finding { object, ..finding.at(&hook.document.path) }
}

fn apis(facts: &Facts) -> Findings {
    let uses = facts.evidence.api_uses.iter().map(|found| {
        let (severity, code) = match found.state {
            ApiState::Removed => (Severity::Error, "removed"),
            ApiState::Deprecated => (Severity::Warning, "deprecated"),
        };
        let release =
            |release: crate::render::KubernetesRelease| format!("{}.{}", release.major, release.minor);
        let mut message = format!(
            "{} of {} is deprecated since Kubernetes {}",
            found.object.kind,
            found.object.api_version,
            release(found.deprecated_in)
        );
        if let Some(removed) = found.removed_in {
            message.push_str(&format!(", gone in {}", release(removed)));
        }
        if let Some(replacement) = found.replacement {
            message.push_str(&format!("; use {replacement}"));
        }
        Finding::new(severity, code, message).of(&found.object)
    });
    uses.collect()
}
