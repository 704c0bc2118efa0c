//! Messages that cross: the examples of RFC 5407 by their sections. The test plays the one end, we are the other.

use core::time::Duration;

use hotline_sip::endpoint::{Event, Side};

use crate::calls::{
    PHONE, answered, established, from_callee, invited, request, response, sent, titles, with_sdp,
};
use crate::net::{ANSWER, Net, OFFER, PERFECT, call, sdp};

fn invite() -> String {
    with_sdp(&request("INVITE", 1, "1", "", ""))
}

/// 3.1.1: our 200 was lost.
#[test]
fn s3_1_1_the_invite_comes_again_while_the_ack_is_waited_for() {
    let mut net = Net::pair(1, PERFECT);
    let (tag, _) = answered(&mut net, &invite());
    assert!(net.inject(0, PHONE, &invite()).is_empty(), "the 200 has its own timer");
    net.run_ms(600);
    assert_eq!(titles(&sent(&mut net)), ["200 INVITE"]);
    net.inject(0, PHONE, &request("ACK", 1, "1a", &tag, "\n"));
    net.run_for(Duration::from_secs(40));
    assert_eq!(titles(&sent(&mut net)), [""; 0]);
    assert_eq!(net.told(0), ["Incoming", "Confirmed"]);
    assert_eq!(titles(&net.inject(0, PHONE, &request("BYE", 2, "2", &tag, "\n"))), ["200 BYE"]);
    net.run_out();
}

#[test]
fn s3_1_2_a_cancel_comes_while_the_ack_is_waited_for() {
    let mut net = Net::pair(1, PERFECT);
    let (tag, _) = answered(&mut net, &invite());
    assert_eq!(titles(&net.inject(0, PHONE, &request("CANCEL", 1, "1", "", "\n"))), ["200 CANCEL"]);
    net.inject(0, PHONE, &request("ACK", 1, "1a", &tag, "\n"));
    assert_eq!(titles(&net.inject(0, PHONE, &request("BYE", 2, "2", &tag, "\n"))), ["200 BYE"]);
    assert_eq!(net.told(0), ["Incoming", "Confirmed", "Ended"]);
    net.run_out();
}

#[test]
fn s3_1_2_our_cancel_crosses_the_200() {
    let mut net = Net::pair(1, PERFECT);
    let (invite, session) = invited(&mut net);
    net.inject(0, PHONE, &response(&invite, "180 Ringing", "bob", ""));
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
    let cancel = sent(&mut net).pop().unwrap();
    assert_eq!(titles(&net.inject(0, PHONE, &response(&invite, "200 OK", "bob", ""))), ["ACK", "BYE"]);
    net.inject(0, PHONE, &response(&cancel, "200 OK", "bob", ""));
    assert_eq!(net.told(0), ["Ringing", "Cancelled"]);
    net.run_out();
}

/// 3.1.3: the caller hung up before our 200 reached it. It is repeated all the same, lest the INVITE has no answer.
#[test]
fn s3_1_3_a_bye_of_the_early_dialog_comes_while_the_ack_is_waited_for() {
    let mut net = Net::pair(1, PERFECT);
    let (tag, session) = answered(&mut net, &invite());
    assert_eq!(titles(&net.inject(0, PHONE, &request("BYE", 2, "2", &tag, "\n"))), ["200 BYE"]);
    assert!(net.nodes[0].events.last() == Some(&Event::Ended { session, by: Side::Remote, reason: None }));
    net.run_ms(600);
    assert_eq!(titles(&sent(&mut net)), ["200 INVITE"]);
    assert!(net.inject(0, PHONE, &request("ACK", 1, "1a", &tag, "\n")).is_empty());
    net.run_for(Duration::from_secs(40));
    assert_eq!(titles(&sent(&mut net)), [""; 0], "there is nobody to send a BYE to");
    net.run_out();
}

