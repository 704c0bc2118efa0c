//! Who calls from a trunk: what it asserts, if it is trusted, and what the caller wants hidden.

use hotline_base::Pii;

use super::Party;
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
