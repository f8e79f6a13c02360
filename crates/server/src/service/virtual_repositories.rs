//! Virtual repositories: several repositories read as one.

mod rule;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chandlery_api::{
    ResolveQuery, ResolvedChart, ResolvedVersion, Shadowed, ShadowedBecause, VirtualMember, VirtualRequest,
    VirtualSummary, VirtualView,
};
use chandlery_chart::compare_newest_first;
use chandlery_core::{Actor, Error, Permission, RepositoryPath, Result, may};
use chandlery_store::charts::{self, VersionRow};
use chandlery_store::repositories::{self, RepositoryRow};
use chandlery_store::virtual_repositories::{self, HeldFile, VirtualChange};
use chandlery_store::{Transaction, provenance};
use jiff::Timestamp;

use super::repositories::{Merge, Repository, note_with};
use crate::app::{App, Scope};
use crate::http::conditional::IfMatch;

use rule::MOST_MEMBERS;
pub(crate) use rule::{Members, Reserved, Rule, first_of_each};

/// A virtual repository as one caller sees it, as of now.
pub(crate) struct Merged {
    /// The virtual repository.
    repository: Arc<Repository>,
    /// All of its members, the first one first.
    members: Vec<Arc<Repository>>,
    hosted: Members,
    readable: Members,
}

/// A chart, with the repositories it comes from.
pub(crate) type Sourced = (String, Arc<[Arc<Repository>]>);

/// What the content of a virtual repository depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    revision: i64,
    readable: Members,
    /// The members that count, with their generations.
    generations: Box<[(i64, i64)]>,
}

impl Stamp {
    /// Whether it is of the same members, and none of them is older.
    pub(crate) fn is_as_new_as(&self, other: &Self) -> bool {
        let pairs = || self.generations.iter().zip(&other.generations);
        self.revision == other.revision
            && self.readable == other.readable
            && self.generations.len() == other.generations.len()
            && pairs().all(|(own, others)| own.0 == others.0 && own.1 >= others.1)
    }
}

impl Merged {
    /// The repository of `scope`, if it is virtual.
    pub(crate) async fn of(app: &App, scope: &Scope) -> Result<Option<Self>> {
        scope.require(Permission::AppsView)?;
        Self::seen_by(app, &scope.actor, &scope.repository).await
    }

    /// The same, for a repository that the actor may read.
    pub(crate) async fn seen_by(
        app: &App,
        actor: &Actor,
        repository: &Arc<Repository>,
    ) -> Result<Option<Self>> {
        if repository.merge.is_none() {
            return Ok(None);
        }
        let members = app.repositories.members(repository).await?;
        let places = |condition: &dyn Fn(&Repository) -> bool| -> Members {
            members
                .iter()
                .enumerate()
                .filter(|(_, member)| condition(member))
                .map(|(place, _)| place)
                .collect()
        };
        let hosted = places(&Repository::is_hosted);
        let readable = places(&|member| may(actor, Permission::AppsView, member.place()));
        Ok(Some(Self { repository: repository.clone(), members, hosted, readable }))
    }

    /// The virtual repository.
    pub(crate) fn repository(&self) -> &Repository {
        &self.repository
    }

    /// All of its members, the first one first.
    pub(crate) fn members(&self) -> &[Arc<Repository>] {
        &self.members
    }

    /// A member as it is now, which may have been read before.
    pub(crate) fn current(&self, member: &Arc<Repository>) -> Arc<Repository> {
        self.members.iter().find(|current| current.id == member.id).unwrap_or(member).clone()
    }

    /// The members that the caller may read.
    pub(crate) fn readable(&self) -> Members {
        self.readable
    }

    /// The members that decide what is served: an external one that the caller may not read changes nothing.
    pub(crate) fn counting(&self) -> Members {
        self.readable.or(self.hosted)
    }

