//! Key presses inside INFO requests: application/dtmf-relay and application/dtmf, which no RFC defines and most
//! phones can send.

use core::time::Duration;

use hotline_base::Pii;

/// How long a key press lasts when the phone does not say.
const DEFAULT_DURATION: Duration = Duration::from_millis(160);
/// The longest key press believed.
const MAX_DURATION: Duration = Duration::from_secs(10);

/// What an INFO says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Info {
    /// A key was pressed.
    Key { digit: Pii<char>, duration: Duration },
    /// Nothing: a probe whether the dialog lives.
    Empty,
    /// Another content type: answered 415.
    Foreign,
    /// A key that does not exist: answered 400.
    Invalid,
}

/// Reads the body of an INFO.
pub(super) fn parse(content_type: Option<&str>, body: &[u8]) -> Info {
    let Some(content_type) = content_type else { return Info::Empty };
    let media_type = content_type.split(';').next().unwrap_or("").trim();
    let text = String::from_utf8_lossy(body);
    let key = if media_type.eq_ignore_ascii_case("application/dtmf-relay") {
        relay(&text)
    } else if media_type.eq_ignore_ascii_case("application/dtmf") {
        digit(text.trim()).map(|digit| (digit, DEFAULT_DURATION))
    } else {
        return Info::Foreign;
    };
    key.map_or(Info::Invalid, |(digit, duration)| Info::Key { digit: Pii::new(digit), duration })
}

/// `Signal=5` and perhaps `Duration=160`, one a line.
fn relay(text: &str) -> Option<(char, Duration)> {
    let (mut signal, mut duration) = (None, DEFAULT_DURATION);
    for (name, value) in text.lines().filter_map(|line| line.split_once('=')) {
        match name.trim() {
            name if name.eq_ignore_ascii_case("signal") => signal = digit(value.trim()),
            name if name.eq_ignore_ascii_case("duration") => {
                let millis = value.trim().parse().map(Duration::from_millis).unwrap_or(DEFAULT_DURATION);
                duration = millis.min(MAX_DURATION);
            }
            _ => {}
        }
    }
    signal.map(|signal| (signal, duration))
}

/// A key by its character, or by its RFC 4733 event number as some phones write 10 and 11.
fn digit(text: &str) -> Option<char> {
    match text {
        "10" => return Some('*'),
        "11" => return Some('#'),
        _ => {}
    }
    let mut characters = text.chars();
    let (digit, None) = (characters.next()?.to_ascii_uppercase(), characters.next()) else { return None };
    matches!(digit, '0'..='9' | '*' | '#' | 'A'..='D').then_some(digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(digit: char, millis: u64) -> Info {
        Info::Key { digit: Pii::new(digit), duration: Duration::from_millis(millis) }
    }

    #[test]
    fn keys_are_read_from_both_content_types() {
        for (content_type, body, expected) in [
            ("application/dtmf-relay", "Signal=5\r\nDuration=250\r\n", key('5', 250)),
            ("application/dtmf-relay", "Signal= #\nDuration= 99999999", key('#', 10_000)),
            ("Application/DTMF-Relay; x=y", "signal=a", key('A', 160)),
            ("application/dtmf", "11", key('#', 160)),
            ("application/dtmf", " *\r\n", key('*', 160)),
        ] {
            assert_eq!(parse(Some(content_type), body.as_bytes()), expected, "{body}");
        }
    }

    #[test]
    fn what_is_no_key_is_told_apart() {
        assert_eq!(parse(None, b""), Info::Empty);
        assert_eq!(parse(Some("application/media_control+xml"), b"<x/>"), Info::Foreign);
        for body in ["", "Signal=", "Signal=55", "Duration=1", "Signal=\u{664}"] {
            assert_eq!(parse(Some("application/dtmf-relay"), body.as_bytes()), Info::Invalid, "{body}");
        }
        assert_eq!(parse(Some("application/dtmf"), b"\xff"), Info::Invalid);
    }
}
