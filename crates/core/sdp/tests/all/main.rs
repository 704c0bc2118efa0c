//! Offers and answers as phones and carriers send them, and as nobody should.

mod browser;
mod codecs;
mod crypto;
mod holds;
mod phones;
mod property;
mod rfc3264;
mod rfc4317;
mod rtcp;
mod rules;
mod streams;

use hotline_sdp::{Codec, Local, Negotiated, NegotiationError, Session, accept, answer, offer, parse};

/// We are at 192.0.2.10:20000 and prefer µ-law.
fn local() -> Local<'static> {
    let address = "192.0.2.10".parse().expect("an address");
    Local::new(address, 20000, 7, &[Codec::Pcmu, Codec::Pcma])
}

fn read(text: &str) -> Session {
    parse(text.as_bytes()).expect("a description")
}

/// A description whose lines after `t=` are given.
fn with_media(lines: &str) -> String {
    format!("v=0\r\no=- 1 1 IN IP4 198.51.100.5\r\ns=-\r\nc=IN IP4 198.51.100.5\r\nt=0 0\r\n{lines}")
}

/// Our answer to an offer, as text, and what was agreed.
fn answered(offer: &str) -> Result<(String, Negotiated), NegotiationError> {
    answered_by(offer, &local())
}

fn answered_by(offer: &str, local: &Local<'_>) -> Result<(String, Negotiated), NegotiationError> {
    answer(&read(offer), local).map(|(answer, negotiated)| (answer.print(), negotiated))
}

/// What was agreed by our answer to an offer with these media lines.
fn agreed(lines: &str) -> Negotiated {
    answered(&with_media(lines)).expect("an agreement").1
}

fn refused(lines: &str) -> NegotiationError {
    answered(&with_media(lines)).expect_err("no agreement")
}

/// What our offer and an answer with these media lines agree on.
fn accepted(lines: &str) -> Result<Negotiated, NegotiationError> {
    accept(&offer(&local()), &read(&with_media(lines)))
}

/// The lines of a description that begin with `start`.
fn lines<'a>(text: &'a str, start: &str) -> Vec<&'a str> {
    text.lines().filter(|line| line.starts_with(start)).collect()
}
