//! Pauses of a recording: who may, what is marked, and that a forgotten one ends.

use std::time::Duration;

use hotline_call::{
    AlarmKind, CallRecord, Command, CommandError, RecordingPolicy, RecordingStart, RecordingState,
};
use hotline_media::MarkKind;
use hotline_sim::{Act, PhoneId, Rules, World, for_each_seed};

const SEEDS: u64 = 300;
const LONG: Duration = Duration::from_secs(120);
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// A caller who talks to the first of two agents.
fn talking(seed: u64, loud: bool) -> (World, PhoneId, PhoneId, PhoneId) {
    let recording = RecordingPolicy { pause_max: PAUSE_MAX, ..RecordingPolicy::default() };
    let mut world = World::new(seed, loud, Rules { agents: 2, recording, ..Rules::default() });
    world.open();
    let (first, second) = (world.agent(0), world.agent(1));
    let caller = world.add_caller(None);
    let dial = world.number();
    world.later(Duration::ZERO, caller, dial);
    assert!(world.run_until(LONG, |world| world.are_talking(caller, first)));
    (world, caller, first, second)
}

fn pause(world: &mut World, agent: PhoneId) -> Result<(), CommandError> {
    let (call, by) = world.talk_of(agent);
    world.try_command(Command::PauseRecording { call, by, why: Some("a card number".to_owned()) })
}

fn resume(world: &mut World, agent: PhoneId) -> Result<(), CommandError> {
    let (call, by) = world.talk_of(agent);
    world.try_command(Command::ResumeRecording { call, by })
}

fn marks(record: &CallRecord) -> Vec<(MarkKind, Option<&str>, Option<&str>)> {
    let [recording] = &record.recordings[..] else { panic!("one recording: {:?}", record.recordings) };
    let marks = recording.index.marks.iter();
    marks.map(|mark| (mark.kind, mark.by.as_ref().map(|by| by.as_str()), mark.why.as_deref())).collect()
}

const PAUSED: (MarkKind, Option<&str>, Option<&str>) =
    (MarkKind::Paused, Some("agent:agent0"), Some("a card number"));

#[test]
fn a_caller_is_recorded_from_the_answer_on_if_wished_and_in_one_recording() {
    for_each_seed(50, |seed, loud| {
        let recording = RecordingPolicy { start: RecordingStart::Answer, ..RecordingPolicy::default() };
        let mut world = World::new(seed, loud, Rules { agents: 1, recording, ..Rules::default() });
        let agent = world.agent(0);
        let caller = world.add_caller(None);
        let dial = world.number();
        world.later(Duration::ZERO, caller, dial);
        assert!(
            world.run_until(LONG, |world| world.is_recorded(caller)),
            "before anybody could take the call"
        );
        world.open();
        assert!(world.run_until(LONG, |world| world.are_talking(caller, agent)));
        assert!(world.is_recorded(agent));
        world.later(Duration::ZERO, caller, Act::HangUp);
        world.run_for(Duration::from_secs(30));
        let record = world.close_with_one();
        assert_eq!(record.recordings.len(), 1);
    });
}

#[test]
fn an_agent_pauses_and_resumes_and_a_forgotten_pause_ends_by_itself() {
    for_each_seed(SEEDS, |seed, loud| {
        let (mut world, caller, agent, _) = talking(seed, loud);
        assert_eq!(resume(&mut world, agent), Ok(()), "nothing is paused, and nothing happens");
        assert_eq!(pause(&mut world, agent), Ok(()));
        world.run_for(PAUSE_MAX - Duration::from_secs(1));
        assert_eq!(pause(&mut world, agent), Ok(()), "a bit longer");
        world.run_for(PAUSE_MAX - Duration::from_secs(1));
        assert_eq!(resume(&mut world, agent), Ok(()));
        assert_eq!(pause(&mut world, agent), Ok(()));
        world.run_for(PAUSE_MAX + Duration::from_secs(1));
        world.later(Duration::ZERO, caller, Act::HangUp);
        world.run_for(Duration::from_secs(30));
        let record = world.close_with_one();
        let by_agent = (MarkKind::Resumed, Some("agent:agent0"), None);
        assert_eq!(marks(&record), [PAUSED, by_agent, PAUSED, (MarkKind::Resumed, None, None)]);
    });
}

#[test]
fn a_pause_ends_when_its_agent_sends_the_caller_on() {
    for_each_seed(SEEDS, |seed, loud| {
        let (mut world, caller, first, second) = talking(seed, loud);
        let (call, _) = world.talk_of(first);
        let stranger = hotline_base::AgentId::from("agent1");
        let refused = world.try_command(Command::PauseRecording { call, by: stranger, why: None });
        assert_eq!(refused, Err(CommandError::NotTalking), "only who talks may");
        assert_eq!(pause(&mut world, first), Ok(()));
        world.transfer(first, second);
        assert!(world.run_until(PAUSE_MAX, |world| world.are_talking(caller, second)), "in time");
        world.later(Duration::from_secs(1), caller, Act::HangUp);
        world.run_for(Duration::from_secs(30));
        let record = world.close_with_one();
        let (resumed, sent_on) = ((MarkKind::Resumed, None, None), Some("agent:agent0"));
        assert_eq!(marks(&record), [PAUSED, resumed, (MarkKind::Transferred, sent_on, None)]);
    });
}

