//! Small charts for tests.

use std::io::Write as _;

/// The bytes of a package with a Chart.yaml, a values file and a README.
pub(crate) fn package(name: &str, version: &str) -> Vec<u8> {
    package_of(name, version, "# Hello\n")
}

/// The same with this README.
pub(crate) fn package_of(name: &str, version: &str, readme: &str) -> Vec<u8> {
    let chart = format!(
        "apiVersion: v2\nname: {name}\nversion: {version}\nappVersion: \"7\"\ndescription: A chart called {name}\n"
    );
    let mut archive =
        tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    let files =
        [("Chart.yaml", chart.as_str()), ("values.yaml", "# how many\nreplicas: 1\n"), ("README.md", readme)];
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, format!("{name}/{path}"), content.as_bytes()).unwrap();
    }
    let mut gzip = archive.into_inner().unwrap();
    gzip.flush().unwrap();
    gzip.finish().unwrap()
}

/// A text that passes for the provenance file of a package.
pub(crate) fn provenance(name: &str, version: &str) -> String {
    format!(
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\napiVersion: v2\nname: {name}\nversion: {version}\n\n...\n\
         files:\n  {name}-{version}.tgz: sha256:0\n-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----\n"
    )
}
