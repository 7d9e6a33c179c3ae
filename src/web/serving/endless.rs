//! An answer without an end on an HTTP/1 connection, sent without hyper: that would keep two buffers of 8 KiB for it as
//! long as the browser listens, several times as much as everything else. It never carries another answer after it.

use std::io;
use std::time::Duration;

use futures_util::StreamExt;
use poem::Response;
use poem::http::header::CONNECTION;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::listener::Stream;

/// Put into an answer that goes on for as long as the browser stays.
#[derive(Clone, Copy, Debug)]
pub struct Endless;

/// Sends the answer until it ends after all, or the browser has gone, or takes nothing of it for as long as `patience`.
pub async fn send(stream: Stream, answer: Response, patience: Duration) {
    if let Err(error) = write(stream, answer, patience).await {
        tracing::debug!(%error, "an endless answer ended");
    }
}

async fn write(mut stream: Stream, mut answer: Response, patience: Duration) -> io::Result<()> {
    timeout(patience, stream.write_all(&head(&answer))).await??;
    answer.headers_mut().clear();
    let mut body = answer.into_body().into_bytes_stream();
    let mut ignored = [0; 64];
    loop {
        tokio::select! {
            piece = body.next() => match piece {
                Some(piece) => timeout(patience, stream.write_all(&piece?)).await??,
                None => return stream.shutdown().await,
            },
            // Nobody answers what is asked here. It is read to learn whether somebody is still there.
            read = stream.read(&mut ignored) => if read? == 0 { return Ok(()) },
        }
    }
}

/// The connection ends with the answer: that needs no length, and no chunks.
fn head(answer: &Response) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {}\r\n{CONNECTION}: close\r\n", answer.status()).into_bytes();
    for (name, value) in answer.headers() {
        head.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    head.extend(b"\r\n");
    head
}
