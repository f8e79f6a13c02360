//! Small charts and provenance files for tests.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

/// A chart in the making.
#[derive(Clone, Debug)]
pub(crate) struct Package {
    top: String,
    files: Vec<(String, Vec<u8>)>,
}

impl Package {
    /// A chart with nothing but this Chart.yaml.
    pub(crate) fn bare(top: &str, chart_yaml: &str) -> Self {
        Self { top: top.to_owned(), files: vec![("Chart.yaml".to_owned(), chart_yaml.into())] }
    }

    /// A chart with values, a template and a README.
    pub(crate) fn new(name: &str, version: &str) -> Self {
        let chart = format!(
            "apiVersion: v2\nname: {name}\nversion: {version}\nappVersion: \"7\"\ndescription: A <chart> & more\n"
        );
        Self::bare(name, &chart)
            .with("values.yaml", "# how many\nreplicas: 1\ntext: \"<&>\"\n")
            .with("templates/config.yaml", TEMPLATE)
            .with("README.md", "# Hello\n")
    }

    /// One more file below the top directory.
    pub(crate) fn with(mut self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.files.push((path.to_owned(), content.into()));
        self
    }

    /// The package's bytes, always the same.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (path, content) in &self.files {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            header.set_mtime(1_700_000_000);
            archive.append_data(&mut header, format!("{}/{path}", self.top), content.as_slice()).unwrap();
        }
        archive.into_inner().unwrap().finish().unwrap()
    }

    /// Writes the chart as a folder.
    pub(crate) fn write_folder(&self, home: &crate::program::Home, folder: &str) {
        for (path, content) in &self.files {
            home.write(&format!("{folder}/{path}"), content);
        }
    }
}

const TEMPLATE: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-config\n\
                        data:\n  replicas: {{ .Values.replicas | quote }}\n";

/// The usual chart's bytes.
pub(crate) fn package(name: &str, version: &str) -> Vec<u8> {
    Package::new(name, version).bytes()
}

/// Bytes in gzip, whatever they are.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A text that passes for the provenance file of a package.
pub(crate) fn provenance(name: &str, version: &str) -> Vec<u8> {
    format!(
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\napiVersion: v2\nmaintainers:\n- email: a\n  name: nested\n\
         name: {name}\nversion: {version}\n\n...\nfiles:\n  {name}-{version}.tgz: sha256:00\n\
         -----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----\n"
    )
    .into_bytes()
}
