//! Questions to a small index, and what they find.

use std::collections::BTreeMap;

use chandlery_search::{Change, Cursor, Document, Index, Page, Query, Sort, Start, View, Workspaces};

/// id, workspace, name, display names, keywords, maintainers, categories, summaries, readmes.
type Row = (
    i64,
    i64,
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
    &'static [&'static str],
    &'static [&'static str],
    &'static [&'static str],
    &'static [&'static str],
);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    (1, 1, "redis", &["Redis"], &["cache", "database"], &["Ann Lee"], &["database"],
        &["In-memory key-value store"], &["Redis keeps data in memory. Works with Kubernetes."]),
    (2, 1, "redis-cluster", &["Redis Cluster"], &["cache"], &["Ann Lee"], &["database"], &["Sharded Redis"], &["Needs kubernetes 1.20"]),
    (3, 2, "prometheus", &["Prometheus"], &["monitoring", "message queue"], &["Bo"], &["monitoring"],
        &["Metrics with alerts"], &["Scrapes redis and much more"]),
    (4, 2, "rocketmq", &["RocketMQ", "分布式消息中间件"], &["message queue", "mq"], &["Çelik"], &["messaging"],
        &["Distributed messaging", "阿里巴巴开源的分布式消息中间件"], &["A message broker.", "支持Kafka协议的消息队列"]),
    (5, 3, "cert-manager", &["Cert Manager"], &["tls"], &["Bo"], &["security", "network"], &["X.509 certificates"], &["Issues certificates"]),
    (6, 3, "cafe-menu", &["Café Menü"], &["crème"], &["Ångström"], &["uncategorized"], &["Größe über alles"], &[""]),
    (7, 3, "node-exporter", &["Node Exporter"], &["Monitoring"], &["Bo"], &["monitoring"], &["Exports figures"], &["The code of a mode"]),
    (8, 1, "codec", &["Codec"], &["media"], &["Ann Lee"], &["media"], &["Encodes"], &["node"]),
    (9, 1, "kube-prometheus-stack", &["Kube Prometheus Stack"], &["monitoring"], &["Bo"], &["monitoring"],
        &["Prometheus with friends"], &[""]),
];

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn document(row: &Row, view: View) -> Document {
    Document {
        id: row.0,
        view,
        workspace_id: row.1,
        name: row.2.to_owned(),
        display_names: strings(row.3),
        keywords: strings(row.4),
        maintainers: strings(row.5),
        categories: strings(row.6),
        summaries: strings(row.7),
        readmes: strings(row.8),
        updated_at: 100 - row.0 / 2,
    }
}

fn store() -> Index {
    let index = Index::in_memory().expect("memory");
    let documents = ROWS.iter().map(|row| Change::Put(document(row, View::Store)));
    index.apply(documents, 1).expect("memory can be written");
    index
}

fn all() -> Query {
    Query::new(View::Store, Workspaces::All)
}

fn ask(index: &Index, query: &Query) -> Page {
    index.search(query).expect("a healthy index answers")
}

fn ids(page: &Page) -> Vec<i64> {
    page.hits.iter().map(|hit| hit.id).collect()
}

fn find(index: &Index, text: &str) -> Vec<i64> {
    ids(&ask(index, &all().with_text(text)))
}

