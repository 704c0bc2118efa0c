//! Who watches whom: SUBSCRIBE and NOTIFY (RFC 6665) for calls (RFC 4235) and mailboxes (RFC 3842).

use core::time::Duration;

use bytes::Bytes;
use hotline_base::AgentId;
use hotline_sip::endpoint::{
    Datagram, Endpoint, EndpointConfig, Listener, MAX_SUBSCRIPTIONS_PER_USER, SessionId, Timer,
};
use hotline_sip::{Flow, HeaderName, Message, MessageSummary, Transport};

use crate::calls::{self, titles};
use crate::net::{ANSWER, Net, PERFECT, address, call_to, sdp};
use crate::registration::{self, PHONE, challenges, register, registered};

const ANN: &str = "Contact: <sip:ann@10.0.0.7:5060;ob>\nExpires: 3600\n";
const BOB: &str = "Contact: <sip:bob@10.0.0.8:5060>\nExpires: 3600\n";

/// `ann` and `bob`, who have the extensions 201 and 202.
pub(crate) fn config() -> EndpointConfig {
    let names = [("ann", "ann"), ("201", "ann"), ("bob", "bob"), ("202", "bob")];
    let names = names.map(|(name, agent)| (name.to_owned(), AgentId::from(agent)));
    EndpointConfig { names: names.into(), ..registration::config() }
}

/// Both are registered.
pub(crate) fn net() -> Net {
    let mut net = Net::new(1, PERFECT, vec![config()]);
    registered(&mut net, "ann", 1, ANN);
    registered(&mut net, "bob", 1, BOB);
    net
}

/// A request of the phone of `user` outside of a call, or within the dialog with this To tag.
pub(crate) struct Sent<'a> {
    pub(crate) user: &'a str,
    pub(crate) method: &'a str,
    pub(crate) to: &'a str,
    pub(crate) tag: &'a str,
    pub(crate) call_id: &'a str,
    pub(crate) cseq: u32,
    pub(crate) rest: &'a str,
}

impl Sent<'_> {
    pub(crate) fn text(&self, proof: &str) -> String {
        let Self { user, method, to, tag, call_id, cseq, rest } = self;
        let tag = if tag.is_empty() { String::new() } else { format!(";tag={tag}") };
        let rest = if rest.contains("\n\n") { (*rest).to_owned() } else { format!("{rest}\n") };
        format!(
            "{method} sip:{to}@center.example SIP/2.0\n\
             Via: SIP/2.0/UDP 10.0.0.7:5060;rport;branch=z9hG4bK{call_id}{cseq}{}\n\
             From: <sip:{user}@center.example>;tag=w\nTo: <sip:{to}@center.example>{tag}\n\
             Call-ID: {call_id}\nCSeq: {cseq} {method}\nMax-Forwards: 70\n{proof}{rest}",
            proof.len()
        )
    }

    /// Sends it with the password that is asked for; what the endpoint sends then.
    pub(crate) fn proved(&self, net: &mut Net) -> Vec<Message> {
        let asked = net.inject(0, PHONE, &self.text(""));
        if asked[0].status() != Some(401) {
            return asked;
        }
        let challenge = &challenges(&asked[0])[0];
        let uri = format!("sip:{}@center.example", self.to);
        let proof = challenge.answer(self.user, "secret", self.method, &uri, "c", 1);
        let again = Self { cseq: self.cseq + 1, ..*self };
        net.inject(0, PHONE, &again.text(&format!("Authorization: {proof}\n")))
    }
}

fn contact(user: &str) -> String {
    format!("Contact: <sip:{user}@10.0.0.7:5060>\n")
}

/// A SUBSCRIBE of `ann` to the calls of `to`, or whatever `event` says.
fn subscribe(net: &mut Net, to: &str, event: &str, call_id: &str, rest: &str) -> Vec<Message> {
    let rest = format!("{}Event: {event}\n{rest}", contact("ann"));
    Sent { user: "ann", method: "SUBSCRIBE", to, tag: "", call_id, cseq: 1, rest: &rest }.proved(net)
}

/// A refresh in the dialog of that answer to a SUBSCRIBE.
fn refresh(net: &mut Net, to: &str, granted: &Message, cseq: u32, rest: &str) -> Vec<Message> {
    let (tag, call_id) = (granted.to_tag().unwrap().into_owned(), granted.call_id().into_owned());
    let rest = format!("{}Event: dialog\n{rest}", contact("ann"));
    let sent = Sent { user: "ann", method: "SUBSCRIBE", to, tag: &tag, call_id: &call_id, cseq, rest: &rest };
    sent.proved(net)
}

