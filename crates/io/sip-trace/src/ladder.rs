//! What is kept of a call as a ladder: who took part, and each message as a rung from one to the other.

use core::net::SocketAddr;
use core::time::Duration;
use std::sync::Arc;

use hotline_base::{AgentId, WallTime};
use hotline_call::{LegEnd, Source};
use hotline_sip::Flow;

use crate::captured::{Captured, Way};
use crate::head::{Head, Read, What, read};
use crate::redact::redact;
use crate::ring::{Trace, TracedLeg};
use crate::sdp::{self, MediaSummary};

/// How a trace is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// Hide who calls whom.
    pub redacted: bool,
    /// Give the whole text of each message.
    pub full: bool,
    /// Only messages after this number.
    pub after: u64,
}

/// Who took part and what was said, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ladder {
    /// From left to right: callers, this server, everybody else in the order of appearance.
    pub participants: Vec<Participant>,
    /// The messages.
    pub rungs: Vec<Rung>,
}

/// One column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Participant {
    /// Who it is.
    pub role: Role,
    /// Where its first message came from or went to; `None` for this server.
    pub address: Option<SocketAddr>,
}

/// Who takes part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// This server.
    Server,
    /// The one who called.
    Caller(Source),
    /// The phone of an agent whom the call was offered to.
    Agent(AgentId),
    /// A server at this address that was asked to call somebody outside.
    Callee(SocketAddr),
    /// Somebody at this address, in no call.
    Stranger(SocketAddr),
}

/// One message. The text is somebody's: it has no `Debug` worth printing, and is shown only to those who may read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rung {
    /// Its number; later messages have higher ones.
    pub seq: u64,
    /// When it passed.
    pub at: WallTime,
    /// How long after the first message that is kept.
    pub offset: Duration,
    /// Which way it went.
    pub way: Way,
    /// Whose it is: a place in [`Ladder::participants`].
    pub from: usize,
    /// For whom it is.
    pub to: usize,
    /// The way it took.
    pub flow: Flow,
    /// Its dialog.
    pub sip_call_id: Arc<str>,
    /// The first line.
    pub start_line: hotline_base::Pii<String>,
    /// The method, also that which a response answers.
    pub method: Option<String>,
    /// The status of a response.
    pub status: Option<u16>,
    /// CSeq as it is written.
    pub cseq: Option<String>,
    /// Whether the same bytes had gone the same way before.
    pub repeated: bool,
    /// Its length in bytes.
    pub length: usize,
    /// What it says about media.
    pub media: Vec<MediaSummary>,
    /// All of it, if that was asked for.
    pub text: Option<hotline_base::Pii<String>>,
}

impl Ladder {
    /// The ladder of what is kept.
    #[must_use]
    pub fn of(trace: &Trace, view: View) -> Self {
        let mut messages: Vec<(&TracedLeg, &Captured)> = trace
            .legs
            .iter()
            .flat_map(|leg| leg.messages.iter().map(move |message| (leg, message)))
            .collect();
        // By number, not by time: the clock may have been set.
        messages.sort_by_key(|(_, message)| message.seq);
        let first = messages.first().map_or(WallTime(0), |(_, message)| message.at);
        let participants = participants(&messages);
        let server = place(&participants, &Role::Server);
        let rung = |(leg, message): &(&TracedLeg, &Captured)| {
            let peer = place(&participants, &role(leg, message));
            let (from, to) = match message.way {
                Way::Received => (peer, server),
                Way::Sent => (server, peer),
            };
            rung(leg, message, view, Ends { first, from, to })
        };
        let rungs = messages.iter().filter(|(_, message)| message.seq > view.after).map(rung).collect();
        Self { participants, rungs }
    }
}

