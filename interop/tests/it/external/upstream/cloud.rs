//! Stores of clouds, as their emulators are: Google's by fake-gcs-server, Azure's by Azurite.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::{Upstream, curl, publish_into_bucket, put_into_bucket};
use crate::environment::Peer;
use crate::external::face::Given;
use crate::peer_server::PeerServer;
use crate::program::Home;

/// The account at Azure, and its key before it is written in base64.
const ACCOUNT: &str = "account";
const KEY: &str = "key-of-the-owner";

/// The bucket `charts`, and where its publisher works.
pub(in crate::external) struct Cloud {
    server: PeerServer,
    home: Home,
    has_index: bool,
}

impl Cloud {
    /// Google's. It does not ask who somebody is, which is the emulator's lack.
    pub(in crate::external) fn google(has_index: bool) -> Self {
        let mut server = PeerServer::new(Peer::FakeGcs);
        let port = server.port().to_string();
        server.start(&["-scheme", "http", "-host", "127.0.0.1", "-port", &port, "-backend", "memory"]);
        let cloud = Self { server, home: Home::new(), has_index };
        let url = format!("http://{}/storage/v1/b?project=charts", cloud.server.address());
        curl(&cloud.home, &["--json", r#"{"name": "charts"}"#, &url]);
        cloud
    }

    /// Azure's.
    pub(in crate::external) fn azure(has_index: bool) -> Self {
        let mut server = PeerServer::new(Peer::Azurite);
        let port = server.port().to_string();
        server.set("AZURITE_ACCOUNTS", &format!("{ACCOUNT}:{}", BASE64_STANDARD.encode(KEY)));
        let place = ["--blobHost", "127.0.0.1", "--blobPort", &port];
        server.start(&[&place[..], &["--inMemoryPersistence", "--disableTelemetry", "--silent"]].concat());
        let cloud = Self { server, home: Home::new(), has_index };
        let url = cloud.signed("charts", "restype=container&");
        curl(&cloud.home, &["--request", "PUT", "--data", "", &url]);
        cloud
    }

    fn is_google(&self) -> bool {
        self.server.peer() == Peer::FakeGcs
    }

    /// A place in the store, as somebody describes it who has not said who they are.
    pub(in crate::external) fn at(&self, place: &str) -> Given {
        let address = self.server.address();
        let url = match self.is_google() {
            true => format!("gs://{address}/{place}"),
            false => format!("azblob://{address}/{ACCOUNT}/{place}"),
        };
        Given::new(url).set("tls", false)
    }

    /// A URL of Azure's that its owner signed.
    fn signed(&self, place: &str, query: &str) -> String {
        format!("http://{}/{ACCOUNT}/{place}?{query}{}", self.server.address(), self.signature("rwlc"))
    }

    /// A shared access signature of the account for these rights.
    pub(in crate::external) fn signature(&self, rights: &str) -> String {
        const VERSION: &str = "2019-12-12";
        const UNTIL: &str = "2099-01-01T00:00:00Z";
        // Account, rights, services, kinds of resources, from, until, addresses, protocols, version.
        let text = format!("{ACCOUNT}\n{rights}\nb\nsco\n\n{UNTIL}\n\nhttps,http\n{VERSION}\n");
        self.home.write("signed", text);
        let key = format!("hexkey:{}", hex::encode(KEY));
        let sign = ["dgst", "-sha256", "-mac", "HMAC", "-macopt", &key, "-binary", "-out", "mac", "signed"];
        self.home.run(std::path::Path::new("openssl"), &sign).succeeded();
        let mac = BASE64_STANDARD.encode(self.home.read("mac"));
        let mac = mac.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        format!("sv={VERSION}&ss=b&srt=sco&sp={rights}&se={UNTIL}&spr=https,http&sig={mac}")
    }

    /// Puts a file, as the owner.
    fn put(&self, place: &str, bytes: &[u8]) {
        self.home.write("object", bytes);
        let place = place.replace('+', "%2B");
        if !self.is_google() {
            let kind = ["--upload-file", "object", "--header", "x-ms-blob-type: BlockBlob"];
            return curl(&self.home, &[&kind[..], &[&self.signed(&place, "")]].concat());
        }
        let (bucket, name) = place.split_once('/').unwrap();
        let address = self.server.address();
        let url = format!("http://{address}/upload/storage/v1/b/{bucket}/o?uploadType=media&name={name}");
        curl(&self.home, &["--data-binary", "@object", &url]);
    }
}

impl Upstream for Cloud {
    fn given(&self) -> Given {
        let given = self.at("charts/stable");
        match (self.is_google(), self.has_index) {
            (true, _) => given.secret("token", "ya29.of-the-owner").set("cache", "mirror"),
            (false, true) => given.key(ACCOUNT, &BASE64_STANDARD.encode(KEY)),
            (false, false) => given.secret("token", self.signature("rl")),
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

    fn lets_everybody_in(&self) -> bool {
        self.is_google()
    }
}
