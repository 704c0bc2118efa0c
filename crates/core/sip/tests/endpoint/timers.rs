//! How long a session lives without a sign of life: RFC 4028, as the callee and as the caller.

use core::time::Duration;

use hotline_base::Time;
use hotline_sip::endpoint::{Event, Reason, SessionId, Side};
use hotline_sip::{HeaderName, Message};

use crate::calls::{PHONE, from_callee, invited, request, response, sent, titles, with_sdp};
use crate::net::{ANSWER, BAD, Net, OFFER, PERFECT, call, open_config, sdp, title};

const KNOWS: &str = "Supported: timer\n";
const ALLOW: &str = "Allow: INVITE, ACK, BYE, UPDATE\n";
const EXPIRED: Reason = Reason::sip(408, "Session expired");
const LOST: Reason = Reason::sip(408, "Dialog lost");

fn life(message: &Message) -> String {
    message.header(HeaderName::SessionExpires).unwrap().into_owned()
}

/// A call of the phone, answered and acknowledged; our tag, the session and our 200.
fn callee(net: &mut Net, headers: &str) -> (String, SessionId, Message) {
    assert_eq!(
        titles(&net.inject(0, PHONE, &with_sdp(&request("INVITE", 1, "1", "", headers)))),
        ["100 INVITE"]
    );
    let session = net.incoming(0).unwrap();
    net.on(0, |endpoint, now| endpoint.answer(now, session, sdp(ANSWER)));
    let ok = sent(net).pop().unwrap();
    let tag = ok.to_tag().unwrap().into_owned();
    net.inject(0, PHONE, &request("ACK", 1, "1a", &tag, "\n"));
    (tag, session, ok)
}

/// A call to the phone that it answered with these headers; our INVITE and the session.
fn caller(net: &mut Net, headers: &str) -> (Message, SessionId) {
    let (invite, session) = invited(net);
    let ok = response(&invite, "200 OK", "bob", &format!("{headers}Content-Type: application/sdp\n"));
    assert_eq!(titles(&net.inject(0, PHONE, &format!("{ok}{ANSWER}"))), ["ACK"]);
    (invite, session)
}

/// Runs until something is sent, which happens at that second.
fn next(net: &mut Net, second: u64) -> Message {
    let until = Duration::from_secs(second).saturating_sub(net.now.mono.since(Time::ZERO));
    net.run_for(until.saturating_sub(Duration::from_millis(100)));
    assert_eq!(titles(&sent(net)), [""; 0], "nothing before second {second}");
    net.run_ms(200);
    let all = sent(net);
    assert_eq!(all.len(), 1, "{:?} at second {second}", titles(&all));
    all.into_iter().next().unwrap()
}

fn grant(net: &mut Net, refresh: &Message, headers: &str) -> Vec<Message> {
    net.inject(0, PHONE, &response(refresh, "200 OK", "bob", headers))
}

fn end(net: &mut Net, session: SessionId) {
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
    net.run_out();
}

#[test]
fn our_call_asks_for_half_an_hour() {
    let mut net = Net::pair(1, PERFECT);
    let (invite, session) = invited(&mut net);
    assert_eq!((life(&invite).as_str(), invite.supports("timer")), ("1800", true));
    assert_eq!(invite.header(HeaderName::MinSe).unwrap(), "90");
    end(&mut net, session);
}

#[test]
fn a_call_that_asks_for_too_little_is_told_the_least() {
    let mut net = Net::pair(1, PERFECT);
    let brief = with_sdp(&request("INVITE", 1, "1", "", &format!("{KNOWS}Session-Expires: 89\n")));
    let refused = net.inject(0, PHONE, &brief);
    assert_eq!(titles(&refused), ["422 INVITE"]);
    assert_eq!(refused[0].header(HeaderName::MinSe).unwrap(), "90");
    assert_eq!(net.nodes[0].endpoint.sessions(), 0);
    let (tag, session, ok) = {
        let again = request("INVITE", 2, "2", "", &format!("{KNOWS}Session-Expires: 90\nMin-SE: 90\n"));
        net.inject(0, PHONE, &with_sdp(&again));
        let session = net.incoming(0).unwrap();
        net.on(0, |endpoint, now| endpoint.answer(now, session, sdp(ANSWER)));
        let ok = sent(&mut net).pop().unwrap();
        (ok.to_tag().unwrap().into_owned(), session, ok)
    };
    assert_eq!(life(&ok), "90;refresher=uas");
    net.inject(0, PHONE, &request("ACK", 2, "2a", &tag, "\n"));
    for (cseq, method, body) in [(3, "UPDATE", "\n"), (4, "UPDATE", "v=0 offer"), (5, "INVITE", "v=0 offer")]
    {
        let headers = format!("{KNOWS}Session-Expires: 10\n");
        let brief = request(method, cseq, &cseq.to_string(), &tag, &headers);
        let brief = if body == "\n" { format!("{brief}\n") } else { with_sdp(&brief) };
        let refused = net.inject(0, PHONE, &brief).pop().unwrap();
        assert_eq!(title(&refused), format!("422 {method}"));
        net.inject(0, PHONE, &request("ACK", cseq, &cseq.to_string(), &tag, "\n"));
    }
    assert_eq!(net.nodes[0].endpoint.counters().brief_sessions, 4);
    assert_eq!(net.told(0), ["Incoming", "Confirmed"]);
    end(&mut net, session);
}

