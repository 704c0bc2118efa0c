//! Server-sent events, read one at a time.

use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::Value;

use crate::{ClientError, protocol};

/// One event of the stream.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveEvent {
    /// `snapshot` or `event`.
    pub name: String,
    /// Its number.
    pub id: String,
    /// What it says.
    pub data: Value,
}

/// The stream.
#[derive(Debug)]
pub struct Events {
    body: Incoming,
    buffer: String,
}

impl Events {
    pub(crate) const fn new(body: Incoming) -> Self {
        Self { body, buffer: String::new() }
    }

    /// The next event; `None` when the server has ended the stream.
    ///
    /// # Errors
    /// [`ClientError`] when the connection breaks or an event is not JSON.
    pub async fn next(&mut self) -> Result<Option<LiveEvent>, ClientError> {
        loop {
            if let Some(end) = self.buffer.find("\n\n") {
                let block: String = self.buffer.drain(..end + 2).collect();
                if let Some(event) = parse(&block)? {
                    return Ok(Some(event));
                }
                continue;
            }
            let Some(frame) = self.body.frame().await else { return Ok(None) };
            let frame = frame.map_err(protocol)?;
            if let Some(data) = frame.data_ref() {
                self.buffer.push_str(&String::from_utf8_lossy(data));
            }
        }
    }

    /// Reads what comes next and forgets it; how many bytes, or `None` when the server has ended the stream.
    ///
    /// # Errors
    /// [`ClientError`] when the connection breaks.
    pub async fn skip(&mut self) -> Result<Option<usize>, ClientError> {
        self.buffer.clear();
        let Some(frame) = self.body.frame().await else { return Ok(None) };
        let frame = frame.map_err(protocol)?;
        Ok(Some(frame.data_ref().map_or(0, |data| data.len())))
    }
}

/// `None` for a comment, which keeps the connection alive.
fn parse(block: &str) -> Result<Option<LiveEvent>, ClientError> {
    let (mut name, mut id, mut data) = ("message", "", String::new());
    for line in block.lines() {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => name = value,
            "id" => id = value,
            "data" => data.push_str(value),
            _ => {}
        }
    }
    if data.is_empty() {
        return Ok(None);
    }
    Ok(Some(LiveEvent { name: name.to_owned(), id: id.to_owned(), data: serde_json::from_str(&data)? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_events_and_comments_are_nothing() {
        let event = parse("id: 7\nevent: event\ndata: {\"seq\":7}\n\n").unwrap().unwrap();
        assert_eq!((event.name.as_str(), event.id.as_str()), ("event", "7"));
        assert_eq!(event.data["seq"], 7);
        assert_eq!(parse(": keep-alive\n\n").unwrap(), None);
    }
}
