//! Any call can be written down as a test, and that test passes: the language of tests says everything that happens.

use core::fmt::Write as _;
use core::time::Duration;
use std::sync::{Arc, LazyLock};

use hotline_ivr::{
    Digit, Flows, Input, Prompt, QueueExit, RecordExit, Request, StreamExit, Target, TransferExit,
};
use proptest::prelude::*;

use crate::around::NoCenter;
use crate::call::{Call, KEY_GAP, Noticed, Open};
use crate::model::End;
use crate::run::run;

static FLOWS: LazyLock<Arc<Flows>> = LazyLock::new(|| {
    let files = [
        ("every.yaml", include_str!("../tests/flows/every.yaml")),
        ("inner.yaml", include_str!("../tests/flows/inner.yaml")),
    ];
    Arc::new(
        files.iter().map(|(file, text)| hotline_ivr::parse(file, text).expect("it reads well")).collect(),
    )
});

/// What the call waits for that needs somebody else.
#[derive(Clone, Copy, PartialEq)]
enum Waiting {
    Queue,
    Transfer,
    Nobody,
}

/// A call and what was written down of it.
struct Walk<'t> {
    call: Call<'t>,
    text: String,
    waiting: Waiting,
}

impl Walk<'_> {
    fn line(&mut self, line: &str) {
        writeln!(self.text, "      - {line}").expect("a string takes everything");
    }

    /// Writes down what happened.
    fn note(&mut self) {
        while let Some(happening) = self.call.pending.pop_front() {
            self.waiting = match happening.what {
                Noticed::Queued(_) => Waiting::Queue,
                Noticed::Transferred(..) => Waiting::Transfer,
                Noticed::Heard(_)
                | Noticed::Asked(_)
                | Noticed::Records(_)
                | Noticed::Stream(_)
                | Noticed::Sends(_) => Waiting::Nobody,
            };
            let line = written(&happening.what);
            self.line(&line);
        }
    }

    fn do_something(&mut self, choice: u8) {
        if let Some(open) = self.call.open.clone() {
            return self.answer(&open, choice);
        }
        if self.call.session.goes_on_after_talk() {
            self.line("agent_left");
            self.call.input(Input::AgentLeft);
            return;
        }
        match (self.waiting, choice % 4) {
            (Waiting::Queue | Waiting::Transfer, 0) => {
                self.line("connected");
                self.call.connect();
                self.waiting = Waiting::Nobody;
            }
            (Waiting::Queue, _) => {
                let exit = QueueExit::REQUIRED[usize::from(choice / 4) % 3];
                self.line(&format!("{{queue: {exit}, after_s: 7}}"));
                self.call.pass(Duration::from_secs(7));
                self.call.input(Input::QueueExited(exit));
            }
            (Waiting::Transfer, _) => {
                let exit = TransferExit::REQUIRED[usize::from(choice / 4) % 3];
                self.line(&format!("transfer: {exit}"));
                self.call.input(Input::TransferFailed(exit));
            }
            (Waiting::Nobody, 0) => {
                self.line("silence: 1.5");
                self.call.listen();
                self.call.pass(Duration::from_millis(1500));
            }
            (Waiting::Nobody, 1) => {
                // What the caller waits for is written as what is heard.
                let _awaited = self.call.await_happening().is_ok();
            }
            (Waiting::Nobody, _) => {
                let keys = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "1234#", "#", "12", "5555", "*"];
                let keys = keys[usize::from(choice / 4) % keys.len()];
                self.line(&format!("presses: \"{keys}\""));
                let keys: Vec<Digit> = keys.chars().filter_map(Digit::new).collect();
                self.call.press(&keys, KEY_GAP);
            }
        }
    }

    fn answer(&mut self, open: &Open, choice: u8) {
        let choice = usize::from(choice);
        match open {
            Open::Recording(tag) => {
                let exit = RecordExit::ALL[choice % 3];
                self.line(&format!("recording: {exit}"));
                self.call.recorded(*tag, exit);
            }
            Open::Stream(tag) => {
                let exit = [StreamExit::Done, StreamExit::Failed][choice % 2];
                self.line(&format!("stream_ends: {exit}"));
                self.call.open = None;
                self.call.input(Input::StreamEnded(*tag, exit, std::collections::BTreeMap::new()));
            }
            Open::Request(tag, request) => {
                let words: &[&str] = match request {
                    Request::Http { .. } | Request::Customer { .. } => &["not_found", "failed"],
                    Request::Webhook(_) => &["done", "failed"],
                    Request::Callback { .. } => &["booked", "refused"],
                };
                let word = words[choice % words.len()];
                self.line(&format!("replies: {word}"));
                let answer = crate::read::answer_of_word(word).expect("a word");
                let reply = crate::reply::reply(request, &answer).expect("it fits");
                self.call.answer(*tag, reply);
            }
        }
    }
}

