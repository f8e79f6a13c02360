//! What a rule of imports says, and who may make one.

use chandlery_api::{ImportRule, ImportState, SourceSettings};
use chandlery_chart::Metadata;
use chandlery_core::{Actor, CategoryName, Error, Permission, Place, Result, authorise as authorise_at};
use chandlery_store::imports::ListedVersion;
use chandlery_store::{Connection, categories};

use crate::service::lifecycle::may_let_rules_release;
use crate::service::sources::check_patterns;
use crate::service::sources::entries::Filter;
use crate::service::version_order::{is_prerelease, sort_key};

/// Versions of each chart that a rule may ask for.
const MOST_VERSIONS: u32 = 20;

/// Refuses what cannot be.
pub(in crate::service::sources) fn check(rule: &ImportRule) -> Result<()> {
    if !(1..=MOST_VERSIONS).contains(&rule.newest) {
        return Err(Error::invalid("import.newest", format!("is between 1 and {MOST_VERSIONS}")));
    }
    check_patterns("import.include", rule.include.iter())?;
    check_patterns("import.exclude", rule.exclude.iter())?;
    check_patterns("import.categories", rule.categories.iter().map(|mapping| &mapping.pattern))
}

/// Refuses a rule that does more than the actor may do in the workspace, or that names categories that are not there. The
/// whole source is asked about each time: who sets its address decides what the rule brings.
pub(in crate::service::sources) async fn authorise(
    connection: &impl Connection,
    actor: &Actor,
    workspace_id: i64,
    settings: &SourceSettings,
) -> Result<()> {
    let Some(rule) = &settings.import else { return Ok(()) };
    let workspace = Place::Workspace(workspace_id);
    authorise_at(actor, Permission::AppsCreate, workspace)?;
    if rule.state == ImportState::Active {
        may_let_rules_release(actor, workspace)?;
    }
    let named = rule.category.iter().chain(rule.categories.iter().map(|mapping| &mapping.category));
    for name in named {
        // As whoever puts an app on a shelf.
        authorise_at(actor, Permission::CategoriesManage, Place::Platform)?;
        if categories::find(connection, name).await?.is_none() {
            return Err(Error::invalid("import.category", format!("there is no category {name}")));
        }
    }
    Ok(())
}

/// A rule that was checked, ready to be asked.
pub(super) struct Rule {
    /// How far versions come by themselves.
    pub(super) state: ImportState,
    newest: usize,
    prereleases: bool,
    filter: Filter,
    category: Option<CategoryName>,
    categories: Vec<(glob::Pattern, CategoryName)>,
}

impl Rule {
    /// What somebody said.
    pub(super) fn new(rule: &ImportRule) -> Self {
        let mappings = rule.categories.iter();
        Self {
            state: rule.state,
            newest: rule.newest as usize,
            prereleases: rule.prereleases,
            filter: Filter::of(&rule.include, &rule.exclude),
            category: rule.category.clone(),
            categories: mappings
                .filter_map(|mapping| {
                    Some((glob::Pattern::new(&mapping.pattern).ok()?, mapping.category.clone()))
                })
                .collect(),
        }
    }

    /// Whether a chart of this name becomes an app.
    pub(super) fn takes(&self, chart: &str) -> bool {
        self.filter.takes(chart)
    }

    /// The versions that are imported of those that are listed, the newest last.
    pub(super) fn newest(&self, mut listed: Vec<ListedVersion>) -> Vec<ListedVersion> {
        listed.retain(|listed| self.prereleases || !is_prerelease(&listed.version));
        listed.sort_by_cached_key(|listed| sort_key(&listed.version));
        listed.split_off(listed.len().saturating_sub(self.newest))
    }

    /// The category of a new app.
    pub(super) fn category_of(&self, metadata: &Metadata) -> Option<&CategoryName> {
        const ANY_CASE: glob::MatchOptions = glob::MatchOptions {
            case_sensitive: false,
            require_literal_separator: false,
            require_literal_leading_dot: false,
        };
        let fits = |pattern: &glob::Pattern| {
            std::iter::once(&metadata.name)
                .chain(&metadata.keywords)
                .any(|word| pattern.matches_with(word, ANY_CASE))
        };
        let mapped = self.categories.iter().find(|(pattern, _)| fits(pattern));
        mapped.map(|(_, category)| category).or(self.category.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use chandlery_api::CategoryOfPattern;

    use super::*;

    fn rule(change: impl FnOnce(&mut ImportRule)) -> Rule {
        let mut rule = ImportRule::default();
        change(&mut rule);
        Rule::new(&rule)
    }

    #[test]
    fn the_newest_by_precedence() {
        let versions = ["1.10.0", "1.2.0", "2.0.0-rc.1", "1.9.0", "0.1.0"];
        let newest = |rule: &Rule| {
            let listed = versions
                .map(|version| ListedVersion { version: version.to_owned(), file_name: String::new() });
            let newest = rule.newest(listed.to_vec());
            newest.into_iter().map(|listed| listed.version).collect::<Vec<_>>()
        };
        assert_eq!(newest(&rule(|_| ())), ["1.10.0"]);
        assert_eq!(newest(&rule(|rule| rule.newest = 3)), ["1.2.0", "1.9.0", "1.10.0"]);
        let with_prereleases = |rule: &mut ImportRule| (rule.newest, rule.prereleases) = (2, true);
        assert_eq!(newest(&rule(with_prereleases)), ["1.10.0", "2.0.0-rc.1"]);
        assert_eq!(newest(&rule(|rule| rule.newest = 20)).len(), 4);
    }

    #[test]
    fn the_first_category_that_fits() {
        let mapping = |pattern: &str, category: &str| CategoryOfPattern {
            pattern: pattern.to_owned(),
            category: category.parse().unwrap(),
        };
        let rule = rule(|rule| {
            rule.categories = vec![mapping("*sql*", "database"), mapping("broker", "messaging")];
            rule.category = Some("other".parse().unwrap());
        });
        let cases = [
            ("postgresql", &["broker"][..], "database"),
            ("emq", &["MQTT", "Broker"], "messaging"),
            ("broker-ui", &[], "other"),
        ];
        for (name, keywords, expected) in cases {
            let metadata = Metadata {
                name: name.to_owned(),
                keywords: keywords.iter().map(|keyword| (*keyword).to_owned()).collect(),
                ..Metadata::default()
            };
            assert_eq!(rule.category_of(&metadata).map(CategoryName::as_str), Some(expected), "{name}");
        }
    }

    #[test]
    fn what_cannot_be() {
        let rule = ImportRule::default;
        assert!(check(&rule()).is_ok());
        let cases = [
            (ImportRule { newest: 0, ..rule() }, "import.newest"),
            (ImportRule { newest: 21, ..rule() }, "import.newest"),
            (ImportRule { include: vec!["[a".to_owned()], ..rule() }, "import.include"),
            (ImportRule { exclude: vec!["a".to_owned(); 101], ..rule() }, "import.exclude"),
        ];
        for (rule, field) in cases {
            assert!(check(&rule).unwrap_err().to_string().starts_with(field), "{field}");
        }
    }
}
