//! What was answered.

use std::fmt;

use bytes::Bytes;
use serde_json::Value;

use crate::Failure;

/// An answer of 2xx. `Debug` shows nothing of its body.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// 200 to 299.
    pub status: u16,
    /// All of it.
    pub body: Bytes,
}

impl Response {
    /// The body as JSON; `null` if there is none, as 204 has it.
    ///
    /// # Errors
    /// [`Failure::NotJson`] if it is not, or nested deeper than 128.
    pub fn json(&self) -> Result<Value, Failure> {
        if self.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&self.body).map_err(|_| Failure::NotJson)
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response {{ {}, {} bytes }}", self.status, self.body.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(body: &str) -> Result<Value, Failure> {
        Response { status: 200, body: Bytes::copy_from_slice(body.as_bytes()) }.json()
    }

    #[test]
    fn what_is_not_json_is_told_and_a_bomb_of_brackets_is_no_json() {
        assert_eq!(json("{\"a\":1}").unwrap()["a"], 1);
        assert_eq!(json(""), Ok(Value::Null));
        assert_eq!(json("<html>"), Err(Failure::NotJson));
        assert_eq!(json("{\"a\":"), Err(Failure::NotJson));
        assert_eq!(json(&"[".repeat(100_000)), Err(Failure::NotJson));
    }

    #[test]
    fn an_answer_shows_nothing_of_a_person() {
        let response = Response { status: 200, body: Bytes::from_static(b"Mueller") };
        assert_eq!(format!("{response:?}"), "Response { 200, 7 bytes }");
    }
}
