//! Categories, and what the store shows.

use chandlery_core::{AppName, CategoryName, Digest, Error, VersionState, WorkspaceName};
use chandlery_store::app_versions::{self, AppVersionChange, NewAppVersion, VersionPackage};
use chandlery_store::apps::{self, AppChange, NewApp};
use chandlery_store::categories::{self, CategoryFields, CategoryRow};
use chandlery_store::storefront::{self, ListingFilter, ListingOrder};
use chandlery_store::{Store, listings, workspaces};

use crate::support::{Fixture, at, on_every_database, package, repository};

on_every_database!(
    categories_live,
    categories_with_apps_move_them,
    pages_follow_each_other,
    filters_narrow,
    downloads_add_up,
    only_active_versions
);

fn category(name: &str) -> CategoryName {
    name.parse().unwrap()
}

async fn create_category(store: &Store, name: &str, position: i64) -> CategoryRow {
    let transaction = store.database().begin().await.unwrap();
    let fields = CategoryFields {
        position,
        title: name.to_uppercase(),
        translations: "{}".to_owned(),
        ..CategoryFields::default()
    };
    let row = categories::create(&transaction, &category(name), &fields, at(1)).await.unwrap();
    transaction.commit().await.unwrap();
    row
}

/// Makes an app of a workspace and puts it into the store; its row.
async fn release(store: &Store, workspace: &str, name: &str, display_name: &str, second: i64) -> i64 {
    let transaction = store.database().begin().await.unwrap();
    let workspace: WorkspaceName = workspace.parse().unwrap();
    let workspace_id = match workspaces::find(&transaction, &workspace).await.unwrap() {
        Some(row) => row.id,
        None => workspaces::create(&transaction, &workspace, at(0)).await.unwrap().id,
    };
    let app_name: AppName = name.parse().unwrap();
    let app = NewApp {
        workspace_id,
        name: &app_name,
        chart_name: name,
        display_name,
        information: "{\"keywords\":[\"Mqtt_1\"]}",
        created_by: "isv",
        created_at: at(second),
    };
    let id = apps::create(&transaction, &app).await.unwrap();
    for (version, active) in [("1.0.0", true), ("1.1.0", true), ("2.0.0", false)] {
        let package = VersionPackage {
            sort_key: version.to_owned(),
            app_version: String::new(),
            digest: Digest::of(format!("{name} {version}").as_bytes()),
            size: 1,
            provenance: None,
            metadata: "{}".to_owned(),
        };
        let new = NewAppVersion {
            app_id: id,
            version,
            package: &package,
            update_log: "",
            created_by: "isv",
            created_at: at(second),
        };
        let made = app_versions::create(&transaction, &new).await.unwrap();
        let state = Some(if active { VersionState::Active } else { VersionState::Draft });
        let change = AppVersionChange { state, ..AppVersionChange::default() };
        app_versions::update(&transaction, &made, &change, at(second)).await.unwrap();
    }
    let row = apps::find_by_id(&transaction, id).await.unwrap().unwrap();
    listings::release(&transaction, &row, "1.1.0", at(second)).await.unwrap();
    apps::refresh(&transaction, id, at(second)).await.unwrap();
    transaction.commit().await.unwrap();
    id
}

async fn put_on_shelf(store: &Store, id: i64, name: &str) {
    let transaction = store.database().begin().await.unwrap();
    let revision = apps::find_by_id(&transaction, id).await.unwrap().unwrap().revision;
    let change = AppChange { category: Some(category(name)), ..AppChange::default() };
    apps::update(&transaction, id, revision, &change, at(9)).await.unwrap();
    transaction.commit().await.unwrap();
}

/// How many apps each category has, by its name.
async fn counts(store: &Store) -> Vec<(&'static str, u64)> {
    let rows = categories::list(store.database().reader()).await.unwrap();
    let known = ["iot", "uncategorized"];
    let name = |row: &CategoryRow| known.into_iter().find(|name| *name == row.name.as_str()).unwrap();
    rows.iter().map(|row| (name(row), row.apps)).collect()
}

