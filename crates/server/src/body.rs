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
use futures_util::stream;
use http_body::{Frame, SizeHint};

use crate::transport::{FileRange, FileSender};

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
        Some(sender) => Body::new(KernelBody { left: parts.iter().map(Part::length).sum(), parts, sender }),
        None => Body::from_stream(stream::try_unfold(parts, read_next)),
    }
}

struct KernelBody {
    parts: VecDeque<Part>,
    left: u64,
    sender: FileSender,
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
                Part::File(range) if range.length > 0 => this.sender.stand_in(range),
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
