//! Runs a flow for one caller. Waits for digits, prompts, the queue, answers and time, and says what to do next.

mod enter;
mod frame;
mod input;
mod queued;
mod speak;
mod timeout;

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use hotline_base::{FlowId, Now, Pii, Time};
use serde::{Deserialize, Serialize};

use self::frame::{Frame, Reading};
use self::queued::Queued;
use crate::action::{Action, Facts, Input, PathStep, PlayTag, RequestTag, Surroundings, Timer};
use crate::asking::{Asking, Phase};
use crate::end::{HangupCause, StepExit};
use crate::expression::{Expression, Value};
use crate::keys::Keys;
use crate::model::{Callback, Flow, Flows, Lookup, Record, Stream, Transfer, Webhook};
use crate::name::{Language, StepName, Variable};

/// The most steps that a call goes through without a key pressed; then it is hung up with
/// [`HangupCause::StepLimit`].
pub const MAX_STEPS_WITHOUT_INPUT: u32 = 100;
/// The most steps that a call goes through; then it is hung up with [`HangupCause::StepLimit`].
pub const MAX_STEPS_PER_CALL: u32 = 1000;
/// The most flows that have called one another at a time; beyond, the call is hung up with
/// [`HangupCause::StepLimit`].
pub const MAX_DEPTH: usize = 8;
/// How long an answer may take. A 200 without ACK is given up after 64·T1 = 32 s (RFC 3261 §13.3.1.4).
pub const ANSWER_LIMIT: Duration = Duration::from_secs(40);
/// How long prompts may take before they are taken for finished.
pub const PLAYBACK_LIMIT: Duration = Duration::from_secs(600);
/// What an answer may take beyond the time that was given to it: whoever carries the request out keeps the limit.
pub const REPLY_GRACE: Duration = Duration::from_secs(1);
/// How long noting a call back may take.
pub const CALLBACK_LIMIT: Duration = Duration::from_secs(5);
/// What a recording may take beyond its longest, for the beep and the disk.
pub const RECORDING_GRACE: Duration = Duration::from_secs(5);
/// How long one key takes that is sent: 100 ms of tone and 60 ms of silence.
pub const KEY_LENGTH: Duration = Duration::from_millis(160);