async fn categories_live(fixture: &Fixture) {
    let store = &fixture.store;
    let reader = store.database().reader();
    assert_eq!(categories::last_position(reader).await.unwrap(), 0);
    let iot = create_category(store, "iot", 20).await;
    create_category(store, "database", 10).await;
    let names = || async {
        let rows = categories::list(reader).await.unwrap();
        rows.into_iter().map(|row| row.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["database", "iot", "uncategorized"]);
    assert_eq!(categories::last_position(reader).await.unwrap(), 20);
    let transaction = store.database().begin().await.unwrap();
    let again = categories::create(&transaction, &iot.name, &iot.fields, at(2)).await;
    assert!(matches!(again, Err(Error::AlreadyExists(_))), "{again:?}");
    let taken = categories::update(&transaction, &iot, &category("database"), &iot.fields, at(2)).await;
    assert!(matches!(taken, Err(Error::AlreadyExists(_))), "{taken:?}");
    let fields = CategoryFields { position: 5, ..iot.fields.clone() };
    let changed = categories::update(&transaction, &iot, &category("things"), &fields, at(2)).await.unwrap();
    assert_eq!((changed.revision, changed.updated_at, changed.id), (iot.revision + 1, at(2), iot.id));
    let late = categories::update(&transaction, &iot, &iot.name, &iot.fields, at(3)).await;
    assert!(matches!(late, Err(Error::Conflict(_))), "{late:?}");
    let late = categories::delete(&transaction, &iot, None).await;
    assert!(matches!(late, Err(Error::Conflict(_))), "{late:?}");
    transaction.commit().await.unwrap();
    assert_eq!(names().await, ["things", "database", "uncategorized"]);
    let transaction = store.database().begin().await.unwrap();
    categories::delete(&transaction, &changed, None).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(categories::find(reader, &changed.name).await.unwrap(), None);
}

async fn categories_with_apps_move_them(fixture: &Fixture) {
    let store = &fixture.store;
    let reader = store.database().reader();
    let iot = create_category(store, "iot", 1).await;
    let mut ids = Vec::new();
    for number in 0..5 {
        let id = release(store, "isv", &format!("app-{number}"), "An app", number).await;
        put_on_shelf(store, id, "iot").await;
        ids.push(id);
    }
    assert_eq!(counts(store).await, [("iot", 5), ("uncategorized", 0)]);
    // One that is taken down is not counted until it is back, wherever it is then.
    let downs =
        [(None, [("iot", 4), ("uncategorized", 0)]), (Some("1.1.0"), [("iot", 5), ("uncategorized", 0)])];
    for (latest, expected) in downs {
        for _ in 0..2 {
            let transaction = store.database().begin().await.unwrap();
            listings::refresh(&transaction, ids[0], latest).await.unwrap();
            transaction.commit().await.unwrap();
            assert_eq!(counts(store).await, expected);
        }
    }
    let before = apps::generation(reader).await.unwrap();
    let transaction = store.database().begin().await.unwrap();
    let kept = categories::delete(&transaction, &iot, None).await.unwrap_err();
    assert!(kept.to_string().contains("move_to"), "{kept}");
    transaction.rollback().await.unwrap();
    let transaction = store.database().begin().await.unwrap();
    let renamed =
        categories::update(&transaction, &iot, &category("things"), &iot.fields, at(2)).await.unwrap();
    let heir = categories::find(&transaction, &category("uncategorized")).await.unwrap().unwrap();
    categories::delete(&transaction, &renamed, Some(heir.id)).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(counts(store).await, [("uncategorized", 5)]);
    // Whoever follows the changes learns of each app, also in small steps.
    let mut seen = Vec::new();
    let mut generation = before;
    loop {
        let changes = apps::changed_since(reader, generation, 2).await.unwrap();
        let Some((last, _)) = changes.last() else { break };
        generation = *last;
        seen.extend(changes.into_iter().map(|(_, row)| (row.id, row.category.to_string())));
    }
    assert_eq!(seen, ids.iter().map(|id| (*id, "uncategorized".to_owned())).collect::<Vec<_>>());
    assert_eq!(generation, apps::generation(reader).await.unwrap());
}

/// The names of all pages of an order.
async fn pages(store: &Store, filter: &ListingFilter, order: ListingOrder, limit: u32) -> Vec<String> {
    let mut names = Vec::new();
    let mut after = None;
    loop {
        let page =
            storefront::list(store.database().reader(), filter, order, after.as_ref(), limit).await.unwrap();
        assert!(page.len() <= limit as usize);
        let Some(last) = page.last() else { return names };
        after = Some(last.place(order));
        names.extend(page.iter().map(|row| row.app.name.to_string()));
    }
}

async fn pages_follow_each_other(fixture: &Fixture) {
    let store = &fixture.store;
    for (name, display_name, second) in
        [("a", "Redis", 5), ("b", "apache", 3), ("c", "redis", 3), ("d", "Zoo", 1), ("e", "消息", 4)]
    {
        release(store, "isv", name, display_name, second).await;
    }
    let everything = ListingFilter::default();
    for limit in [1, 2, 5, 100] {
        let by = async |order| pages(store, &everything, order, limit).await.join("");
        assert_eq!(by(ListingOrder::Name).await, "bacde", "{limit}");
        assert_eq!(by(ListingOrder::Newest).await, "aecbd", "{limit}");
        assert_eq!(by(ListingOrder::Downloads).await, "edcba", "{limit}");
    }
}

async fn filters_narrow(fixture: &Fixture) {
    let store = &fixture.store;
    create_category(store, "iot", 1).await;
    let emqx = release(store, "isv", "emqx", "EMQ X", 1).await;
    put_on_shelf(store, emqx, "iot").await;
    let other = release(store, "team", "other", "Other", 2).await;
    let hidden = release(store, "team", "hidden", "Hidden", 3).await;
    let transaction = store.database().begin().await.unwrap();
    listings::refresh(&transaction, hidden, None).await.unwrap();
    transaction.commit().await.unwrap();
    let reader = store.database().reader();
    let team = workspaces::find(reader, &"team".parse().unwrap()).await.unwrap().unwrap().id;
    let all = ListingFilter::default;
    let cases = [
        (all(), "emqx other"),
        (ListingFilter { category: Some(category("iot")), ..all() }, "emqx"),
        (ListingFilter { category: Some(category("nothing")), ..all() }, ""),
        (ListingFilter { workspace_id: Some(team), ..all() }, "other"),
        (ListingFilter { workspace_id: Some(team), category: Some(category("iot")), ..all() }, ""),
        (ListingFilter { among: Some(vec![other, hidden]), ..all() }, "other"),
        (ListingFilter { among: Some(vec![]), ..all() }, ""),
        (ListingFilter { prefix: Some("emq x".to_owned()), ..all() }, "emqx"),
        (ListingFilter { prefix: Some("oth".to_owned()), ..all() }, "other"),
        (ListingFilter { prefix: Some("%".to_owned()), ..all() }, ""),
        (ListingFilter { containing: vec!["\"mqtt_1\"".to_owned()], ..all() }, "emqx other"),
        (ListingFilter { containing: vec!["mqtt%1".to_owned()], ..all() }, ""),
    ];
    for (filter, expected) in cases {
        for order in [ListingOrder::Name, ListingOrder::Newest] {
            let mut names = pages(store, &filter, order, 1).await;
            names.sort();
            assert_eq!(names.join(" "), expected, "{filter:?}");
        }
    }
    let found = storefront::find_many(reader, &[hidden, emqx, 12_345]).await.unwrap();
    assert_eq!(found.iter().map(|row| row.app.id).collect::<Vec<_>>(), [emqx]);
    let (isv, name) = ("isv".parse().unwrap(), "emqx".parse().unwrap());
    let row = storefront::find(reader, &isv, &name).await.unwrap().unwrap();
    assert_eq!((row.app.id, row.app.category.as_str()), (emqx, "iot"));
    assert_eq!(storefront::find(reader, &"team".parse().unwrap(), &name).await.unwrap(), None);
    assert_eq!(storefront::find_apps(reader, &[hidden, other]).await.unwrap().len(), 2);
    let apps = |workspaces: Option<Vec<i64>>, prefix: &'static str, after| async move {
        let found = storefront::list_apps(reader, workspaces.as_deref(), prefix, after, 10).await.unwrap();
        found.iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(apps(None, "", 0).await, [emqx, other, hidden]);
    assert_eq!(apps(Some(vec![team]), "", other).await, [hidden]);
    assert_eq!(apps(Some(vec![]), "", 0).await, [0; 0]);
    assert_eq!(apps(None, "emq x", 0).await, [emqx]);
}

async fn downloads_add_up(fixture: &Fixture) {
    let store = &fixture.store;
    let emqx = release(store, "isv", "emqx", "EMQ X", 1).await;
    release(store, "isv", "other", "Other", 2).await;
    let id = repository(store, "store").await;
    for version in ["1.0.0", "1.1.0"] {
        package(id, "emqx", version).publish(store).await.unwrap();
    }
    package(id, "stray", "1.0.0").publish(store).await.unwrap();
    let counted = |files: &[(&str, u64)]| -> Vec<(String, u64)> {
        files.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
    };
    for files in [
        counted(&[("emqx-1.1.0.tgz", 2), ("emqx-1.0.0.tgz", 1), ("stray-1.0.0.tgz", 9), ("gone.tgz", 9)]),
        counted(&[("emqx-1.1.0.tgz", 3)]),
    ] {
        let transaction = store.database().begin().await.unwrap();
        storefront::add_downloads(&transaction, id, &files).await.unwrap();
        transaction.commit().await.unwrap();
    }
    let reader = store.database().reader();
    let row = listings::find_by_id(reader, emqx).await.unwrap().unwrap();
    assert_eq!(row.downloads, 6);
    let versions = storefront::versions(reader, emqx, None, 10).await.unwrap();
    assert_eq!(versions.iter().map(|version| version.downloads).collect::<Vec<_>>(), [5, 1]);
    let order = pages(store, &ListingFilter::default(), ListingOrder::Downloads, 1).await;
    assert_eq!(order, ["emqx", "other"]);
}

async fn only_active_versions(fixture: &Fixture) {
    let store = &fixture.store;
    let emqx = release(store, "isv", "emqx", "EMQ X", 1).await;
    let reader = store.database().reader();
    let names = async |before, limit| {
        let versions = storefront::versions(reader, emqx, before, limit).await.unwrap();
        versions.into_iter().map(|released| released.version.version).collect::<Vec<_>>()
    };
    assert_eq!(names(None, 10).await, ["1.1.0", "1.0.0"]);
    assert_eq!(names(None, 1).await, ["1.1.0"]);
    assert_eq!(names(Some("1.1.0"), 1).await, ["1.0.0"]);
}
