//! What a message says about media, in a few words.

use bytes::Bytes;
use hotline_sdp::{Connection, Media, MediaKind, Session};
use hotline_sip::{HeaderName, Message};

/// Encodings with a fixed payload type (RFC 3551 §6), for descriptions that do not name them.
const STATIC: [(u8, &str); 7] =
    [(0, "PCMU"), (3, "GSM"), (4, "G723"), (8, "PCMA"), (9, "G722"), (13, "CN"), (18, "G729")];

/// One media line of a session description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaSummary {
    /// `audio`, `video`, …
    pub kind: String,
    /// Where its writer receives; `None` without a usable address.
    pub address: Option<String>,
    /// The port; 0 refuses the line.
    pub port: u16,
    /// The encodings, preferred first.
    pub codecs: Vec<String>,
    /// `sendrecv`, `sendonly`, …, as its writer sees it.
    pub direction: &'static str,
}

/// The media lines of a message; none if it has no session description that can be read.
#[must_use]
pub fn summarise(bytes: &Bytes) -> Vec<MediaSummary> {
    match Message::parse(bytes.clone()) {
        Ok(message) => of(&message),
        Err(malformed) => malformed.message.map_or(Vec::new(), |message| of(&message)),
    }
}

pub(crate) fn of(message: &Message) -> Vec<MediaSummary> {
    let is_sdp = message.header(HeaderName::ContentType).is_some_and(|kind| {
        let kind = kind.split(';').next().unwrap_or_default();
        kind.trim().eq_ignore_ascii_case("application/sdp")
    });
    if !is_sdp {
        return Vec::new();
    }
    match hotline_sdp::parse(&message.body()) {
        Ok(session) => session.media.iter().map(|media| summary(&session, media)).collect(),
        Err(_) => Vec::new(),
    }
}

fn summary(session: &Session, media: &Media) -> MediaSummary {
    let connection = media.connection.as_ref().or(session.connection.as_ref());
    let address = connection.and_then(|connection| match connection {
        Connection::Address(address) => Some(address.to_string()),
        Connection::HostName(_) | Connection::Unusable(_) => None,
    });
    let kind = match &media.kind {
        MediaKind::Audio => "audio".to_owned(),
        MediaKind::Other(kind) => kind.clone(),
    };
    let direction = media.direction.or(session.direction).unwrap_or_default().name();
    let codecs = media.formats.iter().map(|format| codec(media, format)).collect();
    MediaSummary { kind, address, port: media.port, codecs, direction }
}

fn codec(media: &Media, format: &str) -> String {
    let Ok(number) = format.parse::<u8>() else { return format.to_owned() };
    if let Some(map) = media.rtpmaps.get(&number) {
        return map.name.clone();
    }
    let known = STATIC.iter().find(|(payload_type, _)| *payload_type == number);
    known.map_or_else(|| format.to_owned(), |(_, name)| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_description_is_told_in_a_few_words() {
        let text = "INVITE sip:a@h SIP/2.0\r\nContent-Type: application/sdp; charset=utf-8\r\n\r\n\
            v=0\r\no=- 1 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\na=sendonly\r\n\
            m=audio 4000 RTP/AVP 8 0 101 77\r\na=rtpmap:101 telephone-event/8000\r\n\
            m=video 0 RTP/AVP 31\r\nc=IN IP6 2001:db8::1\r\na=inactive\r\n";
        let [audio, video] = <[MediaSummary; 2]>::try_from(summarise(&Bytes::from(text))).unwrap();
        assert_eq!((audio.kind.as_str(), audio.port, audio.direction), ("audio", 4000, "sendonly"));
        assert_eq!(audio.address.as_deref(), Some("192.0.2.2"));
        assert_eq!(audio.codecs, ["PCMA", "PCMU", "telephone-event", "77"]);
        assert_eq!((video.kind.as_str(), video.port, video.direction), ("video", 0, "inactive"));
        assert_eq!(video.address.as_deref(), Some("2001:db8::1"));
        assert_eq!(summarise(&Bytes::from(text.replace("application/sdp", "text/plain"))), []);
    }
}
