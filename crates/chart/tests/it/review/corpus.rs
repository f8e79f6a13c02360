//! Every public chart of the corpus.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chandlery_chart::render::{
    Evidence, KubernetesRelease, PrepareOptions, RenderOptions, assemble, crds, objects, prepare, render,
};
use chandlery_chart::review::{Options, Outcome, Report, examine};
use chandlery_chart::{Chart, Limits};
use serde_json::Map;

use super::{assert_sound, options};

/// The images that the engine finds on its own; none if the chart needs values.
fn images(package: &[u8], options: &Options<'_>) -> Option<Vec<String>> {
    let settings = &options.settings;
    let chart = Chart::read(package, &Limits::default()).unwrap();
    let prepared =
        prepare(chart, &Map::new(), &PrepareOptions { skip_schema: true, ..Default::default() }).ok()?;
    let mut rendering = RenderOptions::new(settings.release.clone());
    (rendering.now, rendering.seed) = (Some(settings.now), Some(1));
    rendering.limits = settings.template_limits.clone();
    let rendered = render(&prepared, &rendering).ok()?;
    let manifest = assemble(&rendered.files, settings.compat).ok()?;
    let objects = objects(&manifest, &crds(&prepared.chart));
    let release = KubernetesRelease { major: 1, minor: 37 };
    let evidence = Evidence::collect(&objects, &settings.release.namespace, release);
    Some(evidence.images.into_iter().map(|image| image.reference).collect())
}

fn assert_chart(path: &PathBuf) -> Report {
    let package = fs::read(path).unwrap();
    let mut options = options();
    // Machines that are busy with other tests must not change the outcome.
    options.settings.template_limits.time = Duration::from_secs(600);
    let report = examine(&package[..], &options);
    let name = path.display();
    assert_sound(&report);
    let reaches = |id: &str, end: Outcome| report.check(id).unwrap().outcome == end;
    assert!(!reaches("package", Outcome::Failed), "{name}");
    assert!(!reaches("render", Outcome::NotRun), "{name} reaches a limit");
    let found: Vec<String> = report.images.items.iter().map(|image| image.reference.clone()).collect();
    match images(&package, &options) {
        Some(expected) => {
            assert_eq!(found, expected[..found.len()], "{name}");
            assert_eq!(found.len() as u64 + report.images.left_out, expected.len() as u64, "{name}");
        }
        None => assert!(found.is_empty() && report.check("render").unwrap().blocks(), "{name}"),
    }
    report
}

#[test]
fn every_chart_has_a_report() {
    let folder = crate::common::corpus().join("charts");
    let mut packages: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    packages.retain(|path| path.extension().is_some_and(|extension| extension == "tgz"));
    let next = AtomicUsize::new(0);
    let work = || {
        let mut rendered = 0;
        while let Some(path) = packages.get(next.fetch_add(1, Ordering::Relaxed)) {
            rendered += usize::from(assert_chart(path).manifest_digest.is_some());
        }
        rendered
    };
    let rendered: usize = std::thread::scope(|scope| {
        let workers = [scope.spawn(work), scope.spawn(work)];
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    });
    assert!(packages.len() >= 559 && rendered >= 400, "{rendered} of {} charts render", packages.len());
}
