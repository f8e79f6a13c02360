//! Every chart of the corpus is read, and is what its file name says.

use std::collections::BTreeSet;
use std::fs::File;

use chandlery_chart::{Archive, Chart, Limits, file_name, inspect, read_file, read_templates, read_values};

#[test]
fn every_chart_is_read() {
    let corpus = crate::common::corpus();
    let rows = std::fs::read_to_string(corpus.join("INDEX.tsv")).unwrap();
    let charts: BTreeSet<(&str, &str)> = rows
        .lines()
        .skip(1)
        .map(|row| {
            let mut columns = row.split('\t');
            (columns.next().unwrap(), columns.next().unwrap())
        })
        .collect();
    assert_eq!(charts.len(), 559);
    let limits = Limits::default();
    for (name, version) in charts {
        let path = corpus.join("charts").join(file_name(name, version));
        let open = || File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let summary = inspect(open(), &limits).unwrap_or_else(|error| panic!("{name} {version}: {error}"));
        assert_eq!((summary.metadata.name.as_str(), summary.metadata.version.as_str()), (name, version));
        let chart = Chart::read(open(), &limits).unwrap();
        assert_eq!(chart.metadata, summary.metadata);
        assert_eq!(chart.subcharts.len(), summary.subcharts.len());
        let archive = Archive::read(open(), &limits).unwrap();
        let values =
            archive.files.iter().find(|file| file.path == "values.yaml").map(|file| file.data.clone());
        assert_eq!(read_values(open(), &limits).unwrap(), values);
        assert_eq!(values.is_some(), summary.has_values);
        let templates = read_templates(open(), &limits).unwrap();
        assert_eq!((templates.templates, templates.values), (chart.templates, values));
        let chart_yaml = read_file(open(), "Chart.yaml", &limits).unwrap().unwrap();
        assert!(archive.files.iter().any(|file| file.data == chart_yaml));
        assert!(read_file(open(), "no/such/file", &limits).unwrap().is_none());
    }
}
