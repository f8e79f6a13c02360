//! An HTTP server that answers as a test says.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// What a server does with one request. The connection is closed afterwards, so that each request resolves anew.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Sends these bytes.
    Text(String),
    /// Sends a head and a body of bytes.
    Bytes(String, Vec<u8>),
    /// Sends these bytes and then nothing, with the connection open.
    Stall(String),
    /// Sends the first bytes and then the second ones until nobody takes them.
    Endless(String, String),
}

impl Answer {
    /// An answer of success with this text.
    #[must_use]
    pub fn ok(body: &str) -> Self {
        Self::status("200 OK", body)
    }

    /// An answer with a status line such as `404 Not Found`.
    #[must_use]
    pub fn status(status: &str, body: &str) -> Self {
        Self::Text(format!(
            "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        ))
    }

    /// An answer of success with headers, each with its line end.
    pub fn with(headers: &str, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        let length = body.len();
        Self::Bytes(
            format!("HTTP/1.1 200 OK\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n"),
            body,
        )
    }

    /// Sends to another URL.
    #[must_use]
    pub fn redirect(location: &str) -> Self {
        Self::Text(format!(
            "HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        ))
    }
}

/// A running server. It ends with the runtime of the test.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    scheme: &'static str,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers by `answer`, which gets the whole request as text, header names in lower case.
    ///
    /// # Panics
    /// Without a port on loopback.
    pub async fn start(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        Self::listen(None, answer).await
    }

    /// The same over TLS.
    ///
    /// # Panics
    /// As [`Server::start`].
    pub async fn tls(acceptor: TlsAcceptor, answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        Self::listen(Some(acceptor), answer).await
    }

    async fn listen(
        acceptor: Option<TlsAcceptor>,
        answer: impl Fn(&str) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a loopback port can be had");
        let address = listener.local_addr().expect("a bound socket has an address");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let scheme = if acceptor.is_some() { "https" } else { "http" };
        let (log, answer) = (requests.clone(), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (log, answer, acceptor) = (log.clone(), answer.clone(), acceptor.clone());
                tokio::spawn(async move {
                    match acceptor {
                        None => serve(stream, &log, &*answer).await,
                        Some(acceptor) => match acceptor.accept(stream).await {
                            Ok(stream) => serve(stream, &log, &*answer).await,
                            Err(_) => None,
                        },
                    }
                });
            }
        });
        Self { address, scheme, requests }
    }

    /// A URL here, by address.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// A URL here, by a name that the test's resolver knows.
    #[must_use]
    pub fn url_by_name(&self, name: &str, path: &str) -> String {
        format!("{}://{name}:{}{path}", self.scheme, self.address.port())
    }

    /// The requests so far, header names in lower case.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        locked(&self.requests).clone()
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    log: &Mutex<Vec<String>>,
    answer: &(impl Fn(&str) -> Answer + ?Sized),
) -> Option<()> {
    let request = read_request(&mut stream).await?;
    let answer = answer(&request);
    locked(log).push(request);
    match answer {
        Answer::Text(text) => stream.write_all(text.as_bytes()).await.ok()?,
        Answer::Bytes(head, body) => {
            stream.write_all(head.as_bytes()).await.ok()?;
            stream.write_all(&body).await.ok()?;
        }
        Answer::Stall(text) => {
            stream.write_all(text.as_bytes()).await.ok()?;
            stream.flush().await.ok()?;
            std::future::pending::<()>().await;
        }
        Answer::Endless(first, again) => {
            stream.write_all(first.as_bytes()).await.ok()?;
            while stream.write_all(again.as_bytes()).await.is_ok() {}
        }
    }
    stream.shutdown().await.ok()
}

async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let mut buffer = [0; 4096];
        let length = stream.read(&mut buffer).await.ok().filter(|length| *length > 0)?;
        bytes.extend_from_slice(&buffer[..length]);
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(0) {
            return Some(text.into_owned());
        }
    }
}

fn locked(log: &Mutex<Vec<String>>) -> MutexGuard<'_, Vec<String>> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
}