/// 3.1.4: offer and answer are complete, so that the next offer may come before the ACK.
#[test]
fn s3_1_4_a_reinvite_comes_before_the_ack_of_an_answer() {
    let mut net = Net::pair(1, PERFECT);
    let (tag, session) = answered(&mut net, &invite());
    let reinvite = with_sdp(&request("INVITE", 2, "2", &tag, ""));
    assert_eq!(titles(&net.inject(0, PHONE, &reinvite)), ["100 INVITE"]);
    assert!(net.nodes[0].events.last() == Some(&Event::Reoffer { session, offer: Some(sdp(OFFER)) }));
    net.on(0, |endpoint, now| endpoint.answer_reoffer(now, session, sdp(ANSWER)));
    assert_eq!(titles(&sent(&mut net)), ["200 INVITE"]);
    net.run_ms(600);
    let repeated: Vec<u32> = sent(&mut net).iter().map(|ok| ok.cseq().unwrap().number).collect();
    assert_eq!(repeated.len(), 2, "each waits for its ACK");
    net.inject(0, PHONE, &request("ACK", 2, "2a", &tag, "\n"));
    net.run_ms(1100);
    let repeated: Vec<u32> = sent(&mut net).iter().map(|ok| ok.cseq().unwrap().number).collect();
    assert_eq!(repeated, [1]);
    assert!(net.find(0, "Confirmed").is_none());
    net.inject(0, PHONE, &request("ACK", 1, "1a", &tag, "\n"));
    assert_eq!(net.told(0), ["Incoming", "Reoffer", "Confirmed"]);
    net.inject(0, PHONE, &request("BYE", 3, "3", &tag, "\n"));
    net.run_out();
}

/// 3.1.5: our 200 has an offer, whose answer the ACK brings.
#[test]
fn s3_1_5_a_reinvite_comes_before_the_ack_that_answers() {
    let mut net = Net::pair(1, PERFECT);
    let (tag, session) = answered(&mut net, &request("INVITE", 1, "1", "", "\n"));
    let reinvite = with_sdp(&request("INVITE", 2, "2", &tag, ""));
    assert_eq!(titles(&net.inject(0, PHONE, &reinvite)), ["100 INVITE", "491 INVITE"]);
    let update = with_sdp(&request("UPDATE", 3, "3", &tag, ""));
    assert_eq!(titles(&net.inject(0, PHONE, &update)), ["491 UPDATE"]);
    net.inject(0, PHONE, &request("ACK", 2, "2", &tag, "\n"));
    net.inject(0, PHONE, &with_sdp(&request("ACK", 1, "1a", &tag, "")));
    assert!(net.nodes[0].events.last() == Some(&Event::Confirmed { session, body: Some(sdp(OFFER)) }));
    net.inject(0, PHONE, &request("BYE", 4, "4", &tag, "\n"));
    net.run_out();
}

#[test]
fn s3_1_6_a_bye_comes_before_the_ack() {
    let mut net = Net::pair(1, PERFECT);
    let (tag, session) = answered(&mut net, &invite());
    assert_eq!(titles(&net.inject(0, PHONE, &request("BYE", 2, "2", &tag, "\n"))), ["200 BYE"]);
    assert!(net.nodes[0].events.last() == Some(&Event::Ended { session, by: Side::Remote, reason: None }));
    assert!(net.inject(0, PHONE, &request("ACK", 1, "1a", &tag, "\n")).is_empty());
    assert_eq!(net.nodes[0].endpoint.sessions(), 0);
    net.run_out();
}

#[test]
fn s3_2_1_two_byes_cross() {
    let mut net = Net::pair(1, PERFECT);
    let (tag, session) = established(&mut net);
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
    let bye = sent(&mut net).pop().unwrap();
    assert_eq!(titles(&net.inject(0, PHONE, &request("BYE", 2, "2", &tag, "\n"))), ["200 BYE"]);
    net.inject(0, PHONE, &response(&bye, "200 OK", "bob", ""));
    assert_eq!(net.told(0), ["Incoming", "Confirmed", "Ended"]);
    net.run_out();
}

