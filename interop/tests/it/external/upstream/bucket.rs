//! A bucket of a real object store, versitygw: with an index that helm makes and over TLS, or with packages only and over a
//! line that is not encrypted.

use chandlery_source::testing::Certificate;

use super::{Upstream, curl, publish_into_bucket, put_into_bucket};
use crate::environment::Peer;
use crate::external::face::Given;
use crate::peer_server::PeerServer;
use crate::program::Home;

const KEY: &str = "key-of-the-owner";
const SECRET: &str = "secret-of-the-owner";

/// Somebody whom the store knows, and who may do nothing.
pub(in crate::external) const STRANGER: (&str, &str) = ("key-of-a-stranger", "secret-of-a-stranger");

/// The bucket `charts`, and where its publisher works.
pub(in crate::external) struct Bucket {
    server: PeerServer,
    home: Home,
    has_index: bool,
    certificate: Option<Certificate>,
}

impl Bucket {
    /// With an `index.yaml`.
    pub(in crate::external) fn with_index() -> Self {
        Self::start(true)
    }

    /// With packages only.
    pub(in crate::external) fn of_packages() -> Self {
        Self::start(false)
    }

    fn start(has_index: bool) -> Self {
        let mut server = PeerServer::new(Peer::VersityGw);
        let [data, iam] = ["data", "iam"].map(|folder| server.home().path().join(folder));
        for folder in [&data, &iam] {
            std::fs::create_dir_all(folder).unwrap();
        }
        let (address, iam) = (server.address(), iam.to_str().unwrap().to_owned());
        let home = Home::new();
        let certificate = has_index.then(|| Certificate::new(home.path(), "store"));
        let paths = certificate.iter().flat_map(|certificate| {
            [("--cert", certificate.certificate_path()), ("--key", certificate.key_path())]
        });
        let mut flags = vec!["--access", KEY, "--secret", SECRET, "--port", &address, "--iam-dir", &iam];
        flags.extend(paths.flat_map(|(flag, path)| [flag, path.to_str().unwrap()]));
        flags.extend(["--keep-alive", "--quiet", "posix", "data"]);
        server.start(&flags);
        let bucket = Self { server, home, has_index, certificate };
        bucket.send(&["--request", "PUT"], "charts");
        bucket
    }

    /// Makes the stranger known to the store.
    pub(in crate::external) fn admit_stranger(&self) {
        let (id, secret) = STRANGER;
        let url = format!("http://{}", self.server.address());
        let owner = ["admin", "--access", KEY, "--secret", SECRET, "--endpoint-url", &url];
        let user = ["create-user", "--access", id, "--secret", secret, "--role", "user"];
        self.home.peer(Peer::VersityGw, &[&owner[..], &user].concat()).succeeded();
    }

    /// A place in the store, as its owner describes it.
    pub(in crate::external) fn at(&self, place: &str) -> Given {
        Given::new(format!("s3://{}/{place}", self.server.address())).key(KEY, SECRET)
    }

    /// Puts a file, as the owner.
    pub(in crate::external) fn put(&self, place: &str, bytes: &[u8]) {
        self.home.write("object", bytes);
        self.send(&["--upload-file", "object"], place);
    }

    fn send(&self, arguments: &[&str], place: &str) {
        let (scheme, authority) = match &self.certificate {
            Some(certificate) => ("https", Some(certificate.authority_path().to_str().unwrap())),
            None => ("http", None),
        };
        let url = format!("{scheme}://{}/{}", self.server.address(), place.replace('+', "%2B"));
        let authority = authority.map(|path| ["--cacert", path]).into_iter().flatten().collect::<Vec<_>>();
        let key = format!("{KEY}:{SECRET}");
        let body = "x-amz-content-sha256: UNSIGNED-PAYLOAD";
        let signed = ["--aws-sigv4", "aws:amz:us-east-1:s3", "--user", &key, "--header", body];
        curl(&self.home, &[&signed[..], &authority, arguments, &[&url]].concat());
    }
}

impl Upstream for Bucket {
    fn given(&self) -> Given {
        let given = self.at("charts/stable");
        match &self.certificate {
            None => given.set("cache", "mirror"),
            Some(certificate) => {
                let authority = String::from_utf8(certificate.pem()).unwrap();
                given.set("tls", true).set("certificate_authority", authority)
            }
        }
    }

    fn publish(&mut self, name: &str, version: &str) {
        let put = |place: &str, bytes: &[u8]| self.put(place, bytes);
        publish_into_bucket(&self.home, self.has_index, (name, version), put);
    }

    fn publish_signed(&mut self, file: &str, package: &[u8], provenance: &[u8]) {
        let put = |place: &str, bytes: &[u8]| self.put(place, bytes);
        put_into_bucket(&self.home, self.has_index, file, package, put);
        self.put(&format!("charts/stable/{file}.prov"), provenance);
    }

    fn stop(&mut self) {
        self.server.stop();
    }

    fn kind(&self) -> &'static str {
        "s3"
    }
}
