//! Packages a chart directory: `package DIR FILE`; the times are SOURCE_DATE_EPOCH or those of the files.

use std::fs::File;
use std::path::Path;

use chandlery_chart::{Chart, Limits, PackageOptions};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let modified =
        std::env::var("SOURCE_DATE_EPOCH").ok().map(|text| text.parse().expect("a number of seconds"));
    let chart = Chart::read_directory(Path::new(&arguments[0]), &Limits::default())
        .unwrap_or_else(|error| panic!("{error}"))
        .prepare_package(&PackageOptions::default())
        .unwrap_or_else(|error| panic!("{error}"));
    let out = File::create(&arguments[1]).expect("the file can be created");
    chart.write_package(modified, out).unwrap_or_else(|error| panic!("{error}"));
}
