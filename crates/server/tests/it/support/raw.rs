//! HTTP/1.1 by hand: for requests that no library would send, and answers that have to be on the wire as they are.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::{Answer, in_bounded_time};

/// One connection.
pub(crate) struct RawConnection(BufReader<TcpStream>);

impl RawConnection {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        Self(BufReader::new(TcpStream::connect(address).await.unwrap()))
    }

    /// Writes bytes; the server may have closed its end already.
    pub(crate) async fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        self.0.get_mut().write_all(bytes.as_ref()).await
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).await.unwrap();
    }

    /// No more bytes will be sent.
    pub(crate) async fn end(&mut self) {
        self.0.get_mut().shutdown().await.unwrap();
    }

    /// The next answer; one to HEAD has no body.
    pub(crate) async fn receive(&mut self, to_head: bool) -> Answer {
        let answer = in_bounded_time("an answer", self.next(to_head)).await;
        answer.expect("the connection ended before an answer")
    }

    /// The next answer, or nothing if the connection ends.
    pub(crate) async fn next(&mut self, to_head: bool) -> Option<Answer> {
        let status: u16 = self.line().await?.split(' ').nth(1)?.parse().ok()?;
        let mut headers = HeaderMap::new();
        loop {
            let line = self.line().await?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').unwrap();
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, HeaderValue::from_str(value.trim()).unwrap());
        }
        let length = headers.get("content-length").map(|length| length.to_str().unwrap().parse().unwrap());
        let body = match length {
            _ if to_head || status == 304 || status == 204 || status < 200 => Vec::new(),
            Some(length) => self.exactly(length).await?,
            None => self.chunks().await?,
        };
        Some(Answer { version: http::Version::HTTP_11, status, headers, body: Bytes::from(body) })
    }

    /// Whether the server closes the connection without another byte.
    pub(crate) async fn is_closed(&mut self) -> bool {
        let read = in_bounded_time("the end of the connection", self.0.read_u8()).await;
        read.is_err()
    }

    /// So many bytes.
    pub(crate) async fn exactly(&mut self, length: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.0.read_exact(&mut bytes).await.ok()?;
        Some(bytes)
    }

    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        self.0.read_line(&mut line).await.ok()?;
        Some(line.strip_suffix("\r\n")?.to_owned())
    }

    async fn chunks(&mut self) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let length = usize::from_str_radix(&self.line().await?, 16).ok()?;
            body.extend(self.exactly(length).await?);
            self.line().await?;
            if length == 0 {
                return Some(body);
            }
        }
    }
}
