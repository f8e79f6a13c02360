//! What templates see: `.Values`, `.Chart`, `.Release`, `.Capabilities` and the rest of the top object.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use chandlery_template::{
    Call, Element, Error, Function, List, Map, MapType, Member, NamedList, NamedMap, Object, Text, Value,
    display,
};
use serde_json::Value as Json;

use super::capabilities::{Capabilities, KubeVersion};
use super::compat::Compat;
use super::engine::RenderOptions;
use super::files::files;
use super::yaml;
use crate::chart::Chart;
use crate::metadata::Metadata;

/// The type of `.Values` and `.Template`.
pub(super) const VALUES: MapType =
    MapType::Named(&NamedMap { name: "common.Values", element: "interface {}", method: values_method });

/// The type of `.Capabilities.APIVersions`.
const VERSION_SET: Element =
    Element::Named(&NamedList { name: "common.VersionSet", element: "string", method: version_set_method });

/// `.Values` of the root chart.
pub(super) fn values(values: &serde_json::Map<String, Json>) -> Map {
    let entries = values.iter().map(|(key, value)| (Text::from(key.as_str()), Value::from(value)));
    Map::of(VALUES, entries.collect())
}

/// `.Values` of a subchart: the map under its name, shared with the parent; empty if there is none.
pub(super) fn subchart_values(values: &Value, name: &str) -> Value {
    let table = values.as_map().and_then(|values| look_up_table(values, name).ok());
    Value::Map(table.unwrap_or_else(|| Map::of(VALUES, BTreeMap::new())))
}

/// What the templates of all charts of a render share.
pub(super) struct Shared {
    release: Value,
    capabilities: Value,
    compat: Compat,
    chart_keys: SameKeys<18>,
    top_keys: SameKeys<6>,
}

/// The keys of maps that all have the same ones. They are made with the first map: there may be hundreds of charts.
#[derive(Default)]
struct SameKeys<const COUNT: usize>(OnceCell<[Text; COUNT]>);

impl<const COUNT: usize> SameKeys<COUNT> {
    fn map(&self, entries: [(&str, Value); COUNT]) -> Map {
        let keys = self.0.get_or_init(|| entries.each_ref().map(|(key, _)| Text::from(*key)));
        keys.iter().zip(entries).map(|(key, (_, value))| (key.clone(), value)).collect()
    }
}

impl Shared {
    pub(super) fn new(options: &RenderOptions) -> Self {
        let release = &options.release;
        let entries = [
            ("Name", Value::from(release.name.as_str())),
            ("Namespace", Value::from(release.namespace.as_str())),
            ("IsUpgrade", Value::from(release.is_upgrade)),
            ("IsInstall", Value::from(!release.is_upgrade)),
            ("Revision", Value::from(release.revision as isize)),
            ("Service", Value::from("Helm")),
        ];
        let capabilities = Value::object(ClusterCapabilities::new(&options.capabilities));
        Self {
            release: map(entries),
            capabilities,
            compat: options.compat,
            chart_keys: SameKeys::default(),
            top_keys: SameKeys::default(),
        }
    }

    /// `.Chart`.
    fn metadata(&self, metadata: &Metadata, is_root: bool) -> Value {
        let fields = self.chart_keys.map(fields_of(metadata, is_root));
        match self.compat {
            Compat::Helm3 => Value::object(ChartStruct(fields)),
            _ => Value::Map(fields),
        }
    }

    /// The dot of a chart's templates.
    pub(super) fn top(&self, chart: &Chart, values: Value, subcharts: Map, is_root: bool) -> Map {
        self.top_keys.map([
            ("Chart", self.metadata(&chart.metadata, is_root)),
            ("Files", Value::Map(files(&chart.files))),
            ("Release", self.release.clone()),
            ("Capabilities", self.capabilities.clone()),
            ("Values", values),
            ("Subcharts", Value::Map(subcharts)),
        ])
    }
}

fn map<'k>(entries: impl IntoIterator<Item = (&'k str, Value)>) -> Value {
    entries.into_iter().map(|(key, value)| (Text::from(key), value)).collect::<Map>().into()
}

fn texts(items: &[String]) -> Value {
    items.iter().map(|item| Value::from(item.as_str())).collect::<Vec<_>>().into()
}