#[test]
fn s3_2_2_a_reinvite_crosses_our_bye() {
    let mut net = Net::pair(1, PERFECT);
    let (tag, session) = established(&mut net);
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
    let bye = sent(&mut net).pop().unwrap();
    let reinvite = with_sdp(&request("INVITE", 2, "2", &tag, ""));
    assert_eq!(titles(&net.inject(0, PHONE, &reinvite)), ["100 INVITE", "481 INVITE"]);
    net.inject(0, PHONE, &request("ACK", 2, "2", &tag, "\n"));
    net.inject(0, PHONE, &response(&bye, "200 OK", "bob", ""));
    net.run_out();
}

#[test]
fn s3_2_2_our_reinvite_crosses_a_bye() {
    let mut net = Net::pair(1, PERFECT);
    let (tag, session) = established(&mut net);
    net.on(0, |endpoint, now| endpoint.reoffer(now, session, sdp(OFFER)));
    let offer = sent(&mut net).pop().unwrap();
    assert_eq!(titles(&net.inject(0, PHONE, &request("BYE", 2, "2", &tag, "\n"))), ["200 BYE"]);
    assert_eq!(titles(&net.inject(0, PHONE, &response(&offer, "481 Unknown", "bob", ""))), ["ACK"]);
    assert_eq!(net.told(0), ["Incoming", "Confirmed", "Ended"], "nothing follows the end");
    net.run_out();
}

#[test]
fn s3_2_3_the_200_to_our_reinvite_crosses_our_bye() {
    let mut net = Net::pair(1, PERFECT);
    let (_, session) = established(&mut net);
    net.on(0, |endpoint, now| endpoint.reoffer(now, session, sdp(OFFER)));
    let offer = sent(&mut net).pop().unwrap();
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
    let bye = sent(&mut net).pop().unwrap();
    let ok = response(&offer, "200 OK", "bob", "");
    assert_eq!(titles(&net.inject(0, PHONE, &ok)), ["ACK"], "and no second BYE");
    assert_eq!(titles(&net.inject(0, PHONE, &ok)), ["ACK"]);
    net.inject(0, PHONE, &response(&bye, "200 OK", "bob", ""));
    net.run_out();
}

#[test]
fn s3_2_4_the_ack_comes_after_the_bye() {
    let mut net = Net::pair(1, PERFECT);
    let (tag, _) = answered(&mut net, &invite());
    net.inject(0, PHONE, &request("BYE", 2, "2", &tag, "\n"));
    assert!(net.inject(0, PHONE, &request("ACK", 1, "1a", &tag, "\n")).is_empty());
    assert!(net.inject(0, PHONE, &request("ACK", 1, "1a", &tag, "\n")).is_empty());
    net.run_for(Duration::from_secs(40));
    assert_eq!(titles(&sent(&mut net)), [""; 0]);
    net.run_out();
}

#[test]
fn s3_3_1_two_reinvites_cross() {
    for seed in 0..50 {
        let mut net = Net::pair(seed, PERFECT);
        let caller = net.on(0, |endpoint, now| endpoint.invite(now, call())).unwrap();
        net.run_ms(10);
        let callee = net.incoming(1).unwrap();
        net.on(1, |endpoint, now| endpoint.answer(now, callee, sdp(ANSWER)));
        net.run_ms(10);
        let before = net.ladder.len();
        net.on(0, |endpoint, now| endpoint.reoffer(now, caller, sdp("v=0 caller")));
        net.on(1, |endpoint, now| endpoint.reoffer(now, callee, sdp("v=0 callee")));
        net.run_ms(10);
        let crossed = &net.ladder[before..];
        let both = ["INVITE", "100 INVITE", "491 INVITE", "ACK"];
        for what in both {
            assert_eq!(crossed.iter().filter(|line| line[4..] == *what).count(), 2, "{crossed:?}");
        }
        // RFC 3261 §14.1: the callee waits up to 2 s, the caller 2.1 s at least.
        net.run_ms(2020);
        assert_eq!(net.told(0).last().unwrap(), "Reoffer");
        assert_eq!(net.told(1).last().unwrap(), "Confirmed");
        net.on(0, |endpoint, now| endpoint.answer_reoffer(now, caller, sdp(ANSWER)));
        net.run_ms(2000);
        assert_eq!(net.told(1)[2..], ["ReofferAnswered", "Reoffer"]);
        net.on(1, |endpoint, now| endpoint.answer_reoffer(now, callee, sdp(ANSWER)));
        net.run_ms(10);
        assert_eq!(net.told(0).last().unwrap(), "ReofferAnswered");
        net.on(0, |endpoint, now| endpoint.hang_up(now, caller, None));
        net.run_out();
    }
}

