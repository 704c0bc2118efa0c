//! One instant message on its way to the phones of a user (RFC 3428): sent to all of them at once, and taken as soon as
//! one has it. Must not know who may send.

use core::time::Duration;

use bytes::Bytes;
use hotline_base::Time;
use serde::{Deserialize, Serialize};

use crate::dialog::routed;
use crate::message::{NameAddr, Params};
use crate::outgoing::{Body, CALL_ID_LENGTH, Outgoing, TAG_LENGTH, branch};
use crate::session::{Context, Inbound, Owner};
use crate::uri::{SipUri, Uri};
use crate::{HeaderName, Message, Method};

/// RFC 3428 §8. The longest text in bytes: what leaves room for headers in a datagram that is not cut.
pub const MAX_TEXT: usize = 1300;
/// How long the phones have to take it. Below the 32 s after which the sender gives up (RFC 4320 §1.2), so that it
/// learns of it.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// What can be sent; `Accept` of a 415.
pub(crate) const TEXT: &str = "text/plain";
/// Of what we send.
const UTF8_TEXT: &str = "text/plain;charset=UTF-8";

/// One instant message. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageId(pub u64);

/// Who waits to hear whether a phone has it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Origin {
    /// The phone of this user, which sent this.
    Phone { user: String, inbound: Box<Inbound> },
    /// Our user.
    User,
}

/// A phone that gets it.
#[derive(Debug)]
pub(crate) struct Recipient {
    pub(crate) uri: Uri,
    pub(crate) routes: Vec<NameAddr>,
    pub(crate) flow: crate::flow::Flow,
}

/// One message, until a phone has it or none takes it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Page {
    pub(crate) origin: Origin,
    /// Phones that have not answered.
    waiting: usize,
    /// What is told if none takes it.
    refusal: u16,
    pub(crate) gives_up_at: Time,
}

impl Page {
    /// Sends `text`, which is UTF-8, to each of `recipients`; `None` if it could be sent to none of them.
    pub(crate) fn send(
        ctx: &mut Context<'_>,
        id: MessageId,
        origin: Origin,
        envelope: &Envelope,
        recipients: &[Recipient],
    ) -> Option<Self> {
        let sent = recipients.iter().filter(|recipient| {
            let request = envelope.request(ctx, recipient);
            ctx.request(&request, recipient.flow, Owner::Message(id)).is_ok()
        });
        let waiting = sent.count();
        let gives_up_at = ctx.now.mono + ANSWER_WITHIN;
        (waiting > 0).then_some(Self { origin, waiting, refusal: 480, gives_up_at })
    }

    /// A phone answered, or nobody answered for it: the status to tell, once there is one.
    pub(crate) const fn handle_answer(&mut self, status: u16) -> Option<u16> {
        match status {
            ..200 => return None,
            200..300 => return Some(200),
            // What its user or the text is the cause of, not the way to it.
            413 | 415 | 486 | 488 | 600 | 603 | 606 => self.refusal = status,
            300.. => {}
        }
        self.waiting -= 1;
        if self.waiting == 0 { Some(self.refusal) } else { None }
    }

    /// No phone has answered in time.
    pub(crate) const fn give_up(&self) -> u16 {
        self.refusal
    }
}

/// What every phone gets.
pub(crate) struct Envelope {
    pub(crate) from: NameAddr,
    pub(crate) to: NameAddr,
    pub(crate) text: Bytes,
}

impl Envelope {
    fn request(&self, ctx: &mut Context<'_>, recipient: &Recipient) -> Outgoing {
        let (uri, routes) = routed(&recipient.uri, &recipient.routes);
        Outgoing {
            method: Method::Message,
            uri,
            sent_by: ctx.config.sent_by(&recipient.flow),
            branch: branch(ctx.rng),
            from: self.from.clone().with_tag(&ctx.rng.hex(TAG_LENGTH)),
            to: self.to.clone(),
            call_id: ctx.rng.hex(CALL_ID_LENGTH),
            cseq: 1,
            routes,
            headers: vec![(HeaderName::UserAgent, ctx.config.user_agent.clone())],
            overrides: Vec::new(),
            answers: Vec::new(),
            body: Some(Body::new(UTF8_TEXT, self.text.clone())),
            // A phone that is reached where it registered, and nowhere else.
            stays: true,
        }
    }
}