    /// What decides where charts come from.
    pub(crate) fn rule(&self) -> Rule<'_> {
        static NOTHING: Reserved = Reserved::none();
        let reserved = self.repository.merge.as_ref().map_or(&NOTHING, |merge| &merge.reserved);
        Rule { hosted: self.hosted, readable: self.readable, reserved }
    }

    /// What is served depends on this, with the generations that `generation` knows of the members.
    pub(crate) fn stamp_with(&self, generation: impl Fn(&Repository) -> i64) -> Stamp {
        let pair = |place: usize| {
            let member = &self.members[place];
            (member.id, generation(member))
        };
        Stamp {
            revision: self.repository.merge.as_ref().map_or(0, |merge| merge.revision),
            readable: self.readable,
            generations: self.counting().places().map(pair).collect(),
        }
    }

    /// What is served now depends on this.
    pub(crate) fn stamp(&self) -> Stamp {
        self.stamp_with(Repository::generation)
    }

    fn ids(&self) -> Vec<i64> {
        self.counting().places().map(|place| self.members[place].id).collect()
    }

    /// The places of members by their rows.
    fn places_of(&self, ids: &[i64]) -> Members {
        self.members.iter().enumerate().filter(|(_, m)| ids.contains(&m.id)).map(|(place, _)| place).collect()
    }

    fn at(&self, places: Members) -> Vec<Arc<Repository>> {
        places.places().map(|place| self.members[place].clone()).collect()
    }

    /// The members that have a chart, of those that count.
    async fn holders(&self, app: &App, chart: &str) -> Result<Members> {
        let reader = app.store.database().reader();
        Ok(self.places_of(&virtual_repositories::holders(reader, &self.ids(), chart).await?))
    }

    /// The members that a chart comes from.
    pub(crate) async fn sources(&self, app: &App, chart: &str) -> Result<Vec<Arc<Repository>>> {
        let holders = self.holders(app, chart).await?;
        Ok(self.at(self.rule().sources(chart, holders)))
    }

    /// Every chart that is served, with the members it comes from, in the order of their names.
    pub(crate) async fn charts(&self, app: &App) -> Result<Vec<Sourced>> {
        const EVERYTHING: u64 = i64::MAX as u64;
        let reader = app.store.database().reader();
        let mut holders: BTreeMap<String, Members> = BTreeMap::new();
        for place in self.counting().places() {
            for name in charts::names(reader, self.members[place].id, 0, EVERYTHING).await? {
                let known = holders.entry(name).or_default();
                *known = known.or(Members::at(place));
            }
        }
        let rule = self.rule();
        // Most charts come from the same few members.
        let mut known: HashMap<Members, Arc<[Arc<Repository>]>> = HashMap::new();
        let mut sourced = |(name, holders): (String, Members)| {
            let places = rule.sources(&name, holders);
            let sources = known.entry(places).or_insert_with(|| self.at(places).into()).clone();
            (!places.is_empty()).then_some((name, sources))
        };
        Ok(holders.into_iter().filter_map(&mut sourced).collect())
    }

    /// The member that a file comes from: a package, or the provenance file of one.
    ///
    /// # Errors
    /// [`Error::NotFound`] when no member has it that the caller may have it from.
    pub(crate) async fn holder_of_file(&self, app: &App, name: &str) -> Result<Arc<Repository>> {
        let package = name.strip_suffix(".prov").unwrap_or(name);
        let reader = app.store.database().reader();
        let held = virtual_repositories::find_files(reader, &self.ids(), package).await?;
        let place = match held.is_empty() && package != name {
            true => self.holder_of_lone_provenance(app, name).await?,
            false => self.place_of_file(app, held).await?,
        };
        let place = place.ok_or_else(|| Error::not_found("object"))?;
        Ok(self.members[place].clone())
    }

    /// Two charts may share the name of a file (`a` at `b-1` and `a-b` at `1`): that of a hosted member counts, whoever
    /// else has one, so that nobody elsewhere can put something in its place.
    async fn place_of_file(&self, app: &App, mut held: Vec<HeldFile>) -> Result<Option<usize>> {
        let is_hosted = |file: &HeldFile| !self.places_of(&[file.repository_id]).and(self.hosted).is_empty();
        if held.iter().any(is_hosted) {
            held.retain(is_hosted);
        }
        let mut charts: HashMap<String, Members> = HashMap::new();
        for file in held {
            let known = charts.entry(file.chart).or_default();
            *known = known.or(self.places_of(&[file.repository_id]));
        }
        let mut found = Vec::new();
        for (chart, holders_of_file) in charts {
            let sources = self.rule().sources(&chart, self.holders(app, &chart).await?);
            found.extend(sources.and(holders_of_file).places().next());
        }
        Ok(found.into_iter().min())
    }

    /// A provenance file may be there before its package: in a hosted member.
    async fn holder_of_lone_provenance(&self, app: &App, name: &str) -> Result<Option<usize>> {
        let reader = app.store.database().reader();
        for place in self.hosted.and(self.readable).places() {
            if provenance::find(reader, self.members[place].id, name).await?.is_some() {
                return Ok(Some(place));
            }
        }
        Ok(None)
    }
}

/// The repositories that a chart of the repository in `scope` comes from: that one, or members of a virtual one.
pub(crate) async fn sources(app: &App, scope: &Scope, chart: &str) -> Result<Vec<Arc<Repository>>> {
    match Merged::of(app, scope).await? {
        Some(merged) => merged.sources(app, chart).await,
        None => Ok(vec![scope.repository.clone()]),
    }
}

/// A version of a chart, and the repository it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    /// Where it is.
    pub(crate) repository: Arc<Repository>,
    /// The version.
    pub(crate) row: VersionRow,
}

