//! Requests to a git server: protocol version 2 over HTTP (gitprotocol-v2, gitprotocol-http).

use chandlery_core::Secret;
use http::header::{self, HeaderName, HeaderValue};
use reqwest::Url;

use super::packet::{Packet, Packets, request};
use super::{Id, broken};
use crate::foreign::{Credentials, Failure, Login, Source, limits};
use crate::outbound::{self, Request};

/// The largest list of branches and tags.
const LARGEST_LIST: u64 = 32 << 20;

/// The largest pack, as it comes.
pub(super) const LARGEST_PACK: u64 = 256 << 20;

const PROTOCOL: HeaderName = HeaderName::from_static("git-protocol");

/// A branch or tag.
#[derive(Debug)]
pub(super) struct Reference {
    pub(super) name: String,
    /// The commit, also where the name is of a tag with a message.
    pub(super) commit: Id,
}

/// A repository at a server, once it has answered.
pub(super) struct Remote<'s> {
    source: &'s Source,
    /// Where the repository is after redirects.
    base: Url,
}

impl<'s> Remote<'s> {
    /// Finds the repository. Git follows a redirect of this first request and then stays there; so do we, without
    /// credentials if it leads to another server.
    pub(super) async fn find(source: &'s Source, remote: &Url) -> Result<Self, Failure> {
        let url = below(remote, "info/refs?service=git-upload-pack")?;
        let (client, credentials) = credentials_for(source, &url)?;
        let ask = Request::get(url.as_str()).limits(limits(LARGEST_LIST));
        let ask = credentials.into_iter().fold(ask, Request::credentials);
        let answer =
            client.send(ask.header(PROTOCOL, HeaderValue::from_static("version=2"))).await?.success()?;
        let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        if kind != Some("application/x-git-upload-pack-advertisement") {
            return Err(Failure::content(
                "this is no git repository that can be read over HTTP",
                "Give the URL that `git clone` takes.",
            ));
        }
        let mut base = answer.url().clone();
        let path = base.path().strip_suffix("/info/refs").map(str::to_owned);
        base.set_path(&path.ok_or_else(|| broken("it was redirected to something else"))?);
        base.set_query(None);
        let advertisement = answer.bytes().await?;
        if advertisement.windows(20).any(|window| window == b"object-format=sha256") {
            return Err(Failure::content(
                "the repository names its objects by sha256",
                "Such repositories are not read yet: use one with sha1.",
            ));
        }
        Ok(Self { source, base })
    }

    async fn post(&self, lines: &[Option<String>], limit: u64) -> Result<Vec<u8>, Failure> {
        let url = below(&self.base, "git-upload-pack")?;
        let (client, credentials) = credentials_for(self.source, &url)?;
        let header = |name, value| (name, HeaderValue::from_static(value));
        let headers = [
            header(PROTOCOL, "version=2"),
            header(header::CONTENT_TYPE, "application/x-git-upload-pack-request"),
            header(header::ACCEPT, "application/x-git-upload-pack-result"),
        ];
        let ask = Request::post(url.as_str(), request(lines)).limits(limits(limit));
        let ask = headers.into_iter().fold(ask, |ask, (name, value)| ask.header(name, value));
        let ask = credentials.into_iter().fold(ask, Request::credentials);
        Ok(client.send(ask).await?.success()?.bytes().await?)
    }

    /// The branches and tags whose names begin like these.
    pub(super) async fn references(&self, prefixes: &[String]) -> Result<Vec<Reference>, Failure> {
        let mut lines = vec![Some("command=ls-refs".to_owned()), None, Some("peel".to_owned())];
        lines.extend(prefixes.iter().map(|prefix| Some(format!("ref-prefix {prefix}"))));
        let answer = self.post(&lines, LARGEST_LIST).await?;
        let mut packets = Packets(&answer);
        let mut references = Vec::new();
        while let Some(line) = packets.line()? {
            let line = str::from_utf8(line).map_err(|_| broken("a name is not UTF-8"))?;
            // An empty repository has a branch without a commit.
            if !line.starts_with("unborn ") {
                references.push(read_reference(line)?);
            }
        }
        Ok(references)
    }

    /// The pack of commits without their history.
    pub(super) async fn fetch(&self, commits: &[Id]) -> Result<Vec<u8>, Failure> {
        let mut lines = vec![Some("command=fetch".to_owned()), None];
        lines.extend(["no-progress", "ofs-delta", "deepen 1"].map(|line| Some(line.to_owned())));
        lines.extend(commits.iter().map(|commit| Some(format!("want {commit}"))));
        lines.push(Some("done".to_owned()));
        let answer = self.post(&lines, LARGEST_PACK).await?;
        read_pack(&answer)
    }
}

fn below(base: &Url, path: &str) -> Result<Url, Failure> {
    Url::parse(&format!("{}/{path}", base.as_str().trim_end_matches('/')))
        .map_err(|error| broken(&error.to_string()))
}

/// Git hosts take tokens as passwords.
fn credentials_for<'s>(
    source: &'s Source,
    url: &Url,
) -> Result<(&'s crate::outbound::Outbound, Option<outbound::Credentials>), Failure> {
    let (client, credentials) = source.client_for(url)?;
    let credentials = credentials.map(|credentials| match (&source.credentials, credentials) {
        (Credentials { login: Some(Login::Bearer { token }), .. }, _) => {
            let user = if url.host_str() == Some("bitbucket.org") { "x-token-auth" } else { "oauth2" };
            outbound::Credentials::Basic {
                user: user.to_owned(),
                password: Secret::new(token.expose().to_owned()),
            }
        }
        (_, credentials) => credentials,
    });
    Ok((client, credentials))
}

/// `COMMIT NAME[ peeled:COMMIT]`.
fn read_reference(line: &str) -> Result<Reference, Failure> {
    let mut parts = line.split(' ');
    let (id, name) = (parts.next(), parts.next());
    let peeled = parts.find_map(|part| part.strip_prefix("peeled:"));
    match (peeled.or(id).and_then(Id::read), name) {
        (Some(commit), Some(name)) => Ok(Reference { name: name.to_owned(), commit }),
        _ => Err(broken("a line of its list of branches and tags cannot be read")),
    }
}

/// Takes the pack out of the sections of an answer and out of its side bands.
fn read_pack(answer: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut packets = Packets(answer);
    let mut pack = Vec::new();
    let mut is_inside = false;
    while let Some(packet) = packets.next()? {
        match packet {
            Packet::Line(b"packfile\n") if !is_inside => is_inside = true,
            Packet::Line([1, bytes @ ..]) if is_inside => pack.extend_from_slice(bytes),
            Packet::Line([3, bytes @ ..]) if is_inside => return Err(refused(bytes)),
            Packet::Line(line) if line.starts_with(b"ERR ") => return Err(refused(&line[4..])),
            Packet::Flush if is_inside => return Ok(pack),
            _ => {}
        }
    }
    Err(broken("it ends before the end of the pack"))
}

fn refused(text: &[u8]) -> Failure {
    let text = String::from_utf8_lossy(text).trim().chars().take(200).collect::<String>();
    Failure::content(
        format!("the git server refuses: {text}"),
        "Check that the branch, tag or commit still exists and may be read.",
    )
}