fn written(what: &Noticed) -> String {
    match what {
        Noticed::Heard(Prompt::Name(name)) => format!("hears: {{prompt: {name}}}"),
        Noticed::Heard(Prompt::Speech(text)) => format!("hears: {{speech: \"{}\"}}", text.expose()),
        Noticed::Heard(Prompt::Recording(_)) => "hears: [{recorded: true}]".to_owned(),
        Noticed::Heard(Prompt::Beep) => "hears: [{beep: true}]".to_owned(),
        Noticed::Queued(entry) => {
            let skills: Vec<String> =
                entry.skills.iter().map(|(name, level)| format!("{name}: {level}")).collect();
            let credit = entry.priority_credit.as_secs();
            format!(
                "queued: {{queue: {}, skills: {{{}}}, credit_s: {credit}}}",
                entry.queue,
                skills.join(", ")
            )
        }
        Noticed::Transferred(Target::Extension(to), _) => {
            format!("transferred: {{extension: \"{}\"}}", to.expose())
        }
        Noticed::Transferred(Target::Agent(to), _) => format!("transferred: {{agent: \"{to}\"}}"),
        Noticed::Transferred(Target::Number(to), _) => {
            format!("transferred: {{number: \"{}\"}}", to.expose())
        }
        Noticed::Asked(Request::Http { request, .. } | Request::Webhook(request)) => {
            format!("asks: \"{} {}\"", request.method.name(), request.url.expose())
        }
        Noticed::Asked(Request::Customer { number, .. }) => {
            format!("asks: {{customer: \"{}\"}}", number.expose())
        }
        Noticed::Asked(Request::Callback { queue, .. }) => format!("asks: {{callback: {queue}}}"),
        Noticed::Records(Some(mailbox)) => format!("records: {{mailbox: {mailbox}}}"),
        Noticed::Records(None) => "records".to_owned(),
        Noticed::Stream(stream) => format!("stream: {}", stream.url.expose()),
        Noticed::Sends(keys) => format!("sends: \"{keys}\""),
    }
}

/// What there is before the call, as lines of a test.
fn a_beginning() -> impl Strategy<Value = String> {
    let hours = prop::sample::select(&["open", "open", "open", "closed", "holiday"][..]);
    let class = prop::sample::select(&["plain", "gold"][..]);
    (hours, class, 0..10u8, prop::sample::select(&["", "+4930123456"][..])).prop_map(|(hours, class, waiting, caller)| {
        format!(
            "    caller: \"{caller}\"\n    hours: {{office: {hours}}}\n    customer: {{class: {class}}}\n    \
             queues: {{sales: {{waiting: {waiting}}}}}\n"
        )
    })
}

fn read(text: &str) -> crate::TestFile {
    crate::parse("every.test.yaml", text).unwrap_or_else(|all| panic!("{}\n{text}", all[0]))
}

/// Goes through a call as `choices` say; gives the test that tells it.
fn walk(beginning: &str, choices: &[u8]) -> String {
    let head = format!("flow: every\ntests:\n  - name: a call\n{beginning}");
    let given = read(&format!("{head}    steps: [...]\n"));
    let call =
        Call::begin(&FLOWS, given.flow(), &given.tests[0].given, &NoCenter).expect("the flow is there");
    let mut walk =
        Walk { call, text: format!("{head}    steps:\n      - in_step: ring\n"), waiting: Waiting::Nobody };
    for choice in choices {
        walk.note();
        if walk.call.ended.is_some() {
            break;
        }
        walk.do_something(*choice);
    }
    walk.note();
    let end = match walk.call.ended {
        Some(End::Hangup(cause)) => format!("    ends: {{hangup: {cause}}}\n"),
        Some(End::Connected) => "    ends: connected\n".to_owned(),
        Some(End::HungUp) | None => String::new(),
    };
    let seconds = walk.call.elapsed().as_secs() + 1;
    format!("{}{end}    within_s: {seconds}\n", walk.text)
}

proptest! {
    #[test]
    fn a_call_that_was_written_down_is_a_test_that_passes(
        beginning in a_beginning(),
        choices in prop::collection::vec(any::<u8>(), 1..40),
    ) {
        let text = walk(&beginning, &choices);
        let file = read(&text);
        let outcome = run(&FLOWS, &file, &file.tests()[0], &NoCenter);
        prop_assert!(outcome.failure.is_none(), "{}\n{text}", outcome.failure.unwrap());
    }

    /// A prompt that is not there is never taken for one that is.
    #[test]
    fn one_wrong_line_fails_the_test(
        beginning in a_beginning(),
        choices in prop::collection::vec(any::<u8>(), 1..40),
    ) {
        let text = walk(&beginning, &choices).replace("{prompt: early}", "{prompt: late}");
        let file = read(&text);
        let outcome = run(&FLOWS, &file, &file.tests()[0], &NoCenter);
        prop_assert_eq!(outcome.failure.is_some(), text.contains("late"), "{}", text);
    }
}

/// Callers who do anything come nearly everywhere: the two properties are about whole flows.
#[test]
fn walks_come_nearly_everywhere() {
    let mut coverage = crate::Coverage::new(&FLOWS);
    for seed in 0..500_u32 {
        let class = ["plain", "gold"][usize::from(seed % 7 == 0)];
        let beginning = format!("    hours: {{office: open}}\n    customer: {{class: {class}}}\n");
        let bytes =
            (1..30_u32).map(|step| seed.wrapping_mul(2_654_435_761).rotate_left(step).wrapping_mul(step));
        let choices: Vec<u8> = bytes.map(|bits| bits.to_be_bytes()[0]).collect();
        let file = read(&walk(&beginning, &choices));
        coverage.add(&run(&FLOWS, &file, &file.tests()[0], &NoCenter));
    }
    assert!(coverage.percent() >= 70, "{} %", coverage.percent());
}
