//! The index of a virtual repository: ranges of its members' files.
//!
//! A chart that comes from one member is that member's fragment, as text and compressed. Only what several members have
//! is put together here, from the entries in their fragments. The charts of a member follow each other, so that most of
//! them are one range, whatever others the members have between them.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use chandlery_core::Result;
use jiff::Timestamp;

use super::Document;
use super::builder::Builder;
use super::encoding::Encoding;
use super::fragment::{Links, merge};
use super::fragments::{Fragments, Middle, cache_fault};
use crate::service::virtual_repositories::{Members, Rule};

/// The fragments of one member, by its place and row.
pub(super) struct Member<'a> {
    /// Its place among the members.
    pub(super) place: usize,
    /// Its row.
    pub(super) id: i64,
    /// Its fragments.
    pub(super) builder: &'a mut Builder,
}

/// What a merged text was made of: rows of members, and the generations of their fragments.
type Origin = Box<[(i64, i64)]>;

/// The charts that come from several members.
pub(super) struct Merger {
    fragments: Fragments<Origin>,
    /// Counts the texts that were made.
    made: i64,
}

impl Merger {
    /// Nothing merged yet.
    pub(super) fn create(directory: &Path) -> Result<Self> {
        Ok(Self { fragments: Fragments::create(directory).map_err(cache_fault)?, made: 0 })
    }

    /// The document of these members, of which those that nobody may read only reserve their names.
    pub(super) fn document(
        &mut self,
        members: &mut [Member<'_>],
        rule: &Rule<'_>,
        changed_at: Timestamp,
        encoding: Encoding,
        links: &Links,
    ) -> Result<Document> {
        for member in members.iter_mut() {
            member.builder.compress(encoding)?;
        }
        let members = &*members;
        let (alone, shared) = divided(members, rule);
        self.refresh(members, &shared)?;
        self.fragments.compress(encoding).map_err(cache_fault)?;
        let mut middle = Middle::new(encoding);
        for member in members {
            let own = &alone[&member.place];
            member.builder.fragments().add_to(&mut middle, |name| own.contains(name));
        }
        self.fragments.add_to(&mut middle, |_| true);
        middle.into_document(changed_at, links)
    }

    /// Brings the merged texts up to date, each that is made of something else than before.
    fn refresh(&mut self, members: &[Member<'_>], shared: &HashMap<&str, Members>) -> Result<()> {
        self.fragments.retain(|name| shared.contains_key(name));
        let mut names: Vec<_> = shared.iter().collect();
        names.sort_unstable_by_key(|(name, _)| **name);
        for (name, sources) in names {
            let sources = || members.iter().filter(|member| sources.contains(member.place));
            let generation =
                |member: &Member<'_>| Some(member.builder.fragments().all().get(*name)?.generation);
            let origin: Origin =
                sources().filter_map(|member| Some((member.id, generation(member)?))).collect();
            let known = self.fragments.all().get(*name);
            if known.is_some_and(|known| known.about.about == origin) {
                continue;
            }
            let mut texts = Vec::new();
            for member in sources() {
                texts.extend(member.builder.fragments().read(name).map_err(cache_fault)?);
            }
            let texts: Vec<_> = texts.into_iter().map(|(text, chart)| (text, &*chart.entries)).collect();
            self.made += 1;
            let text = merge(name, &texts)?;
            self.fragments.insert(name, self.made, &text, origin).map_err(cache_fault)?;
        }
        self.fragments.tidy().map_err(cache_fault)
    }
}

/// The charts that come from one member alone, by its place, and those that come from several.
fn divided<'a>(
    members: &'a [Member<'_>],
    rule: &Rule<'_>,
) -> (HashMap<usize, HashSet<&'a str>>, HashMap<&'a str, Members>) {
    let mut holders: HashMap<&str, Members> = HashMap::new();
    for member in members {
        for name in member.builder.fragments().all().keys() {
            let known = holders.entry(name).or_default();
            *known = known.or(Members::at(member.place));
        }
    }
    let mut alone: HashMap<usize, HashSet<&str>> =
        members.iter().map(|member| (member.place, HashSet::new())).collect();
    let mut shared = HashMap::new();
    for (name, holders) in holders {
        let sources = rule.sources(name, holders);
        match (sources.count(), sources.places().next()) {
            (1, Some(place)) => drop(alone.entry(place).or_default().insert(name)),
            (2.., _) => drop(shared.insert(name, sources)),
            _ => {}
        }
    }
    (alone, shared)
}