/// The metadata of a chart under Go's field names.
fn fields_of(metadata: &Metadata, is_root: bool) -> [(&'static str, Value); 18] {
    let maintainers = metadata.maintainers.iter().map(|maintainer| {
        map([
            ("Name", Value::from(maintainer.name.as_str())),
            ("Email", Value::from(maintainer.email.as_str())),
            ("URL", Value::from(maintainer.url.as_str())),
        ])
    });
    let dependencies = metadata.dependencies.iter().map(|dependency| {
        map([
            ("Name", Value::from(dependency.name.as_str())),
            ("Version", Value::from(dependency.version.as_str())),
            ("Repository", Value::from(dependency.repository.as_str())),
            ("Condition", Value::from(dependency.condition.as_str())),
            ("Tags", texts(&dependency.tags)),
            ("Enabled", Value::from(dependency.enabled)),
            (
                "ImportValues",
                dependency.import_values.iter().map(Value::from_decoded).collect::<Vec<_>>().into(),
            ),
            ("Alias", Value::from(dependency.alias.as_str())),
        ])
    });
    let annotations = match &metadata.annotations {
        none if none.is_empty() => Map::nil(MapType::Strings),
        some => {
            let entries =
                some.iter().map(|(key, value)| (Text::from(key.as_str()), Value::from(value.as_str())));
            Map::of(MapType::Strings, entries.collect())
        }
    };
    [
        ("Name", Value::from(metadata.name.as_str())),
        ("Home", Value::from(metadata.home.as_str())),
        ("Sources", texts(&metadata.sources)),
        ("Version", Value::from(metadata.version.as_str())),
        ("Description", Value::from(metadata.description.as_str())),
        ("Keywords", texts(&metadata.keywords)),
        ("Maintainers", maintainers.collect::<Vec<_>>().into()),
        ("Icon", Value::from(metadata.icon.as_str())),
        ("APIVersion", Value::from(metadata.api_version.as_str())),
        ("Condition", Value::from(metadata.condition.as_str())),
        ("Tags", Value::from(metadata.tags.as_str())),
        ("AppVersion", Value::from(metadata.app_version.as_str())),
        ("Deprecated", Value::from(metadata.deprecated)),
        ("Annotations", Value::Map(annotations)),
        ("KubeVersion", Value::from(metadata.kube_version.as_str())),
        ("Dependencies", dependencies.collect::<Vec<_>>().into()),
        ("Type", Value::from(metadata.kind.as_str())),
        ("IsRoot", Value::from(is_root)),
    ]
}

/// `.Chart` of Helm 3: a struct, of which unknown fields are an error.
struct ChartStruct(Map);

impl Object for ChartStruct {
    fn type_name(&self) -> Cow<'static, str> {
        "struct { chart.Metadata; IsRoot bool }".into()
    }

    fn kind(&self) -> &'static str {
        "struct"
    }

    fn member(&self, name: &str) -> Option<Member> {
        self.0.get(name.as_bytes()).map(Member::Field)
    }

    fn display(&self) -> Text {
        display(&Value::Map(self.0.clone()))
    }

    fn to_plain(&self) -> Value {
        Value::Map(self.0.clone())
    }
}

fn method<Arguments>(
    name: &'static str,
    function: impl chandlery_template::IntoFunction<Arguments>,
) -> Option<Member> {
    Some(Member::Method(Rc::new(Function::new(name, function))))
}

fn values_method(values: &Map, name: &str) -> Option<Member> {
    let is_method = matches!(name, "AsMap" | "YAML" | "Table" | "PathValue");
    if !is_method {
        return None;
    }
    let values = values.clone();
    match name {
        "AsMap" => method("AsMap", move || values.as_type(MapType::Any)),
        "YAML" => method("YAML", move |call: &mut Call<'_>| -> Result<Text, Error> {
            yaml::to_yaml(&Value::Map(values.clone()), call.budget())
        }),
        "Table" => method("Table", move |path: Text| look_up_table(&values, &path.to_str_lossy())),
        "PathValue" => method("PathValue", move |path: Text| path_value(&values, &path.to_str_lossy())),
        _ => None,
    }
}

/// The map at a path of keys.
fn look_up_table(values: &Map, path: &str) -> Result<Map, Error> {
    path.split('.').try_fold(values.as_type(VALUES), |table, key| match table.get(key.as_bytes()) {
        Some(Value::Map(map)) => Ok(map.as_type(VALUES)),
        _ => Err(Error::message(format!("{key:?} is not a table"))),
    })
}

/// The value at a path of keys, if it is no map.
fn path_value(values: &Map, path: &str) -> Result<Value, Error> {
    if path.is_empty() {
        return Err(Error::message("YAML path cannot be empty"));
    }
    let (tables, key) = path.rsplit_once('.').map_or((None, path), |(tables, key)| (Some(tables), key));
    let missing = || Error::message(format!("{key:?} is not a value"));
    let table = match tables {
        Some(tables) => look_up_table(values, tables).map_err(|_| missing())?,
        None => values.clone(),
    };
    match table.get(key.as_bytes()) {
        None | Some(Value::Map(_)) => Err(missing()),
        Some(value) => Ok(value),
    }
}

fn version_set_method(versions: &List, name: &str) -> Option<Member> {
    let versions = versions.clone();
    match name {
        "Has" => method("Has", move |wanted: Text| {
            versions.items().iter().any(|version| version.as_text() == Some(&wanted))
        }),
        _ => None,
    }
}

/// `.Capabilities`.
struct ClusterCapabilities {
    kube_version: Rc<ClusterVersion>,
    api_versions: List,
    helm_version: Rc<HelmVersion>,
}