#[test]
fn our_call_is_sent_anew_for_as_long_as_the_way_wants() {
    let mut net = Net::pair(1, PERFECT);
    let (invite, session) = invited(&mut net);
    let sent = net.inject(0, PHONE, &response(&invite, "422 Too small", "bob", "Min-SE: 3600\n"));
    assert_eq!(titles(&sent), ["ACK", "INVITE"]);
    assert_eq!((life(&sent[1]).as_str(), sent[1].cseq().unwrap().number), ("3600", 2));
    assert_eq!(sent[1].headers(HeaderName::MinSe).collect::<Vec<_>>(), ["3600"]);
    assert_eq!(sent[1].call_id(), invite.call_id());
    net.inject(0, PHONE, &response(&sent[1], "200 OK", "bob", "Session-Expires: 3600;refresher=uac\n"));
    let refresh = next(&mut net, 1800);
    assert_eq!((life(&refresh).as_str(), title(&refresh)), ("3600;refresher=uac", "INVITE".to_owned()));
    assert_eq!(refresh.header(HeaderName::MinSe).unwrap(), "3600", "RFC 4028 §7.4: it holds for the dialog");
    end(&mut net, session);
}

#[test]
fn a_call_is_not_sent_anew_for_ever() {
    for (least, tries) in [("Min-SE: 90\n", 0), ("", 0), ("Min-SE: 90000\n", 0), ("Min-SE: {}\n", 5)] {
        let mut net = Net::pair(1, PERFECT);
        let (mut invite, _) = invited(&mut net);
        let mut count = 0;
        loop {
            let least = least.replace("{}", &(100 + count).to_string());
            let sent = net.inject(0, PHONE, &response(&invite, "422 Too small", "bob", &least));
            let [_, again] = &sent[..] else { break };
            invite = again.clone();
            count += 1;
        }
        assert_eq!(count, tries, "{least}");
        match net.nodes[0].events.last() {
            Some(Event::Failed { failure, .. }) => assert_eq!(failure.status, 422),
            other => panic!("{other:?}"),
        }
        net.run_out();
    }
}

#[test]
fn the_answer_says_how_long_and_who() {
    for (headers, expected, requires) in [
        ("", "1800;refresher=uas", false),
        (KNOWS, "1800;refresher=uas", true),
        ("Supported: timer\nSession-Expires: 600;refresher=uac\n", "600;refresher=uac", true),
        ("Supported: timer\nSession-Expires: 9000;refresher=uas\n", "1800;refresher=uas", true),
        ("Session-Expires: 600;refresher=uac\n", "600;refresher=uas", false),
    ] {
        let mut net = Net::pair(1, PERFECT);
        let (_, session, ok) = callee(&mut net, headers);
        assert_eq!((life(&ok).as_str(), ok.requires("timer")), (expected, requires), "{headers}");
        end(&mut net, session);
    }
}

#[test]
fn we_refresh_by_update_where_the_peer_takes_it() {
    let mut net = Net::pair(1, PERFECT);
    let (_, session) = caller(&mut net, &format!("{ALLOW}Session-Expires: 600;refresher=uac\n"));
    for turn in 1..4 {
        let refresh = next(&mut net, 300 * turn);
        assert_eq!((title(&refresh), refresh.body()), ("UPDATE".into(), sdp("")));
        assert_eq!((life(&refresh).as_str(), refresh.supports("timer")), ("600;refresher=uac", true));
        assert!(refresh.has(HeaderName::Contact));
        assert!(grant(&mut net, &refresh, "Session-Expires: 600;refresher=uac\n").is_empty());
    }
    assert_eq!(net.told(0), ["Answered"]);
    end(&mut net, session);
}

