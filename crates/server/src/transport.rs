//! Connections: accepting them, TLS, time limits, files sent by the kernel, and stopping without cutting anyone off.

mod file_stream;
mod tls;

pub(crate) use file_stream::{FileRange, FileSender, Receipt};

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::body::Body;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};

use crate::config::{Timeouts, TlsConfig};
use file_stream::FileStream;
use tls::TlsAcceptor;

/// Answers requests; cloned once per connection.
pub(crate) trait Handler: Clone + Send + Sync + 'static {
    /// Answers one request. `Peer` is among its extensions; [`FileSender`] too where the kernel can send files.
    fn handle(&self, request: Request<Incoming>) -> impl Future<Output = Response<Body>> + Send;
}

/// The address of the client, in the extensions of every request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Accepts connections and serves them until `shutdown` completes, then waits for requests in flight, at most
/// `timeouts.drain`.
pub(crate) async fn serve<H: Handler>(
    listener: TcpListener,
    tls: Option<&TlsConfig>,
    timeouts: Timeouts,
    handler: H,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let tls = tls.map(TlsAcceptor::new).transpose()?;
    let connections = Connections { graceful: GracefulShutdown::new(), timeouts, handler };
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => connections.spawn(stream, peer, tls.clone()),
                Err(error) => pause_after_accept_error(&error).await,
            },
            () = &mut shutdown => break,
        }
    }
    drop(listener);
    tracing::info!(in_flight = connections.graceful.count(), "stopping: no new connections");
    if tokio::time::timeout(timeouts.drain, connections.graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not end in time and were cut");
    }
    Ok(())
}

/// Out of file descriptors or memory: the connection stays in the queue, and asking again at once would spin.
async fn pause_after_accept_error(error: &io::Error) {
    const PAUSE: Duration = Duration::from_millis(50);
    tracing::warn!(%error, "could not accept a connection");
    tokio::time::sleep(PAUSE).await;
}

struct Connections<H> {
    graceful: GracefulShutdown,
    timeouts: Timeouts,
    handler: H,
}

impl<H: Handler> Connections<H> {
    fn spawn(&self, stream: TcpStream, peer: SocketAddr, tls: Option<TlsAcceptor>) {
        // Answers are written whole; waiting for more (Nagle) only delays their ends.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "could not set TCP_NODELAY");
        }
        match tls {
            None => self.spawn_plain(stream, peer),
            Some(acceptor) => self.spawn_tls(stream, peer, acceptor),
        }
    }

    fn spawn_plain(&self, stream: TcpStream, peer: SocketAddr) {
        let (stream, sender) = FileStream::new(stream, self.timeouts.body);
        let handler = self.handler.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer));
            request.extensions_mut().insert(sender.clone());
            let handler = handler.clone();
            async move { Ok::<_, Infallible>(handler.handle(request).await) }
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.timeouts.head)
            .serve_connection(TokioIo::new(stream), service);
        let connection = self.graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%peer, %error, "connection ended early");
            }
        });
    }

    fn spawn_tls(&self, stream: TcpStream, peer: SocketAddr, acceptor: TlsAcceptor) {
        let handler = self.handler.clone();
        let watcher = self.graceful.watcher();
        let timeouts = self.timeouts;
        // Files cannot be sent by the kernel here, but peers that take no bytes are given up all the same.
        let (stream, _) = FileStream::new(stream, timeouts.body);
        tokio::spawn(async move {
            let handshake = tokio::time::timeout(timeouts.head, acceptor.accept(stream)).await;
            let Ok(Ok(stream)) = handshake else {
                tracing::debug!(%peer, "TLS handshake failed");
                return;
            };
            let service = service_fn(move |mut request: Request<Incoming>| {
                request.extensions_mut().insert(Peer(peer));
                let handler = handler.clone();
                async move { Ok::<_, Infallible>(handler.handle(request).await) }
            });
            let mut builder = auto::Builder::new(TokioExecutor::new());
            builder.http1().timer(TokioTimer::new()).header_read_timeout(timeouts.head);
            builder.http2().timer(TokioTimer::new()).keep_alive_interval(timeouts.body);
            let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
            if let Err(error) = watcher.watch(connection).await {
                tracing::debug!(%peer, %error, "connection ended early");
            }
        });
    }
}
