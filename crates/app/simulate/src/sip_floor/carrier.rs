//! The carrier from which callers come.

use std::collections::BTreeMap;

use bytes::Bytes;
use hotline_sip::uri::Host;
use hotline_sip::{HeaderName, Message, Method, SipUri};

use super::speech::{Follows, Line, SDP, Wire, contact, offer, refuse_unknown, within};
use super::stage::CARRIER;
use crate::floor::number_of;

/// Call-IDs are this and the caller.
const CALL: &str = "caller";

/// Everybody who calls.
pub(super) struct Carrier {
    domain: Host,
    offer: Bytes,
    calls: BTreeMap<usize, Call>,
    /// Callers whose call was refused.
    pub(super) refused: u64,
}

/// A call, until it is over for whoever dialled it and the server has heard so.
struct Call {
    line: Line,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The server has said nothing yet.
    Unheard,
    /// It goes on.
    Proceeding,
    /// Given up; the server has still to end it.
    Cancelled,
    Answered,
}

impl Carrier {
    pub(super) fn new(domain: &Host) -> Self {
        Self {
            domain: domain.clone(),
            offer: Bytes::from(offer(CARRIER).print()),
            calls: BTreeMap::new(),
            refused: 0,
        }
    }

    /// The caller dials.
    pub(super) fn dial(&mut self, wire: &mut Wire, caller: usize, number: &str) {
        let at_home = |user: &str| SipUri::new(Some(user), self.domain.clone(), None).to_string();
        let target = at_home(number);
        let call_id = format!("{CALL}{caller}");
        let line = Line {
            address: CARRIER,
            from: format!("<{}>;tag={call_id}", at_home(&number_of(caller))),
            to: format!("<{target}>"),
            target,
            call_id,
            cseq: 1,
        };
        let invite = line
            .request(&Method::Invite)
            .header(HeaderName::Contact, contact(CARRIER))
            .body(SDP, &self.offer);
        line.send(wire, invite);
        self.calls.insert(caller, Call { line, stage: Stage::Unheard });
    }

    /// Whoever has not been heard by now is not: the wire has nothing more.
    pub(super) fn give_up_unheard(&mut self, caller: usize) {
        if self.calls.get(&caller).is_some_and(|call| call.stage == Stage::Unheard) {
            self.refused += 1;
            self.calls.remove(&caller);
        }
    }

    /// The caller hangs up.
    pub(super) fn hang_up(&mut self, wire: &mut Wire, caller: usize) {
        let Some(call) = self.calls.get_mut(&caller) else { return };
        match call.stage {
            Stage::Unheard | Stage::Cancelled => {}
            Stage::Proceeding => {
                call.stage = Stage::Cancelled;
                call.line.send(wire, call.line.request_of(&Method::Cancel, &Method::Invite));
            }
            Stage::Answered => {
                call.bye(wire);
                self.calls.remove(&caller);
            }
        }
    }

    /// The server says something.
    pub(super) fn hear(&mut self, wire: &mut Wire, message: &Message) {
        let call_id = message.call_id();
        let caller: Option<usize> = call_id.strip_prefix(CALL).and_then(|caller| caller.parse().ok());
        let known = caller.and_then(|caller| Some((caller, self.calls.get_mut(&caller)?)));
        let Some((caller, call)) = known else { return refuse_unknown(wire, CARRIER, message) };
        let follows = match message.status() {
            Some(status) => call.follow(wire, status, message),
            None => within(wire, CARRIER, message, &call_id),
        };
        if follows == Follows::End {
            let is_refused =
                matches!(call.stage, Stage::Unheard | Stage::Proceeding) && message.status().is_some();
            self.refused += u64::from(is_refused);
            self.calls.remove(&caller);
        }
    }
}

impl Call {
    /// Whoever dialled hears how the INVITE goes; other responses say nothing new.
    fn follow(&mut self, wire: &mut Wire, status: u16, response: &Message) -> Follows {
        if response.cseq().is_ok_and(|cseq| cseq.method != Method::Invite) {
            return Follows::More;
        }
        if status < 200 {
            self.stage = if self.stage == Stage::Unheard { Stage::Proceeding } else { self.stage };
            return Follows::More;
        }
        self.line.to = response.header(HeaderName::To).unwrap_or_default().into_owned();
        if status >= 300 {
            self.line.send(wire, self.line.request_of(&Method::Ack, &Method::Invite));
            return Follows::End;
        }
        if let Ok(Some(contact)) = response.name_addr(HeaderName::Contact) {
            self.line.target = contact.uri.to_string();
        }
        self.line.send(wire, self.line.request(&Method::Ack));
        if self.stage == Stage::Cancelled {
            self.bye(wire);
            return Follows::End;
        }
        self.stage = Stage::Answered;
        Follows::More
    }

