//! What carrier and phones say: fixed texts, so that the generator costs little beside the server.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use bytes::Bytes;
use hotline_media::Codec;
use hotline_sip::message::Kind;
use hotline_sip::{Builder, HeaderName, Message, SipUri};

/// What comes before the seven digits of a caller's number.
const PREFIX: &str = "+1555";
/// Numbers of callers; after so many the first is used again.
pub(super) const CALLERS: u64 = 10_000_000;
/// Where media would go if any were sent. Nothing that comes there is read.
pub(super) const NO_SOUND_PORT: u16 = 40_000;

/// What carrier or phones say of the audio they wish.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sound {
    pub(super) address: SocketAddr,
    pub(super) codec: Codec,
}

impl Sound {
    pub(super) const fn pcmu(address: SocketAddr) -> Self {
        Self { address, codec: Codec::Pcmu }
    }

    fn description(self) -> String {
        let Self { address, codec } = self;
        let (ip, port, name, number) =
            (address.ip(), address.port(), codec.name(), codec.usual_payload_type());
        let clock = match codec {
            Codec::Pcmu | Codec::Pcma | Codec::G722 => "8000",
            Codec::L16 => "16000",
            Codec::Opus => "48000/2",
        };
        format!(
            "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP {number} 101\r\n\
             a=rtpmap:{number} {name}/{clock}\r\na=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\na=sendrecv\r\n"
        )
    }
}

/// The carrier's side of its dialogs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Carrier {
    pub(super) local: SocketAddr,
    pub(super) server: SocketAddr,
    /// What is dialled.
    pub(super) number: &'static str,
    pub(super) sound: Sound,
}

/// What the server said in its 200.
#[derive(Debug)]
pub(super) struct Dialog {
    /// The whole To, with its tag.
    to: String,
    /// Where BYE goes.
    target: String,
}

impl Dialog {
    pub(super) fn of(answer: &Message) -> Result<Self> {
        let to = answer.header(HeaderName::To).context("a 200 without To")?.into_owned();
        let contact = answer.name_addr(HeaderName::Contact)?.context("a 200 without Contact")?;
        Ok(Self { to, target: contact.uri.to_string() })
    }
}

