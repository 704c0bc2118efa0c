//! The usual calls over a bad network, ten thousand times each. A failing seed is printed and replays.

use hotline_sip::endpoint::{Event, Reason, SessionId};

use crate::net::{ANSWER, BAD, Net, OFFER, PERFECT, call, name, sdp};

const SEEDS: u64 = 10_000;

/// Runs `scene` once for each seed.
fn each_seed(scene: impl Fn(u64) + std::panic::RefUnwindSafe) {
    for seed in 0..SEEDS {
        if let Err(panic) = std::panic::catch_unwind(|| scene(seed)) {
            eprintln!("seed {seed}");
            std::panic::resume_unwind(panic);
        }
    }
}

/// Runs in small steps until the other side has the call.
fn wait_incoming(net: &mut Net) -> Option<SessionId> {
    for _ in 0..400 {
        if let Some(session) = net.incoming(1) {
            return Some(session);
        }
        net.run_ms(100);
    }
    None
}

/// Runs until `node` was told `what`; false after a minute.
fn wait(net: &mut Net, node: usize, what: &str) -> bool {
    for _ in 0..600 {
        if net.find(node, what).is_some() {
            return true;
        }
        net.run_ms(100);
    }
    false
}

fn answered(net: &mut Net) -> Option<(SessionId, SessionId)> {
    let caller = net.on(0, |endpoint, now| endpoint.invite(now, call())).unwrap();
    let callee = wait_incoming(net)?;
    net.on(1, |endpoint, now| endpoint.ring(now, callee, None));
    net.run_ms(500);
    net.on(1, |endpoint, now| endpoint.answer(now, callee, sdp(ANSWER)));
    (wait(net, 0, "Answered") && wait(net, 1, "Confirmed")).then_some((caller, callee))
}

fn ends(net: &Net, node: usize) -> Vec<&Event> {
    net.nodes[node].events.iter().filter(|event| event.is_terminal()).collect()
}

#[test]
fn a_call_is_answered_and_ended() {
    each_seed(|seed| {
        let mut net = Net::pair(seed, BAD);
        let (caller, _) = answered(&mut net).expect("the call is answered");
        net.on(0, |endpoint, now| endpoint.hang_up(now, caller, Some(Reason::NORMAL)));
        net.run_out();
        assert!(matches!(ends(&net, 0)[..], [Event::Ended { .. }]));
        match ends(&net, 1)[..] {
            [Event::Ended { reason, .. }] => assert_eq!(*reason, Some(Reason::NORMAL)),
            _ => panic!("{:?}", net.told(1)),
        }
    });
}

#[test]
fn the_caller_cancels_at_any_time() {
    each_seed(|seed| {
        let mut net = Net::pair(seed, BAD);
        let caller = net.on(0, |endpoint, now| endpoint.invite(now, call())).unwrap();
        let (patience, answer_at) = (net.rng.below(3000), net.rng.below(3000));
        let mut hung_up = false;
        let mut picked_up = false;
        for at in (0..=3000).step_by(50) {
            if at >= patience && !hung_up {
                hung_up = true;
                net.on(0, |endpoint, now| endpoint.hang_up(now, caller, None));
            }
            if at >= answer_at
                && !picked_up
                && let Some(callee) = net.incoming(1)
            {
                picked_up = true;
                net.on(1, |endpoint, now| endpoint.answer(now, callee, sdp(ANSWER)));
            }
            net.run_ms(50);
        }
        // The INVITE may still be on its way.
        if !picked_up && let Some(callee) = wait_incoming(&mut net) {
            net.on(1, |endpoint, now| endpoint.answer(now, callee, sdp(ANSWER)));
        }
        net.run_out();
        let last = ends(&net, 0)[0];
        let was_answered = net.find(0, "Answered").is_some();
        assert_eq!(name(last), if was_answered { "Ended" } else { "Cancelled" });
        assert!(net.incoming(1).is_none() || ends(&net, 1).len() == 1);
    });
}

