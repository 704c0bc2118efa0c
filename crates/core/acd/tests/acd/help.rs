//! An agent wants help, and gets it.

use hotline_acd::{AgentError, Event, Help, HelpAnswer, HelpError, HelpOutcome, LEADER_BYTES_MAX};

use crate::center::{Center, agent, call};

/// Adam talks to call 1 and wants help.
fn asking() -> Center {
    let mut center = Center::sales(&["adam"]);
    center.enqueue(1);
    center.answer(1);
    center.acd.ask_help(center.now, &agent("adam")).unwrap();
    center
}

#[test]
fn help_is_asked_for_answered_and_ended_with_an_outcome() {
    let mut center = asking();
    let asked = center.now.wall;
    center.told();
    center.wait(12);
    center.acd.ask_help(center.now, &agent("adam")).unwrap();
    assert_eq!(center.told(), [], "asking again changes nothing");
    center.acd.answer_help(center.now, &agent("adam"), "lea").unwrap();
    let answered = Some(HelpAnswer { by: "lea".into(), at: center.now.wall });
    let help = Help { asked, call: Some(call(1)), answered };
    assert_eq!(center.view("adam").help, Some(help.clone()));
    assert!(matches!(&center.told()[..], [Event::AgentChanged { help: Some(told), .. }] if *told == help));
    center.wait(30);
    center.acd.end_help(center.now, &agent("adam"), HelpOutcome::Solved).unwrap();
    let ended =
        Event::HelpEnded { agent: agent("adam"), help, ended: center.now.wall, outcome: HelpOutcome::Solved };
    assert!(center.told().contains(&ended));
    assert_eq!(center.view("adam").help, None);
}

#[test]
fn one_leader_helps_at_a_time() {
    let mut center = asking();
    let (now, adam) = (center.now, agent("adam"));
    assert_eq!(center.acd.answer_help(now, &adam, "lea"), Ok(()));
    assert_eq!(center.acd.answer_help(now, &adam, "lea"), Ok(()));
    assert_eq!(center.acd.answer_help(now, &adam, "leo"), Err(HelpError::Answered));
}

#[test]
fn a_wish_ends_with_the_session() {
    let mut center = asking();
    center.acd.sign_out(center.now, &agent("adam")).unwrap();
    center.end("adam");
    center.told();
    center.wait(100);
    let ended = |event: &Event| matches!(event, Event::HelpEnded { outcome: HelpOutcome::SignedOut, .. });
    assert_eq!(center.told().iter().filter(|event| ended(event)).count(), 1);
    assert_eq!(center.view("adam").help, None);
}

#[test]
fn what_cannot_be_is_refused_with_the_reason() {
    let mut center = Center::sales(&["adam"]);
    let (now, adam) = (center.now, agent("adam"));
    let endless = "x".repeat(LEADER_BYTES_MAX + 1);
    assert_eq!(center.acd.answer_help(now, &adam, "lea"), Err(HelpError::NotAsked));
    assert_eq!(center.acd.end_help(now, &adam, HelpOutcome::Withdrawn), Err(HelpError::NotAsked));
    center.acd.ask_help(now, &adam).unwrap();
    assert_eq!(center.acd.answer_help(now, &adam, &endless), Err(HelpError::NameTooLong));
    center.acd.sign_out(now, &adam).unwrap();
    assert_eq!(center.acd.ask_help(now, &adam), Err(AgentError::SignedOut.into()));
    assert_eq!(center.acd.ask_help(now, &agent("nobody")), Err(AgentError::Unknown.into()));
}
