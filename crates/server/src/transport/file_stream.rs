//! A TCP stream whose writes may be ranges of files, which the kernel sends without a copy (`sendfile`).
//!
//! hyper takes bodies as bytes only. So a body that is a file yields slices of [`STAND_IN`], memory that nobody ever
//! reads, and queues the file ranges they stand for with the connection. When such a slice comes to be written, the
//! stream recognises its address and lets the kernel send the next queued bytes instead. HTTP/1 writes the bodies of a
//! connection in order, each to its end or not at all (the connection closes), so the queue and the slices agree; if
//! they ever did not, the write fails and the connection closes.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use rustix::net::{SendAncillaryBuffer, SendFlags};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

/// What stands for bytes of files. Never read or written, so it takes address space but no memory; 16 MiB so that a
/// large file needs few steps through hyper.
static STAND_IN: LazyLock<Bytes> = LazyLock::new(|| vec![0; 16 << 20].into());

/// A part of a file.
#[derive(Clone, Debug)]
pub(crate) struct FileRange {
    /// The file.
    pub(crate) file: Arc<File>,
    /// Where the part begins, in bytes.
    pub(crate) offset: u64,
    /// How long it is, in bytes.
    pub(crate) length: u64,
}

/// What is to be done when the last byte of an answer was sent; nothing if it never is.
pub(crate) struct Receipt(Box<dyn FnOnce() + Send + Sync>);

impl Receipt {
    /// Does this then.
    pub(crate) fn new(action: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self(Box::new(action))
    }

    /// The last byte was sent.
    pub(crate) fn deliver(self) {
        (self.0)();
    }
}

impl std::fmt::Debug for Receipt {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Receipt")
    }
}

/// A range that waits to be sent, and what to do then.
#[derive(Debug)]
struct Queued {
    range: FileRange,
    receipt: Option<Receipt>,
}

/// The way a body gives file ranges to the connection it will be written to.
#[derive(Clone, Debug, Default)]
pub(crate) struct FileSender(Arc<Mutex<VecDeque<Queued>>>);

impl FileSender {
    /// Queues the beginning of `range` and returns the bytes that stand for it; `range` then is the rest. With the last
    /// of it goes the receipt.
    pub(crate) fn stand_in(&self, range: &mut FileRange, receipt: &mut Option<Receipt>) -> Bytes {
        let length = range.length.min(STAND_IN.len() as u64);
        let part = FileRange { length, ..range.clone() };
        range.offset += length;
        range.length -= length;
        let receipt = receipt.take_if(|_| range.length == 0);
        self.queue().push_back(Queued { range: part, receipt });
        STAND_IN.slice(..usize::try_from(length).expect("at most the stand-in's length"))
    }

    fn queue(&self) -> MutexGuard<'_, VecDeque<Queued>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn stands_in(slice: &[u8]) -> bool {
    STAND_IN.as_ptr_range().contains(&slice.as_ptr())
}

/// A TCP stream that knows the file ranges queued for it, and gives up on a peer that does not read.
pub(super) struct FileStream {
    stream: TcpStream,
    files: FileSender,
    patience: Duration,
    deadline: Option<Pin<Box<Sleep>>>,
    waiting: bool,
    /// Whether the peer will send nothing more.
    ended: bool,
    /// Set once this end is closed: how long the rest of what the peer sends is taken.
    lingering: Option<Pin<Box<Sleep>>>,
}

/// How long a closing connection takes what the peer still sends.
const LINGER: Duration = Duration::from_secs(2);

impl FileStream {
    /// Wraps a stream; a write fails when the peer took nothing for `patience`.
    pub(super) fn new(stream: TcpStream, patience: Duration) -> (Self, FileSender) {
        let files = FileSender::default();
        let stream = Self {
            stream,
            files: files.clone(),
            patience,
            deadline: None,
            waiting: false,
            ended: false,
            lingering: None,
        };
        (stream, files)
    }

