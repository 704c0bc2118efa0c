//! Random flows and random callers: nothing panics, nobody waits for ever, and what checked clean holds.

use std::sync::{Arc, LazyLock};

use hotline_ivr::{Digit, Flow, HangupCause, Input, PlayTag, QueueExit, StepExit, TransferExit, parse};
use proptest::prelude::*;

use crate::caller::{Caller, Known};

/// The names of steps; the last one is never defined.
const STEPS: [&str; 6] = ["first", "s1", "s2", "s3", "s4", "nowhere"];

/// What happens to a call, chosen at random.
#[derive(Clone, Copy, Debug)]
enum Event {
    Answered,
    /// The end of the playback that began as many plays ago.
    PlayFinished(u32),
    Digit(char),
    QueueExited(QueueExit),
    TransferFailed(TransferExit),
    Connected,
    CallEnded,
    Wait,
}

type Target = BoxedStrategy<&'static str>;

/// What menu and collect share.
fn an_ask(to: &Target) -> impl Strategy<Value = String> + use<> {
    let retries = || prop::sample::select(&["", "retries: [[b]], ", "retries: [[b], [c, a]], "][..]);
    (retries(), to.clone(), retries(), to.clone(), any::<bool>()).prop_map(
        |(silent, no_input, wrong, invalid, barge_in)| {
            format!(
                "prompts: [a], barge_in: {barge_in}, no_input: {{{silent}then: {no_input}}}, \
                 invalid: {{{wrong}then: {invalid}}}"
            )
        },
    )
}

/// A step of any kind in YAML, leading to `to`.
fn a_kind(to: &Target) -> impl Strategy<Value = String> + use<> {
    prop_oneof![
        to.clone().prop_map(|to| format!("answer: {{then: {to}}}")),
        (to.clone(), any::<bool>())
            .prop_map(|(to, barge_in)| format!("say: {{prompts: [a], barge_in: {barge_in}, then: {to}}}")),
        (an_ask(to), to.clone(), to.clone())
            .prop_map(|(ask, one, two)| format!("menu: {{{ask}, choices: {{1: {one}, \"*\": {two}}}}}")),
        (an_ask(to), to.clone(), 1..4usize, 0..3usize, any::<bool>()).prop_map(|(ask, to, min, more, ended)| {
            let terminator = if ended { "terminator: \"#\", " } else { "" };
            let max = min + more;
            format!("collect: {{{ask}, {terminator}into: x, min_digits: {min}, max_digits: {max}, then: {to}}}")
        }),
        (to.clone(), any::<bool>()).prop_map(|(to, chinese)| {
            format!("language: {{to: {}, then: {to}}}", if chinese { "zh" } else { "en" })
        }),
        [to.clone(), to.clone(), to.clone()].prop_map(|[full, timeout, no_agents]| {
            format!("queue: {{name: sales, exits: {{full: {full}, timeout: {timeout}, no_agents: {no_agents}}}}}")
        }),
        [to.clone(), to.clone(), to.clone()].prop_map(|[busy, silent, gone]| {
            format!("transfer: {{extension: \"1001\", exits: {{busy: {busy}, no_answer: {silent}, unavailable: {gone}}}}}")
        }),
        to.clone().prop_map(|to| format!("goto: {to}")),
        Just("hangup: {cause: normal}".to_owned()),
    ]
}

/// Steps that lead anywhere: most such flows have mistakes that only the checker sees.
fn any_flow() -> impl Strategy<Value = Arc<Flow>> {
    let anywhere = prop::sample::select(&STEPS[..]).boxed();
    prop::collection::vec(a_kind(&anywhere), STEPS.len() - 1).prop_map(|kinds| {
        let steps: Vec<(&str, String)> = STEPS.into_iter().zip(kinds).collect();
        read(&steps)
    })
}

/// Flows that check clean: the call is answered first and hung up last, steps mostly lead on, and those that
/// nobody reaches are left out.
fn clean_flow() -> impl Strategy<Value = Arc<Flow>> {
    let defined = STEPS.len() - 1;
    let kinds: Vec<BoxedStrategy<String>> = (0..defined)
        .map(|number| {
            let onward = prop::sample::select(&STEPS[(number + 1).min(defined - 1)..defined]);
            let anywhere = prop::sample::select(&STEPS[1..defined]);
            let to = prop_oneof![6 => onward, 1 => anywhere].boxed();
            match number {
                0 => to.prop_map(|to| format!("answer: {{then: {to}}}")).boxed(),
                _ if number == defined - 1 => Just("hangup: {cause: normal}".to_owned()).boxed(),
                _ => a_kind(&to).boxed(),
            }
        })
        .collect();
    let flows = kinds.prop_map(|kinds| {
        let mut steps: Vec<(&str, String)> = STEPS.into_iter().zip(kinds).collect();
        let found = problems(&read(&steps));
        steps
            .retain(|(name, _)| !found.iter().any(|problem| problem.ends_with(&format!("to step `{name}`"))));
        read(&steps)
    });
    flows.prop_filter("mistakes", |flow| problems(flow).is_empty())
}

fn read(steps: &[(&str, String)]) -> Arc<Flow> {
    let steps: String = steps.iter().map(|(name, kind)| format!("  {name}: {{{kind}}}\n")).collect();
    let variables = if steps.contains("into: x") { "variables: {x: text}\n" } else { "" };
    let text = format!("flow: random\nlanguages: [en, zh]\nstart: first\nsteps:\n{steps}{variables}");
    Arc::new(parse("random.yaml", &text).unwrap_or_else(|all| panic!("{text}\n{}", all[0])))
}