impl ClusterCapabilities {
    fn new(capabilities: &Capabilities) -> Self {
        let versions =
            capabilities.api_versions.iter().map(|version| Value::from(version.as_str())).collect();
        Self {
            kube_version: Rc::new(ClusterVersion(capabilities.kube_version.clone())),
            api_versions: List::of(VERSION_SET, versions),
            helm_version: Rc::new(HelmVersion {
                version: capabilities.helm_version.clone(),
                kube_client_version: format!(
                    "v{}.{}",
                    capabilities.kube_version.major, capabilities.kube_version.minor
                ),
            }),
        }
    }
}

impl Object for ClusterCapabilities {
    fn type_name(&self) -> Cow<'static, str> {
        "*common.Capabilities".into()
    }

    fn kind(&self) -> &'static str {
        "ptr"
    }

    fn member(&self, name: &str) -> Option<Member> {
        let value = match name {
            "KubeVersion" => Value::Object(Rc::clone(&self.kube_version) as Rc<dyn Object>),
            "APIVersions" => Value::List(self.api_versions.clone()),
            "HelmVersion" => Value::Object(Rc::clone(&self.helm_version) as Rc<dyn Object>),
            _ => return None,
        };
        Some(Member::Field(value))
    }

    fn display(&self) -> Text {
        let versions = display(&Value::List(self.api_versions.clone()));
        Text::from(format!("&{{{} {versions} {}}}", self.kube_version.display(), self.helm_version.display()))
    }

    fn print(&self) -> Text {
        Text::from(&self.display()[1..])
    }

    fn to_plain(&self) -> Value {
        map(self.json_fields().unwrap_or_default())
    }

    fn json_fields(&self) -> Option<Vec<(&'static str, Value)>> {
        Some(vec![
            ("KubeVersion", Value::Object(Rc::clone(&self.kube_version) as Rc<dyn Object>)),
            ("APIVersions", Value::List(self.api_versions.clone())),
            ("HelmVersion", Value::Object(Rc::clone(&self.helm_version) as Rc<dyn Object>)),
        ])
    }
}

/// `.Capabilities.KubeVersion`.
struct ClusterVersion(KubeVersion);

impl Object for ClusterVersion {
    fn type_name(&self) -> Cow<'static, str> {
        "common.KubeVersion".into()
    }

    fn kind(&self) -> &'static str {
        "struct"
    }

    fn member(&self, name: &str) -> Option<Member> {
        let version = &self.0;
        match name {
            "Version" => Some(Member::Field(version.version.as_str().into())),
            "Major" => Some(Member::Field(version.major.as_str().into())),
            "Minor" => Some(Member::Field(version.minor.as_str().into())),
            "String" => {
                let normalized = version.normalized.clone();
                method("String", move || normalized.clone())
            }
            "GitVersion" => {
                let full = version.version.clone();
                method("GitVersion", move || full.clone())
            }
            _ => None,
        }
    }

    fn display(&self) -> Text {
        let KubeVersion { version, normalized, major, minor } = &self.0;
        Text::from(format!("{{{version} {normalized} {major} {minor}}}"))
    }

    fn print(&self) -> Text {
        Text::from(self.0.normalized.as_str())
    }

    fn to_plain(&self) -> Value {
        map(self.json_fields().unwrap_or_default())
    }

    fn json_fields(&self) -> Option<Vec<(&'static str, Value)>> {
        Some(vec![
            ("Version", self.0.version.as_str().into()),
            ("Major", self.0.major.as_str().into()),
            ("Minor", self.0.minor.as_str().into()),
        ])
    }
}

/// `.Capabilities.HelmVersion`.
struct HelmVersion {
    version: String,
    kube_client_version: String,
}

/// The compiler that Helm's builds name.
const GO_VERSION: &str = "go1.26.8";

impl Object for HelmVersion {
    fn type_name(&self) -> Cow<'static, str> {
        "version.BuildInfo".into()
    }

    fn kind(&self) -> &'static str {
        "struct"
    }

    fn member(&self, name: &str) -> Option<Member> {
        let text = match name {
            "Version" => &self.version,
            "GitCommit" | "GitTreeState" => "",
            "GoVersion" => GO_VERSION,
            "KubeClientVersion" => &self.kube_client_version,
            _ => return None,
        };
        Some(Member::Field(text.into()))
    }

    fn display(&self) -> Text {
        Text::from(format!("{{{}   {GO_VERSION} {}}}", self.version, self.kube_client_version))
    }

    fn to_plain(&self) -> Value {
        map(self.json_fields().unwrap_or_default())
    }

    fn json_fields(&self) -> Option<Vec<(&'static str, Value)>> {
        Some(vec![
            ("version", self.version.as_str().into()),
            ("go_version", GO_VERSION.into()),
            ("kube_client_version", self.kube_client_version.as_str().into()),
        ])
    }
}