#[test]
fn s3_3_2_an_update_crosses_our_reinvite() {
    let mut net = Net::pair(1, PERFECT);
    let (tag, session) = established(&mut net);
    net.on(0, |endpoint, now| endpoint.reoffer(now, session, sdp(OFFER)));
    let offer = sent(&mut net).pop().unwrap();
    let update = with_sdp(&request("UPDATE", 2, "2", &tag, ""));
    assert_eq!(titles(&net.inject(0, PHONE, &update)), ["491 UPDATE"]);
    let empty = request("UPDATE", 3, "3", &tag, "\n");
    assert_eq!(titles(&net.inject(0, PHONE, &empty)), ["200 UPDATE"], "one without an offer crosses nothing");
    assert_eq!(titles(&net.inject(0, PHONE, &response(&offer, "491 Pending", "bob", ""))), ["ACK"]);
    net.run_ms(2010);
    let again = sent(&mut net).remove(0);
    assert_eq!(titles(&net.inject(0, PHONE, &response(&again, "200 OK", "bob", ""))), ["ACK"]);
    assert_eq!(net.told(0).last().unwrap(), "ReofferAnswered");
    net.inject(0, PHONE, &request("BYE", 4, "4", &tag, "\n"));
    net.run_out();
}

#[test]
fn s3_3_2_a_reinvite_crosses_our_update() {
    let mut net = Net::pair(1, PERFECT);
    let (invite, session) = invited(&mut net);
    net.inject(0, PHONE, &response(&invite, "200 OK", "bob", "Allow: UPDATE\n"));
    net.run_for(Duration::from_secs(900));
    let update = sent(&mut net).pop().unwrap();
    assert_eq!(titles(core::slice::from_ref(&update)), ["UPDATE"], "which only refreshes");
    let reinvite = with_sdp(&from_callee(&invite, "bob", "INVITE", 1, ""));
    assert_eq!(titles(&net.inject(0, PHONE, &reinvite)), ["100 INVITE"]);
    net.on(0, |endpoint, now| endpoint.answer_reoffer(now, session, sdp(ANSWER)));
    assert_eq!(titles(&sent(&mut net)), ["200 INVITE"]);
    net.inject(0, PHONE, &from_callee(&invite, "bob", "ACK", 1, "\n"));
    net.inject(0, PHONE, &response(&update, "200 OK", "bob", ""));
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
    net.run_out();
}

#[test]
fn s3_3_3_a_refer_crosses_our_bye() {
    let mut net = Net::pair(1, PERFECT);
    let (tag, session) = established(&mut net);
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
    let bye = sent(&mut net).pop().unwrap();
    let refer = request("REFER", 2, "2", &tag, "Refer-To: <sip:carol@192.0.2.98>\n\n");
    assert_eq!(titles(&net.inject(0, PHONE, &refer)), ["481 REFER"]);
    net.inject(0, PHONE, &response(&bye, "200 OK", "bob", ""));
    assert_eq!(net.told(0), ["Incoming", "Confirmed", "Ended"]);
    net.run_out();
}
