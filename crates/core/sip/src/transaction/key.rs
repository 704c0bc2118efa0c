//! What a message's transaction is known by: RFC 3261 §17.1.3 and §17.2.3, §8.2.2.2 for merged requests.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::message::MAGIC_COOKIE;
use crate::{Message, Method};

/// RFC 3261 §17.1.3: the branch, and the method, since a CANCEL has the branch of its INVITE. Cheap to clone, as the
/// other keys are: tables and timers have them too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct ClientKey {
    branch: Arc<str>,
    pub(super) method: Method,
}

impl ClientKey {
    /// Before all others.
    pub(super) fn first() -> Self {
        Self { branch: Arc::default(), method: Method::Ack }
    }

    pub(super) fn new(branch: &str, method: &Method) -> Self {
        Self { branch: branch.into(), method: method.clone() }
    }

    /// Of a response.
    pub(super) fn of(response: &Message) -> Option<Self> {
        let via = response.top_via_view().ok()?;
        Some(Self::new(&via.branch()?, &response.cseq().ok()?.method))
    }
}

/// RFC 3261 §17.2.3: branch and sent-by of the top Via, and the method, where ACK counts as INVITE. For peers of
/// RFC 2543, whose branch lacks the cookie, the branch is replaced by all that tells their requests apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct ServerKey {
    branch: Arc<str>,
    sent_by: Arc<str>,
    method: Method,
}

impl ServerKey {
    /// Of a request.
    pub(crate) fn of(request: &Message) -> Option<Self> {
        let via = request.top_via_view().ok()?;
        let branch = match via.branch() {
            Some(branch) if branch.starts_with(MAGIC_COOKIE) => branch.into(),
            Some(_) | None => {
                let (number, tag) = (request.cseq().ok()?.number, request.from_tag().unwrap_or_default());
                format!("{} {number} {tag} {}", request.call_id(), request.request_uri()?).into()
            }
        };
        let host = via.host().ok()?;
        let mut sent_by = match via.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_string(),
        };
        sent_by.make_ascii_lowercase();
        let method =
            request.method().map(|method| if method == Method::Ack { Method::Invite } else { method })?;
        Some(Self { branch, sent_by: sent_by.into(), method })
    }

    /// The INVITE that the CANCEL with this key is about.
    pub(super) fn of_cancelled(self) -> Self {
        Self { method: Method::Invite, ..self }
    }
}

/// RFC 3261 §8.2.2.2: two requests outside of a dialog that agree in this are one that was forked on the way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct MergeKey {
    from_tag: Arc<str>,
    call_id: Arc<str>,
    cseq: u32,
    method: Method,
}

impl MergeKey {
    /// Of a request outside of a dialog; a CANCEL belongs to its INVITE and cannot be merged.
    pub(super) fn of(request: &Message) -> Option<Self> {
        let cseq = request.cseq().ok()?;
        if request.to_tag().is_some() || cseq.method == Method::Cancel {
            return None;
        }
        let (from_tag, call_id) = (request.from_tag()?.into(), request.call_id().into());
        Some(Self { from_tag, call_id, cseq: cseq.number, method: cseq.method })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, via: &str, to_tag: &str) -> Message {
        let text = format!(
            "{method} sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP {via}\r\nFrom: <sip:a@x>;tag=1\r\n\
             To: <sip:b@y>{to_tag}\r\nCall-ID: c\r\nCSeq: 5 {method}\r\n\r\n"
        );
        Message::parse(text).unwrap()
    }

    fn key(method: &str, via: &str) -> ServerKey {
        ServerKey::of(&request(method, via, "")).unwrap()
    }

    #[test]
    fn branch_sender_and_method_tell_transactions_apart() {
        let invite = key("INVITE", "Host:5060;branch=z9hG4bK1");
        assert_eq!(invite, key("INVITE", "host:5060;branch=z9hG4bK1;rport"));
        assert_eq!(invite, key("ACK", "host:5060;branch=z9hG4bK1"));
        assert_eq!(invite, key("CANCEL", "host:5060;branch=z9hG4bK1").of_cancelled());
        assert_ne!(invite, key("CANCEL", "host:5060;branch=z9hG4bK1"));
        assert_ne!(invite, key("INVITE", "host:5060;branch=z9hG4bK2"));
        assert_ne!(invite, key("INVITE", "host:5061;branch=z9hG4bK1"));
    }

    #[test]
    fn a_peer_without_the_cookie_is_matched_by_its_headers() {
        assert_eq!(key("INVITE", "h;branch=1"), key("INVITE", "h;branch=1"));
        assert_eq!(key("INVITE", "h"), key("ACK", "h"));
        assert_ne!(key("INVITE", "h"), key("BYE", "h"));
    }

    #[test]
    fn only_requests_outside_of_a_dialog_merge() {
        let merge = |via, tag| MergeKey::of(&request("INVITE", via, tag));
        assert_eq!(merge("a;branch=z9hG4bK1", ""), merge("b;branch=z9hG4bK2", ""));
        assert_eq!(merge("a;branch=z9hG4bK1", ";tag=2"), None);
        assert_eq!(MergeKey::of(&request("CANCEL", "a;branch=z9hG4bK1", "")), None);
    }
}
