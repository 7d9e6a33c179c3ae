//! HTTP/2 spoken by hand, for what no client library would say.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// What a connection begins with.
pub const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Far longer than anything takes here, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(60);

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RESET: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;

/// Flags: of settings and pings, and of data and headers.
pub const ACK: u8 = 1;
pub const END_STREAM: u8 = 1;
pub const END_HEADERS: u8 = 4;

/// A frame that came in.
#[derive(Debug)]
pub struct Frame {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    pub payload: Vec<u8>,
}

/// A connection.
pub struct Frames {
    stream: TcpStream,
    /// Whether pings are answered.
    pub answers_pings: bool,
    /// The streams that the server has reset.
    pub resets: Vec<u32>,
}

impl Frames {
    /// Opens one, with these settings: each a number, and its value.
    pub async fn open(base: &str, settings: &[(u16, u32)]) -> Self {
        let stream =
            TcpStream::connect(base.trim_start_matches("http://")).await.expect("the server listens");
        let mut frames = Self { stream, answers_pings: true, resets: Vec::new() };
        let payload: Vec<u8> = settings
            .iter()
            .flat_map(|(number, value)| [&number.to_be_bytes()[..], &value.to_be_bytes()].concat())
            .collect();
        frames.says(&[PREFACE, &*frame(SETTINGS, 0, 0, &payload)].concat()).await;
        frames
    }

    /// Sends bytes. The server may have hung up.
    pub async fn says(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
    }

    /// The next frame; `None` when the server has hung up.
    pub async fn hears(&mut self) -> Option<Frame> {
        let frame = timeout(PATIENCE, self.read()).await.expect("a frame, or the end")?;
        if frame.kind == PING && frame.flags != ACK && self.answers_pings {
            self.says(&self::frame(PING, ACK, 0, &frame.payload)).await;
        }
        if frame.kind == RESET {
            self.resets.push(frame.stream);
        }
        Some(frame)
    }

    /// Reads on to a frame of this kind.
    pub async fn hears_a(&mut self, kind: u8) -> Frame {
        loop {
            let frame = self.hears().await.unwrap_or_else(|| panic!("the end, and nothing of kind {kind}"));
            if frame.kind == kind && (kind != PING || frame.flags == ACK) {
                return frame;
            }
        }
    }

    /// Waits until the server has looked at all that was said.
    pub async fn is_heard(&mut self) {
        self.says(&frame(PING, 0, 0, b"heard me")).await;
        self.hears_a(PING).await;
    }

    /// Reads on until the server hangs up, and answers the kinds of what it says until then.
    pub async fn hears_to_the_end(&mut self) -> Vec<u8> {
        let mut kinds = Vec::new();
        while let Some(frame) = self.hears().await {
            kinds.push(frame.kind);
        }
        kinds
    }

    async fn read(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head).await.ok()?;
        let [a, b, c, kind, flags, stream @ ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        self.stream.read_exact(&mut payload).await.ok()?;
        Some(Frame { kind, flags, stream: u32::from_be_bytes(stream), payload })
    }
}

impl Frame {
    /// Why a stream was reset, or a connection ended.
    pub fn reason(&self) -> u32 {
        let from = if self.kind == GOAWAY { 4 } else { 0 };
        u32::from_be_bytes(self.payload[from..from + 4].try_into().expect("four bytes"))
    }
}

/// A frame's bytes.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short payload").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// The head of a request for `path`, in HPACK.
pub fn head(method: &str, path: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let pairs = [(":method", method), (":scheme", "http"), (":path", path), (":authority", "localhost")];
    let fields = pairs.iter().chain(more).flat_map(|(name, value)| {
        let length = |text: &str| u8::try_from(text.len()).expect("a short text");
        // Literally, and not to be remembered.
        [&[0, length(name)], name.as_bytes(), &[length(value)], value.as_bytes()].concat()
    });
    fields.collect()
}
