//! Packages, provenance files and forms, good and bad.

use std::io::Write;

use bytes::Bytes;
use chandlery_core::Digest;
use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{EntryType, Header};

/// The smallest Chart.yaml with this name and version, whatever they are.
pub(crate) fn chart_yaml(name: &str, version: &str) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    format!("apiVersion: v2\nname: {}\nversion: {}\n", quoted(name), quoted(version))
}

/// A chart with a template and values.
pub(crate) fn package(name: &str, version: &str) -> Bytes {
    package_of(&chart_yaml(name, version))
}

/// A chart with a template, values and this Chart.yaml.
pub(crate) fn package_of(chart_yaml: &str) -> Bytes {
    Archive::new()
        .file("chart/Chart.yaml", chart_yaml)
        .file("chart/values.yaml", "# how many\nreplicas: 1\n")
        .file("chart/templates/a.yaml", "kind: A\n")
        .finish()
}

/// A chart with so many files of 5 MiB that do not compress.
pub(crate) fn big_package(name: &str, version: &str, files: usize) -> Bytes {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut noise = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut archive = Archive::stored().file("chart/Chart.yaml", chart_yaml(name, version));
    for number in 0..files {
        let content: Vec<u8> = (0..(5 << 20) / 8).flat_map(|_| noise()).collect();
        archive = archive.file(&format!("chart/files/{number}"), content);
    }
    archive.finish()
}

/// A tar.gz of any entries, legal or not.
pub(crate) struct Archive(tar::Builder<GzEncoder<Vec<u8>>>);

impl Archive {
    /// Nothing in it yet.
    pub(crate) fn new() -> Self {
        Self(tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast())))
    }

    /// One that is not compressed.
    pub(crate) fn stored() -> Self {
        Self(tar::Builder::new(GzEncoder::new(Vec::new(), Compression::none())))
    }

    /// A chart that lacks nothing.
    pub(crate) fn chart(name: &str, version: &str) -> Self {
        Self::new().file("chart/Chart.yaml", chart_yaml(name, version))
    }

    /// Adds a file.
    pub(crate) fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.entry(EntryType::Regular, path.as_bytes(), b"", content.as_ref())
    }

    /// Adds a link.
    pub(crate) fn link(self, kind: EntryType, path: &str, target: &str) -> Self {
        self.entry(kind, path.as_bytes(), target.as_bytes(), b"")
    }

    /// Adds an entry of any kind, with a path that nobody checks.
    pub(crate) fn entry(mut self, kind: EntryType, path: &[u8], link: &[u8], content: &[u8]) -> Self {
        let mut header = Header::new_ustar();
        header.set_entry_type(kind);
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        let bytes = header.as_mut_bytes();
        bytes[..path.len()].copy_from_slice(path);
        bytes[157..157 + link.len()].copy_from_slice(link);
        header.set_cksum();
        self.0.append(&header, content).unwrap();
        self
    }

    /// The bytes.
    pub(crate) fn finish(self) -> Bytes {
        self.0.into_inner().unwrap().finish().unwrap().into()
    }
}

/// A provenance file whose signature nobody checks.
pub(crate) fn provenance(name: &str, version: &str) -> Bytes {
    format!(
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\napiVersion: v2\nname: {name}\nversion: {version}\n\n...\n\
         files:\n  {name}-{version}.tgz: sha256:0\n-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n"
    )
    .into()
}

/// A provenance file of these bytes; its signature has the form of one, and is of another text.
pub(crate) fn provenance_of(name: &str, version: &str, package: &[u8]) -> Bytes {
    let digest = Digest::of(package);
    format!(
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\napiVersion: v2\nname: {name}\nversion: {version}\n\n...\n\
         files:\n  {name}-{version}.tgz: sha256:{digest}\n{SIGNATURE}"
    )
    .into()
}

const SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----

iHUEARYIAB0WIQSbMoYAsXsR+LHrWwuG+d/JnReKAAUCawHxqAAKCRCG+d/JnReK
AB+0AQCMgBqlpZdR4PQ7SWe6zICx1bBmy8dp7xj9TvFQnfy/SQEA8aevfnXPl770
e+no0CgSyN5Dq4emWM2JRpR5fJJjHAQ=
=zUSX
-----END PGP SIGNATURE-----
";

/// A multipart form.
pub(crate) struct Form(Vec<u8>);

impl Form {
    const BOUNDARY: &str = "chandlery-test-boundary";

    /// What its Content-Type says.
    pub(crate) fn content_type() -> String {
        format!("multipart/form-data; boundary={}", Self::BOUNDARY)
    }

    /// No parts yet.
    pub(crate) fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a file.
    pub(crate) fn file(self, field: &str, file_name: &str, content: &[u8]) -> Self {
        self.part(&format!("name=\"{field}\"; filename=\"{file_name}\""), content)
    }

    /// Adds a part without a file name.
    pub(crate) fn text(self, field: &str, content: &[u8]) -> Self {
        self.part(&format!("name=\"{field}\""), content)
    }

    fn part(mut self, disposition: &str, content: &[u8]) -> Self {
        write!(self.0, "--{}\r\nContent-Disposition: form-data; {disposition}\r\n", Self::BOUNDARY).unwrap();
        self.0.extend_from_slice(b"Content-Type: application/octet-stream\r\n\r\n");
        self.0.extend_from_slice(content);
        self.0.extend_from_slice(b"\r\n");
        self
    }

    /// The body, with or without its last boundary.
    pub(crate) fn finish(mut self, closed: bool) -> Bytes {
        if closed {
            write!(self.0, "--{}--\r\n", Self::BOUNDARY).unwrap();
        }
        self.0.into()
    }
}