/// The versions of a chart in several repositories, newest first: those that are served, and those that are the same as
/// one of an earlier repository.
pub(crate) async fn versions(
    app: &App,
    repositories: &[Arc<Repository>],
    chart: &str,
) -> Result<(Vec<Held>, Vec<Held>)> {
    let mut all = Vec::new();
    for repository in repositories {
        let rows = charts::versions(app.store.database().reader(), repository.id, chart).await?;
        all.extend(rows.into_iter().map(|row| Held { repository: repository.clone(), row }));
    }
    let (mut served, mut shadowed) = first_of_each(all, |held| held.row.version.as_str());
    for list in [&mut served, &mut shadowed] {
        list.sort_by(|left, right| compare_newest_first(&left.row.version, &right.row.version));
    }
    Ok((served, shadowed))
}

/// Makes a new repository of a workspace virtual, in the transaction that makes it.
pub(crate) async fn insert(
    transaction: &Transaction,
    actor: &Actor,
    (workspace_id, repository_id): (i64, i64),
    request: &VirtualRequest,
) -> Result<()> {
    let place = Target { workspace_id, repository_id, known: Vec::new() };
    let (members, reserved) = checked(transaction, actor, &place, request).await?;
    let change = VirtualChange { reserved: &reserved, members: &members };
    virtual_repositories::create(transaction, repository_id, &change).await
}

/// A virtual repository that is made or changed.
struct Target {
    workspace_id: i64,
    repository_id: i64,
    /// The rows of members that it has: they may stay, whatever became of them.
    known: Vec<i64>,
}

/// The rows of the members that somebody wants, and the patterns as they are stored.
async fn checked(
    transaction: &Transaction,
    actor: &Actor,
    target: &Target,
    request: &VirtualRequest,
) -> Result<(Vec<i64>, String)> {
    Reserved::new(&request.reserved)?;
    let wanted = &request.members;
    if !(1..=MOST_MEMBERS).contains(&wanted.len()) {
        return Err(Error::invalid("members", format!("there have to be between 1 and {MOST_MEMBERS}")));
    }
    let mut members = Vec::with_capacity(wanted.len());
    for path in wanted {
        let id = checked_member(transaction, actor, target, path).await?;
        if members.contains(&id) {
            return Err(Error::invalid("members", format!("{path} is there twice")));
        }
        members.push(id);
    }
    Ok((members, serde_json::to_string(&request.reserved).map_err(Error::internal)?))
}

/// The row of a repository that may be a member.
async fn checked_member(
    transaction: &Transaction,
    actor: &Actor,
    target: &Target,
    path: &RepositoryPath,
) -> Result<i64> {
    let refused = |reason: &str| Error::invalid("members", format!("{path} {reason}"));
    let missing = || refused("does not exist, or you may not read it");
    let row = repositories::find(transaction, path).await?.ok_or_else(missing)?;
    if target.known.contains(&row.id) {
        return Ok(row.id);
    }
    let place = Repository::place_of(&row);
    if !may(actor, Permission::AppsView, place) {
        return Err(missing());
    }
    match &row {
        row if row.merge.is_some() || row.id == target.repository_id => {
            Err(refused("is a virtual repository, which cannot be a member of one: name its members instead"))
        }
        row if row.workspace_id != target.workspace_id && !is_public(row) => {
            Err(refused("is not public, and belongs to another workspace"))
        }
        row => Ok(row.id),
    }
}

fn is_public(row: &RepositoryRow) -> bool {
    row.settings.visibility == chandlery_core::Visibility::Public
}

/// What the repository of `scope` merges, for those who manage it.
pub(crate) async fn get(app: &App, scope: &Scope) -> Result<VirtualView> {
    scope.require(Permission::RepositoriesManage)?;
    let current = app.repositories.current(&scope.repository.path).await?;
    let merge = merge_of(&current)?;
    let view = |member: &Arc<Repository>| VirtualMember {
        path: member.path.clone(),
        kind: member.kind(),
        readable: may(&scope.actor, Permission::AppsView, member.place()),
    };
    Ok(VirtualView {
        members: merge.members.iter().map(view).collect(),
        reserved: merge.reserved.texts(),
        revision: merge.revision,
    })
}

fn merge_of(repository: &Repository) -> Result<&Merge> {
    let merge = repository.merge.as_ref();
    merge.ok_or_else(|| Error::not_found(format_args!("members of {}", repository.path)))
}

