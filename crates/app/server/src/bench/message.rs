//! What carrier and phones say: fixed texts, so that the generator costs little beside the server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use bytes::Bytes;
use hotline_media::Codec;
use hotline_media_rt::BrowserEnd;
use hotline_phone::Browser;
use hotline_sdp::{self as sdp, Local};
use hotline_sip::message::Kind;
use hotline_sip::{Builder, HeaderName, Message, SipUri};

/// What comes before the seven digits of a caller's number.
const PREFIX: &str = "+1555";
/// Numbers of callers; after so many the first is used again.
pub(super) const CALLERS: u64 = 10_000_000;
/// Where media would go if any were sent. Nothing that comes there is read.
pub(super) const NO_SOUND_PORT: u16 = 40_000;

/// What carrier or phones say of the audio they wish.
#[derive(Clone, Debug)]
pub(super) struct Sound {
    description: Arc<str>,
    /// Who is found, known and keyed as browsers are, and has offered this.
    browser: Option<Arc<(Browser, sdp::Session)>>,
}

/// How a browser has met a leg of the server.
pub(super) struct Met {
    pub(super) end: Box<BrowserEnd>,
    /// Of the audio, both ways.
    pub(super) payload_type: u8,
}

impl Sound {
    pub(super) fn pcmu(address: SocketAddr) -> Self {
        Self::plain(address, Codec::Pcmu)
    }

    /// Of a phone.
    pub(super) fn plain(address: SocketAddr, codec: Codec) -> Self {
        let (ip, port, name, number) =
            (address.ip(), address.port(), codec.name(), codec.usual_payload_type());
        let clock = match codec {
            Codec::Pcmu | Codec::Pcma | Codec::G722 => "8000",
            Codec::L16 => "16000",
            Codec::Opus => "48000/2",
        };
        let description = format!(
            "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP {number} 101\r\n\
             a=rtpmap:{number} {name}/{clock}\r\na=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\na=sendrecv\r\n"
        );
        Self { description: description.into(), browser: None }
    }

    /// Of a browser.
    pub(super) fn of_browser(address: SocketAddr, codec: Codec, browser: Browser) -> Self {
        let codec = match codec {
            Codec::Pcmu => sdp::Codec::Pcmu,
            Codec::Pcma => sdp::Codec::Pcma,
            Codec::G722 => sdp::Codec::G722,
            Codec::Opus => sdp::Codec::Opus,
            Codec::L16 => sdp::Codec::L16,
        };
        let codecs = [codec];
        let local = Local {
            browser: Some(browser.described(None)),
            ..Local::new(address.ip(), address.port(), 1, &codecs)
        };
        let offer = sdp::offer(&local);
        Self { description: offer.print().into(), browser: Some(Arc::new((browser, offer))) }
    }

    /// Where the server wants to hear this one, by what it describes; of a browser also how.
    pub(super) fn meet(&self, server: SocketAddr, message: &Message) -> Option<(SocketAddr, Option<Met>)> {
        let Some(browser) = &self.browser else {
            return Some((SocketAddr::new(server.ip(), audio_port(message)?), None));
        };
        let (browser, offer) = &**browser;
        let answer = sdp::parse(&message.body()).ok()?;
        let agreed = sdp::accept(offer, &answer).ok()?;
        let (at, end) = browser.meet(&answer, agreed.dtls.as_ref()?, Instant::now())?;
        Some((at, Some(Met { end: Box::new(end), payload_type: agreed.payload_type_send })))
    }
}

