//! What an uploaded provenance file belongs to.

use super::ProvenanceError;

/// The first line of a clear-signed OpenPGP message (RFC 9580 section 7).
const SIGNED_MESSAGE: &str = "-----BEGIN PGP SIGNED MESSAGE-----";

/// The package a provenance file is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenanceIdentity {
    /// The name of the chart.
    pub name: String,
    /// The version of the chart.
    pub version: String,
}

impl ProvenanceIdentity {
    /// The name of the provenance file in a repository.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}.prov", crate::package::file_name(&self.name, &self.version))
    }
}

/// Reads the name and version out of an uploaded provenance file by ChartMuseum's rule (spec 1.6): it starts as a
/// clear-signed message, and the first line `name:` and the first line `version:` at column 0 count. The signature is
/// not checked. White space and quotes around the values are removed.
///
/// # Errors
/// [`ProvenanceError::NotProvenance`].
pub fn parse_identity(text: &[u8]) -> Result<ProvenanceIdentity, ProvenanceError> {
    let text = std::str::from_utf8(text).map_err(|_| ProvenanceError::NotProvenance)?;
    if !text.starts_with(SIGNED_MESSAGE) {
        return Err(ProvenanceError::NotProvenance);
    }
    let field =
        |key| text.lines().find_map(|line| field_value(line, key)).ok_or(ProvenanceError::NotProvenance);
    Ok(ProvenanceIdentity { name: field("name:")?, version: field("version:")? })
}

/// The value of `key: value`, where anything but a space, `*` or nothing after the colon means another key.
fn field_value(line: &str, key: &str) -> Option<String> {
    let value = line.strip_prefix(key)?;
    if !value.starts_with([' ', '*']) {
        return None;
    }
    let value = value.trim_start_matches([' ', '*']).trim();
    let unquoted = ['"', '\''].iter().find_map(|&quote| value.strip_prefix(quote)?.strip_suffix(quote));
    let value = unquoted.unwrap_or(value);
    (!value.is_empty()).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_name_and_version_at_column_zero() {
        let message = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\napiVersion: v2\nmaintainers:\n\
                       - email: a@b\n  name: somebody\nname: mychart\nversion: 0.1.0+x\n\n...\nfiles:\n  name: other\n";
        let expected = ProvenanceIdentity { name: "mychart".to_owned(), version: "0.1.0+x".to_owned() };
        for text in
            [message.to_owned(), message.replace('\n', "\r\n"), message.replace("0.1.0+x", "\"0.1.0+x\"")]
        {
            assert_eq!(parse_identity(text.as_bytes()), Ok(expected.clone()));
        }
        assert_eq!(expected.file_name(), "mychart-0.1.0+x.tgz.prov");
        let bad = [
            "",
            "name: a\nversion: 1\n",
            "-----BEGIN PGP SIGNED MESSAGE-----\nname: a\n",
            "-----BEGIN PGP SIGNED MESSAGE-----\n name: a\nversion: 1\n",
            "-----BEGIN PGP SIGNED MESSAGE-----\nname:a\nversion: 1\n",
            "-----BEGIN PGP SIGNED MESSAGE-----\nname: \nversion: 1\n",
        ];
        for text in bad {
            assert_eq!(parse_identity(text.as_bytes()), Err(ProvenanceError::NotProvenance), "{text:?}");
        }
        assert!(parse_identity(b"-----BEGIN PGP SIGNED MESSAGE-----\xff").is_err());
    }
}