#[test]
fn we_refresh_by_what_was_agreed_on_where_the_peer_takes_no_update() {
    let mut net = Net::pair(1, PERFECT);
    let (invite, session) = caller(&mut net, "Session-Expires: 600;refresher=uac\n");
    let refresh = next(&mut net, 300);
    assert_eq!((title(&refresh), refresh.body()), ("INVITE".into(), invite.body()), "not even o= is new");
    let same = format!("Session-Expires: 600;refresher=uac\nContent-Type: application/sdp\n\n{ANSWER}");
    let ok = response(&refresh, "200 OK", "bob", &same);
    assert_eq!(titles(&net.inject(0, PHONE, ok.trim_end_matches('\n'))), ["ACK"]);
    assert_eq!(net.told(0), ["Answered"], "nothing is new");
    let refresh = next(&mut net, 600);
    let other = "Session-Expires: 600;refresher=uac\nContent-Type: application/sdp\n\nv=0 moved";
    let ok = response(&refresh, "200 OK", "bob", other);
    net.inject(0, PHONE, ok.trim_end_matches('\n'));
    let moved = Event::ReofferAnswered { session, body: Some(sdp("v=0 moved")) };
    assert!(net.nodes[0].events.last() == Some(&moved));
    end(&mut net, session);
}

#[test]
fn a_callee_s_session_is_refreshed_with_our_answer() {
    let mut net = Net::pair(1, PERFECT);
    let (_, session, _) = callee(&mut net, "");
    let refresh = next(&mut net, 900);
    assert_eq!((title(&refresh), refresh.body()), ("INVITE".into(), sdp(ANSWER)));
    end(&mut net, session);
}

#[test]
fn any_answer_of_a_peer_that_keeps_no_time_shows_that_it_is_there() {
    let mut net = Net::pair(1, PERFECT);
    let (_, session) = caller(&mut net, "");
    for turn in 1..4 {
        let refresh = next(&mut net, 900 * turn);
        assert_eq!(titles(&net.inject(0, PHONE, &response(&refresh, "488 No", "bob", ""))), ["ACK"]);
    }
    assert_eq!(net.told(0), ["Answered"], "our user has not asked for anything");
    end(&mut net, session);
}

#[test]
fn a_peer_that_has_vanished_is_found_by_the_refresh() {
    for headers in ["", ALLOW, "Session-Expires: 1800;refresher=uac\n"] {
        let mut net = Net::pair(1, PERFECT);
        let (_, session) = caller(&mut net, headers);
        net.run_for(Duration::from_secs(931));
        assert!(net.find(0, "Ended").is_none());
        net.run_for(Duration::from_secs(2));
        let ended = Event::Ended { session, by: Side::Local, reason: Some(LOST) };
        assert!(net.nodes[0].events.last() == Some(&ended), "{headers}");
        assert_eq!(sent(&mut net).last().map(title), Some("BYE".into()));
        net.run_out();
    }
}

#[test]
fn a_peer_that_knows_the_call_no_more_loses_it() {
    for headers in ["", ALLOW] {
        let mut net = Net::pair(1, PERFECT);
        let (_, session) = caller(&mut net, headers);
        let refresh = next(&mut net, 900);
        net.inject(0, PHONE, &response(&refresh, "481 Unknown", "bob", ""));
        let reason = Some(Reason::sip(481, "Dialog lost"));
        assert!(net.nodes[0].events.last() == Some(&Event::Ended { session, by: Side::Local, reason }));
        net.run_out();
    }
}