/// The carrier's side of its dialogs.
#[derive(Clone, Debug)]
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
    pub(super) fn invite(&self, caller: u64) -> Vec<u8> {
        let Self { local, server, number, sound } = self;
        let body = &sound.description;
        let (uri, to) = (format!("sip:{number}@{server}"), format!("<sip:{number}@{server}>"));
        let head = self.head("INVITE", 1, caller, &uri, &to);
        format!(
            "{head}Contact: <sip:carrier@{local}>\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    }

    /// Of an INVITE that was taken.
    pub(super) fn ack(&self, caller: u64, dialog: &Dialog) -> Vec<u8> {
        let head = self.head("ACK", 1, caller, &dialog.target, &dialog.to);
        // RFC 3261 §13.2.2.4: a transaction of its own.
        let head = head.replacen(";branch=z9hG4bK", ";branch=z9hG4bKa", 1);
        format!("{head}Content-Length: 0\r\n\r\n").into_bytes()
    }

    /// Of an INVITE that was refused.
    pub(super) fn ack_refusal(&self, caller: u64, refusal: &Message) -> Vec<u8> {
        let to = refusal.header(HeaderName::To).unwrap_or_default();
        let head = self.head("ACK", 1, caller, &format!("sip:{}@{}", self.number, self.server), &to);
        format!("{head}Content-Length: 0\r\n\r\n").into_bytes()
    }

    pub(super) fn bye(&self, caller: u64, dialog: &Dialog) -> Vec<u8> {
        let head = self.head("BYE", 2, caller, &dialog.target, &dialog.to);
        format!("{head}Content-Length: 0\r\n\r\n").into_bytes()
    }

    fn head(&self, method: &str, cseq: u32, caller: u64, uri: &str, to: &str) -> String {
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
pub(super) fn answer(request: &Message, local: SocketAddr, sound: Option<&Sound>) -> Result<Bytes> {
    let contact = SipUri::new(Some("phone"), hotline_sip::uri::Host::from(local.ip()), Some(local.port()));
    let (status, reason) = if sound.is_some() { (200, "OK") } else { (180, "Ringing") };
    let response = Builder::response(request, status, reason)
        .to_tag("p")
        .header(HeaderName::Contact, format_args!("<{contact}>"));
    let response = match sound {
        Some(sound) => response.body("application/sdp", sound.description.to_string()),
        None => response,
    };
    Ok(response.build()?)
}

/// Where the server has its audio, by the first `m=` line (RFC 8866 §5.14) of what it describes.
fn audio_port(message: &Message) -> Option<u16> {
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
        Sound::plain("192.0.2.9:6000".parse().unwrap(), Codec::G722)
    }

    #[test]
    fn what_the_carrier_says_is_read_as_it_is_meant() {
        let invite = Message::parse(carrier().invite(42)).unwrap();
        assert_eq!(caller_by_call_id(&invite), Some(42));
        assert_eq!(caller_by_from(&invite), Some(42));
        assert_eq!(audio_port(&invite), Some(6000));
        assert!(invite.body().windows(20).any(|line| line == b"a=rtpmap:9 G722/8000"));
        let local = "192.0.2.1:5060".parse().unwrap();
        let taken = Message::parse(answer(&invite, local, Some(&sound())).unwrap()).unwrap();
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

    #[test]
    fn what_a_browser_says_is_met_as_a_browser_is() {
        let mut rng = hotline_base::Rng::from_number(1);
        let [ours, theirs] = [(); 2].map(|()| Browser::generate([192, 0, 2, 9].into(), &mut rng).unwrap());
        let (caller, server) = ("192.0.2.9:6000".parse().unwrap(), "192.0.2.1:5060".parse().unwrap());
        let carrier = Carrier { sound: Sound::of_browser(caller, Codec::Opus, ours), ..carrier() };
        let invite = Message::parse(carrier.invite(42)).unwrap();
        let offer = sdp::parse(&invite.body()).unwrap();
        let local = Local {
            browser: Some(theirs.described(None)),
            ..Local::new([192, 0, 2, 1].into(), 7000, 2, &[sdp::Codec::Opus])
        };
        let (answered, agreed) = sdp::answer(&offer, &local).unwrap();
        let ok = Builder::response(&invite, 200, "OK").to_tag("s").body("application/sdp", answered.print());
        let ok = Message::parse(ok.build().unwrap()).unwrap();
        let (at, met) = carrier.sound.meet(server, &ok).unwrap();
        assert_eq!(at, "192.0.2.9:7000".parse().unwrap(), "by its candidate");
        assert_eq!(met.map(|met| met.payload_type), Some(agreed.payload_type_receive));
        assert!(carrier.sound.meet(server, &invite).is_none(), "an offer is no answer");
    }
}
