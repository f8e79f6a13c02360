//! The chart that a new chart starts from.

/// What stands for the chart's name in the files.
const NAME: &str = "CHART_NAME";

macro_rules! starter_file {
    ($path:literal) => {
        ($path, include_str!(concat!("../starter/", $path)))
    };
}

const FILES: &[(&str, &str)] = &[
    starter_file!(".helmignore"),
    starter_file!("Chart.yaml"),
    starter_file!("README.md"),
    starter_file!("templates/NOTES.txt"),
    starter_file!("templates/_names.tpl"),
    starter_file!("templates/autoscaler.yaml"),
    starter_file!("templates/deployment.yaml"),
    starter_file!("templates/disruptionbudget.yaml"),
    starter_file!("templates/ingress.yaml"),
    starter_file!("templates/networkpolicy.yaml"),
    starter_file!("templates/service.yaml"),
    starter_file!("templates/serviceaccount.yaml"),
    starter_file!("templates/tests/reachable.yaml"),
    starter_file!("values.schema.json"),
    starter_file!("values.yaml"),
];

/// The files of a new chart by their paths below its folder: a web application with everything that a chart for others
/// should have.
#[must_use]
pub fn starter_files(name: &str) -> Vec<(&'static str, String)> {
    FILES.iter().map(|(path, text)| (*path, text.replace(NAME, name))).collect()
}