/// `ann` watches the calls of `bob`, and has the first NOTIFY; the answer to the SUBSCRIBE, and what she is told next is
/// at least a second later.
fn watching(net: &mut Net) -> Message {
    let mut sent = subscribe(net, "202", "dialog", "w1", "Expires: 600\n");
    assert_eq!(titles(&sent), ["200 SUBSCRIBE", "NOTIFY"]);
    answer(net, &sent[1], "200 OK");
    sent.remove(0)
}

fn answer(net: &mut Net, notify: &Message, status: &str) -> Vec<Message> {
    net.inject(0, PHONE, &calls::response(notify, status, "w", ""))
}

fn state(notify: &Message) -> String {
    notify.header(HeaderName::SubscriptionState).unwrap().into_owned()
}

fn body(notify: &Message) -> String {
    String::from_utf8(notify.body().to_vec()).unwrap()
}

/// Direction and state of each call that a NOTIFY tells.
fn dialogs(notify: &Message) -> Vec<(String, String)> {
    assert_eq!(notify.header(HeaderName::ContentType).unwrap(), "application/dialog-info+xml");
    let body = body(notify);
    let between = |text: &str, from: &str, to: &str| {
        let (_, rest) = text.split_once(from).unwrap();
        rest.split_once(to).unwrap().0.to_owned()
    };
    let dialogs = body.lines().filter(|line| line.starts_with("<dialog "));
    dialogs.map(|one| (between(one, "direction=\"", "\""), between(one, "<state>", "</state>"))).collect()
}

fn one(direction: &str, state: &str) -> Vec<(String, String)> {
    vec![(direction.to_owned(), state.to_owned())]
}

/// The NOTIFYs among what was sent, without those that are the same again.
fn notifies(net: &mut Net) -> Vec<Message> {
    let mut sent = core::mem::take(&mut net.outside);
    sent.retain(is_notify);
    sent.dedup_by(|again, first| again.bytes() == first.bytes());
    sent
}

fn is_notify(message: &Message) -> bool {
    titles(core::slice::from_ref(message)) == ["NOTIFY"]
}

/// Lets a second pass and takes the NOTIFY that came meanwhile.
fn told(net: &mut Net) -> Message {
    net.run_ms(1000);
    let mut sent = notifies(net);
    assert_eq!(sent.len(), 1);
    sent.remove(0)
}

/// A call of ours to the phone of `bob`; the INVITE.
fn ring_bob(net: &mut Net) -> (SessionId, Message) {
    let mut invite = call_to("sip:bob@10.0.0.8:5060", 0);
    invite.flow = Flow::udp(address(0), PHONE.parse().unwrap());
    let session = net.on(0, |endpoint, now| endpoint.invite(now, invite)).unwrap();
    net.on(0, |endpoint, now| endpoint.assign(now, session, &AgentId::from("bob")));
    let sent = core::mem::take(&mut net.outside);
    (session, sent.into_iter().next().unwrap())
}

fn has_ended(net: &Net) -> bool {
    net.nodes[0].endpoint.subscriptions() == 0
}

#[test]
fn a_lamp_follows_a_call_from_its_first_ring_to_its_end() {
    let mut net = net();
    let granted = watching(&mut net);
    assert_eq!(granted.header(HeaderName::Expires).unwrap(), "600");
    assert!(granted.has(HeaderName::Contact));
    let (session, invite) = ring_bob(&mut net);
    let trying = told(&mut net);
    assert_eq!(dialogs(&trying), one("recipient", "trying"));
    assert_eq!(trying.header(HeaderName::Event).unwrap(), "dialog");
    assert!(state(&trying).starts_with("active;expires=59"), "{}", state(&trying));
    assert!(body(&trying).contains("version=\"1\" state=\"full\" entity=\"sip:202@center.example\""));
    assert!(!body(&trying).contains("Ann") && !body(&trying).contains("4930123"), "nobody learns who calls");
    answer(&mut net, &trying, "200 OK");
    net.inject(0, PHONE, &calls::response(&invite, "180 Ringing", "bob", ""));
    let early = told(&mut net);
    assert_eq!(dialogs(&early), one("recipient", "early"));
    answer(&mut net, &early, "200 OK");
    net.inject(0, PHONE, &calls::response(&invite, "200 OK", "bob", ""));
    let confirmed = told(&mut net);
    assert_eq!(dialogs(&confirmed), one("recipient", "confirmed"));
    answer(&mut net, &confirmed, "200 OK");
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
    let over = told(&mut net);
    assert_eq!(dialogs(&over), one("recipient", "terminated"));
    answer(&mut net, &over, "200 OK");
    assert_eq!(net.nodes[0].endpoint.counters().notifies, 5);
}

