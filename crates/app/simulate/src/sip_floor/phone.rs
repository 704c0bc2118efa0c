//! An agent's phone: registers, rings, is picked up, and takes one call at a time.

use std::net::SocketAddr;
use std::time::Duration;

use hotline_base::AgentId;
use hotline_sip::digest::choose;
use hotline_sip::uri::Host;
use hotline_sip::{HeaderName, Message, Method, SipUri};

use super::speech::{Follows, Line, Wire, agree, refuse_unknown, reply, ring, within};
use super::stage::password;
use crate::floor::Ring;

/// How long phones register for.
const REGISTERED_FOR: Duration = Duration::from_secs(3600);
/// How long after the server refused the next try follows.
const RETRY_AFTER: Duration = Duration::from_secs(30);

/// The phone.
pub(super) struct Phone {
    pub(super) agent: AgentId,
    pub(super) address: SocketAddr,
    /// What it registers with; numbered on through all its starts.
    line: Line,
    /// Whether the latest REGISTER had a password: a second one has no better.
    is_proving: bool,
    call: Option<Call>,
    /// How often it has rung.
    rung: u64,
    /// How often it was switched on.
    started: u64,
    /// Says and hears nothing.
    pub(super) is_lost: bool,
}

/// The call on the phone.
struct Call {
    invite: Message,
    /// Which ringing it is.
    number: u64,
    tag: String,
    is_answered: bool,
}

/// What the phone wants of whoever has it, after it was told something.
#[derive(Debug)]
pub(super) enum Wants {
    /// To be picked up.
    Answer(Ring),
    /// To register again after this time.
    Registration(Duration),
}

impl Phone {
    pub(super) fn new(agent: &AgentId, address: SocketAddr, domain: &Host) -> Self {
        let user = SipUri::new(Some(agent.as_str()), domain.clone(), None);
        let line = Line {
            address,
            target: format!("sip:{domain}"),
            from: format!("<{user}>;tag=phone"),
            to: format!("<{user}>"),
            call_id: format!("phone.{agent}"),
            cseq: 0,
        };
        Self {
            agent: agent.clone(),
            address,
            line,
            is_proving: false,
            call: None,
            rung: 0,
            started: 0,
            is_lost: true,
        }
    }

    /// Is switched on: knows no call.
    pub(super) fn start(&mut self, wire: &mut Wire) {
        self.call = None;
        self.is_lost = false;
        self.started += 1;
        self.register(wire, None);
    }

    /// Which switching on this is: who knows another one speaks of a phone that was lost since.
    pub(super) const fn started(&self) -> u64 {
        self.started
    }

    /// The agent picks up, if this still rings.
    pub(super) fn pick_up(&mut self, wire: &mut Wire, ring: u64) {
        let ringing = self.call.as_mut().filter(|call| call.number == ring && !call.is_answered);
        if let Some(call) = ringing {
            call.is_answered = true;
            agree(wire, self.address, &call.invite, &call.tag);
        }
    }

    /// Registers, with an answer to the server's challenge if there is one.
    pub(super) fn register(&mut self, wire: &mut Wire, answer: Option<String>) {
        self.line.cseq += 1;
        self.is_proving = answer.is_some();
        let user =
            SipUri::new(Some(self.agent.as_str()), Host::from(self.address.ip()), Some(self.address.port()));
        let mut register = self
            .line
            .request(&Method::Register)
            .header(HeaderName::Contact, format_args!("<{user}>"))
            .header(HeaderName::Expires, REGISTERED_FOR.as_secs());
        if let Some(answer) = answer {
            register = register.header(HeaderName::Authorization, answer);
        }
        self.line.send(wire, register);
    }

    /// The server says something.
    pub(super) fn hear(&mut self, wire: &mut Wire, message: &Message) -> Option<Wants> {
        match message.status() {
            Some(status) => self.follow(wire, status, message),
            None => self.take(wire, message).map(Wants::Answer),
        }
    }

    /// How the registration goes: phones ask for nothing else.
    fn follow(&mut self, wire: &mut Wire, status: u16, response: &Message) -> Option<Wants> {
        match status {
            100..200 => None,
            200..300 => {
                let contact = response.name_addrs(HeaderName::Contact).unwrap_or_default();
                let granted = contact.iter().find_map(|contact| contact.expires());
                let granted = granted.map_or(REGISTERED_FOR, |seconds| Duration::from_secs(seconds.into()));
                Some(Wants::Registration(granted * 4 / 5))
            }
            401 if !self.is_proving => {
                let challenge = choose(response.headers(HeaderName::WwwAuthenticate)).pop()?;
                let (agent, register) = (self.agent.as_str(), Method::Register);
                let (method, uri) = (register.as_str(), &self.line.target);
                let answer = challenge.answer(agent, &password(&self.agent), method, uri, agent, 1);
                self.register(wire, Some(answer.to_string()));
                None
            }
            _ => Some(Wants::Registration(RETRY_AFTER)),
        }
    }

