//! Answers made of memory and files.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream::{self, Stream, TryStreamExt};
use http_body::{Frame, SizeHint};

use crate::transport::{FileRange, FileSender, Receipt};

/// How much of a file is read at once where the kernel cannot send it (TLS).
const READ_SIZE: u64 = 128 << 10;

/// A piece of an answer.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    /// Bytes in memory.
    Memory(Bytes),
    /// A part of a file.
    File(FileRange),
}

impl Part {
    /// How many bytes it stands for.
    pub(crate) fn length(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File(range) => range.length,
        }
    }
}

/// A body of `parts` in order: sent by the kernel where the connection has a `sender`, read and written otherwise.
pub(crate) fn body_of(parts: impl Into<VecDeque<Part>>, sender: Option<FileSender>) -> Body {
    let parts = parts.into();
    match sender {
        Some(sender) => kernel_body(parts, sender, None),
        None => Body::from_stream(stream::try_unfold(parts, read_next)),
    }
}

/// A body of a file, as [`body_of`], with a receipt for its last byte.
pub(crate) fn body_of_file(range: FileRange, sender: Option<FileSender>, receipt: Option<Receipt>) -> Body {
    let length = range.length;
    let parts = VecDeque::from([Part::File(range)]);
    match sender {
        Some(sender) => kernel_body(parts, sender, receipt),
        None => body_of_stream(stream::try_unfold(parts, read_next), length, receipt),
    }
}

/// A body of so many bytes that come in pieces. The receipt is delivered when the connection takes the last piece: what
/// happens to it there nobody tells.
pub(crate) fn body_of_stream<E: Into<axum::BoxError> + 'static>(
    pieces: impl Stream<Item = Result<Bytes, E>> + Send + 'static,
    length: u64,
    mut receipt: Option<Receipt>,
) -> Body {
    let mut left = length;
    Body::from_stream(pieces.inspect_ok(move |piece| {
        left = left.saturating_sub(piece.len() as u64);
        receipt.take_if(|_| left == 0).into_iter().for_each(Receipt::deliver);
    }))
}

fn kernel_body(parts: VecDeque<Part>, sender: FileSender, receipt: Option<Receipt>) -> Body {
    Body::new(KernelBody { left: parts.iter().map(Part::length).sum(), parts, sender, receipt })
}

struct KernelBody {
    parts: VecDeque<Part>,
    left: u64,
    sender: FileSender,
    /// For the last part, which is a file.
    receipt: Option<Receipt>,
}

impl http_body::Body for KernelBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = &mut *self;
        while let Some(part) = this.parts.front_mut() {
            let bytes = match part {
                Part::Memory(bytes) => std::mem::take(bytes),
                Part::File(range) if range.length > 0 => this.sender.stand_in(range, &mut this.receipt),
                Part::File(_) => Bytes::new(),
            };
            if bytes.is_empty() {
                this.parts.pop_front();
                continue;
            }
            this.left -= bytes.len() as u64;
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

async fn read_next(mut parts: VecDeque<Part>) -> io::Result<Option<(Bytes, VecDeque<Part>)>> {
    while let Some(part) = parts.pop_front() {
        match part {
            Part::Memory(bytes) if bytes.is_empty() => {}
            Part::Memory(bytes) => return Ok(Some((bytes, parts))),
            Part::File(range) if range.length == 0 => {}
            Part::File(FileRange { file, offset, length }) => {
                let wanted = length.min(READ_SIZE);
                let rest = FileRange { file: file.clone(), offset: offset + wanted, length: length - wanted };
                parts.push_front(Part::File(rest));
                return Ok(Some((read_range(file, offset, wanted).await?, parts)));
            }
        }
    }
    Ok(None)
}

/// Reads a part of a file into memory, off the threads that serve connections.
pub(crate) async fn read_range(file: Arc<File>, offset: u64, length: u64) -> io::Result<Bytes> {
    let length = usize::try_from(length).map_err(io::Error::other)?;
    tokio::task::spawn_blocking(move || {
        let mut buffer = vec![0; length];
        file.read_exact_at(&mut buffer, offset)?;
        Ok(buffer.into())
    })
    .await
    .map_err(io::Error::other)?
}