#[test]
fn without_the_peer_s_refresh_the_session_ends_in_time() {
    let mut net = Net::pair(1, PERFECT);
    let (tag, session, _) = callee(&mut net, "Supported: timer\nSession-Expires: 600;refresher=uac\n");
    net.run_for(Duration::from_secs(300));
    let granted = net.inject(
        0,
        PHONE,
        &request("UPDATE", 2, "2", &tag, "Supported: timer\nSession-Expires: 600;refresher=uac\n\n"),
    );
    assert_eq!(
        (titles(&granted), life(&granted[0])),
        (vec!["200 UPDATE".into()], "600;refresher=uac".into())
    );
    let bye = next(&mut net, 300 + 600 - 32);
    assert_eq!(
        (title(&bye), bye.header(HeaderName::Reason).unwrap()),
        ("BYE".into(), EXPIRED.to_string().into())
    );
    let ended = Event::Ended { session, by: Side::Local, reason: Some(EXPIRED) };
    assert!(net.nodes[0].events.last() == Some(&ended));
    assert_eq!(net.nodes[0].endpoint.counters().expired_sessions, 1);
    net.run_out();
}

#[test]
fn a_reinvite_of_either_side_refreshes_too() {
    let mut net = Net::pair(1, PERFECT);
    let (tag, session, _) = callee(&mut net, "Supported: timer\nSession-Expires: 600;refresher=uac\n");
    net.run_for(Duration::from_secs(300));
    net.inject(0, PHONE, &with_sdp(&request("INVITE", 2, "2", &tag, "Supported: timer\n")));
    net.on(0, |endpoint, now| endpoint.answer_reoffer(now, session, sdp(ANSWER)));
    let ok = sent(&mut net).pop().unwrap();
    assert_eq!(life(&ok), "1800;refresher=uac", "who refreshed goes on to");
    net.inject(0, PHONE, &request("ACK", 2, "2a", &tag, "\n"));
    net.run_for(Duration::from_secs(600));
    net.on(0, |endpoint, now| endpoint.reoffer(now, session, sdp(OFFER)));
    let offer = sent(&mut net).pop().unwrap();
    assert_eq!(life(&offer), "1800;refresher=uas", "the one who answers this refreshes");
    grant(&mut net, &offer, "Session-Expires: 1000;refresher=uas\n");
    let bye = next(&mut net, 900 + 1000 - 32);
    assert_eq!(title(&bye), "BYE");
    net.run_out();
}

#[test]
fn a_refresh_that_the_peer_keeps_refusing_does_not_keep_the_session() {
    let mut net = Net::pair(1, PERFECT);
    let (_, session) = caller(&mut net, &format!("{ALLOW}Session-Expires: 600;refresher=uac\n"));
    let mut refreshes = 0;
    while net.find(0, "Ended").is_none() {
        net.run_ms(1000);
        for refresh in sent(&mut net) {
            if title(&refresh) == "UPDATE" {
                refreshes += 1;
                net.inject(0, PHONE, &response(&refresh, "500 Not now", "bob", ""));
            }
        }
    }
    assert!((5..15).contains(&refreshes), "{refreshes} tries");
    assert_eq!(net.now.mono.since(Time::ZERO).as_secs(), 600);
    let ended = Event::Ended { session, by: Side::Local, reason: Some(EXPIRED) };
    assert!(net.nodes[0].events.last() == Some(&ended));
    net.run_out();
}

#[test]
fn a_refresh_finds_its_way() {
    let mut net = Net::pair(1, PERFECT);
    let (_, session) = caller(&mut net, &format!("{ALLOW}Session-Expires: 600;refresher=uac\n"));
    let refresh = next(&mut net, 300);
    let sent = net.inject(0, PHONE, &response(&refresh, "405 No", "bob", ""));
    assert_eq!(
        (titles(&sent), sent[0].body()),
        (vec!["INVITE".into()], sdp(OFFER)),
        "it takes no UPDATE at all"
    );
    let refused = response(&sent[0], "422 Too small", "bob", "Min-SE: 700\n");
    assert_eq!(titles(&net.inject(0, PHONE, &refused)), ["ACK"]);
    let refresh = next(&mut net, 305);
    assert_eq!((life(&refresh).as_str(), title(&refresh)), ("700;refresher=uac", "INVITE".to_owned()));
    net.inject(0, PHONE, &response(&refresh, "491 Pending", "bob", ""));
    net.run_for(Duration::from_millis(4100));
    let again = crate::calls::sent(&mut net).remove(0);
    grant(&mut net, &again, "Session-Expires: 700;refresher=uac\nAllow: UPDATE\n");
    net.run_for(Duration::from_secs(350));
    let refresh = crate::calls::sent(&mut net).remove(0);
    assert_eq!(title(&refresh), "UPDATE");
    net.inject(0, PHONE, &response(&refresh, "422 Too small", "bob", "Min-SE: 800\n"));
    net.run_for(Duration::from_secs(5));
    let refresh = crate::calls::sent(&mut net).remove(0);
    assert_eq!((title(&refresh), life(&refresh)), ("UPDATE".into(), "800;refresher=uac".into()));
    end(&mut net, session);
}