#[test]
fn a_call_that_the_phone_makes_is_its_own() {
    let mut net = net();
    watching(&mut net);
    let rest = format!("{}Content-Type: application/sdp\n\nv=0 offer", contact("bob"));
    let invite =
        Sent { user: "bob", method: "INVITE", to: "100", tag: "", call_id: "i", cseq: 1, rest: &rest };
    invite.proved(&mut net);
    let session = net.incoming(0).unwrap();
    let bob = AgentId::from("bob");
    net.on(0, |endpoint, now| endpoint.assign(now, session, &bob));
    let trying = told(&mut net);
    assert_eq!(dialogs(&trying), one("initiator", "trying"));
    answer(&mut net, &trying, "200 OK");
    net.on(0, |endpoint, now| endpoint.ring(now, session, None));
    net.outside.clear();
    let early = told(&mut net);
    assert_eq!(dialogs(&early), one("initiator", "early"));
    answer(&mut net, &early, "200 OK");
    net.on(0, |endpoint, now| endpoint.reject(now, session, 486, None));
    assert_eq!(dialogs(&told(&mut net)), one("initiator", "terminated"));
}

#[test]
fn whoever_subscribes_during_a_call_is_told_of_it_at_once() {
    let mut net = net();
    let (_, invite) = ring_bob(&mut net);
    net.inject(0, PHONE, &calls::response(&invite, "180 Ringing", "bob", ""));
    let sent = subscribe(&mut net, "bob", "dialog;id=7", "w1", "");
    assert_eq!(sent[0].header(HeaderName::Expires).unwrap(), "3600");
    assert_eq!(dialogs(&sent[1]), one("recipient", "early"));
    assert_eq!(sent[1].header(HeaderName::Event).unwrap(), "dialog;id=7");
    assert!(body(&sent[1]).contains("version=\"0\""));
    assert!(body(&sent[1]).contains("entity=\"sip:bob@center.example\""));
    net.inject(0, PHONE, &calls::response(&invite, "486 Busy Here", "bob", ""));
}

#[test]
fn one_notify_is_out_at_a_time_and_one_a_second_leaves_with_the_latest() {
    let mut net = net();
    let first = subscribe(&mut net, "202", "dialog", "w1", "").remove(1);
    let (session, invite) = ring_bob(&mut net);
    net.run_ms(3000);
    let repeated = notifies(&mut net);
    assert!(repeated.len() == 1 && repeated[0].bytes() == first.bytes());
    net.inject(0, PHONE, &calls::response(&invite, "180 Ringing", "bob", ""));
    let next = answer(&mut net, &first, "200 OK").remove(0);
    assert_eq!(dialogs(&next), one("recipient", "early"), "what was overtaken is not told");
    answer(&mut net, &next, "200 OK");
    net.inject(0, PHONE, &calls::response(&invite, "200 OK", "bob", ""));
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
    net.run_ms(900);
    assert!(notifies(&mut net).is_empty(), "not within a second");
    net.run_ms(100);
    let last = notifies(&mut net);
    assert_eq!((last.len(), dialogs(&last[0])), (1, one("recipient", "terminated")));
}

#[test]
fn a_subscription_lives_as_long_as_it_is_refreshed() {
    let mut net = net();
    let granted = watching(&mut net);
    net.run_for(Duration::from_secs(590));
    let refreshed = refresh(&mut net, "202", &granted, 3, "Expires: 600\n");
    assert_eq!(titles(&refreshed), ["200 SUBSCRIBE", "NOTIFY"]);
    assert_eq!(state(&refreshed[1]), "active;expires=600");
    assert!(body(&refreshed[1]).contains("version=\"1\""));
    answer(&mut net, &refreshed[1], "200 OK");
    net.run_for(Duration::from_secs(599));
    assert!(net.outside.is_empty());
    net.run_for(Duration::from_secs(2));
    let last = notifies(&mut net);
    assert_eq!((last.len(), state(&last[0])), (1, "terminated;reason=timeout".into()));
    assert!(has_ended(&net));
    assert_eq!(titles(&refresh(&mut net, "202", &granted, 5, "")), ["481 SUBSCRIBE"]);
}