fn problems(flow: &Flow) -> Vec<String> {
    static KNOWN: LazyLock<Known> = LazyLock::new(Known::small);
    KNOWN.problems(flow)
}

fn an_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => Just(Event::Answered),
        8 => (0..3u32).prop_map(Event::PlayFinished),
        8 => prop::sample::select(&['1', '2', '*', '#', 'A'][..]).prop_map(Event::Digit),
        4 => prop::sample::select(QueueExit::ALL).prop_map(Event::QueueExited),
        4 => prop::sample::select(TransferExit::ALL).prop_map(Event::TransferFailed),
        1 => Just(Event::Connected),
        1 => Just(Event::CallEnded),
        8 => Just(Event::Wait),
    ]
}

fn happen(caller: &mut Caller, event: Event, plays: u32) {
    match event {
        Event::Answered => caller.input(Input::Answered),
        Event::PlayFinished(ago) => {
            let tag = PlayTag(plays.saturating_sub(ago));
            if caller.playing == Some(tag) {
                caller.playing = None;
            }
            caller.input(Input::PlayFinished(tag));
        }
        Event::Digit(key) => caller.input(Input::Digit(Digit::new(key).expect("a key"))),
        Event::QueueExited(exit) => caller.input(Input::QueueExited(exit)),
        Event::TransferFailed(exit) => caller.input(Input::TransferFailed(exit)),
        Event::Connected => caller.input(Input::Connected),
        Event::CallEnded => caller.input(Input::CallEnded),
        Event::Wait => {
            if caller.session.poll_timeout().is_some() {
                caller.wait();
            }
        }
    }
}

/// Runs a call and checks after every input that the session is over, has a timer in the future, or has given the
/// call to the queue or a transfer.
fn run(flow: &Arc<Flow>, events: Vec<Event>) -> Result<Caller, TestCaseError> {
    let mut caller = Caller::new(flow);
    let mut plays = 0;
    let mut away = false;
    for event in events {
        for word in caller.given() {
            plays += u32::from(word.starts_with("play "));
            away = word.starts_with("enqueue ") || word.starts_with("transfer ");
        }
        match caller.session.poll_timeout() {
            Some((at, _)) => prop_assert!(at > caller.now.mono, "a timer in the past would spin"),
            None => prop_assert!(caller.session.is_finished() || away, "{:?}", caller.session.step()),
        }
        happen(&mut caller, event, plays);
    }
    let in_order = caller.path.windows(2).all(|pair| pair[0].left.mono <= pair[1].entered.mono);
    prop_assert!(in_order, "steps follow one another");
    Ok(caller)
}

proptest! {
    #![proptest_config(ProptestConfig { max_local_rejects: 1_000_000, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn nobody_waits_for_nothing(flow in any_flow(), events in prop::collection::vec(an_event(), 0..60)) {
        run(&flow, events)?;
    }

    #[test]
    fn a_clean_flow_never_misses_a_step(flow in clean_flow(), events in prop::collection::vec(an_event(), 0..60)) {
        let missing = StepExit::Hangup(HangupCause::MissingStep);
        prop_assert!(run(&flow, events)?.path.iter().all(|step| step.exit != missing));
    }

    /// Nobody holds a line with a silent phone.
    #[test]
    fn a_clean_flow_lets_go_of_a_caller_who_only_listens(
        flow in clean_flow(),
        exit in prop::sample::select(&[QueueExit::Full, QueueExit::NoAgents][..]),
    ) {
        let mut caller = Caller::new(&flow);
        for _ in 0..100 {
            caller.input(Input::Answered);
            caller.input(Input::QueueExited(exit));
            caller.input(Input::TransferFailed(TransferExit::Busy));
            if caller.session.poll_timeout().is_some() {
                caller.wait();
            }
        }
        prop_assert!(caller.session.is_finished());
        let limit = StepExit::Hangup(HangupCause::StepLimit);
        prop_assert!(caller.path.iter().all(|step| step.exit != limit));
    }

    /// A snapshot taken after any input continues like the session it was taken from.
    #[test]
    fn a_snapshot_continues_alike(flow in any_flow(), events in prop::collection::vec(an_event(), 0..30), cut in 0..30usize) {
        let mut original = Caller::new(&flow);
        let mut restored = Caller::new(&flow);
        for (index, event) in events.into_iter().enumerate() {
            if index == cut {
                let snapshot = serde_json::to_string(&restored.session).unwrap();
                restored.session = serde_json::from_str(&snapshot).unwrap();
            }
            happen(&mut original, event, 1);
            happen(&mut restored, event, 1);
        }
        prop_assert_eq!(original.given(), restored.given());
        prop_assert_eq!(original.path, restored.path);
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,200}") {
        prop_assert!(parse("random.yaml", &text).is_err());
    }

    /// A good flow with one line damaged is read or refused with places inside the file.
    #[test]
    fn damaged_flows_are_refused_in_place(line in 0..80usize, cut in 0..60usize, garbage in "[ \\t{}:,&*\\[\\]\"'#a-c0-2|>-]{0,6}") {
        let good = include_str!("../../../../../ivr-flows/main.yaml");
        let damaged: Vec<String> = good.lines().skip_while(|line| line.starts_with('#')).enumerate().map(|(index, text)| {
            if index != line {
                return text.to_owned();
            }
            let cut = text.char_indices().nth(cut).map_or(text.len(), |(at, _)| at);
            format!("{}{garbage}{}", &text[..cut], &text[cut..])
        }).collect();
        let text = damaged.join("\n");
        for found in parse("main.yaml", &text).err().unwrap_or_default() {
            prop_assert!(found.line >= 1 && found.column >= 1);
            prop_assert!(found.line as usize <= text.lines().count() + 1, "{}", found);
        }
    }
}
