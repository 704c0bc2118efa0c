//! Dialogs: RFC 3261 §12. Who the two ends are, the counters of their requests, and the way between them.
//! Must not know why requests are sent.

use core::net::SocketAddr;

use hotline_base::Rng;
use serde::{Deserialize, Serialize};

use crate::address::is_plausible;
use crate::flow::{Flow, SentBy, Transport};
use crate::message::{HeaderError, NameAddr};
use crate::outgoing::{Outgoing, branch};
use crate::uri::{SipScheme, Uri};
use crate::{HeaderName, Message, Method};

/// One dialog, early or confirmed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Dialog {
    pub(crate) call_id: String,
    /// With our tag.
    pub(crate) local: NameAddr,
    /// With the peer's tag, unless it is older than RFC 3261.
    pub(crate) remote: NameAddr,
    /// The CSeq of our last request.
    pub(crate) local_seq: u32,
    /// The CSeq of the peer's last request, once there was one.
    pub(crate) remote_seq: Option<u32>,
    /// The peer's Contact.
    target: Uri,
    /// The proxies on the way, nearest first.
    routes: Vec<NameAddr>,
    /// Whether the peer takes UPDATE (RFC 3311 §4), as far as it has said.
    pub(crate) takes_update: bool,
}

impl Dialog {
    /// Ours as the callee (RFC 3261 §12.1.1). An INVITE without Contact gets its From as the target.
    pub(crate) fn from_request(request: &Message, local_tag: &str) -> Result<Self, HeaderError> {
        let remote = request.from()?;
        let target =
            request.contacts()?.first().map_or_else(|| remote.uri.clone(), |contact| contact.uri.clone());
        Ok(Self {
            call_id: request.call_id().into_owned(),
            local: request.to()?.with_tag(local_tag),
            remote,
            local_seq: 0,
            remote_seq: Some(request.cseq()?.number),
            target,
            routes: request.record_routes()?,
            takes_update: allows_update(request).unwrap_or(false),
        })
    }

    /// Ours as the caller, from the response of one fork (RFC 3261 §12.1.2). A response without Contact gets its To
    /// as the target.
    pub(crate) fn from_response(response: &Message) -> Result<Self, HeaderError> {
        let remote = response.to()?;
        let target =
            response.contacts()?.first().map_or_else(|| remote.uri.clone(), |contact| contact.uri.clone());
        let mut routes = response.record_routes()?;
        routes.reverse();
        Ok(Self {
            call_id: response.call_id().into_owned(),
            local: response.from()?,
            remote,
            local_seq: response.cseq()?.number,
            remote_seq: None,
            target,
            routes,
            takes_update: allows_update(response).unwrap_or(false),
        })
    }

    /// Enough of the dialog of a response to acknowledge it and hang up, when its way cannot be read.
    pub(crate) fn salvage(response: &Message) -> Result<Self, HeaderError> {
        let remote = response.to()?;
        let contact = response.contacts().ok().and_then(|contacts| contacts.first().cloned());
        Ok(Self {
            call_id: response.call_id().into_owned(),
            local: response.from()?,
            target: contact.map_or_else(|| remote.uri.clone(), |contact| contact.uri),
            remote,
            local_seq: response.cseq()?.number,
            remote_seq: None,
            routes: Vec::new(),
            takes_update: false,
        })
    }

    /// Takes the peer's new Contact and what it allows, if it says so. Only a request that was granted or the 2xx to
    /// one of ours moves it (RFC 3261 §12.2.1.2, §12.2.2).
    pub(crate) fn refresh(&mut self, message: &Message) {
        self.takes_update = allows_update(message).unwrap_or(self.takes_update);
        if let Ok(contacts) = message.contacts()
            && let Some(contact) = contacts.first()
        {
            self.target = contact.uri.clone();
        }
    }

    /// Notes the CSeq of a request of the peer; false if it is out of order (RFC 3261 §12.2.2).
    pub(crate) fn accept_seq(&mut self, number: u32) -> bool {
        let in_order = self.remote_seq.is_none_or(|last| last < number);
        if in_order {
            self.remote_seq = Some(number);
        }
        in_order
    }

    /// A new request within the dialog (RFC 3261 §12.2.1.1).
    pub(crate) fn request(&mut self, method: Method, sent_by: SentBy, rng: &mut Rng) -> Outgoing {
        self.local_seq += 1;
        self.numbered(method, self.local_seq, sent_by, rng)
    }

    /// The ACK to the 2xx of the INVITE numbered `cseq` (RFC 3261 §13.2.2.4): a transaction of its own.
    pub(crate) fn ack(&self, cseq: u32, sent_by: SentBy, rng: &mut Rng) -> Outgoing {
        self.numbered(Method::Ack, cseq, sent_by, rng)
    }