    /// A request of the server.
    fn take(&mut self, wire: &mut Wire, request: &Message) -> Option<Ring> {
        let (address, is_invite) = (self.address, request.method() == Some(Method::Invite));
        let is_of = |call: &&mut Call| call.invite.call_id() == request.call_id();
        let Some(call) = self.call.as_mut().filter(is_of) else {
            return match request.method() {
                Some(Method::Invite) if request.to_tag().is_none() => self.take_call(wire, request),
                Some(Method::Options) => {
                    agree(wire, address, request, "here");
                    None
                }
                Some(_) | None => {
                    refuse_unknown(wire, address, request);
                    None
                }
            };
        };
        if is_invite && request.cseq() == call.invite.cseq() {
            // A repetition from before the phone was heard.
            return None;
        }
        let follows = if request.method() == Some(Method::Cancel) && !call.is_answered {
            reply(wire, address, request, 200, &call.tag);
            reply(wire, address, &call.invite, 487, &call.tag);
            Follows::End
        } else {
            within(wire, address, request, &call.tag)
        };
        if follows == Follows::End {
            self.call = None;
        }
        None
    }

    /// Another call: rings if there is none and it comes with an offer.
    fn take_call(&mut self, wire: &mut Wire, invite: &Message) -> Option<Ring> {
        self.rung += 1;
        let (number, tag) = (self.rung, format!("ring{}", self.rung));
        if self.call.is_some() || invite.body().is_empty() {
            reply(wire, self.address, invite, 486, &tag);
            return None;
        }
        ring(wire, self.address, invite, &tag);
        self.call = Some(Call { invite: invite.clone(), number, tag, is_answered: false });
        Some(Ring { agent: self.agent.clone(), number })
    }
}

#[cfg(test)]
mod tests {
    use hotline_sip::Builder;

    use super::*;
    use crate::sip_floor::speech::offer;
    use crate::sip_floor::stage;

    fn phone() -> Phone {
        let domain = Host::parse("hotline.example").expect("a host name");
        Phone::new(&AgentId::from("1001"), stage::phone(0), &domain)
    }

    fn request(method: &Method, call_id: &str, cseq: u32) -> Message {
        let request = Builder::request(method, "sip:1001@10.2.0.1")
            .header(HeaderName::Via, format_args!("SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK{call_id}{cseq};rport"))
            .header(HeaderName::From, "<sip:c@hotline.example>;tag=server")
            .header(HeaderName::To, "<sip:1001@hotline.example>")
            .header(HeaderName::CallId, call_id)
            .header(HeaderName::CSeq, format_args!("{cseq} {method}"));
        let request = if *method == Method::Invite {
            request.body("application/sdp", offer(stage::SERVER).print())
        } else {
            request
        };
        Message::parse(request.build().expect("SIP")).expect("SIP")
    }

    /// Status and CSeq of each answer.
    fn answers(wire: &mut Wire) -> Vec<String> {
        let read =
            |transmit: hotline_sip::Transmit| Message::parse(transmit.bytes).expect("phones speak SIP");
        let told = |message: Message| {
            format!(
                "{} {}",
                message.status().expect("a response"),
                message.header(HeaderName::CSeq).expect("a CSeq")
            )
        };
        wire.drain(..).map(read).map(told).collect()
    }

    #[test]
    fn one_call_rings_is_picked_up_and_ends_and_a_second_one_finds_the_phone_busy() {
        let (mut phone, mut wire) = (phone(), Wire::new());
        let invite = request(&Method::Invite, "a", 1);
        let Some(Wants::Answer(ring)) = phone.hear(&mut wire, &invite) else { panic!("it does not ring") };
        assert!(phone.hear(&mut wire, &invite).is_none());
        assert!(phone.hear(&mut wire, &request(&Method::Invite, "b", 1)).is_none());
        phone.pick_up(&mut wire, ring.number + 1);
        phone.pick_up(&mut wire, ring.number);
        phone.pick_up(&mut wire, ring.number);
        assert_eq!(answers(&mut wire), ["180 1 INVITE", "486 1 INVITE", "200 1 INVITE"]);
        phone.hear(&mut wire, &request(&Method::Ack, "a", 1));
        phone.hear(&mut wire, &request(&Method::Bye, "b", 2));
        phone.hear(&mut wire, &request(&Method::Bye, "a", 2));
        assert_eq!(answers(&mut wire), ["481 2 BYE", "200 2 BYE"]);
        let again = phone.hear(&mut wire, &request(&Method::Invite, "c", 1));
        assert!(matches!(again, Some(Wants::Answer(other)) if other.number != ring.number));
    }

    #[test]
    fn a_cancelled_call_rings_no_more() {
        let (mut phone, mut wire) = (phone(), Wire::new());
        let Some(Wants::Answer(ring)) = phone.hear(&mut wire, &request(&Method::Invite, "a", 1)) else {
            panic!("it does not ring")
        };
        phone.hear(&mut wire, &request(&Method::Cancel, "a", 1));
        phone.pick_up(&mut wire, ring.number);
        assert_eq!(answers(&mut wire), ["180 1 INVITE", "200 1 CANCEL", "487 1 INVITE"]);
    }

    #[test]
    fn a_wrong_password_is_not_tried_twice_in_a_row() {
        let (mut phone, mut wire) = (phone(), Wire::new());
        phone.start(&mut wire);
        let challenge = |phone: &mut Phone, wire: &mut Wire| {
            let register = Message::parse(wire.pop_front().expect("a REGISTER").bytes).expect("SIP");
            let refusal = Builder::response(&register, 401, "")
                .header(HeaderName::WwwAuthenticate, "Digest realm=\"r\", nonce=\"n\", qop=\"auth\"");
            phone.hear(wire, &Message::parse(refusal.build().expect("SIP")).expect("SIP"))
        };
        assert!(challenge(&mut phone, &mut wire).is_none());
        let again = challenge(&mut phone, &mut wire);
        assert!(matches!(again, Some(Wants::Registration(RETRY_AFTER))) && wire.is_empty());
    }
}
