//! Renders against the real Helm: the shared vectors, and the public charts of the corpus.

mod beyond;
mod corpus;
mod hostile;
mod toml;
mod vectors;

use std::collections::BTreeMap;
use std::time::Duration;

use chandlery_chart::Chart;
use chandlery_chart::render::{
    Capabilities, Compat, PrepareOptions, Release, RenderError, RenderOptions, floats, prepare, render,
};
use serde_json::{Map, Value};

/// What a chart renders to with the user's values.
fn render_chart(
    chart: Chart,
    user: Option<&Value>,
    compat: Compat,
    release: Release,
) -> Result<BTreeMap<String, String>, RenderError> {
    let user = user.and_then(Value::as_object).cloned().unwrap_or_default();
    let prepared = prepare(chart, &as_floats(user), &PrepareOptions { compat, ..PrepareOptions::default() })?;
    // The vectors and the corpus were made by Helm 4.2.3.
    let mut capabilities = Capabilities::offline(compat.min(Compat::Helm42));
    if compat == Compat::Helm3 {
        // The build of Helm 3.18.1 that made the vectors did not know its Kubernetes.
        capabilities.kube_version = "v1.20.0".parse()?;
    }
    let mut options = RenderOptions { compat, capabilities, ..RenderOptions::new(release) };
    // Machines that are busy with other tests must not change what is compared.
    options.limits.time = Duration::from_secs(600);
    render(&prepared, &options).map(|rendered| rendered.files)
}

fn as_floats(mut map: Map<String, Value>) -> Map<String, Value> {
    floats(&mut map);
    map
}