    /// How and where our requests go: to the first proxy, else to the target; as `flow` goes when that is a name, or
    /// an address that cannot be the one the peer is reached at.
    pub(crate) fn next_hop(&self, flow: &Flow) -> (Transport, SocketAddr) {
        let first = self.routes.first().map_or(&self.target, |route| &route.uri);
        match address_of(first) {
            Some((transport, address)) if is_plausible(address, flow.remote.ip()) => (transport, address),
            Some(_) | None => (flow.transport, flow.remote),
        }
    }

    fn numbered(&self, method: Method, cseq: u32, sent_by: SentBy, rng: &mut Rng) -> Outgoing {
        let (uri, routes) = routed(&self.target, &self.routes);
        Outgoing {
            method,
            uri,
            sent_by,
            branch: branch(rng),
            from: self.local.clone(),
            to: self.remote.clone(),
            call_id: self.call_id.clone(),
            cseq,
            routes,
            headers: Vec::new(),
            overrides: Vec::new(),
            answers: Vec::new(),
            body: None,
            stays: false,
        }
    }
}

/// Request-URI and Route of a request to `target` by `routes`: a strict router (no `lr`) takes the place of the target,
/// which comes last.
pub(crate) fn routed(target: &Uri, routes: &[NameAddr]) -> (Uri, Vec<NameAddr>) {
    let is_loose = |route: &NameAddr| route.uri.sip().is_some_and(|uri| uri.params.has("lr"));
    match routes.split_first() {
        Some((first, rest)) if !is_loose(first) => {
            let mut routes = rest.to_vec();
            routes.push(NameAddr::new(target.clone()));
            (first.uri.clone().into_request_uri(), routes)
        }
        Some(_) | None => (target.clone().into_request_uri(), routes.to_vec()),
    }
}

/// Whether the sender takes UPDATE; `None` if it does not say what it takes.
fn allows_update(message: &Message) -> Option<bool> {
    let mut allowed = message.headers(HeaderName::Allow).peekable();
    allowed.peek()?;
    Some(allowed.any(|method| method == Method::Update.as_str()))
}

