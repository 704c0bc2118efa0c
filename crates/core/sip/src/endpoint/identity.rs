//! Who calls from a trunk: what it asserts, if it is trusted, what the caller wants hidden, and who sent the call on.

use hotline_base::Pii;

use super::{Diversion, Party};
use crate::message::NameAddr;
use crate::uri::Uri;
use crate::{HeaderName, Message};

/// Whom a caller's From names who wants to stay unknown (RFC 3323 §4.1.1.3).
const ANONYMOUS: &str = "anonymous";
/// The host that goes with it.
const NOWHERE: &str = "anonymous.invalid";

/// The caller of an INVITE from a trunk. A trusted one asserts who it is (RFC 3325 §9.1), whatever From says, and tells
/// what the caller wants hidden: nobody is shown then (RFC 3325 §9.3). Of another, From alone counts.
pub(super) fn caller(message: &Message, from: NameAddr, is_trusted: bool) -> Party {
    let asserted = match message.name_addr(HeaderName::PAssertedIdentity) {
        Ok(asserted) if is_trusted => asserted,
        Ok(_) | Err(_) => None,
    };
    let is_hidden = is_trusted && wants_privacy(message);
    if is_hidden || (asserted.is_none() && is_anonymous(&from.uri)) {
        return Party { user: Pii::new(String::new()), display: None, host: String::new() };
    }
    let display = asserted.as_ref().and_then(|asserted| asserted.display.as_deref());
    let display = display.or(from.display.as_deref()).map(Pii::from);
    let uri = asserted.map_or(from.uri, |asserted| asserted.uri);
    Party { user: Pii::new(uri.user().unwrap_or_default().into_owned()), display, host: host(&uri) }
}

fn host(uri: &Uri) -> String {
    match uri {
        Uri::Sip(uri) => uri.host.to_string(),
        Uri::Tel(_) | Uri::Other(_) => String::new(),
    }
}

/// Whether the network was asked to keep the caller's identity to itself (RFC 3323 §4.2, RFC 3325 §9.3).
fn wants_privacy(message: &Message) -> bool {
    message.headers(HeaderName::Privacy).any(|value| {
        value.split(';').any(|kind| {
            let kind = kind.trim();
            ["id", "user", "header"].iter().any(|hides| kind.eq_ignore_ascii_case(hides))
        })
    })
}

fn is_anonymous(uri: &Uri) -> bool {
    let Uri::Sip(sip) = uri else { return false };
    sip.host.to_string().eq_ignore_ascii_case(NOWHERE)
        || uri.user().is_some_and(|user| user.eq_ignore_ascii_case(ANONYMOUS))
}

/// Longest reason of a diversion that is kept.
const REASON_MAX: usize = 32;

/// Who sent a call on last: the first Diversion (RFC 5806 §5), else the entry of History-Info before the last (RFC 7044
/// §10.3).
pub(super) fn diversion(message: &Message) -> Option<Diversion> {
    diverted(message).or_else(|| retargeted(message))
}

fn diverted(message: &Message) -> Option<Diversion> {
    let last = message.name_addr(HeaderName::Diversion).ok().flatten()?;
    let from = last.uri.user().filter(|user| !user.is_empty())?.into_owned();
    let reason = last.params.text("reason").and_then(|reason| word(&reason));
    Some(Diversion { from: Pii::new(from), reason })
}

fn retargeted(message: &Message) -> Option<Diversion> {
    let entries = message.name_addrs(HeaderName::HistoryInfo).ok()?;
    let before = entries.len().checked_sub(2).and_then(|place| entries.get(place))?;
    let from = before.uri.user().filter(|user| !user.is_empty())?.into_owned();
    // RFC 4458 §2: why the call came to the last entry.
    let last = entries.last().and_then(|entry| entry.uri.sip());
    let reason = last.and_then(|uri| uri.params.text("cause")).and_then(|cause| match &*cause {
        "302" => Some("unconditional"),
        "404" => Some("unknown"),
        "408" => Some("no-answer"),
        "480" | "503" => Some("unavailable"),
        "486" => Some("user-busy"),
        "487" => Some("deflection"),
        _ => None,
    });
    Some(Diversion { from: Pii::new(from), reason: reason.map(str::to_owned) })
}

fn word(text: &str) -> Option<String> {
    let is_word = !text.is_empty()
        && text.len() <= REASON_MAX
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_word.then(|| text.to_ascii_lowercase())
}
