//! The event packages that can be subscribed to, and the header that names one (RFC 6665 §8.2.1).

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::message::Params;
use crate::{HeaderName, Message};

/// Longest `id` of an Event header in bytes; a SUBSCRIBE with a longer one gets 400.
pub const MAX_EVENT_ID: usize = 128;
/// What Allow-Events says (RFC 6665 §8.2.2).
pub(crate) const ALLOW_EVENTS: &str = "dialog, message-summary";

/// What a subscription is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Package {
    /// The calls of a phone: RFC 4235.
    Dialog,
    /// How many messages wait in a mailbox: RFC 3842.
    MessageSummary,
}

impl Package {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Dialog, Self::MessageSummary];

    /// As in an Event header.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dialog => "dialog",
            Self::MessageSummary => "message-summary",
        }
    }

    /// The type of its documents.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Dialog => "application/dialog-info+xml",
            Self::MessageSummary => "application/simple-message-summary",
        }
    }
}

impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An Event header that names a known package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EventHeader {
    pub(crate) package: Package,
    /// Tells subscriptions within one dialog apart: it is said back as it came.
    id: Option<String>,
}

impl EventHeader {
    /// That of a SUBSCRIBE, or the status that refuses it. Parameters of other extensions are passed over.
    pub(crate) fn of(message: &Message) -> Result<Self, u16> {
        const BAD_EVENT: u16 = 489;
        let value = message.header(HeaderName::Event).ok_or(BAD_EVENT)?;
        let (name, params) = value.split_at(value.find(';').unwrap_or(value.len()));
        let is_it = |package: &Package| package.as_str().eq_ignore_ascii_case(name.trim());
        let package = Package::ALL.into_iter().find(is_it).ok_or(BAD_EVENT)?;
        let params = Params::parse(params.as_bytes()).map_err(|_| 400_u16)?;
        let id = params.get("id").filter(|id| !id.is_empty()).map(str::to_owned);
        if id.as_ref().is_some_and(|id| id.len() > MAX_EVENT_ID || id.contains(char::is_control)) {
            return Err(400);
        }
        Ok(Self { package, id })
    }
}

impl fmt::Display for EventHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.package.fmt(f)?;
        self.id.as_ref().map_or(Ok(()), |id| write!(f, ";id={id}"))
    }
}

/// Whether the sender of a SUBSCRIBE takes the package's documents; whoever does not say takes them (RFC 4235 §3.5, RFC
/// 3842 §3.5).
pub(crate) fn takes_documents(message: &Message, package: Package) -> bool {
    let mut accepted = message.headers(HeaderName::Accept).peekable();
    if accepted.peek().is_none() {
        return true;
    }
    accepted.any(|range| {
        let range = range.split(';').next().unwrap_or_default().trim();
        [package.content_type(), "application/*", "*/*"].iter().any(|known| known.eq_ignore_ascii_case(range))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(headers: &str) -> Message {
        let text = format!(
            "SUBSCRIBE sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <sip:a@x>;tag=1\r\n\
             To: <sip:b@y>\r\nCall-ID: c\r\nCSeq: 2 SUBSCRIBE\r\n{headers}\r\n"
        );
        Message::parse(text).unwrap()
    }

    fn read(value: &str) -> Result<String, u16> {
        EventHeader::of(&message(&format!("Event: {value}\r\n"))).map(|event| event.to_string())
    }

    #[test]
    fn a_known_package_is_read_with_its_id_and_nothing_else() {
        assert_eq!(read("dialog").unwrap(), "dialog");
        assert_eq!(read("Dialog ; sla;id=a.7").unwrap(), "dialog;id=a.7");
        assert_eq!(read("message-summary;id=\"x y\"").unwrap(), "message-summary;id=\"x y\"");
        assert_eq!(EventHeader::of(&message("o: dialog\r\n")).unwrap().package, Package::Dialog);
    }

    #[test]
    fn another_package_is_a_bad_event_and_an_endless_id_a_bad_request() {
        for unknown in ["presence", "dialog.winfo", "", "dialogs"] {
            assert_eq!(read(unknown), Err(489), "{unknown}");
        }
        assert_eq!(EventHeader::of(&message("")).unwrap_err(), 489);
        assert_eq!(read(&format!("dialog;id={}", "x".repeat(MAX_EVENT_ID + 1))), Err(400));
    }

    #[test]
    fn documents_go_to_whoever_takes_them() {
        let takes = |accept: &str| takes_documents(&message(accept), Package::Dialog);
        assert!(takes(""));
        assert!(takes("Accept: application/pidf+xml, Application/Dialog-Info+XML;q=0.5\r\n"));
        assert!(takes("Accept: */*\r\n"));
        assert!(!takes("Accept: application/pidf+xml\r\n"));
    }

    #[test]
    fn what_is_allowed_is_what_there_is() {
        assert_eq!(Package::ALL.map(Package::as_str).join(", "), ALLOW_EVENTS);
    }
}
