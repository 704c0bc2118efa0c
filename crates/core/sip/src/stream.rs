//! Messages out of a byte stream: RFC 3261 §7.5 and §18.3, with the keep-alives of RFC 5626 §3.5.1 between them.
//!
//! A connection gives its bytes to [`Framer::handle_bytes`] in whatever pieces they come, and takes frames until there
//! is none. Knows where a message ends, not what is in it: a whole message with mistakes is a message, so that its
//! sender gets an answer. What makes the end of a message unknown breaks the stream for good.

use bytes::{Buf, Bytes, BytesMut};
use thiserror::Error;

use crate::message::{MAX_MESSAGE_SIZE, content_lengths, lexis};

/// Bytes of a start line and headers, the blank line included. Beyond, the connection is closed.
pub const MAX_HEAD_SIZE: usize = 32_768;
/// Bytes of a method; what goes on for longer without a space is no SIP.
pub const MAX_METHOD: usize = 64;

/// What a client sends to hear whether the connection lives: two line ends between messages.
pub const PING: &[u8] = b"\r\n\r\n";
/// What it hears at once: one.
pub const PONG: &[u8] = b"\r\n";

/// One thing out of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A message, without line ends in front.
    Message(Bytes),
    /// [`PING`], to be answered with [`PONG`]. A single line end is an answer to a ping of ours or padding (RFC 3261
    /// §7.5) and no frame.
    Ping,
}

/// Why nothing more can be read from a stream: the connection must be closed. The peer's fault, all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FramingError {
    /// The first line is neither a request's nor a response's.
    #[error("this is not SIP")]
    NotSip,
    /// Start line and headers are longer than [`MAX_HEAD_SIZE`].
    #[error("the headers are too large")]
    HeadTooLarge,
    /// Content-Length is no number, or there are two different ones.
    #[error("Content-Length cannot be read")]
    ContentLength,
    /// The message would be longer than [`MAX_MESSAGE_SIZE`].
    #[error("the message is too large")]
    MessageTooLarge,
}

/// Cuts one stream into messages. It lives and dies with its connection, so it has no snapshot.
#[derive(Debug)]
pub struct Framer {
    /// What came and is in no frame yet: less than one message and one piece.
    buffer: BytesMut,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Between(Between),
    Head(Head),
    Body(Body),
    Broken(FramingError),
}

/// No byte of the next message has come.
#[derive(Clone, Copy, Debug)]
struct Between {
    /// How much of [`PING`].
    seen: usize,
}

/// The blank line has not come.
#[derive(Clone, Copy, Debug)]
struct Head {
    /// Where the line begins whose end has not come.
    line: usize,
    /// Up to where there is no further line end.
    scanned: usize,
}

/// How long the message is, is known.
#[derive(Clone, Copy, Debug)]
struct Body {
    end: usize,
}

/// What became of a state.
enum Step {
    /// It waits for more bytes.
    Wait(State),
    Next(State),
    Frame(Frame),
}

impl Default for Framer {
    fn default() -> Self {
        Self { buffer: BytesMut::new(), state: State::BETWEEN }
    }
}