#[test]
fn taking_it_back_and_only_asking_tell_the_state_once_more() {
    let mut net = net();
    let granted = watching(&mut net);
    let last = refresh(&mut net, "202", &granted, 3, "Expires: 0\n");
    assert_eq!(titles(&last), ["200 SUBSCRIBE", "NOTIFY"]);
    assert_eq!(last[0].header(HeaderName::Expires).unwrap(), "0");
    assert_eq!(state(&last[1]), "terminated;reason=timeout");
    assert!(has_ended(&net));
    let fetched = subscribe(&mut net, "202", "dialog", "w2", "Expires: 0\n");
    assert_eq!(titles(&fetched), ["200 SUBSCRIBE", "NOTIFY"]);
    assert_eq!(state(&fetched[1]), "terminated;reason=timeout");
    assert!(body(&fetched[1]).contains("version=\"0\""));
    assert!(has_ended(&net));
    answer(&mut net, &last[1], "200 OK");
    answer(&mut net, &fetched[1], "200 OK");
    registered(&mut net, "ann", 9, "Contact: *\nExpires: 0\n");
    registered(&mut net, "bob", 9, "Contact: *\nExpires: 0\n");
    net.run_out();
}

#[test]
fn a_mailbox_is_empty_until_something_is_said_of_it_and_only_its_owner_s() {
    let mut net = net();
    let sent = subscribe(&mut net, "ann", "message-summary", "m1", "Accept: application/*\n");
    assert_eq!(titles(&sent), ["200 SUBSCRIBE", "NOTIFY"]);
    let ann = "Message-Account: sip:ann@center.example\r\n";
    assert_eq!(body(&sent[1]), format!("Messages-Waiting: no\r\n{ann}Voice-Message: 0/0\r\n"));
    assert_eq!(sent[1].header(HeaderName::ContentType).unwrap(), "application/simple-message-summary");
    answer(&mut net, &sent[1], "200 OK");
    let waiting = MessageSummary { new: 2, old: 1 };
    let set = |net: &mut Net, agent: &str| {
        let agent = AgentId::from(agent);
        net.on(0, |endpoint, now| endpoint.set_mailbox(now, &agent, waiting));
    };
    set(&mut net, "bob");
    set(&mut net, "ann");
    let lit = told(&mut net);
    assert_eq!(body(&lit), format!("Messages-Waiting: yes\r\n{ann}Voice-Message: 2/1\r\n"));
    answer(&mut net, &lit, "200 OK");
    set(&mut net, "ann");
    net.run_ms(2000);
    assert!(net.outside.is_empty(), "nothing has changed");
    assert_eq!(titles(&subscribe(&mut net, "202", "message-summary", "m2", "")), ["403 SUBSCRIBE"]);
}

#[test]
fn a_phone_that_does_not_want_to_be_told_is_told_no_more() {
    for (status, ends) in
        [("481 Gone", true), ("489 Bad Event", true), ("500 No", false), ("401 Who?", false)]
    {
        let mut net = net();
        let first = subscribe(&mut net, "202", "dialog", "w1", "").remove(1);
        answer(&mut net, &first, status);
        assert_eq!(has_ended(&net), ends, "{status}");
        assert_eq!(net.nodes[0].endpoint.counters().notifies_failed, 1);
        ring_bob(&mut net);
        net.run_ms(1000);
        assert_eq!(notifies(&mut net).len(), usize::from(!ends), "{status}");
    }
    let mut net = net();
    subscribe(&mut net, "202", "dialog", "w1", "");
    net.run_for(Duration::from_secs(33));
    assert!(has_ended(&net), "nobody answers");
}

#[test]
fn who_is_registered_no_more_is_told_no_more() {
    let mut net = net();
    let granted = watching(&mut net);
    let sent = unregister(&mut net);
    let last = sent.iter().find(|message| is_notify(message)).unwrap();
    assert_eq!(state(last), "terminated;reason=deactivated");
    assert!(has_ended(&net));
    assert_eq!(titles(&refresh(&mut net, "202", &granted, 3, "")), ["403 SUBSCRIBE"]);
    assert_eq!(titles(&subscribe(&mut net, "202", "dialog", "w2", "")), ["403 SUBSCRIBE"]);
}

/// `ann` takes her contact back; all that is sent then.
fn unregister(net: &mut Net) -> Vec<Message> {
    let gone = "Contact: *\nExpires: 0\n";
    let asked = net.inject(0, PHONE, &register("ann", 7, gone)).remove(0);
    let proof = registration::answer(&challenges(&asked)[0], "ann", "secret", 1);
    net.inject(0, PHONE, &register("ann", 8, &format!("{proof}{gone}")))
}