/// The text of a MESSAGE, or the status that refuses it.
pub(crate) fn text_of(message: &Message) -> Result<Bytes, u16> {
    let body = message.body();
    if body.len() > MAX_TEXT {
        return Err(413);
    }
    let content_type = message.header(HeaderName::ContentType);
    let (media_type, params) = match &content_type {
        Some(value) => value.split_at(value.find(';').unwrap_or(value.len())),
        None => (TEXT, ""),
    };
    let params = Params::parse(params.as_bytes()).map_err(|_| 400_u16)?;
    let charset = params.text("charset");
    let is_known = |charset: &str| ["utf-8", "us-ascii"].iter().any(|one| one.eq_ignore_ascii_case(charset));
    let is_text = media_type.trim().eq_ignore_ascii_case(TEXT)
        && charset.is_none_or(|charset| is_known(&charset))
        && !message.has(HeaderName::ContentEncoding);
    if is_text && str::from_utf8(&body).is_ok() { Ok(body) } else { Err(415) }
}

/// A user of ours as the sender or the receiver of a message.
pub(crate) fn address(user: &str, domain: &crate::uri::Host) -> NameAddr {
    NameAddr::new(SipUri::new(Some(user), domain.clone(), None))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &str, body: &[u8]) -> Result<Bytes, u16> {
        let mut text = format!(
            "MESSAGE sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <sip:a@x>;tag=1\r\n\
             To: <sip:b@y>\r\nCall-ID: c\r\nCSeq: 2 MESSAGE\r\nContent-Length: {}\r\n{headers}\r\n",
            body.len()
        )
        .into_bytes();
        text.extend_from_slice(body);
        text_of(&Message::parse(text).unwrap())
    }

    #[test]
    fn plain_text_of_1300_bytes_is_taken() {
        let longest = vec![b'x'; MAX_TEXT];
        assert_eq!(read("Content-Type: text/plain\r\n", &longest).unwrap(), longest);
        assert_eq!(read("c: Text/Plain;charset=\"UTF-8\"\r\n", "grüß".as_bytes()).unwrap(), "grüß");
        assert_eq!(read("", b"hi").unwrap(), "hi");
        assert_eq!(read("Content-Type: text/plain\r\n", &[b'x'; MAX_TEXT + 1]), Err(413));
    }

    #[test]
    fn nothing_but_plain_text_is() {
        for headers in [
            "Content-Type: text/html\r\n",
            "Content-Type: application/im-iscomposing+xml\r\n",
            "Content-Type: text/plain;charset=latin1\r\n",
            "Content-Type: text/plain\r\nContent-Encoding: gzip\r\n",
        ] {
            assert_eq!(read(headers, b"hi"), Err(415), "{headers}");
        }
        assert_eq!(read("Content-Type: text/plain\r\n", &[0xff, 0xfe]), Err(415));
    }

    #[test]
    fn the_first_phone_that_has_it_counts_and_the_last_that_refuses() {
        let page = |waiting| Page { origin: Origin::User, waiting, refusal: 480, gives_up_at: Time::ZERO };
        let mut two = page(2);
        assert_eq!((two.handle_answer(408), two.handle_answer(202)), (None, Some(200)));
        let mut two = page(2);
        assert_eq!((two.handle_answer(415), two.handle_answer(503)), (None, Some(415)));
        let mut one = page(1);
        assert_eq!((one.handle_answer(100), one.handle_answer(404)), (None, Some(480)));
    }
}