/// Replaces what the repository of `scope` merges.
pub(crate) async fn replace(
    app: &App,
    scope: &Scope,
    if_match: &IfMatch,
    request: &VirtualRequest,
) -> Result<VirtualView> {
    scope.require(Permission::RepositoriesManage)?;
    let path = &scope.repository.path;
    let changing = app.repositories.changing().await;
    let current = app.repositories.current(path).await?;
    let merge = merge_of(&current)?;
    if_match.check(merge.revision)?;
    let transaction = app.store.database().begin().await?;
    let target = Target {
        workspace_id: current.workspace_id,
        repository_id: current.id,
        known: merge.members.iter().map(|member| member.id).collect(),
    };
    let (members, reserved) = checked(&transaction, &scope.actor, &target, request).await?;
    let change = VirtualChange { reserved: &reserved, members: &members };
    let now = Timestamp::now();
    virtual_repositories::replace(&transaction, current.id, merge.revision, &change, now).await?;
    note_with(&transaction, &scope.actor, "virtual.replace", path, told(request)).await?;
    transaction.commit().await?;
    app.repositories.refresh(path).await?;
    drop(changing);
    get(app, scope).await
}

/// A change in the words of the audit.
pub(crate) fn told(request: &VirtualRequest) -> String {
    let members: Vec<String> = request.members.iter().map(ToString::to_string).collect();
    let reserved = match request.reserved.is_empty() {
        true => String::new(),
        false => format!("; reserved: {}", request.reserved.join(", ")),
    };
    format!("members: {}{reserved}", members.join(", "))
}

/// Takes a repository that is deleted out of the virtual ones, whose paths are returned.
pub(crate) async fn take_out(
    transaction: &Transaction,
    actor: &Actor,
    member: &Repository,
) -> Result<Vec<RepositoryPath>> {
    let rows = virtual_repositories::containing(transaction, member.id).await?;
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    virtual_repositories::take_out(transaction, member.id, &ids, Timestamp::now()).await?;
    for row in &rows {
        let message = format!("{} was deleted", member.path);
        note_with(transaction, actor, "virtual.take-out", &row.path, message).await?;
    }
    Ok(rows.into_iter().map(|row| row.path).collect())
}

/// The virtual repositories that a repository is in: those that the actor may read, and how many others.
pub(crate) async fn containing(
    app: &App,
    actor: &Actor,
    repository_id: i64,
) -> Result<(Vec<RepositoryPath>, u64)> {
    let rows = virtual_repositories::containing(app.store.database().reader(), repository_id).await?;
    let all = rows.len();
    let readable: Vec<RepositoryPath> = rows
        .into_iter()
        .filter(|row| may(actor, Permission::AppsView, Repository::place_of(row)))
        .map(|row| row.path)
        .collect();
    let hidden = (all - readable.len()) as u64;
    Ok((readable, hidden))
}

/// What everybody who may read a virtual repository may know of it.
pub(crate) fn summary(actor: &Actor, merge: &Merge) -> VirtualSummary {
    let readable = merge.members.iter().filter(|member| may(actor, Permission::AppsView, member.place()));
    VirtualSummary { members: readable.map(|member| member.path.clone()).collect() }
}

/// Where a chart of the repository in `scope` comes from, and which versions of members are not served.
pub(crate) async fn resolve(app: &App, scope: &Scope, query: &ResolveQuery) -> Result<ResolvedChart> {
    let chart = &query.chart;
    let merged = match Merged::of(app, scope).await? {
        Some(merged) => merged,
        None => {
            return Err(merge_of(&scope.repository).map_or_else(|error| error, |_| Error::not_found("chart")));
        }
    };
    let rule = merged.rule();
    let holders = merged.holders(app, chart).await?;
    let sources = rule.sources(chart, holders);
    let (served, shadowed) = versions(app, &merged.at(sources), chart).await?;
    let refused = holders.and(merged.readable).without(sources);
    let (others, same) = versions(app, &merged.at(refused), chart).await?;
    let because = rule.hosted_only(chart, holders).unwrap_or(ShadowedBecause::OwnName);
    let wanted = |held: &Held| query.version.as_ref().is_none_or(|version| *version == held.row.version);
    let shadow = |because| {
        move |held: Held| Shadowed {
            version: held.row.version,
            member: held.repository.path.clone(),
            digest: held.row.digest,
            because,
        }
    };
    let resolved = |held: Held| ResolvedVersion {
        version: held.row.version,
        member: held.repository.path.clone(),
        digest: held.row.digest,
    };
    let view = ResolvedChart {
        chart: chart.clone(),
        reserved_by: rule.reserved.matching(chart).map(ToOwned::to_owned),
        versions: served.into_iter().filter(wanted).map(resolved).collect(),
        shadowed: shadowed
            .into_iter()
            .filter(wanted)
            .map(shadow(ShadowedBecause::EarlierMember))
            .chain(others.into_iter().chain(same).filter(wanted).map(shadow(because)))
            .collect(),
    };
    match view.versions.is_empty() && view.shadowed.is_empty() {
        true => Err(Error::not_found("chart")),
        false => Ok(view),
    }
}