    /// Runs a write until it would block, then waits for the peer, at most for the patience.
    fn poll_progress(
        &mut self,
        context: &mut Context<'_>,
        mut write: impl FnMut(&TcpStream, &FileSender) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            if self.stream.poll_write_ready(context)?.is_pending() {
                return self.poll_patience(context);
            }
            let Self { stream, files, .. } = self;
            match stream.try_io(Interest::WRITABLE, || write(stream, files)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => {
                    self.waiting = false;
                    return Poll::Ready(result);
                }
            }
        }
    }

    fn poll_patience(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let until = Instant::now() + self.patience;
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        if !self.waiting {
            self.waiting = true;
            deadline.as_mut().reset(until);
        }
        ready!(deadline.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client takes no bytes")))
    }

    /// Reads and forgets what the peer still sends. To close with bytes unread makes the kernel reset the connection,
    /// and the peer that is busy sending would never read why its upload was refused.
    fn poll_rest(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let patience = self.lingering.get_or_insert_with(|| Box::pin(tokio::time::sleep(LINGER)));
        let mut scratch = [MaybeUninit::uninit(); 16 << 10];
        while !self.ended && patience.as_mut().poll(context).is_pending() {
            let mut buffer = ReadBuf::uninit(&mut scratch);
            let read = ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer));
            self.ended = read.is_err() || buffer.filled().is_empty();
        }
        Poll::Ready(Ok(()))
    }
}

/// Sends the leading bytes of `slices`: up to the first stand-in, or else from the file it stands for.
fn send(stream: &TcpStream, files: &FileSender, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    let filled = slices.iter().position(|slice| !slice.is_empty()).unwrap_or(slices.len());
    let slices = &slices[filled..];
    let plain = slices.iter().position(|slice| stands_in(slice)).unwrap_or(slices.len());
    match slices.first() {
        None => Ok(0),
        Some(first) if plain == 0 => send_file(stream, files, first.len()),
        Some(_) => {
            // More follows, so that the head of an answer travels with the first bytes of its file.
            let flags = if plain < slices.len() { SendFlags::MORE } else { SendFlags::empty() };
            let sent = rustix::net::sendmsg(
                stream,
                &slices[..plain],
                &mut SendAncillaryBuffer::default(),
                flags | SendFlags::NOSIGNAL,
            )?;
            Ok(sent)
        }
    }
}

fn send_file(stream: &TcpStream, files: &FileSender, length: usize) -> io::Result<usize> {
    let mut queue = files.queue();
    let first = queue.front_mut().ok_or_else(|| io::Error::other("no file is queued for this answer"))?;
    let range = &mut first.range;
    let wanted = usize::try_from(range.length).map_or(length, |left| left.min(length));
    let mut offset = range.offset;
    let sent = rustix::fs::sendfile(stream.as_fd(), range.file.as_fd(), Some(&mut offset), wanted)?;
    if sent == 0 {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "a file is shorter than announced"));
    }
    range.offset = offset;
    range.length -= sent as u64;
    if range.length == 0 {
        let done = queue.pop_front();
        drop(queue);
        done.and_then(|done| done.receipt).into_iter().for_each(Receipt::deliver);
    }
    Ok(sent)
}

impl AsyncRead for FileStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut self.stream).poll_read(context, buffer));
        self.ended = buffer.filled().len() == before && buffer.remaining() > 0;
        Poll::Ready(read)
    }
}

impl AsyncWrite for FileStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_progress(context, |stream, files| send(stream, files, slices))
    }

    /// Always, or hyper would copy the stand-ins together with other bytes.
    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingering.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
        }
        self.poll_rest(context)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// More than both ends of a connection keep for each other.
    const SIZE: u64 = 64 << 20;

    async fn connected() -> (FileStream, FileSender, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, sender) = FileStream::new(listener.accept().await.unwrap().0, Duration::from_secs(60));
        (stream, sender, client)
    }

    #[tokio::test]
    async fn a_receipt_comes_with_the_last_byte() {
        for (read, expected) in [(SIZE / 2, false), (SIZE, true)] {
            let (mut stream, sender, mut client) = connected().await;
            let file = tempfile::tempfile().unwrap();
            file.set_len(SIZE).unwrap();
            let delivered = Arc::new(AtomicBool::new(false));
            let flag = delivered.clone();
            let mut receipt = Some(Receipt::new(move || flag.store(true, Ordering::Relaxed)));
            let mut range = FileRange { file: Arc::new(file), offset: 0, length: SIZE };
            let sending = tokio::spawn(async move {
                while range.length > 0 {
                    stream.write_all(&sender.stand_in(&mut range, &mut receipt)).await?;
                }
                std::io::Result::Ok(())
            });
            let mut taken = (&mut client).take(read);
            tokio::io::copy(&mut taken, &mut tokio::io::sink()).await.unwrap();
            drop(client);
            assert_eq!(sending.await.unwrap().is_ok(), expected);
            assert_eq!(delivered.load(Ordering::Relaxed), expected, "{read}");
        }
    }
}
