//! The client of each object store.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chandlery_core::Secret;
use opendal::{HttpTransporter, Operator, services};

use super::transport::Transport;
use super::unread;
use crate::foreign::{BucketUrl, Code, Failure, Login, ObjectStore, Source, Stage};

/// An operator of the bucket. All its requests go through the source's client.
pub(super) fn operator(source: &Source, url: &BucketUrl) -> Result<Operator, Failure> {
    let access = &source.access;
    let scheme = if access.tls.unwrap_or_else(|| url.speaks_tls()) { "https" } else { "http" };
    let place = Place {
        endpoint: format!("{scheme}://{}", url.host),
        bucket: &url.bucket,
        root: format!("/{}", url.prefix),
        region: access.region.as_deref().unwrap_or_else(|| url.region()),
        is_path_style: access.path_style,
    };
    let proof = Proof::of(source.credentials.login.as_ref())?;
    let operator = match url.store {
        ObjectStore::S3 => s3(&place, &proof),
        ObjectStore::Gcs => google(&place, &proof),
        ObjectStore::Azure => azure(&place, &proof),
        ObjectStore::Oss => oss(&place, &proof),
        ObjectStore::Cos => cos(&place, &proof),
        ObjectStore::Obs => obs(&place, &proof),
        ObjectStore::Swift => swift(&place, &proof),
    }?;
    let transport = HttpTransporter::new(Transport { own: source.own.clone(), other: source.other.clone() });
    let context = operator.context().with_http_transport(transport);
    Ok(operator.with_context(context))
}

/// Where the bucket is.
struct Place<'p> {
    endpoint: String,
    bucket: &'p str,
    root: String,
    region: &'p str,
    is_path_style: Option<bool>,
}

impl Place<'_> {
    /// The path of the account, with a `/` before it, empty where the host tells the account; and the container in it.
    fn container(&self) -> (String, &str) {
        match self.bucket.rsplit_once('/') {
            Some((account, container)) => (format!("/{account}"), container),
            None => (String::new(), self.bucket),
        }
    }
}