#[test]
fn both_hang_up_at_once() {
    each_seed(|seed| {
        let mut net = Net::pair(seed, BAD);
        let (caller, callee) = answered(&mut net).expect("the call is answered");
        net.on(0, |endpoint, now| endpoint.hang_up(now, caller, None));
        let lead = net.rng.below(400);
        net.run_ms(lead);
        net.on(1, |endpoint, now| endpoint.hang_up(now, callee, None));
        net.run_out();
        assert_eq!((ends(&net, 0).len(), ends(&net, 1).len()), (1, 1));
    });
}

#[test]
fn crossing_offers_are_both_answered_in_the_end() {
    each_seed(|seed| {
        let mut net = Net::pair(seed, if seed % 2 == 0 { PERFECT } else { BAD });
        let (caller, callee) = answered(&mut net).expect("the call is answered");
        net.on(0, |endpoint, now| endpoint.reoffer(now, caller, sdp(OFFER)));
        net.on(1, |endpoint, now| endpoint.reoffer(now, callee, sdp(OFFER)));
        let mut replied = [0, 0];
        for _ in 0..800 {
            for (node, session) in [(0, caller), (1, callee)] {
                let offers = net.told(node).iter().filter(|name| *name == "Reoffer").count();
                if offers > replied[node] {
                    replied[node] = offers;
                    net.on(node, |endpoint, now| endpoint.answer_reoffer(now, session, sdp(ANSWER)));
                }
            }
            net.run_ms(50);
            if [0, 1].iter().all(|&node| net.find(node, "ReofferAnswered").is_some()) {
                break;
            }
        }
        for node in [0, 1] {
            assert!(net.find(node, "ReofferAnswered").is_some(), "{:?}", net.told(node));
        }
        net.on(1, |endpoint, now| endpoint.hang_up(now, callee, None));
        net.run_out();
    });
}

#[test]
fn a_refusal_reaches_the_caller() {
    each_seed(|seed| {
        let mut net = Net::pair(seed, BAD);
        net.on(0, |endpoint, now| endpoint.invite(now, call())).unwrap();
        let callee = wait_incoming(&mut net).expect("the call comes in");
        net.on(1, |endpoint, now| endpoint.reject(now, callee, 486, Some(&Reason::q850(17, "User busy"))));
        net.run_out();
        match ends(&net, 0)[..] {
            [Event::Failed { failure, .. }] => assert_eq!((failure.status, failure.q850), (486, Some(17))),
            _ => panic!("{:?}", net.told(0)),
        }
    });
}

/// What a peer that stops deciding leaves behind: no session longer than its BYE and its INVITE take together, and no
/// transaction without a timer.
#[test]
fn nothing_outlives_a_peer_that_only_says_wait() {
    each_seed(|seed| {
        let mut net = Net::pair(seed, BAD);
        let (offers_at, deaf_at, end_at) = (net.rng.below(3000), net.rng.below(4000), net.rng.below(5900));
        let is_mute = net.rng.chance(1, 3);
        let caller = net.on(0, |endpoint, now| endpoint.invite(now, call())).unwrap();
        let mut picked_up = false;
        for at in (0..6000).step_by(50) {
            if at >= deaf_at {
                let says = move |from: usize, message: &hotline_sip::Message| {
                    from != 1 || (!is_mute && message.status().is_some_and(|status| status < 200))
                };
                net.filter = Some(Box::new(says));
            }
            if at >= 500
                && !picked_up
                && let Some(callee) = net.incoming(1)
            {
                picked_up = true;
                net.on(1, |endpoint, now| endpoint.ring(now, callee, None));
                net.on(1, |endpoint, now| endpoint.answer(now, callee, sdp(ANSWER)));
            }
            if (offers_at..offers_at + 50).contains(&at) {
                net.on(0, |endpoint, now| endpoint.reoffer(now, caller, sdp(OFFER)));
            }
            if (end_at..end_at + 50).contains(&at) {
                net.on(0, |endpoint, now| endpoint.hang_up(now, caller, None));
            }
            net.run_ms(50);
        }
        net.run_for(core::time::Duration::from_secs(65));
        let left = (net.nodes[0].endpoint.sessions(), net.nodes[0].endpoint.transactions());
        assert_eq!(left, (0, 0));
    });
}