/// The transport and address that a URI names without asking DNS (RFC 3263 §4.1, §4.2).
pub(crate) fn address_of(uri: &Uri) -> Option<(Transport, SocketAddr)> {
    let uri = uri.sip()?;
    let transport = match uri.params.get("transport").map(Transport::parse) {
        _ if uri.scheme == SipScheme::Sips => Transport::Tls,
        Some(named) => named?,
        None => Transport::Udp,
    };
    Some((transport, SocketAddr::new(uri.host.ip()?, uri.port.unwrap_or(transport.default_port()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(lines: &[&str]) -> Message {
        let common = ["Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKx", "Call-ID: c", "CSeq: 7 INVITE"];
        let text = [&lines[..1], &common, &lines[1..]].concat().join("\r\n") + "\r\n\r\n";
        Message::parse(text).unwrap()
    }

    fn called(extra: &[&str]) -> Dialog {
        let base = ["INVITE sip:100@192.0.2.1 SIP/2.0", "From: <sip:a@x>;tag=theirs", "To: <sip:b@y>"];
        Dialog::from_request(&message(&[&base, extra].concat()), "ours").unwrap()
    }

    fn bye(dialog: &mut Dialog) -> (String, Vec<String>, u32) {
        let sent_by = SentBy { transport: Transport::Udp, address: "192.0.2.1:5060".parse().unwrap() };
        let request = dialog.request(Method::Bye, sent_by, &mut Rng::from_number(1));
        let routes = request.routes.iter().map(ToString::to_string).collect();
        (request.uri.to_string(), routes, request.cseq)
    }

    fn flow() -> Flow {
        Flow::udp("192.0.2.1:5060".parse().unwrap(), "198.51.100.7:4000".parse().unwrap())
    }

    #[test]
    fn without_proxies_requests_go_to_the_contact() {
        let mut dialog = called(&["Contact: <sip:a@203.0.113.5:5070>"]);
        assert_eq!(bye(&mut dialog), ("sip:a@203.0.113.5:5070".into(), vec![], 1));
        assert_eq!(bye(&mut dialog).2, 2);
        assert_eq!(dialog.next_hop(&flow()), (Transport::Udp, "203.0.113.5:5070".parse().unwrap()));
        assert_eq!(dialog.local.tag(), Some("ours"));
    }

    #[test]
    fn a_request_uri_has_only_what_it_may() {
        let mut dialog = called(&["Contact: <sip:a@h;x=y;method=BYE?Subject=z>"]);
        assert_eq!(bye(&mut dialog).0, "sip:a@h;x=y");
    }

    #[test]
    fn loose_routes_are_kept_in_order_and_the_first_is_the_next_hop() {
        let routes = ["Record-Route: <sip:203.0.113.1;lr>, <sip:p2.example;lr>", "Contact: <sip:a@h>"];
        let mut dialog = called(&routes);
        let expected = vec!["<sip:203.0.113.1;lr>".to_owned(), "<sip:p2.example;lr>".to_owned()];
        assert_eq!(bye(&mut dialog), ("sip:a@h".into(), expected, 1));
        assert_eq!(dialog.next_hop(&flow()), (Transport::Udp, "203.0.113.1:5060".parse().unwrap()));
    }

    #[test]
    fn a_strict_router_takes_the_request_uri_and_the_target_goes_last() {
        let mut dialog = called(&["Record-Route: <sip:p1>, <sip:p2;lr>", "Contact: <sip:a@h>"]);
        assert_eq!(bye(&mut dialog), ("sip:p1".into(), vec!["<sip:p2;lr>".into(), "<sip:a@h>".into()], 1));
    }

    #[test]
    fn the_caller_reverses_the_routes_and_takes_the_fork_s_tag() {
        let response = message(&[
            "SIP/2.0 200 OK",
            "From: <sip:a@x>;tag=ours",
            "To: <sip:b@y>;tag=fork",
            "Record-Route: <sip:far;lr>, <sip:near;lr>",
            "Contact: <sip:b@h>",
        ]);
        let mut dialog = Dialog::from_response(&response).unwrap();
        let (uri, routes, cseq) = bye(&mut dialog);
        assert_eq!((uri.as_str(), cseq), ("sip:b@h", 8));
        assert_eq!(routes, ["<sip:near;lr>", "<sip:far;lr>"]);
        assert_eq!(dialog.remote.tag(), Some("fork"));
    }

    #[test]
    fn a_target_names_its_transport() {
        for (contact, transport, address) in [
            ("sip:a@203.0.113.5;transport=TCP", Transport::Tcp, "203.0.113.5:5060"),
            ("sip:a@203.0.113.5:7000;transport=tls", Transport::Tls, "203.0.113.5:7000"),
            ("sips:a@203.0.113.5", Transport::Tls, "203.0.113.5:5061"),
            ("sip:a@203.0.113.5;transport=sctp", Transport::Udp, "198.51.100.7:4000"),
        ] {
            let dialog = called(&[&format!("Contact: <{contact}>")]);
            assert_eq!(dialog.next_hop(&flow()), (transport, address.parse().unwrap()), "{contact}");
        }
    }

    #[test]
    fn names_and_addresses_behind_a_nat_are_reached_where_they_were_seen() {
        for contact in ["sip:a@phone.example", "sip:a@192.168.1.5:5070", "sip:a@0.0.0.0", "tel:+1"] {
            let dialog = called(&[&format!("Contact: <{contact}>")]);
            assert_eq!(dialog.next_hop(&flow()), (Transport::Udp, flow().remote), "{contact}");
        }
        let inside = Flow { remote: "10.0.0.7:4000".parse().unwrap(), ..flow() };
        let dialog = called(&["Contact: <sip:a@192.168.1.5>"]);
        assert_eq!(dialog.next_hop(&inside), (Transport::Udp, "192.168.1.5:5060".parse().unwrap()));
    }

    #[test]
    fn the_peer_s_requests_are_numbered_upwards() {
        let mut dialog = called(&[]);
        assert!(!dialog.accept_seq(7));
        assert!(dialog.accept_seq(9));
        assert!(!dialog.accept_seq(8));
    }

    #[test]
    fn what_the_peer_takes_is_known_once_it_says_so() {
        let mut dialog = called(&[]);
        assert!(!dialog.takes_update);
        let said =
            |allow| message(&["SIP/2.0 200 OK", "From: <sip:a@x>;tag=1", "To: <sip:b@y>;tag=2", allow]);
        dialog.refresh(&said("Allow: INVITE, ACK, UPDATE"));
        assert!(dialog.takes_update);
        dialog.refresh(&said("Subject: nothing about it"));
        assert!(dialog.takes_update);
        dialog.refresh(&said("Allow: INVITE, update"));
        assert!(!dialog.takes_update, "methods have their case (RFC 3261 §7.1)");
        assert!(called(&["Allow: UPDATE"]).takes_update);
    }

    #[test]
    fn a_new_contact_moves_the_target() {
        let mut dialog = called(&["Contact: <sip:a@h>"]);
        dialog.refresh(&message(&["SIP/2.0 200 OK", "From: <sip:a@x>;tag=1", "To: <sip:b@y>;tag=2"]));
        assert_eq!(bye(&mut dialog).0, "sip:a@h");
        let moved = ["SIP/2.0 200 OK", "From: <sip:a@x>;tag=1", "To: <sip:b@y>;tag=2", "m: <sip:a@new>"];
        dialog.refresh(&message(&moved));
        assert_eq!(bye(&mut dialog).0, "sip:a@new");
    }
}
