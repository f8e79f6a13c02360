//! The object stores that sources may be in, and how their URLs name a bucket.

use reqwest::Url;

use super::url::{format_fault, host_and_port, trimmed_path};
use super::{BucketUrl, Failure};

/// The store that a bucket is in: each has a scheme of its own, and signs requests in its own way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ObjectStore {
    /// One that speaks S3: `s3://HOST/BUCKET/PREFIX`.
    #[default]
    S3,
    /// Google Cloud Storage: `gs://BUCKET/PREFIX`; for a server of one's own `gs://HOST:PORT/BUCKET/PREFIX`.
    Gcs,
    /// Azure Blob Storage: `azblob://ACCOUNT/CONTAINER/PREFIX`; for clouds of their own the whole host instead of the
    /// account, and `azblob://ADDRESS:PORT/ACCOUNT/CONTAINER/PREFIX` where the host is an address and names no account.
    Azure,
    /// Alibaba Cloud's OSS: `oss://ENDPOINT/BUCKET/PREFIX`.
    Oss,
    /// Tencent Cloud's COS: `cos://ENDPOINT/BUCKET/PREFIX`.
    Cos,
    /// Huawei Cloud's OBS: `obs://ENDPOINT/BUCKET/PREFIX`.
    Obs,
    /// OpenStack Swift: `swift://HOST/v1/ACCOUNT/CONTAINER/PREFIX`.
    Swift,
}

/// Where all buckets of Google are.
const GOOGLE: &str = "storage.googleapis.com";

/// What the names of accounts of Azure's public cloud go on with.
const AZURE: &str = ".blob.core.windows.net";

impl ObjectStore {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::S3, Self::Gcs, Self::Azure, Self::Oss, Self::Cos, Self::Obs, Self::Swift];

    /// The scheme of its URLs.
    #[must_use]
    pub fn scheme(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Gcs => "gs",
            Self::Azure => "azblob",
            Self::Oss => "oss",
            Self::Cos => "cos",
            Self::Obs => "obs",
            Self::Swift => "swift",
        }
    }

    /// The store of a scheme.
    #[must_use]
    pub fn of_scheme(scheme: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|store| store.scheme() == scheme)
    }

    /// How a URL is written.
    fn form(self) -> &'static str {
        match self {
            Self::S3 => "Write s3://HOST/BUCKET/ or s3://HOST/BUCKET/FOLDER/.",
            Self::Gcs => {
                "Write gs://BUCKET/FOLDER/, or gs://HOST:PORT/BUCKET/FOLDER/ for a server of your own."
            }
            Self::Azure => {
                "Write azblob://ACCOUNT/CONTAINER/FOLDER/, or azblob://ADDRESS:PORT/ACCOUNT/CONTAINER/FOLDER/."
            }
            Self::Oss => "Write oss://ENDPOINT/BUCKET/, such as oss://oss-cn-hangzhou.aliyuncs.com/charts/.",
            Self::Cos => {
                "Write cos://ENDPOINT/BUCKET/, such as cos://cos.ap-guangzhou.myqcloud.com/charts-1250000000/."
            }
            Self::Obs => {
                "Write obs://ENDPOINT/BUCKET/, such as obs://obs.cn-north-4.myhuaweicloud.com/charts/."
            }
            Self::Swift => "Write swift://HOST/v1/ACCOUNT/CONTAINER/, with the path of the storage URL.",
        }
    }

    /// Reads what follows the scheme.
    pub(super) fn read(self, url: &Url) -> Result<BucketUrl, Failure> {
        let path = trimmed_path(url);
        let written = host_and_port(url);
        let (host, path) = match self {
            // No name of a bucket has a colon.
            Self::Gcs if !written.contains(':') => (GOOGLE.to_owned(), format!("{written}/{path}")),
            Self::Azure if !written.contains(['.', ':']) => (format!("{written}{AZURE}"), path),
            _ => (written, path),
        };
        let parts = match self {
            // The bucket is below an account, which is below a version.
            Self::Swift => 3,
            // An address has no account in it, so that it is in the path, as Azure's own clients have it.
            Self::Azure if is_address(url) => 2,
            _ => 1,
        };
        let mut ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        let (bucket, prefix) = match ends.nth(parts - 1) {
            Some(end) => (&path[..end], path[end..].trim_start_matches('/')),
            None => ("", ""),
        };
        if bucket.is_empty() {
            return Err(format_fault("it names no bucket", self.form()));
        }
        // It may become a part of the host: nothing else may stand in it than what names have.
        let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._-$:/".contains(&byte);
        if !bucket.bytes().all(is_of_name) || (bucket.contains(':') && self != Self::Swift) {
            return Err(format_fault(
                "the name of its bucket has other signs than letters, digits and . _ -",
                self.form(),
            ));
        }
        let prefix = prefix.strip_suffix("index.yaml").map_or(prefix, |prefix| prefix.trim_end_matches('/'));
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        Ok(BucketUrl { store: self, host, bucket: bucket.to_owned(), prefix })
    }

    /// The URL as it is read again.
    pub(super) fn write(url: &BucketUrl) -> String {
        let BucketUrl { store, host, bucket, prefix } = url;
        let place = match (store, host.strip_suffix(AZURE)) {
            (Self::Gcs, _) if host == GOOGLE => String::new(),
            (Self::Azure, Some(account)) => format!("{account}/"),
            _ => format!("{host}/"),
        };
        format!("{}://{place}{bucket}/{prefix}", store.scheme())
    }
}

/// Whether the host is an address of IP. Hosts of schemes that browsers do not know are not told apart by their parser.
fn is_address(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host.parse::<std::net::IpAddr>().is_ok()
}