#[test]
fn texts_find_apps_best_first() {
    let index = store();
    let cases: &[(&str, &[i64])] = &[
        // Names before keywords before summaries before READMEs; the app of that very name first.
        ("redis", &[1, 2, 3]),
        ("prometheus", &[3, 9]),
        ("kube prometheus stack", &[9]),
        ("Kube-Prometheus-Stack", &[9]),
        ("monitoring", &[3, 7, 9]),
        ("database", &[1]),
        ("metrics", &[3]),
        ("scrapes", &[3]),
        // Joined names.
        ("certmanager", &[5]),
        ("cert manager", &[5]),
        // Maintainers' words.
        ("angstrom", &[6]),
        // The last word may be unfinished, the others not.
        ("r", &[1, 4, 2]),
        ("prom", &[3, 9]),
        ("kube prom", &[9]),
        ("kub prometheus", &[]),
        ("redis clu", &[2]),
        ("kubern", &[1, 2]),
        // All words, in any field.
        ("redis kubernetes", &[1, 2]),
        ("redis scrapes", &[3]),
        ("redis certificates", &[]),
        // One error from four letters, two from eight; two letters swapped are one error.
        ("reids", &[1, 2, 3]),
        ("rediss", &[1, 2, 3]),
        ("rdis", &[1, 2, 3]),
        ("eredis", &[1, 2, 3]),
        ("rdsi", &[]),
        ("tlx", &[]),
        ("promehteus", &[3, 9]),
        ("prmetheuss", &[3, 9]),
        ("prmthes", &[]),
        ("reids clutser", &[2]),
        // What is written so comes before what is almost written so.
        ("node", &[7, 8]),
        ("code", &[8, 7]),
        // Case and accents.
        ("REDIS", &[1, 2, 3]),
        ("cafe", &[6]),
        ("CAFÉ", &[6]),
        ("café menu", &[6]),
        ("creme", &[6]),
        ("grosse", &[6]),
        ("ｒｅｄｉｓ", &[1, 2, 3]),
        // Chinese, alone and mixed.
        ("消息", &[4]),
        ("分布式消息中间件", &[4]),
        ("阿里巴巴", &[4]),
        ("消", &[4]),
        ("件", &[4]),
        ("列", &[4]),
        ("消息列", &[]),
        ("消息 redis", &[]),
        ("kafka 消息", &[4]),
        ("kafka消息", &[4]),
        ("rocketmq 分布", &[4]),
        ("rocketm分布", &[4]),
        // Nothing to look for, and nothing but that.
        ("?!", &[]),
        ("🚀", &[]),
    ];
    let different = cases.iter().filter_map(|(text, expected)| {
        let found = find(&index, text);
        // Errors that are forgiven may find more, behind what was meant.
        let same =
            found == *expected || (!expected.is_empty() && text.len() >= 4 && found.starts_with(expected));
        (!same).then(|| format!("{text:?} found {found:?} instead of {expected:?}"))
    });
    assert_eq!(different.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn errors_are_forgiven_only_where_little_is_found() {
    let index = Index::in_memory().expect("memory");
    let named = |id: i64, name: &str| {
        Change::Put(Document { name: name.to_owned(), ..Document::new(id, View::Store, id % 2) })
    };
    let exact = (0..12).map(|id| named(id, "node"));
    let near = (12..20).map(|id| named(id, "mode"));
    index.apply(exact.chain(near), 1).expect("memory can be written");
    assert_eq!(ask(&index, &all().with_text("node")).total, 12);
    let six = Query::new(View::Store, Workspaces::Only(vec![1])).with_text("node");
    let page = ask(&index, &six);
    assert_eq!((page.total, ids(&page)), (10, vec![1, 3, 5, 7, 9, 11, 13, 15, 17, 19]));
    assert!(page.hits[5].score > page.hits[6].score);
}

#[test]
fn any_input_is_only_words() {
    let index = store();
    let hostile = [
        "*:*",
        "name:redis",
        "\"redis",
        "redis\"",
        "redis AND OR NOT",
        "-redis +cluster",
        "(((((",
        "[a TO z]",
        "redis~9",
        "/re.*/",
        "\\",
        "a^b",
        "\0\u{1}\u{7f}\u{85}",
        "\u{202e}redis",
        "e\u{301}\u{301}\u{301}\u{301}",
        "\u{fdfa}",
        "👩‍👩‍👧‍👦🏳️‍🌈",
        "'; DROP TABLE apps; --",
        "%00%ff",
        "\u{10ffff}\u{e000}",
        "消\u{0}息",
    ];
    for text in hostile {
        find(&index, text);
    }
    for unit in ["a", "消", "a ", "*", "\"", "é", "\u{301}", "redis ", "消息a"] {
        find(&index, &unit.repeat((1 << 20) / unit.len()));
    }
    // Signs around words change nothing.
    for text in ["\"redis\"", "*redis*", "redis:", "(redis)", "\u{202e}redis", "redis\0"] {
        assert_eq!(find(&index, text), [1, 2, 3], "{text:?}");
    }
    // Words past the tenth are not looked at.
    assert_eq!(find(&index, &format!("{}nothing", "redis ".repeat(10))), [1, 2, 3]);
}

#[test]
fn filters_narrow_and_categories_are_counted() {
    let index = store();
    let only = |ids: &[i64]| Query::new(View::Store, Workspaces::Only(ids.to_vec()));
    let with = |change: fn(&mut Query)| {
        let mut query = all();
        change(&mut query);
        query
    };
    let cases: Vec<(Query, &[i64])> = vec![
        (only(&[]), &[]),
        (only(&[4]), &[]),
        (only(&[2]), &[3, 4]),
        (only(&[2, 3, 3]), &[3, 4, 5, 6, 7]),
        (only(&[2]).with_text("redis"), &[3]),
        (only(&[3]).with_text("redis"), &[]),
        (with(|query| query.category = Some("monitoring".to_owned())), &[3, 7, 9]),
        (with(|query| query.category = Some("network".to_owned())), &[5]),
        (with(|query| query.category = Some("nothing".to_owned())), &[]),
        (with(|query| query.keyword = Some("MONITORING".to_owned())), &[3, 7, 9]),
        (with(|query| query.keyword = Some("message  queue".to_owned())), &[3, 4]),
        (with(|query| query.keyword = Some("message".to_owned())), &[]),
        (with(|query| query.maintainer = Some("celik".to_owned())), &[4]),
        (with(|query| query.maintainer = Some("ann lee".to_owned())), &[1, 2, 8]),
    ];
    for (query, expected) in cases {
        let page = ask(&index, &query);
        let mut found = ids(&page);
        found.sort_unstable();
        assert_eq!((found.as_slice(), page.total), (expected, expected.len()), "{query:?}");
    }
    let mut query = all().with_text("redis");
    let counts = BTreeMap::from([("database".to_owned(), 2), ("monitoring".to_owned(), 1)]);
    assert_eq!(ask(&index, &query).categories, counts);
    query.category = Some("database".to_owned());
    let page = ask(&index, &query);
    assert_eq!((ids(&page), page.total, page.categories), (vec![1, 2], 2, counts));
}

#[test]
fn views_are_apart() {
    let index = store();
    let draft = Document { name: "redis".to_owned(), ..Document::new(1, View::Workspace, 1) };
    let secret = Document { name: "secret".to_owned(), ..Document::new(50, View::Workspace, 1) };
    index.apply([Change::Put(draft), Change::Put(secret)], 2).expect("memory can be written");
    assert_eq!(find(&index, "secret"), Vec::<i64>::new());
    assert_eq!(find(&index, "redis"), [1, 2, 3]);
    let workspace = Query::new(View::Workspace, Workspaces::Only(vec![1]));
    assert_eq!(ids(&ask(&index, &workspace)), [1, 50]);
    assert_eq!(ids(&ask(&index, &workspace.clone().with_text("redis"))), [1]);
    index.apply([Change::Remove { id: 1, view: View::Workspace }], 3).expect("memory can be written");
    assert_eq!(ids(&ask(&index, &workspace)), [50]);
    assert_eq!(find(&index, "redis"), [1, 2, 3]);
}

#[test]
fn names_and_times_sort() {
    let index = store();
    let sorted = |sort| {
        let mut query = all();
        query.sort = sort;
        ids(&ask(&index, &query))
    };
    assert_eq!(sorted(Sort::Name), [6, 5, 8, 9, 7, 3, 1, 2, 4]);
    assert_eq!(sorted(Sort::Newest), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
}

/// Many apps with few different names, in many segments, some of them replaced and removed.
fn crowded() -> Index {
    let index = Index::in_memory().expect("memory");
    for batch in 0..6_i64 {
        let puts = (0..50).map(|step| {
            let id = step * 6 + batch;
            let name = ["redis", "redis-ha", "Redis Sentinel"][(id % 3) as usize];
            let document = Document::new(id, View::Store, id % 4);
            Change::Put(Document { name: name.to_owned(), updated_at: -(id % 7), ..document })
        });
        index.apply(puts, batch as u64).expect("memory can be written");
    }
    let removed = (0..300).step_by(10).map(|id| Change::Remove { id, view: View::Store });
    index.apply(removed, 6).expect("memory can be written");
    index
}

#[test]
fn pages_are_parts_of_one_order() {
    let index = crowded();
    for sort in [Sort::Relevance, Sort::Name, Sort::Newest] {
        for text in ["redis", ""] {
            let mut query = all().with_text(text);
            (query.sort, query.limit) = (sort, 1_000);
            let whole = ids(&ask(&index, &query));
            assert_eq!(whole.len(), 270);
            query.limit = 7;
            let (mut by_offset, mut by_cursor) = (Vec::new(), Vec::new());
            let mut cursor: Option<Cursor> = None;
            loop {
                query.start = Start::Offset(by_offset.len());
                let page = ask(&index, &query);
                by_offset.extend(ids(&page));
                query.start = cursor.map_or(Start::Offset(0), Start::After);
                let same = ask(&index, &query);
                by_cursor.extend(ids(&same));
                assert_eq!((same.total, page.total), (270, 270));
                assert_eq!(same.next, page.next);
                cursor = same.next.map(|cursor| cursor.to_string().parse().expect("our own text"));
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!((&by_offset, &by_cursor), (&whole, &whole), "{sort:?} {text:?}");
        }
    }
}

#[test]
fn cursors_outlive_what_they_point_at_and_fit_one_order() {
    let index = crowded();
    let mut query = all();
    (query.sort, query.limit) = (Sort::Name, 5);
    let first = ask(&index, &query);
    query.limit = 1_000;
    let whole = ids(&ask(&index, &query));
    let removed = first.hits.iter().map(|hit| Change::Remove { id: hit.id, view: View::Store });
    index.apply(removed, 7).expect("memory can be written");
    query.start = Start::After(first.next.clone().expect("there is more"));
    assert_eq!(ids(&ask(&index, &query)), whole[5..]);
    for (name, expected) in [("n.5.r", 265), ("n.5.redis-gz", 90), ("n.5.zzz", 0), ("n.5.", 265)] {
        query.start = Start::After(name.parse().expect("a cursor"));
        assert_eq!(ask(&index, &query).hits.len(), expected, "{name}");
    }
    query.sort = Sort::Newest;
    assert_eq!(index.search(&query).expect_err("another order").code(), "invalid");
}

#[test]
fn offsets_past_the_end_and_empty_pages() {
    let index = store();
    for (offset, limit) in [(9, 10), (1_000_000, 10), (usize::MAX, usize::MAX), (0, 0)] {
        let mut query = all();
        (query.start, query.limit) = (Start::Offset(offset), limit);
        let page = ask(&index, &query);
        assert_eq!((page.hits.len(), page.total, page.next), (0, 9, None), "{offset} {limit}");
    }
}
