//! A proxy that writes down what a client really sends.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::http::{dechunked, split_head};

/// A request as it came over the wire.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    /// Method, path and protocol.
    pub(crate) line: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// The body, put together if it came in chunks.
    pub(crate) body: Vec<u8>,
}

impl Recorded {
    /// A header's value, if it was sent.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A listener on loopback that passes everything on, one request per connection.
pub(crate) struct Recorder {
    url: String,
    seen: Arc<Mutex<Vec<Recorded>>>,
}

impl Recorder {
    /// Stands before the server at `HOST:PORT`; without one, everything is answered with an empty 200.
    pub(crate) fn before(target: Option<&str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (target, notes) = (target.map(ToOwned::to_owned), seen.clone());
        // The thread ends with the test's process: a listener that nobody calls costs nothing.
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                pass_on(client, target.as_deref(), &notes);
            }
        });
        Self { url, seen }
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What was sent so far.
    pub(crate) fn seen(&self) -> Vec<Recorded> {
        self.seen.lock().unwrap().clone()
    }
}

fn pass_on(mut client: TcpStream, target: Option<&str>, seen: &Mutex<Vec<Recorded>>) {
    let Some((bytes, recorded)) = read_request(&mut client) else { return };
    seen.lock().unwrap().push(recorded);
    let answer = target.map_or_else(empty_answer, |target| forward(&bytes, target));
    let _ = client.write_all(&answer);
    let _ = client.shutdown(Shutdown::Both);
}

fn empty_answer() -> Vec<u8> {
    b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec()
}

/// Sends the request as it came, but for a connection that ends with the answer.
fn forward(request: &[u8], target: &str) -> Vec<u8> {
    let end = request.windows(2).position(|window| window == b"\r\n").unwrap();
    let mut server = TcpStream::connect(target).unwrap();
    let parts = [&request[..end], b"\r\nConnection: close", &request[end..]];
    let _ = server.write_all(&parts.concat());
    let mut answer = Vec::new();
    let _ = server.read_to_end(&mut answer);
    answer
}

fn read_request(client: &mut TcpStream) -> Option<(Vec<u8>, Recorded)> {
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        if let Some(recorded) = parse_request(&bytes) {
            return Some((bytes, recorded));
        }
        let length = client.read(&mut buffer).ok().filter(|length| *length > 0)?;
        bytes.extend_from_slice(&buffer[..length]);
    }
}

fn parse_request(bytes: &[u8]) -> Option<Recorded> {
    let (line, headers, rest) = split_head(bytes)?;
    let mut recorded = Recorded { line, headers, body: Vec::new() };
    let length = recorded.header("content-length").and_then(|value| value.parse::<usize>().ok());
    recorded.body = match length {
        Some(length) => rest.get(..length)?.to_vec(),
        None if recorded.header("transfer-encoding").is_some() => dechunked(rest)?,
        None => Vec::new(),
    };
    Some(recorded)
}
