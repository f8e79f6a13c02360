//! The provenance files of packages: where they lie, and their bytes.
//!
//! What Helm asks for with `--verify` lies beside the package under its name with [`SUFFIX`]; a registry has it as a layer
//! of the same manifest. Most packages have none, and servers say so in several ways.

use super::{Code, Failure, Location, PackageReader, Source, Stage, bucket, git, helm, oci, package};

/// What the name of a provenance file has after the name of its package.
const SUFFIX: &str = ".prov";

impl Source {
    /// Begins to fetch the provenance file of a package, of at most `limit` bytes; `None` if the source has none. The
    /// version is the one that was listed with the package.
    ///
    /// # Errors
    ///
    /// A [`Failure`] when that cannot be told; one may also come from the reader.
    pub async fn open_provenance(
        &self,
        location: &Location,
        version: &str,
        limit: u64,
    ) -> Result<Option<PackageReader>, Failure> {
        let opened = match location {
            Location::Url { url } => helm::open(self, &beside(url)?, limit).await,
            Location::Object { key } => bucket::open(self, &format!("{key}{SUFFIX}"), limit).await,
            Location::Blob { repository, digest } => {
                return oci::open_provenance_of_blob(self, repository, digest, version, limit).await;
            }
            Location::Chart { host, repository, reference } => {
                return oci::open_provenance_of_chart(self, host, repository, reference, limit).await;
            }
            // A folder is packaged here, and nobody has signed that.
            Location::Tree { path, .. } if !path.ends_with(".tgz") => return Ok(None),
            Location::Tree { commit, path, .. } => {
                return git::open_file(self, commit, &format!("{path}{SUFFIX}"), limit).await;
            }
        };
        let failure = match opened {
            Ok(reader) => return Ok(Some(reader)),
            Err(failure) => failure,
        };
        match absence(&failure) {
            Absence::Certain => Ok(None),
            // The same right opens both files: if it opens the package, the other one is not there.
            Absence::Possible if self.open(location, u64::MAX).await.is_ok() => Ok(None),
            Absence::Possible | Absence::None => Err(failure),
        }
    }
}

/// The URL of the provenance file: what asks for the package stays.
fn beside(url: &str) -> Result<String, Failure> {
    let mut url = reqwest::Url::parse(url).map_err(|error| package::lost(&error.to_string()))?;
    url.set_path(&format!("{}{SUFFIX}", url.path()));
    Ok(url.into())
}

/// Whether a failure says that there is no such file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Absence {
    Certain,
    /// Object stores answer so for what is not there to whoever may not list them, and for a bucket that is not there.
    Possible,
    None,
}

fn absence(failure: &Failure) -> Absence {
    match (failure.status, failure.stage, failure.code) {
        (Some(404 | 410), ..) => Absence::Certain,
        (Some(403), ..) | (None, Stage::Auth, Code::ObjectStoreDenied) => Absence::Possible,
        (None, Stage::Status, Code::NotARepository) => Absence::Possible,
        _ => Absence::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beside_the_package() {
        let cases = [
            ("https://h/charts/web-1.0.0.tgz", "https://h/charts/web-1.0.0.tgz.prov"),
            ("https://h/web-1.0.0%2Bb.tgz?sig=a%2Fb#x", "https://h/web-1.0.0%2Bb.tgz.prov?sig=a%2Fb#x"),
        ];
        for (package, expected) in cases {
            assert_eq!(beside(package).unwrap(), expected);
        }
        assert!(beside("web-1.0.0.tgz").is_err());
    }

    #[test]
    fn what_says_that_there_is_none() {
        let cases = [
            (Failure::status("h", 404), Absence::Certain),
            (Failure::status("h", 410), Absence::Certain),
            (Failure::status("h", 403), Absence::Possible),
            (Failure::status("h", 401), Absence::None),
            (Failure::status("h", 500), Absence::None),
            (Failure::new(Stage::Auth, Code::ObjectStoreDenied, "", ""), Absence::Possible),
            (Failure::new(Stage::Status, Code::NotARepository, "", ""), Absence::Possible),
            (Failure::content("", ""), Absence::None),
        ];
        for (failure, expected) in cases {
            assert_eq!(absence(&failure), expected, "{failure:?}");
        }
    }
}