#[test]
fn an_end_waits_for_the_answer_to_what_was_told_before() {
    let mut net = net();
    let first = subscribe(&mut net, "202", "dialog", "w1", "").remove(1);
    assert!(!unregister(&mut net).iter().any(is_notify));
    let last = answer(&mut net, &first, "200 OK").remove(0);
    assert_eq!(state(&last), "terminated;reason=deactivated");
    assert!(has_ended(&net));
}

#[test]
fn an_answer_with_another_number_is_no_answer() {
    let mut net = net();
    let notify = subscribe(&mut net, "202", "dialog", "w1", "").remove(1);
    let wrong = calls::response(&notify, "200 OK", "w", "").replace("CSeq: 1 NOTIFY", "CSeq: 7 NOTIFY");
    assert!(wrong.contains("7 NOTIFY"), "{wrong}");
    net.inject(0, PHONE, &wrong);
    unregister(&mut net);
    let counters = net.nodes[0].endpoint.counters();
    assert_eq!((counters.stray_responses, net.nodes[0].endpoint.subscriptions()), (1, 1));
    net.run_ms(3000);
    assert!(!notifies(&mut net).is_empty(), "it is told again");
    net.run_ms(32_000);
    assert_eq!(net.nodes[0].endpoint.subscriptions(), 0);
}

#[test]
fn all_end_when_the_server_stops() {
    let mut net = net();
    watching(&mut net);
    net.on(0, Endpoint::end_subscriptions);
    let last = core::mem::take(&mut net.outside);
    assert_eq!(state(&last[0]), "terminated;reason=deactivated");
    assert!(has_ended(&net));
    let refused = subscribe(&mut net, "202", "dialog", "w2", "");
    assert_eq!(titles(&refused), ["503 SUBSCRIBE"]);
    assert!(refused[0].has(HeaderName::RetryAfter));
}

#[test]
fn a_phone_with_more_lamps_than_may_be_loses_the_oldest() {
    let mut net = net();
    let first = watching(&mut net);
    for number in 0..MAX_SUBSCRIPTIONS_PER_USER {
        // One of them has not even answered its first NOTIFY.
        let sent = subscribe(&mut net, "202", "dialog", &format!("x{number}"), "");
        assert!(sent.iter().any(|one| one.status() == Some(200)));
        if number > 0 {
            answer(&mut net, sent.iter().rfind(|one| is_notify(one)).unwrap(), "200 OK");
        }
        // The bucket of the whole office is not what is tested.
        net.run_ms(40);
        net.outside.clear();
    }
    let endpoint = &net.nodes[0].endpoint;
    assert_eq!(endpoint.subscriptions(), MAX_SUBSCRIPTIONS_PER_USER);
    assert_eq!(endpoint.counters().subscriptions_replaced, 1);
    assert_eq!(titles(&refresh(&mut net, "202", &first, 3, "")), ["481 SUBSCRIBE"]);
}

#[test]
fn what_nobody_may_ask_for_is_refused_before_the_password_is_looked_at() {
    for (event, rest, status) in [
        ("presence", "", 489),
        ("dialog", "Accept: application/pidf+xml\n", 406),
        ("dialog", "Expires: 59\n", 423),
        ("dialog", "Expires: soon\n", 400),
        ("dialog", "Contact: <sip:\n", 400),
        ("dialog", "Require: eventlist\n", 420),
    ] {
        let mut net = net();
        let sent = subscribe(&mut net, "202", event, "w1", rest);
        assert_eq!(titles(&sent), [format!("{status} SUBSCRIBE")], "{event} {rest}");
        assert_eq!(sent[0].has(HeaderName::AllowEvents), status == 489);
        let least = sent[0].header(HeaderName::MinExpires).map(|least| least.into_owned());
        assert_eq!(least.as_deref(), (status == 423).then_some("60"));
        assert!(has_ended(&net));
    }
}

#[test]
fn while_more_comes_than_is_worked_off_nothing_new_is_begun() {
    let mut net = net();
    let granted = watching(&mut net);
    net.on(0, |endpoint, _| endpoint.set_overloaded(true));
    assert_eq!(titles(&subscribe(&mut net, "202", "dialog", "w2", "")), ["503 SUBSCRIBE"]);
    assert_eq!(titles(&refresh(&mut net, "202", &granted, 3, ""))[0], "200 SUBSCRIBE");
}