impl Framer {
    /// Takes the next piece of the stream. [`Self::poll_frame`] is then called until it gives nothing, or else the
    /// pieces pile up here.
    pub fn handle_bytes(&mut self, bytes: &[u8]) {
        if !matches!(self.state, State::Broken(_)) {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The next frame. After an error there is nothing but that error.
    pub fn poll_frame(&mut self) -> Option<Result<Frame, FramingError>> {
        loop {
            let step = match self.state {
                State::Between(between) => Ok(between.advance(&mut self.buffer)),
                State::Head(head) => head.advance(&self.buffer),
                State::Body(body) => Ok(body.advance(&mut self.buffer)),
                State::Broken(error) => Err(error),
            };
            match step {
                Ok(Step::Next(state)) => self.state = state,
                Ok(Step::Wait(state)) => {
                    self.state = state;
                    return None;
                }
                Ok(Step::Frame(frame)) => {
                    self.state = State::BETWEEN;
                    return Some(Ok(frame));
                }
                Err(error) => {
                    self.state = State::Broken(error);
                    self.buffer = BytesMut::new();
                    return Some(Err(error));
                }
            }
        }
    }

    /// Whether nothing of a message waits for its rest.
    #[must_use]
    pub const fn is_between(&self) -> bool {
        matches!(self.state, State::Between(_))
    }
}

impl State {
    const BETWEEN: Self = Self::Between(Between { seen: 0 });
}

impl Between {
    fn advance(self, buffer: &mut BytesMut) -> Step {
        let mut seen = self.seen;
        for (at, &byte) in buffer.iter().enumerate() {
            if !matches!(byte, b'\r' | b'\n') {
                buffer.advance(at);
                return Step::Next(State::Head(Head { line: 0, scanned: 0 }));
            }
            seen = if byte == PING[seen] { seen + 1 } else { usize::from(byte == PING[0]) };
            if seen == PING.len() {
                buffer.advance(at + 1);
                return Step::Frame(Frame::Ping);
            }
        }
        buffer.clear();
        Step::Wait(State::Between(Self { seen }))
    }
}

impl Head {
    fn advance(mut self, buffer: &BytesMut) -> Result<Step, FramingError> {
        while let Some(length) = memchr::memchr(b'\n', &buffer[self.scanned..]) {
            let newline = self.scanned + length;
            let line = &buffer[self.line..newline];
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if self.line == 0 && !is_start_line(line) {
                return Err(FramingError::NotSip);
            }
            (self.line, self.scanned) = (newline + 1, newline + 1);
            if self.line > MAX_HEAD_SIZE {
                return Err(FramingError::HeadTooLarge);
            }
            if line.is_empty() {
                let end = self.line + body_length(&buffer[..self.line])?;
                if end > MAX_MESSAGE_SIZE {
                    return Err(FramingError::MessageTooLarge);
                }
                return Ok(Step::Next(State::Body(Body { end })));
            }
        }
        self.scanned = buffer.len();
        if self.line == 0 && !may_begin(&buffer[..buffer.len().min(MAX_METHOD + 1)]) {
            return Err(FramingError::NotSip);
        }
        if self.scanned >= MAX_HEAD_SIZE {
            return Err(FramingError::HeadTooLarge);
        }
        Ok(Step::Wait(State::Head(self)))
    }
}

impl Body {
    fn advance(self, buffer: &mut BytesMut) -> Step {
        if buffer.len() < self.end {
            return Step::Wait(State::Body(self));
        }
        Step::Frame(Frame::Message(buffer.split_to(self.end).freeze()))
    }
}

/// Whether a message can begin like this, of which more may follow: `METHOD ` or `SIP/`.
fn may_begin(line: &[u8]) -> bool {
    let (name, rest) = lexis::token(line);
    match rest.first() {
        None => name.len() <= MAX_METHOD,
        Some(b' ') => !name.is_empty(),
        Some(b'/') => name.eq_ignore_ascii_case(b"SIP"),
        Some(_) => false,
    }
}

/// Whether a whole line has a version of SIP in its place. Everything else about it is told to its sender.
fn is_start_line(line: &[u8]) -> bool {
    let is_version = |word: &[u8]| word.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"SIP/"));
    let last_word = line.rsplit(|&byte| byte == b' ').find(|word| !word.is_empty()).unwrap_or_default();
    may_begin(line) && (is_version(line) || is_version(last_word))
}

/// RFC 3261 §18.3. What follows the head: without Content-Length, nothing. Two that agree leave no doubt.
fn body_length(head: &[u8]) -> Result<usize, FramingError> {
    let mut length = None;
    for value in content_lengths(head) {
        let is_number = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
        if !is_number || length.is_some_and(|other| other != value) {
            return Err(FramingError::ContentLength);
        }
        length = Some(value);
    }
    let Some(value) = length else { return Ok(0) };
    let number = lexis::number(value).and_then(|length| usize::try_from(length).ok());
    number.ok_or(FramingError::MessageTooLarge)
}

#[cfg(test)]
mod tests;