/// Who we are. Whatever the clients would find by themselves, in the environment, in files or at a metadata service, is
/// not ours to use: it belongs to the operator, and not to whoever describes a source. Hence a client gets what it is to
/// use, or is told that nobody asks; one that cannot be told so gets keys or is not made.
enum Proof<'p> {
    Nobody,
    Key { id: &'p str, secret: &'p str, session: Option<&'p str> },
    Token(&'p str),
}

impl<'p> Proof<'p> {
    fn of(login: Option<&'p Login>) -> Result<Self, Failure> {
        let (id, secret, session) = match login {
            None => return Ok(Self::Nobody),
            Some(Login::Bearer { token }) => return Ok(Self::Token(token.expose())),
            Some(Login::AccessKey { id, secret, session_token }) => (id, secret, session_token.as_ref()),
            Some(Login::Basic { user, password }) => (user, password, None),
            Some(Login::DockerConfig { .. }) => return Err(no_key("a docker config opens no bucket")),
        };
        match (id.is_empty(), secret.expose().is_empty()) {
            (true, _) => Err(no_key("the access key id is missing")),
            (_, true) => Err(Failure { code: Code::NoSecretKey, ..no_key("the secret key is missing") }),
            _ => Ok(Self::Key { id, secret: secret.expose(), session: session.map(Secret::expose) }),
        }
    }
}

fn no_key(cause: &str) -> Failure {
    Failure::new(Stage::Url, Code::NoAccessKey, cause, "Give both halves of an access key as credentials.")
}

/// Credentials of a sort that the store does not take.
fn misfit(cause: &str, advice: &str) -> Failure {
    Failure::new(Stage::Url, Code::UrlFormat, cause, advice)
}

fn made(operator: opendal::Result<Operator>) -> Result<Operator, Failure> {
    operator.map_err(|error| unread(&error))
}

fn s3(place: &Place<'_>, proof: &Proof<'_>) -> Result<Operator, Failure> {
    let service = services::S3::default()
        .endpoint(&place.endpoint)
        .bucket(place.bucket)
        .root(&place.root)
        .region(place.region)
        .disable_config_load()
        .disable_ec2_metadata();
    let service =
        if place.is_path_style == Some(false) { service.enable_virtual_host_style() } else { service };
    let service = match proof {
        Proof::Nobody => service.skip_signature(),
        Proof::Key { id, secret, session } => {
            let service = service.access_key_id(id).secret_access_key(secret);
            session.iter().fold(service, |service, token| service.session_token(token))
        }
        Proof::Token(_) => return Err(no_key("a bucket is opened by an access key and its secret")),
    };
    made(Operator::new(service))
}

/// By its own protocol, or by S3's for who has keys: Google calls them HMAC keys.
fn google(place: &Place<'_>, proof: &Proof<'_>) -> Result<Operator, Failure> {
    let service = services::Gcs::default()
        .endpoint(&place.endpoint)
        .bucket(place.bucket)
        .root(&place.root)
        .scope("https://www.googleapis.com/auth/devstorage.read_only")
        .disable_config_load()
        .disable_vm_metadata();
    let service = match proof {
        Proof::Nobody => service.skip_signature(),
        Proof::Key { .. } => {
            let (endpoint, root) = (place.endpoint.clone(), place.root.clone());
            return s3(&Place { endpoint, root, region: "auto", ..*place }, proof);
        }
        Proof::Token(text) if text.trim_start().starts_with('{') => {
            service.credential(&service_account(text)?)
        }
        Proof::Token(token) => service.token((*token).to_owned()),
    };
    made(Operator::new(service))
}

/// The key of a service account, packed as the client wants it. Other files of Google's name files of this machine,
/// programs and servers to get tokens from: no description of a source may.
fn service_account(text: &str) -> Result<String, Failure> {
    #[derive(serde::Deserialize)]
    struct Key {
        #[serde(rename = "type")]
        kind: String,
        client_email: String,
        private_key: String,
    }
    let advice = "Give the JSON key of a service account, as the console of Google Cloud makes it.";
    let broken = |cause: &str| Failure::new(Stage::Url, Code::CredentialsNotJson, cause, advice);
    let key: Key =
        serde_json::from_str(text).map_err(|_| broken("the credentials are no key of a service account"))?;
    if key.kind != "service_account" {
        return Err(broken("the credentials are not those of a service account"));
    }
    let json = serde_json::json!({
        "type": key.kind, "client_email": key.client_email, "private_key": key.private_key,
    });
    Ok(BASE64_STANDARD.encode(json.to_string()))
}

fn azure(place: &Place<'_>, proof: &Proof<'_>) -> Result<Operator, Failure> {
    let (account, container) = place.container();
    let service = services::Azblob::default()
        .endpoint(&format!("{}{account}", place.endpoint))
        .container(container)
        .root(&place.root);
    let service = match proof {
        Proof::Nobody => service.skip_signature(),
        Proof::Key { session: Some(_), .. } => {
            return Err(misfit("Azure knows no session tokens", "Give a SAS as the token instead."));
        }
        Proof::Key { id, secret, .. } => service.account_name(id).account_key(secret),
        Proof::Token(token) => service.sas_token(token.trim_start_matches('?')),
    };
    made(Operator::new(service))
}

fn oss(place: &Place<'_>, proof: &Proof<'_>) -> Result<Operator, Failure> {
    let service = services::Oss::default().endpoint(&place.endpoint).bucket(place.bucket).root(&place.root);
    let service = if place.is_path_style == Some(true) { service.addressing_style("path") } else { service };
    let service = match proof {
        Proof::Nobody => service.skip_signature(),
        Proof::Key { id, secret, session } => {
            let service = service.access_key_id(id).access_key_secret(secret);
            session.iter().fold(service, |service, token| service.security_token(token))
        }
        Proof::Token(_) => return Err(no_key("OSS is opened by an access key and its secret")),
    };
    made(Operator::new(service))
}

fn cos(place: &Place<'_>, proof: &Proof<'_>) -> Result<Operator, Failure> {
    let Proof::Key { id, secret, session } = proof else {
        return Err(no_key("COS is opened by an access key and its secret"));
    };
    let service = services::Cos::default()
        .endpoint(&place.endpoint)
        .bucket(place.bucket)
        .root(&place.root)
        .disable_config_load()
        .secret_id(id)
        .secret_key(secret);
    made(Operator::new(session.iter().fold(service, |service, token| service.security_token(token))))
}

fn obs(place: &Place<'_>, proof: &Proof<'_>) -> Result<Operator, Failure> {
    let Proof::Key { id, secret, session: None } = proof else {
        return Err(no_key("OBS is opened by an access key and its secret, without a session token"));
    };
    let service = services::Obs::default()
        .endpoint(&place.endpoint)
        .bucket(place.bucket)
        .root(&place.root)
        .access_key_id(id)
        .secret_access_key(secret);
    made(Operator::new(service))
}

fn swift(place: &Place<'_>, proof: &Proof<'_>) -> Result<Operator, Failure> {
    let (account, container) = place.container();
    let service = services::Swift::default()
        .endpoint(&format!("{}{account}", place.endpoint))
        .container(container)
        .root(&place.root);
    let service = match proof {
        Proof::Nobody => service,
        Proof::Token(token) => service.token(token),
        Proof::Key { .. } => {
            let advice = "Give a token of Keystone, or use the S3 address of the store with s3://.";
            return Err(misfit("Swift is opened by a token", advice));
        }
    };
    made(Operator::new(service))
}