/// One caller in one flow. After each `handle_…`, take the actions until `None`, then the steps, then ask
/// for the next timeout.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Session {
    flows: Arc<Flows>,
    /// The flow that runs, and below it those that called it. Never empty.
    frames: Vec<Frame>,
    facts: Facts,
    language: Language,
    began: Option<Time>,
    answered: bool,
    state: State,
    keys: Keys,
    plays: u32,
    requests: u32,
    steps: u32,
    steps_without_input: u32,
    ignored_inputs: u64,
    failed_expressions: u64,
    actions: VecDeque<Action>,
    path: VecDeque<(FlowId, PathStep)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum State {
    New,
    Running(Running),
    Finished,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Running {
    step: StepName,
    entered: Now,
    doing: Doing,
}

/// What a step waits for. Steps that wait for nothing are passed within one turn.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Doing {
    Answering {
        until: Time,
        then: StepName,
    },
    Pausing {
        until: Time,
        then: StepName,
    },
    Saying {
        tag: PlayTag,
        until: Time,
        barge_in: bool,
        then: StepName,
        failed: Option<StepName>,
    },
    Asking(Asking),
    Queued(Queued),
    Transferring(Arc<Transfer>),
    /// Somebody has the call; afterwards the flow goes on there.
    Talking {
        exit: StepExit,
        then: StepName,
    },
    Requesting {
        tag: RequestTag,
        until: Time,
        what: Requested,
    },
    Recording(Recording),
    Streaming {
        tag: RequestTag,
        until: Time,
        stream: Arc<Stream>,
    },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Requested {
    Lookup(Arc<Lookup>),
    Webhook(Arc<Webhook>),
    Callback(Arc<Callback>),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Recording {
    record: Record,
    mailbox: Option<String>,
    phase: RecordPhase,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum RecordPhase {
    /// What stands before it is being played.
    Prompting {
        tag: PlayTag,
        until: Time,
    },
    Running {
        tag: RequestTag,
        until: Time,
    },
}

impl Session {
    /// A session that has not begun, in the flow `name`; `None` if there is no such flow. [`Session::start`] enters
    /// the first step.
    #[must_use]
    pub fn new(flows: Arc<Flows>, name: &FlowId, facts: Facts) -> Option<Self> {
        let flow = Arc::clone(flows.get(name)?);
        let spoken = |language: &&Language| flow.languages().any(|known| known == *language);
        let language = facts.language.as_ref().filter(spoken).or_else(|| flow.languages().next()).cloned()?;
        Some(Self {
            flows,
            frames: vec![Frame::new(flow)],
            facts,
            language,
            began: None,
            answered: false,
            state: State::New,
            keys: Keys::new(),
            plays: 0,
            requests: 0,
            steps: 0,
            steps_without_input: 0,
            ignored_inputs: 0,
            failed_expressions: 0,
            actions: VecDeque::new(),
            path: VecDeque::new(),
        })
    }

    /// Enters the first step. Ignored after the first time.
    pub fn start(&mut self, now: Now, surroundings: &dyn Surroundings) {
        match self.state {
            State::New => {
                self.began = Some(now.mono);
                let first = self.flow().start.value.clone();
                self.run(now, surroundings, Some(first));
            }
            State::Running(_) | State::Finished => self.ignored_inputs += 1,
        }
    }

    /// Takes what happened. What does not fit the step, such as the end of a playback that was stopped, is
    /// ignored and counted.
    pub fn handle_input(&mut self, now: Now, surroundings: &dyn Surroundings, input: Input) {
        let next = self.take(now, surroundings, input);
        self.run(now, surroundings, next);
    }

    /// Acts on the timer of [`Session::poll_timeout`] if it is due.
    pub fn handle_timeout(&mut self, now: Now, surroundings: &dyn Surroundings) {
        let Some((_, timer)) = self.poll_timeout().filter(|(at, _)| *at <= now.mono) else { return };
        let next = self.expire(now, surroundings, timer);
        self.run(now, surroundings, next);
    }

    /// When to call [`Session::handle_timeout`], and why. `None` while a transfer or an agent has the call, and
    /// while the caller waits in a queue without pressing keys: their time limits are theirs.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Time, Timer)> {
        match self.doing()? {
            Doing::Answering { until, .. } => Some((*until, Timer::Answer)),
            Doing::Pausing { until, .. } => Some((*until, Timer::Pause)),
            Doing::Saying { until, .. } => Some((*until, Timer::Playback)),
            Doing::Asking(asking) => match asking.phase {
                Phase::Playing { until, .. } => Some((until, Timer::Playback)),
                Phase::Waiting { until, timer } => Some((until, timer)),
            },
            Doing::Requesting { until, .. } => Some((*until, Timer::Reply)),
            Doing::Recording(recording) => match recording.phase {
                RecordPhase::Prompting { until, .. } => Some((until, Timer::Playback)),
                RecordPhase::Running { until, .. } => Some((until, Timer::Recording)),
            },
            Doing::Streaming { until, .. } => Some((*until, Timer::Stream)),
            Doing::Queued(queued) => queued.until().map(|until| (until, Timer::QueueKeys)),
            Doing::Transferring(_) | Doing::Talking { .. } => None,
        }
    }

    /// The next thing to do, in order.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// The next step that the call has left, in order, and its flow.
    pub fn poll_step(&mut self) -> Option<(FlowId, PathStep)> {
        self.path.pop_front()
    }

    /// The language of the call.
    #[must_use]
    pub const fn language(&self) -> &Language {
        &self.language
    }

    /// What was known about the call at the start.
    #[must_use]
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The flow that runs.
    #[must_use]
    pub fn flow(&self) -> &Arc<Flow> {
        &self.frame().flow
    }

    /// The step that the call is in.
    #[must_use]
    pub const fn step(&self) -> Option<&StepName> {
        match &self.state {
            State::Running(running) => Some(&running.step),
            State::New | State::Finished => None,
        }
    }

    /// The value of a variable of the flow that runs.
    #[must_use]
    pub fn variable(&self, variable: &str) -> Option<&Value> {
        self.frame().variables.get(variable)
    }

    /// The variables of the flow that runs, without those that are sensitive.
    pub fn variables(&self) -> impl Iterator<Item = (&Variable, &Value)> {
        let frame = self.frame();
        frame.variables.iter().filter(|(name, _)| !frame.flow.is_sensitive(name))
    }

    /// The variables of the flow that runs and of those that have called it, without those that are sensitive. Of one name that of the
    /// flow called last.
    #[must_use]
    pub fn collected(&self) -> BTreeMap<Variable, Value> {
        let of = |frame: &Frame| {
            let plain = frame.variables.iter().filter(|(name, _)| !frame.flow.is_sensitive(name));
            plain.map(|(name, value)| (name.clone(), value.clone())).collect::<Vec<_>>()
        };
        self.frames.iter().flat_map(of).collect()
    }

    /// True once the flow has nothing more to do.
    #[must_use]
    pub const fn is_finished(&self) -> bool {
        matches!(self.state, State::Finished)
    }

    /// True while somebody has the call and the flow has something to ask afterwards.
    #[must_use]
    pub const fn goes_on_after_talk(&self) -> bool {
        matches!(self.doing(), Some(Doing::Talking { .. }))
    }

    /// How many inputs did not fit the step, dropped digits included.
    #[must_use]
    pub const fn ignored_inputs(&self) -> u64 {
        self.ignored_inputs
    }

    /// How many expressions could not be computed.
    #[must_use]
    pub const fn failed_expressions(&self) -> u64 {
        self.failed_expressions
    }

    fn frame(&self) -> &Frame {
        self.frames.last().expect("there is always the flow of the call")
    }

    fn frame_mut(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("there is always the flow of the call")
    }

    const fn doing(&self) -> Option<&Doing> {
        match &self.state {
            State::Running(running) => Some(&running.doing),
            State::New | State::Finished => None,
        }
    }

    fn ignore(&mut self) -> Option<StepName> {
        self.ignored_inputs += 1;
        None
    }

    fn run(&mut self, now: Now, surroundings: &dyn Surroundings, mut next: Option<StepName>) {
        while let Some(step) = next {
            next = self.enter(now, surroundings, &step);
        }
    }

    fn reading<'s>(&'s self, now: Now, surroundings: &'s dyn Surroundings) -> Reading<'s> {
        Reading {
            frame: self.frame(),
            facts: &self.facts,
            language: &self.language,
            answered: self.answered,
            began: self.began.unwrap_or(now.mono),
            now,
            surroundings,
        }
    }

    /// The value of an expression; one that cannot be computed is counted.
    fn evaluate(
        &mut self,
        now: Now,
        surroundings: &dyn Surroundings,
        expression: &Expression,
    ) -> Option<Value> {
        let value = expression.evaluate(&self.reading(now, surroundings));
        if value.is_err() {
            self.failed_expressions += 1;
        }
        value.ok()
    }

    fn wait(&mut self, now: Now, name: &StepName, doing: Doing) -> Option<StepName> {
        self.state = State::Running(Running { step: name.clone(), entered: now, doing });
        None
    }

    /// A step that is over as soon as it began.
    fn pass(&mut self, now: Now, name: &StepName, exit: StepExit, next: StepName) -> Option<StepName> {
        self.record(name.clone(), now, now, exit, None);
        Some(next)
    }

    fn hang_up(&mut self, now: Now, name: &StepName, cause: HangupCause) -> Option<StepName> {
        self.record(name.clone(), now, now, StepExit::Hangup(cause), None);
        self.unwind(now, StepExit::Hangup(cause));
        self.actions.push_back(Action::Hangup { cause });
        self.state = State::Finished;
        None
    }

    /// Ends the current step. The session is finished unless another step is entered.
    fn leave(&mut self, now: Now, exit: StepExit, input: Option<Pii<String>>) {
        match core::mem::replace(&mut self.state, State::Finished) {
            State::Running(running) => self.record(running.step, running.entered, now, exit, input),
            State::New => {}
            State::Finished => self.ignored_inputs += 1,
        }
    }

    fn record(
        &mut self,
        step: StepName,
        entered: Now,
        left: Now,
        exit: StepExit,
        input: Option<Pii<String>>,
    ) {
        let flow = self.flow().name().clone();
        self.path.push_back((flow, PathStep { step, entered, left, exit, input }));
    }

    fn next_request(&mut self) -> RequestTag {
        self.requests += 1;
        RequestTag(self.requests)
    }
}