#[test]
fn only_who_has_proved_the_password_learns_who_is_there() {
    let mut net = net();
    let asked = |net: &mut Net, to: &str, from: &str| {
        let rest = format!("{}Event: dialog\n", contact("eve"));
        let sent = Sent { user: "eve", method: "SUBSCRIBE", to, tag: "", call_id: to, cseq: 1, rest: &rest };
        let answered = net.inject(0, from, &sent.text(""));
        let challenge = challenges(&answered[0]);
        (titles(&answered), challenge.iter().map(|one| one.algorithm).collect::<Vec<_>>())
    };
    for from in [PHONE, "198.51.100.9:5060"] {
        let known = asked(&mut net, "202", from);
        assert_eq!(known.0, ["401 SUBSCRIBE"]);
        assert_eq!(known, asked(&mut net, "999", from));
    }
    assert_eq!(titles(&subscribe(&mut net, "999", "dialog", "w1", "")), ["404 SUBSCRIBE"]);
    assert_eq!(net.nodes[0].endpoint.subscriptions(), 0);
}

#[test]
fn another_user_s_subscription_cannot_be_changed() {
    let mut net = net();
    let granted = watching(&mut net);
    let (tag, call_id) = (granted.to_tag().unwrap().into_owned(), granted.call_id().into_owned());
    let rest = format!("{}Event: dialog\nExpires: 0\n", contact("bob"));
    let of_bob = Sent {
        user: "bob",
        method: "SUBSCRIBE",
        to: "202",
        tag: &tag,
        call_id: &call_id,
        cseq: 9,
        rest: &rest,
    };
    assert_eq!(titles(&of_bob.proved(&mut net)), ["403 SUBSCRIBE"]);
    assert_eq!(net.nodes[0].endpoint.subscriptions(), 1);
}

#[test]
fn a_subscription_follows_its_phone_and_ends_with_its_connection() {
    let mut config = config();
    let local = "192.0.2.1:5070".parse().unwrap();
    config.listeners.push(Listener { transport: Transport::Tcp, local, advertised: local });
    let mut net = Net::new(1, PERFECT, vec![config]);
    let flow = Flow { transport: Transport::Tcp, local, remote: PHONE.parse().unwrap() };
    let send = |net: &mut Net, text: &str| -> Vec<Message> {
        let bytes = Bytes::copy_from_slice(text.replace('\n', "\r\n").replace("/UDP", "/TCP").as_bytes());
        net.on(0, |endpoint, now| endpoint.handle_datagram(now, Datagram { flow, bytes }));
        core::mem::take(&mut net.outside)
    };
    let asked = send(&mut net, &register("ann", 1, ANN)).remove(0);
    let proof = registration::answer(&challenges(&asked)[0], "ann", "secret", 1);
    send(&mut net, &register("ann", 2, &format!("{proof}{ANN}")));
    let rest = format!("{}Event: dialog\n", contact("ann"));
    let mut sent =
        Sent { user: "ann", method: "SUBSCRIBE", to: "202", tag: "", call_id: "w", cseq: 1, rest: &rest };
    let asked = send(&mut net, &sent.text("")).remove(0);
    let proof = challenges(&asked)[0].answer("ann", "secret", "SUBSCRIBE", "sip:202@center.example", "c", 1);
    sent.cseq = 2;
    let granted = send(&mut net, &sent.text(&format!("Authorization: {proof}\n")));
    assert_eq!(titles(&granted), ["200 SUBSCRIBE", "NOTIFY"]);
    net.on(0, |endpoint, now| endpoint.handle_disconnect(now, flow));
    assert!(has_ended(&net));
    net.run_out();
}

#[test]
fn the_endpoint_wakes_to_tell_and_to_end() {
    let mut net = net();
    watching(&mut net);
    ring_bob(&mut net);
    let due = |net: &Net| net.nodes[0].endpoint.poll_timeout().map(|(_, timer)| timer);
    // The INVITE is repeated before that, after half a second.
    net.run_ms(600);
    assert_eq!(due(&net), Some(Timer::Subscription));
    net.on(0, |endpoint, now| {
        let answer = sdp(ANSWER);
        // Nothing that means nothing changes anything.
        endpoint.answer(now, SessionId(u64::MAX), answer);
        endpoint.assign(now, SessionId(u64::MAX), &AgentId::from("bob"));
    });
    assert_eq!(due(&net), Some(Timer::Subscription));
}