/// Who has sent the other one on talks no more, though the call is still one that the agent has made.
#[test]
fn an_agent_who_has_sent_the_other_on_may_not_pause() {
    for_each_seed(SEEDS, |seed, loud| {
        let mut world = World::new(seed, loud, Rules { agents: 2, outside: 1, ..Rules::default() });
        world.open();
        let (first, second, callee) = (world.agent(0), world.agent(1), world.outside(0));
        world.later(Duration::ZERO, first, Act::Dial("+494012345".to_owned()));
        assert!(world.run_until(LONG, |world| world.are_talking(first, callee)));
        assert_eq!(pause(&mut world, first), Ok(()));
        assert_eq!(resume(&mut world, first), Ok(()));
        world.transfer(first, second);
        assert!(world.run_until(LONG, |world| world.are_talking(callee, second)));
        let (call, by) = (world.talk_of(second).0, hotline_base::AgentId::from("agent0"));
        let pause_by_first = Command::PauseRecording { call, by, why: None };
        assert_eq!(world.try_command(pause_by_first), Err(CommandError::NotTalking));
        assert_eq!(pause(&mut world, second), Ok(()));
        world.later(Duration::from_secs(1), callee, Act::HangUp);
        world.run_for(Duration::from_secs(40));
        world.close_with_one();
    });
}

/// A talk that is recorded goes to a queue that wants none.
#[test]
fn a_queue_without_recording_ends_the_one_that_runs() {
    for_each_seed(SEEDS, |seed, loud| {
        let mut world = World::new(seed, loud, Rules { agents: 3, record: false, ..Rules::default() });
        world.open();
        let (first, second) = (world.agent(0), world.agent(1));
        let Act::Dial(extension) = world.extension(second) else { panic!("an extension is dialled") };
        world.later(Duration::ZERO, first, Act::Dial(extension));
        assert!(world.run_until(LONG, |world| world.are_talking(first, second)), "no queue, and recorded");
        let call = world.talk_of(second).0;
        let Act::Dial(number) = world.number() else { panic!("a number is dialled") };
        world.transfer_to(second, &number);
        world.later(Duration::from_secs(3), first, Act::Press('1'));
        let third = world.agent(2);
        let others = [second, third];
        let talks =
            |world: &World| others.iter().any(|other| world.are_talking_off_the_record(first, *other));
        assert!(world.run_until(LONG, talks), "the queue gives the call to one of the others");
        world.run_for(Duration::from_secs(1));
        let state = world.recordings_of(call).pop();
        assert!(matches!(state, Some(RecordingState::Finished { .. })), "it does not run on: {state:?}");
        world.later(Duration::ZERO, first, Act::HangUp);
        world.run_for(Duration::from_secs(40));
        assert_eq!(world.close_with_one().recordings.len(), 1);
    });
}

/// A full disk, which takes what there is of the recording while its call is up, or when that is over.
#[test]
fn a_recording_that_is_completed_after_all_counts_as_cut_off_and_not_as_failed() {
    for_each_seed(SEEDS, |seed, loud| {
        let (mut world, caller, agent, _) = talking(seed, loud);
        let call = world.talk_of(agent).0;
        world.fail_recordings();
        world.run_for(Duration::from_secs(1));
        let failed = world.recordings_of(call);
        assert!(matches!(failed[..], [RecordingState::Failed { .. }]), "{failed:?}");
        let is_up = seed % 2 == 0;
        if is_up {
            world.complete_recordings();
            world.run_for(Duration::from_secs(1));
        }
        world.later(Duration::ZERO, caller, Act::HangUp);
        world.run_for(Duration::from_secs(40));
        if !is_up {
            world.complete_recordings();
            world.run_for(Duration::from_secs(1));
        }
        let record = world.close_with_one();
        let mended = RecordingState::Mended { duration: Duration::from_secs(1), bytes: 44 };
        assert_eq!(record.recordings.iter().map(|recording| &recording.state).collect::<Vec<_>>(), [&mended]);
    });
}

/// A slow disk costs audio and no call, and an operator sees it until it is over.
#[test]
fn an_alarm_stands_from_a_recording_with_a_gap_to_one_without() {
    for_each_seed(SEEDS / 10, |seed, loud| {
        let (mut world, caller, agent, other) = talking(seed, loud);
        world.lose_audio(40);
        assert!(!world.has_alarm(&AlarmKind::RecordingGap));
        world.later(Duration::ZERO, caller, Act::HangUp);
        let raised = |world: &World| world.has_alarm(&AlarmKind::RecordingGap);
        assert!(world.run_until(LONG, raised), "it is told");
        world.run_for(Duration::from_secs(40));
        world.lose_audio(0);
        let again = world.add_caller(None);
        let dial = world.number();
        world.later(Duration::ZERO, again, dial);
        let talks = |world: &World| world.are_talking(again, agent) || world.are_talking(again, other);
        assert!(world.run_until(LONG, talks), "one of the two takes the call");
        world.later(Duration::ZERO, again, Act::HangUp);
        assert!(world.run_until(LONG, |world| !raised(world)), "it is over");
        world.run_for(Duration::from_secs(40));
        let gaps: Vec<_> = world.close().iter().map(|record| record.recordings[0].state.clone()).collect();
        assert!(matches!(gaps[0], RecordingState::Finished { gap, .. } if gap == Duration::from_millis(40)));
    });
}