#[test]
fn a_refresh_answers_a_challenge() {
    const ASK: &str = "Proxy-Authenticate: Digest realm=\"r\", nonce=\"n\", algorithm=MD5, qop=\"auth\"\n";
    for allow in [ALLOW, "Allow: INVITE\n"] {
        let mut net = Net::pair(1, PERFECT);
        let mut call = crate::net::call_to("sip:bob@192.0.2.99", 0);
        call.flow.remote = PHONE.parse().unwrap();
        call.credentials = crate::registration::login("secret");
        let session = net.on(0, |endpoint, now| endpoint.invite(now, call)).unwrap();
        let invite = sent(&mut net).pop().unwrap();
        net.inject(0, PHONE, &response(&invite, "200 OK", "bob", allow));
        let refresh = next(&mut net, 900);
        let again = net.inject(0, PHONE, &response(&refresh, "407 Who", "bob", ASK)).pop().unwrap();
        assert!(again.has(HeaderName::ProxyAuthorization), "{allow}");
        grant(&mut net, &again, "");
        let later = next(&mut net, 1800);
        assert_eq!(later.cseq().unwrap().number, again.cseq().unwrap().number + 1, "{allow}");
        end(&mut net, session);
    }
}

#[test]
fn an_offer_of_ours_waits_for_the_refresh_and_a_refresh_for_an_offer() {
    let mut net = Net::pair(1, PERFECT);
    let (invite, session) = caller(&mut net, "Session-Expires: 600;refresher=uac\n");
    let refresh = next(&mut net, 300);
    net.on(0, |endpoint, now| endpoint.reoffer(now, session, sdp("v=0 hold")));
    assert!(sent(&mut net).is_empty());
    assert_eq!(titles(&grant(&mut net, &refresh, "Session-Expires: 600;refresher=uac\n")), ["ACK"]);
    net.run_ms(10);
    let offer = sent(&mut net).pop().unwrap();
    assert_eq!((title(&offer), offer.body()), ("INVITE".into(), sdp("v=0 hold")));
    grant(&mut net, &offer, "Session-Expires: 600;refresher=uac\n");
    net.run_for(Duration::from_secs(299));
    let theirs = with_sdp(&from_callee(&invite, "bob", "INVITE", 7, ""));
    net.inject(0, PHONE, &theirs);
    net.run_for(Duration::from_secs(3));
    assert!(sent(&mut net).is_empty(), "their offer is open");
    net.on(0, |endpoint, now| endpoint.refuse_reoffer(now, session, 488));
    net.inject(0, PHONE, &from_callee(&invite, "bob", "ACK", 7, "\n"));
    net.run_for(Duration::from_secs(4));
    let refresh = sent(&mut net).pop().unwrap();
    assert_eq!((title(&refresh), refresh.body()), ("INVITE".into(), sdp("v=0 hold")), "as it is now");
    end(&mut net, session);
}

#[test]
fn two_of_us_keep_a_call_alive_for_hours_over_a_bad_network() {
    for (seed, faults) in (0..40).map(|seed| (seed, if seed % 4 == 0 { PERFECT } else { BAD })) {
        let mut configs = [open_config(0), open_config(1)];
        configs[usize::try_from(seed % 2).unwrap()].sessions.session_expires = Duration::from_secs(120);
        let mut net = Net::new(seed, faults, configs.into());
        let session = net.on(0, |endpoint, now| endpoint.invite(now, call())).unwrap();
        for _ in 0..600 {
            if net.incoming(1).is_some() {
                break;
            }
            net.run_ms(100);
        }
        let callee = net.incoming(1).unwrap();
        net.on(1, |endpoint, now| endpoint.answer(now, callee, sdp(ANSWER)));
        net.run_for(Duration::from_secs(3 * 3600));
        assert_eq!((net.told(0).last().unwrap().as_str(), net.told(1).len()), ("Answered", 2), "seed {seed}");
        let refreshes = net.ladder.iter().filter(|line| line.ends_with("200 UPDATE")).count();
        assert!(refreshes >= 3 * 3600 / 60 - 5, "seed {seed}: {refreshes}");
        net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
        net.run_out();
    }
}
