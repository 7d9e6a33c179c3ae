//! The bytes of one connection. What was read of it to see what is spoken comes first, and whoever takes nothing of
//! what is written for too long is given up. It never looks at what the bytes mean.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::listener::Stream;

/// A connection's two directions.
pub struct Wire {
    stream: Stream,
    first: First,
    patience: Duration,
    /// Runs while what is written has to wait.
    giving_up: Option<Pin<Box<Sleep>>>,
}

/// The first bytes, from when they were read to when they are read again.
#[derive(Default)]
struct First {
    bytes: [u8; 24],
    read: usize,
    read_again: usize,
}

impl Wire {
    /// Waits `patience` for somebody to take more of what is written.
    pub fn new(stream: Stream, patience: Duration) -> Self {
        Self { stream, first: First::default(), patience, giving_up: None }
    }

    /// Whether these are the first bytes. Waits for no more of them than it takes to tell.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn begins_with(&mut self, expected: &[u8; 24]) -> io::Result<bool> {
        let First { bytes, read, .. } = &mut self.first;
        while *read < expected.len() {
            let more = self.stream.read(&mut bytes[*read..]).await?;
            *read += more;
            if more == 0 || bytes[..*read] != expected[..*read] {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What is below.
    pub fn into_stream(self) -> Stream {
        self.stream
    }

    /// Whether it has to be given up, when so many bytes were written, or none could be.
    fn waits(&mut self, written: Poll<io::Result<usize>>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.giving_up = None;
            return written;
        }
        let giving_up = self.giving_up.get_or_insert_with(|| Box::pin(sleep(self.patience)));
        match giving_up.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let First { bytes, read, read_again } = &mut self.first;
        if read_again == read {
            return Pin::new(&mut self.stream).poll_read(cx, into);
        }
        let some = into.remaining().min(*read - *read_again);
        into.put_slice(&bytes[*read_again..*read_again + some]);
        *read_again += some;
        if into.remaining() > 0 {
            // What has come meanwhile, so that a head is looked at once. If that fails it fails again.
            let _ = Pin::new(&mut self.stream).poll_read(cx, into);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.waits(written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        self.waits(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
