//! An HTTP/1.1 client on one kept connection. Plain and blocking, so that it costs little next to the server.

use std::io::{BufRead, BufReader, Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

/// No answer takes this long from a server that works.
const TIME_LIMIT: Duration = Duration::from_secs(120);

/// How long a connection may rest: servers close those that rest for long.
const LONGEST_REST: Duration = Duration::from_secs(5);

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status code.
    pub(crate) status: u16,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    /// The bytes as they came.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// A header by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// One connection, made when it is needed.
#[derive(Debug)]
pub(crate) struct Client {
    address: SocketAddr,
    authorization: Option<String>,
    /// The connection, and when it was last used.
    stream: Option<(BufReader<TcpStream>, Instant)>,
}

impl Client {
    /// Nothing is sent yet. `authorization` is the value of that header.
    pub(crate) fn new(address: SocketAddr, authorization: Option<&str>) -> Self {
        Self { address, authorization: authorization.map(str::to_owned), stream: None }
    }

    /// `GET` without a body.
    pub(crate) fn get(&mut self, path: &str) -> Result<Answer> {
        self.request("GET", path, &[], &[])
    }

    /// `GET` of something that must be there.
    pub(crate) fn get_ok(&mut self, path: &str, headers: &[(&str, &str)]) -> Result<Answer> {
        let answer = self.request("GET", path, headers, &[])?;
        ensure!(matches!(answer.status, 200 | 206), "GET {path}: {}", answer.status);
        Ok(answer)
    }

    /// Uploads a package; anything but 201 is an error.
    pub(crate) fn upload(&mut self, package: &[u8]) -> Result<()> {
        let answer = self.request("POST", "/api/charts", &[("Content-Type", "application/gzip")], package)?;
        let text = String::from_utf8_lossy(&answer.body);
        ensure!(answer.status == 201, "an upload was answered with {}: {text}", answer.status);
        Ok(())
    }

    /// Sends a request and reads the answer.
    pub(crate) fn request(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer> {
        let head = self.head(method, path, headers, body.len());
        let mut stream = match self.stream.take() {
            Some((stream, used)) if used.elapsed() < LONGEST_REST => stream,
            _ => connect(self.address)?,
        };
        stream.get_mut().write_all(&[head.as_bytes(), body].concat())?;
        let answer = read_answer(&mut stream, method)?;
        if answer.header("connection") != Some("close") {
            self.stream = Some((stream, Instant::now()));
        }
        Ok(answer)
    }

    fn head(&self, method: &str, path: &str, headers: &[(&str, &str)], length: usize) -> String {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", self.address);
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(value) = &self.authorization {
            head.push_str(&format!("Authorization: {value}\r\n"));
        }
        if length > 0 || method == "POST" {
            head.push_str(&format!("Content-Length: {length}\r\n"));
        }
        head + "\r\n"
    }
}

fn connect(address: SocketAddr) -> Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(address).with_context(|| format!("no server at {address}"))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(TIME_LIMIT))?;
    stream.set_write_timeout(Some(TIME_LIMIT))?;
    Ok(BufReader::with_capacity(1 << 18, stream))
}

fn read_answer(stream: &mut impl BufRead, method: &str) -> Result<Answer> {
    let status_line = read_line(stream)?;
    let status = status_line.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status: u16 = status.with_context(|| format!("{status_line:?} is no status line"))?;
    let mut headers = Vec::new();
    loop {
        let line = read_line(stream)?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').with_context(|| format!("{line:?} is no header"))?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut answer = Answer { status, headers, body: Vec::new() };
    if method != "HEAD" && !matches!(status, 204 | 304) {
        answer.body = read_body(stream, &answer)?;
    }
    Ok(answer)
}

fn read_body(stream: &mut impl BufRead, answer: &Answer) -> Result<Vec<u8>> {
    if let Some(length) = answer.header("content-length") {
        return read_exactly(stream, length.parse()?);
    }
    if answer.header("transfer-encoding") != Some("chunked") {
        bail!("an answer without a length");
    }
    let mut body = Vec::new();
    loop {
        let line = read_line(stream)?;
        let chunk = read_exactly(stream, usize::from_str_radix(&line, 16)?)?;
        read_line(stream)?;
        if chunk.is_empty() {
            return Ok(body);
        }
        body.extend(chunk);
    }
}

fn read_exactly(stream: &mut impl BufRead, length: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(length);
    stream.take(length as u64).read_to_end(&mut bytes)?;
    ensure!(bytes.len() == length, "the connection ended inside an answer");
    Ok(bytes)
}

fn read_line(stream: &mut impl BufRead) -> Result<String> {
    let mut line = String::new();
    ensure!(stream.read_line(&mut line)? > 0, "the connection was closed");
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        let cases = [
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcX", "GET", 200, "abc"),
            (
                "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
                "POST",
                201,
                "abc",
            ),
            ("HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n", "GET", 304, ""),
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "HEAD", 200, ""),
        ];
        for (text, method, status, body) in cases {
            let answer = read_answer(&mut text.as_bytes(), method).unwrap();
            assert_eq!((answer.status, answer.body.as_slice()), (status, body.as_bytes()), "{text}");
        }
        for cut in ["", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", "HTTP/1.1 200 OK\r\n\r\nab"] {
            assert!(read_answer(&mut cut.as_bytes(), "GET").is_err(), "{cut}");
        }
    }
}