impl Carrier {
    pub(super) fn invite(self, caller: u64) -> Vec<u8> {
        let Self { local, server, number, sound } = self;
        let body = sound.description();
        let (uri, to) = (format!("sip:{number}@{server}"), format!("<sip:{number}@{server}>"));
        let head = self.head("INVITE", 1, caller, &uri, &to);
        format!(
            "{head}Contact: <sip:carrier@{local}>\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    }

    /// Of an INVITE that was taken.
    pub(super) fn ack(self, caller: u64, dialog: &Dialog) -> Vec<u8> {
        let head = self.head("ACK", 1, caller, &dialog.target, &dialog.to);
        // RFC 3261 §13.2.2.4: a transaction of its own.
        let head = head.replacen(";branch=z9hG4bK", ";branch=z9hG4bKa", 1);
        format!("{head}Content-Length: 0\r\n\r\n").into_bytes()
    }

    /// Of an INVITE that was refused.
    pub(super) fn ack_refusal(self, caller: u64, refusal: &Message) -> Vec<u8> {
        let to = refusal.header(HeaderName::To).unwrap_or_default();
        let head = self.head("ACK", 1, caller, &format!("sip:{}@{}", self.number, self.server), &to);
        format!("{head}Content-Length: 0\r\n\r\n").into_bytes()
    }

    pub(super) fn bye(self, caller: u64, dialog: &Dialog) -> Vec<u8> {
        let head = self.head("BYE", 2, caller, &dialog.target, &dialog.to);
        format!("{head}Content-Length: 0\r\n\r\n").into_bytes()
    }

    fn head(self, method: &str, cseq: u32, caller: u64, uri: &str, to: &str) -> String {
        let local = self.local;
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bK{cseq}x{caller};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:{PREFIX}{caller:07}@{local}>;tag=c{caller}\r\nTo: {to}\r\n\
             Call-ID: {caller}@{local}\r\nCSeq: {cseq} {method}\r\n"
        )
    }
}

/// Which of the carrier's calls a message belongs to.
pub(super) fn caller_by_call_id(message: &Message) -> Option<u64> {
    message.call_id().split_once('@')?.0.parse().ok()
}

/// Whose call a phone gets.
pub(super) fn caller_by_from(message: &Message) -> Option<u64> {
    let from = message.from().ok()?;
    from.uri.user()?.strip_prefix(PREFIX)?.parse().ok()
}

/// A response, of either side.
pub(super) fn response(request: &Message, status: u16, reason: &str) -> Result<Bytes> {
    Ok(Builder::response(request, status, reason).to_tag("p").build()?)
}

/// A phone's 180 to an INVITE, or with a sound its 200.
pub(super) fn answer(request: &Message, local: SocketAddr, sound: Option<Sound>) -> Result<Bytes> {
    let contact = SipUri::new(Some("phone"), hotline_sip::uri::Host::from(local.ip()), Some(local.port()));
    let (status, reason) = if sound.is_some() { (200, "OK") } else { (180, "Ringing") };
    let response = Builder::response(request, status, reason)
        .to_tag("p")
        .header(HeaderName::Contact, format_args!("<{contact}>"));
    let response = match sound {
        Some(sound) => response.body("application/sdp", sound.description()),
        None => response,
    };
    Ok(response.build()?)
}

/// Where the server has its audio, by the first `m=` line (RFC 8866 §5.14) of what it describes.
pub(super) fn audio_port(message: &Message) -> Option<u16> {
    let body = message.body();
    let mut lines = body.split(|byte| *byte == b'\n');
    let line = std::str::from_utf8(lines.find_map(|line| line.strip_prefix(b"m=audio "))?).ok()?;
    line.split(' ').next()?.parse().ok()
}

/// The status of a response.
pub(super) fn status(message: &Message) -> Option<u16> {
    match message.kind() {
        Kind::Response { status, .. } => Some(status),
        Kind::Request { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use hotline_sip::Method;

    use super::*;

    fn carrier() -> Carrier {
        let (local, server) = ("192.0.2.2:5061".parse().unwrap(), "192.0.2.1:5060".parse().unwrap());
        Carrier { local, server, number: "4100", sound: sound() }
    }

    fn sound() -> Sound {
        Sound { address: "192.0.2.9:6000".parse().unwrap(), codec: Codec::G722 }
    }

    #[test]
    fn what_the_carrier_says_is_read_as_it_is_meant() {
        let invite = Message::parse(carrier().invite(42)).unwrap();
        assert_eq!(caller_by_call_id(&invite), Some(42));
        assert_eq!(caller_by_from(&invite), Some(42));
        assert_eq!(audio_port(&invite), Some(6000));
        assert!(invite.body().windows(20).any(|line| line == b"a=rtpmap:9 G722/8000"));
        let local = "192.0.2.1:5060".parse().unwrap();
        let taken = Message::parse(answer(&invite, local, Some(sound())).unwrap()).unwrap();
        let dialog = Dialog::of(&taken).unwrap();
        for (bytes, method) in
            [(carrier().ack(42, &dialog), Method::Ack), (carrier().bye(42, &dialog), Method::Bye)]
        {
            let request = Message::parse(bytes).unwrap();
            assert_eq!(request.method(), Some(method));
            assert_eq!(request.to_tag(), taken.to_tag());
            assert_eq!(request.request_uri(), Some("sip:phone@192.0.2.1:5060"));
            assert_ne!(request.top_via().unwrap().branch(), invite.top_via().unwrap().branch());
        }
        let refused = Message::parse(response(&invite, 503, "Busy").unwrap()).unwrap();
        let ack = Message::parse(carrier().ack_refusal(42, &refused)).unwrap();
        assert_eq!(ack.top_via().unwrap().branch(), invite.top_via().unwrap().branch());
        assert_eq!(ack.to_tag(), refused.to_tag());
    }
}