    fn bye(&mut self, wire: &mut Wire) {
        self.line.cseq += 1;
        self.line.send(wire, self.line.request(&Method::Bye));
    }
}

#[cfg(test)]
mod tests {
    use hotline_sip::Builder;

    use super::*;
    use crate::sip_floor::stage::SERVER;

    /// What has been sent, in order.
    fn sent(wire: &mut Wire) -> Vec<Message> {
        let read = |transmit: hotline_sip::Transmit| {
            assert_eq!((transmit.flow.local, transmit.flow.remote), (CARRIER, SERVER));
            Message::parse(transmit.bytes).expect("carriers speak SIP")
        };
        wire.drain(..).map(read).collect()
    }

    fn dialled(wire: &mut Wire) -> (Carrier, Message) {
        let mut carrier = Carrier::new(&Host::parse("hotline.example").expect("a host name"));
        carrier.dial(wire, 7, "4000");
        let invite = sent(wire).remove(0);
        (carrier, invite)
    }

    fn answer(carrier: &mut Carrier, wire: &mut Wire, request: &Message, status: u16) -> Vec<String> {
        let response = Builder::response(request, status, "").to_tag("server");
        let response = response.header(HeaderName::Contact, "<sip:server@10.0.0.1>").build().expect("SIP");
        carrier.hear(wire, &Message::parse(response).expect("SIP"));
        sent(wire).iter().map(told).collect()
    }

    /// Method, target, branch, To and number.
    fn told(request: &Message) -> String {
        let via = request.top_via().expect("a Via");
        let (method, cseq) = (request.method().expect("a request"), request.cseq().expect("a CSeq"));
        let (uri, branch) = (request.request_uri().unwrap_or_default(), via.branch().unwrap_or_default());
        format!("{method} {uri} {branch} {} {}", request.to_tag().unwrap_or_default(), cseq.number)
    }

    #[test]
    fn who_is_answered_acknowledges_it_and_ends_it_with_a_bye() {
        let mut wire = Wire::new();
        let (mut carrier, invite) = dialled(&mut wire);
        assert_eq!(told(&invite), "INVITE sip:4000@hotline.example z9hG4bKcaller7.1.INVITE  1");
        assert!(hotline_sdp::parse(&invite.body()).is_ok());
        assert!(answer(&mut carrier, &mut wire, &invite, 100).is_empty());
        let ack = answer(&mut carrier, &mut wire, &invite, 200);
        assert_eq!(ack, ["ACK sip:server@10.0.0.1 z9hG4bKcaller7.1.ACK server 1"]);
        carrier.hang_up(&mut wire, 7);
        let bye: Vec<String> = sent(&mut wire).iter().map(told).collect();
        assert_eq!(bye, ["BYE sip:server@10.0.0.1 z9hG4bKcaller7.2.BYE server 2"]);
        carrier.hang_up(&mut wire, 7);
        assert_eq!((wire.len(), carrier.refused), (0, 0));
    }

    #[test]
    fn who_gives_up_cancels_and_ends_an_answer_that_comes_all_the_same() {
        for (status, ends) in [
            (487, vec!["ACK sip:4000@hotline.example z9hG4bKcaller7.1.INVITE server 1"]),
            (
                200,
                vec![
                    "ACK sip:server@10.0.0.1 z9hG4bKcaller7.1.ACK server 1",
                    "BYE sip:server@10.0.0.1 z9hG4bKcaller7.2.BYE server 2",
                ],
            ),
        ] {
            let mut wire = Wire::new();
            let (mut carrier, invite) = dialled(&mut wire);
            answer(&mut carrier, &mut wire, &invite, 180);
            carrier.hang_up(&mut wire, 7);
            let cancel = sent(&mut wire);
            assert_eq!(told(&cancel[0]), "CANCEL sip:4000@hotline.example z9hG4bKcaller7.1.INVITE  1");
            assert!(answer(&mut carrier, &mut wire, &cancel[0], 200).is_empty());
            assert_eq!(answer(&mut carrier, &mut wire, &invite, status), ends);
            assert_eq!(carrier.refused, 0);
        }
    }

    #[test]
    fn who_is_refused_or_not_heard_is_counted_once() {
        let mut wire = Wire::new();
        let (mut carrier, invite) = dialled(&mut wire);
        answer(&mut carrier, &mut wire, &invite, 503);
        carrier.give_up_unheard(7);
        assert_eq!(carrier.refused, 1);
        let (mut carrier, _) = dialled(&mut wire);
        carrier.give_up_unheard(7);
        carrier.hang_up(&mut wire, 7);
        assert_eq!((wire.len(), carrier.refused), (0, 1));
    }
}