fn participants(messages: &[(&TracedLeg, &Captured)]) -> Vec<Participant> {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for (leg, message) in messages {
        let role = role(leg, message);
        let side = match role {
            Role::Caller(_) => &mut left,
            Role::Server | Role::Agent(_) | Role::Callee(_) | Role::Stranger(_) => &mut right,
        };
        if !side.iter().any(|known: &Participant| known.role == role) {
            side.push(Participant { role, address: Some(message.flow.remote) });
        }
    }
    left.push(Participant { role: Role::Server, address: None });
    left.append(&mut right);
    left
}

fn role(leg: &TracedLeg, message: &Captured) -> Role {
    match &leg.end {
        Some(LegEnd::Caller(source)) => Role::Caller(source.clone()),
        Some(LegEnd::Agent(agent) | LegEnd::Supervisor(agent)) => Role::Agent(agent.clone()),
        Some(LegEnd::Callee) => Role::Callee(message.flow.remote),
        None => Role::Stranger(message.flow.remote),
    }
}

fn place(participants: &[Participant], role: &Role) -> usize {
    let place = participants.iter().position(|known| known.role == *role);
    place.expect("every message's peer was made a participant, and the server is one")
}

struct Ends {
    first: WallTime,
    from: usize,
    to: usize,
}

fn rung(leg: &TracedLeg, message: &Captured, view: View, ends: Ends) -> Rung {
    let bytes = if view.redacted { redact(&message.bytes).into() } else { message.bytes.clone() };
    let (head, media) = match read(&bytes) {
        Read::Message(message) => (Some(Head::of(&message)), sdp::of(&message)),
        Read::KeepAlive | Read::Noise => (None, Vec::new()),
    };
    let (method, status, cseq) = head.map_or((None, None, None), |head| match head.what {
        What::Request(method) => (Some(method.to_string()), None, head.cseq),
        What::Response(status, method) => (method.map(|method| method.to_string()), Some(status), head.cseq),
    });
    let line =
        bytes.split(|&byte| matches!(byte, b'\r' | b'\n')).find(|line| !line.is_empty()).unwrap_or_default();
    Rung {
        seq: message.seq,
        at: message.at,
        offset: message.at.since(ends.first),
        way: message.way,
        from: ends.from,
        to: ends.to,
        flow: message.flow,
        sip_call_id: Arc::clone(&leg.sip_call_id),
        start_line: String::from_utf8_lossy(line).into_owned().into(),
        method,
        status,
        cseq,
        repeated: message.repeated,
        length: message.bytes.len(),
        media,
        text: view.full.then(|| String::from_utf8_lossy(&bytes).into_owned().into()),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn message(seq: u64, way: Way, remote: &str, text: &str) -> Captured {
        let flow = Flow::udp("192.0.2.1:5060".parse().unwrap(), remote.parse().unwrap());
        let at = WallTime(1_000_000 + i64::try_from(seq).unwrap() * 1500);
        let repeated = text.starts_with("again");
        let bytes = Bytes::copy_from_slice(text.trim_start_matches("again ").as_bytes());
        Captured { seq, at, way, flow, bytes, repeated }
    }

    fn request(method: &str) -> String {
        format!("{method} sip:+4930@192.0.2.1 SIP/2.0\r\nCall-ID: a\r\nCSeq: 1 {method}\r\n\r\n")
    }

    /// A call that was offered to two agents, its messages in the order of their legs.
    fn trace() -> Trace {
        let (caller, first, second) = ("198.51.100.7:5060", "192.0.2.11:5070", "192.0.2.12:5070");
        let ok = "SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\n\r\n";
        let leg = |id: &str, end, messages| TracedLeg { sip_call_id: id.into(), end: Some(end), messages };
        let from = LegEnd::Caller(Source::Trunk("carrier".into()));
        let legs = vec![
            leg(
                "a",
                from,
                vec![
                    message(1, Way::Received, caller, &request("INVITE")),
                    message(2, Way::Received, caller, &format!("again {}", request("INVITE"))),
                    message(8, Way::Sent, caller, ok),
                ],
            ),
            leg("b", LegEnd::Agent("1001".into()), vec![message(4, Way::Sent, first, &request("INVITE"))]),
            leg(
                "c",
                LegEnd::Agent("1002".into()),
                vec![
                    message(6, Way::Sent, second, &request("INVITE")),
                    message(7, Way::Received, second, ok),
                ],
            ),
            leg("d", LegEnd::Agent("1001".into()), vec![message(5, Way::Sent, first, &request("CANCEL"))]),
        ];
        Trace { call: None, living: true, legs, omitted: 0 }
    }

    #[test]
    fn the_legs_are_joined_in_the_order_in_which_the_messages_passed() {
        let ladder = Ladder::of(&trace(), View::default());
        let names: Vec<_> = ladder.participants.iter().map(|participant| participant.role.clone()).collect();
        let caller = Role::Caller(Source::Trunk("carrier".into()));
        assert_eq!(names, [caller, Role::Server, Role::Agent("1001".into()), Role::Agent("1002".into())]);
        assert_eq!(ladder.participants[0].address, Some("198.51.100.7:5060".parse().unwrap()));
        let rungs: Vec<_> = ladder
            .rungs
            .iter()
            .map(|rung| (rung.seq, rung.from, rung.to, rung.method.clone().unwrap(), rung.status))
            .collect();
        let row = |seq, from, to, method: &str, status| (seq, from, to, method.to_owned(), status);
        assert_eq!(
            rungs,
            [
                row(1, 0, 1, "INVITE", None),
                row(2, 0, 1, "INVITE", None),
                row(4, 1, 2, "INVITE", None),
                row(5, 1, 2, "CANCEL", None),
                row(6, 1, 3, "INVITE", None),
                row(7, 3, 1, "INVITE", Some(200)),
                row(8, 1, 0, "INVITE", Some(200)),
            ]
        );
        assert!(ladder.rungs[1].repeated && !ladder.rungs[0].repeated);
        assert_eq!(ladder.rungs[2].offset, Duration::from_micros(4500));
        assert_eq!(ladder.rungs[0].text, None);
    }

    #[test]
    fn later_messages_alone_keep_their_columns_and_times() {
        let all = Ladder::of(&trace(), View::default());
        let later = Ladder::of(&trace(), View { after: 6, ..View::default() });
        assert_eq!((later.participants, &later.rungs[..]), (all.participants, &all.rungs[5..]));
    }

    #[test]
    fn who_calls_whom_is_hidden_if_that_is_asked_for() {
        let ladder = Ladder::of(&trace(), View { redacted: true, full: true, after: 0 });
        let first = &ladder.rungs[0];
        assert_eq!(first.start_line.expose(), "INVITE sip:***@192.0.2.1 SIP/2.0");
        assert!(
            first
                .text
                .as_ref()
                .unwrap()
                .expose()
                .starts_with("INVITE sip:***@192.0.2.1 SIP/2.0\r\nCall-ID: a\r\n")
        );
        assert!(!format!("{ladder:?}").contains("sip:"), "a debug print shows no message");
    }

    #[test]
    fn strangers_have_a_column_for_each_address() {
        let messages = vec![
            message(1, Way::Received, "203.0.113.1:5060", "no message at all"),
            message(2, Way::Received, "203.0.113.2:5060", &request("OPTIONS")),
        ];
        let leg = TracedLeg { sip_call_id: "a".into(), end: None, messages };
        let ladder =
            Ladder::of(&Trace { call: None, living: false, legs: vec![leg], omitted: 0 }, View::default());
        assert_eq!((ladder.participants.len(), ladder.rungs[0].method.clone()), (3, None));
        assert_eq!(ladder.rungs[0].start_line.expose(), "no message at all");
        assert_eq!((ladder.rungs[0].from, ladder.rungs[1].from, ladder.rungs[1].to), (1, 2, 0));
    }
}
