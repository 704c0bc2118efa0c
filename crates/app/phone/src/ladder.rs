//! SIP messages as they pass a phone: the rungs of a ladder diagram.

use std::time::SystemTime;

/// Which way a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the phone to the server.
    ToServer,
    /// From the server to the phone.
    FromServer,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LadderEntry {
    /// When it was sent or received.
    pub at: SystemTime,
    /// The phone's name.
    pub phone: String,
    /// Which way it went.
    pub way: Way,
    /// `INVITE`, `180 Ringing`, …: what the first line says without URI and version.
    pub label: String,
}

/// The label of a message: its method, or its status and reason.
#[must_use]
pub fn label(message: &[u8]) -> String {
    let line = message.split(|byte| *byte == b'\r' || *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let label = match line.strip_prefix("SIP/2.0 ") {
        Some(status) => status,
        None => line.split(' ').next().unwrap_or_default(),
    };
    label.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_method_or_status() {
        assert_eq!(label(b"INVITE sip:1@h SIP/2.0\r\nVia: x\r\n"), "INVITE");
        assert_eq!(label(b"SIP/2.0 180 Ringing\r\n"), "180 Ringing");
        assert_eq!(label(b""), "");
    }
}
