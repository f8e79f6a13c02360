//! A client for HTTP/1.1 that sends exactly what it is told, also what no library would.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// How long a silent server is waited for: long enough for a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) chunked: bool,
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// The value of `Authorization` for a name and password.
pub(crate) fn basic(name: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{name}:{password}")))
}

/// One part of a form: field, file name, content.
pub(crate) type Part<'a> = (&'a str, Option<&'a str>, Vec<u8>);

/// The body of a form whose boundary is `XX`.
pub(crate) fn form_body(parts: &[Part<'_>], is_closed: bool) -> Vec<u8> {
    let mut body = Vec::new();
    for (field, file_name, content) in parts {
        let file_name = file_name.map(|name| format!("; filename=\"{name}\"")).unwrap_or_default();
        let head = format!("--XX\r\nContent-Disposition: form-data; name=\"{field}\"{file_name}\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    if is_closed {
        body.extend_from_slice(b"--XX--\r\n");
    }
    body
}

/// The media type of [`form_body`].
pub(crate) const FORM: &str = "multipart/form-data; boundary=XX";

impl Request {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        let (method, path) = (method.to_owned(), path.to_owned());
        Self { method, path, headers: Vec::new(), body: None, chunked: false }
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    pub(crate) fn post(path: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { body: Some(body.into()), ..Self::new("POST", path) }
    }

    /// `POST` of a form.
    pub(crate) fn form(path: &str, parts: &[Part<'_>]) -> Self {
        Self::post(path, form_body(parts, true)).header("Content-Type", FORM)
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends the body in chunks, with no length before it.
    pub(crate) fn chunked(mut self) -> Self {
        self.chunked = true;
        self
    }

    fn head(&self, address: &str) -> String {
        let mut head =
            format!("{} {} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        match &self.body {
            Some(_) if self.chunked => head.push_str("Transfer-Encoding: chunked\r\n"),
            Some(body) => head.push_str(&format!("Content-Length: {}\r\n", body.len())),
            None => {}
        }
        head + "\r\n"
    }

    fn bytes(&self, address: &str) -> Vec<u8> {
        let mut bytes = self.head(address).into_bytes();
        let body = self.body.as_deref().unwrap_or_default();
        if !self.chunked {
            bytes.extend_from_slice(body);
            return bytes;
        }
        for chunk in body.chunks(1 << 14) {
            bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            bytes.extend_from_slice(chunk);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"0\r\n\r\n");
        bytes
    }

    /// Sends it to `HOST:PORT` on a connection of its own.
    pub(crate) fn send(&self, address: &str) -> Answer {
        let mut stream = TcpStream::connect(address).unwrap_or_else(|error| panic!("{address}: {error}"));
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        // A server that refuses a body may answer and close before it has read all.
        let _ = stream.write_all(&self.bytes(address));
        let answer = read_until_closed(&mut stream);
        Answer::parse(&answer, self.method == "HEAD").unwrap_or_else(|| {
            panic!("{} {}: no HTTP answer: {:?}", self.method, self.path, String::from_utf8_lossy(&answer))
        })
    }
}

fn read_until_closed(stream: &mut TcpStream) -> Vec<u8> {
    let mut answer = Vec::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return answer,
            Ok(length) => answer.extend_from_slice(&buffer[..length]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return answer,
            Err(error) => panic!("the server fell silent: {error}"),
        }
    }
}

/// The first line of a message, its headers, and what follows them.
pub(crate) type Head<'a> = (String, Vec<(String, String)>, &'a [u8]);

/// Splits a head from what follows it: the first line, and the headers with names in lower case.
pub(crate) fn split_head(bytes: &[u8]) -> Option<Head<'_>> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let first = lines.next()?.to_owned();
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    Some((first, headers, &bytes[end + 4..]))
}

/// Puts a chunked body together; nothing if it is cut.
pub(crate) fn dechunked(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = bytes.windows(2).position(|window| window == b"\r\n")?;
        let size = std::str::from_utf8(&bytes[..end]).ok()?.split(';').next()?;
        let size = usize::from_str_radix(size.trim(), 16).ok()?;
        let rest = &bytes[end + 2..];
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..size)?);
        bytes = rest.get(size + 2..)?;
    }
}

impl Answer {
    fn parse(bytes: &[u8], headless: bool) -> Option<Self> {
        let (first, headers, rest) = split_head(bytes)?;
        let status: u16 = first.split(' ').nth(1)?.parse().ok()?;
        if status == 100 {
            return Self::parse(rest, headless);
        }
        let chunked = headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
        let body = if chunked && !headless { dechunked(rest)? } else { rest.to_vec() };
        Some(Self { status, headers, body })
    }

    /// A header's value, empty without it.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Fails the test unless the status is this.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:?} {}", self.headers, self.text());
        self
    }
}
