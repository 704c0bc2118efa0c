//! Runs a flow for one caller. Waits for digits, prompts, the queue and time, and says what to do next.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use hotline_base::{Now, Pii, Time};
use serde::{Deserialize, Serialize};

use crate::action::{Action, Digit, Facts, Input, PathStep, PlayTag, Timer};
use crate::asking::{Asking, Phase, Question, Verdict, names};
use crate::end::{HangupCause, StepExit};
use crate::keys::Keys;
use crate::model::{Flow, Queue, StepKind, Transfer};
use crate::name::{Language, PromptName, StepName, Variable};

/// The most steps that a call goes through without a key pressed; then it is hung up with
/// [`HangupCause::StepLimit`].
pub const MAX_STEPS_WITHOUT_INPUT: u32 = 100;
/// The most steps that a call goes through; then it is hung up with [`HangupCause::StepLimit`].
pub const MAX_STEPS_PER_CALL: u32 = 1000;
/// How long an answer may take. A 200 without ACK is given up after 64·T1 = 32 s (RFC 3261 §13.3.1.4).
pub const ANSWER_LIMIT: Duration = Duration::from_secs(40);
/// How long prompts may take before they are taken for finished.
pub const PLAYBACK_LIMIT: Duration = Duration::from_secs(600);

/// One caller in one flow. After each `handle_…`, take the actions until `None`, then the steps, then ask
/// for the next timeout.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Session {
    flow: Arc<Flow>,
    facts: Facts,
    language: Language,
    answered: bool,
    state: State,
    keys: Keys,
    variables: BTreeMap<Variable, Pii<String>>,
    plays: u32,
    steps: u32,
    steps_without_input: u32,
    ignored_inputs: u64,
    actions: VecDeque<Action>,
    path: VecDeque<PathStep>,
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
    Answering { until: Time, then: StepName },
    Saying { tag: PlayTag, until: Time, barge_in: bool, then: StepName },
    Asking(Asking),
    Queued(Queue),
    Transferring(Transfer),
}

impl Session {
    /// A session that has not begun; [`Session::start`] enters the first step.
    #[must_use]
    pub fn new(flow: Arc<Flow>, facts: Facts) -> Self {
        let spoken = |language: &&Language| flow.languages().any(|known| known == *language);
        let language = facts.language.as_ref().filter(spoken).or_else(|| flow.languages().next());
        let language = language.cloned().expect("a flow has at least one language");
        Self {
            flow,
            facts,
            language,
            answered: false,
            state: State::New,
            keys: Keys::new(),
            variables: BTreeMap::new(),
            plays: 0,
            steps: 0,
            steps_without_input: 0,
            ignored_inputs: 0,
            actions: VecDeque::new(),
            path: VecDeque::new(),
        }
    }

    /// Enters the first step. Ignored after the first time.
    pub fn start(&mut self, now: Now) {
        match self.state {
            State::New => self.run(now, Some(self.flow.start.value.clone())),
            State::Running(_) | State::Finished => self.ignored_inputs += 1,
        }
    }

    /// Takes what happened. What does not fit the step, such as the end of a playback that was stopped, is
    /// ignored and counted.
    pub fn handle_input(&mut self, now: Now, input: Input) {
        let next = match input {
            Input::Answered => self.handle_answered(now),
            Input::PlayFinished(tag) => self.handle_play_finished(now, tag),
            Input::Digit(digit) => self.handle_digit(now, digit),
            Input::QueueExited(exit) => match self.doing() {
                Some(Doing::Queued(queue)) => {
                    let next = queue.exits.get(&exit).map(|to| to.value.clone());
                    self.leave(now, StepExit::Queue(exit), None);
                    next
                }
                Some(
                    Doing::Answering { .. }
                    | Doing::Saying { .. }
                    | Doing::Asking(_)
                    | Doing::Transferring(_),
                )
                | None => self.ignore(),
            },
            Input::TransferFailed(exit) => match self.doing() {
                Some(Doing::Transferring(transfer)) => {
                    let next = transfer.exits.get(&exit).map(|to| to.value.clone());
                    self.leave(now, StepExit::Transfer(exit), None);
                    next
                }
                Some(
                    Doing::Answering { .. } | Doing::Saying { .. } | Doing::Asking(_) | Doing::Queued(_),
                )
                | None => self.ignore(),
            },
            Input::Connected => match self.doing() {
                Some(Doing::Queued(_) | Doing::Transferring(_)) => {
                    self.leave(now, StepExit::Connected, None);
                    None
                }
                Some(Doing::Answering { .. } | Doing::Saying { .. } | Doing::Asking(_)) | None => {
                    self.ignore()
                }
            },
            Input::CallEnded => {
                self.leave(now, StepExit::CallEnded, None);
                None
            }
        };
        self.run(now, next);
    }

    /// Acts on the timer of [`Session::poll_timeout`] if it is due.
    pub fn handle_timeout(&mut self, now: Now) {
        let Some((_, timer)) = self.poll_timeout().filter(|(at, _)| *at <= now.mono) else { return };
        let next = match timer {
            Timer::Answer => {
                let exit = StepExit::Hangup(HangupCause::AnswerTimeout);
                self.leave(now, exit, None);
                self.actions.push_back(Action::Hangup { cause: HangupCause::AnswerTimeout });
                None
            }
            Timer::Playback => match self.playing() {
                Some(tag) => {
                    self.actions.push_back(Action::StopPlay(tag));
                    self.handle_play_finished(now, tag)
                }
                None => None,
            },
            Timer::FirstDigit | Timer::NextDigit => match &mut self.state {
                State::Running(Running { doing: Doing::Asking(asking), .. }) => {
                    let verdict = asking.expire();
                    self.follow(now, verdict)
                }
                State::New | State::Running(_) | State::Finished => None,
            },
        };
        self.run(now, next);
    }

    /// When to call [`Session::handle_timeout`], and why. `None` while the queue or a transfer has the call:
    /// their time limits are theirs.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Time, Timer)> {
        match self.doing()? {
            Doing::Answering { until, .. } => Some((*until, Timer::Answer)),
            Doing::Saying { until, .. } => Some((*until, Timer::Playback)),
            Doing::Asking(asking) => match asking.phase {
                Phase::Playing { until, .. } => Some((until, Timer::Playback)),
                Phase::Waiting { until, timer } => Some((until, timer)),
            },
            Doing::Queued(_) | Doing::Transferring(_) => None,
        }
    }

    /// The next thing to do, in order.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// The next step that the call has left, in order.
    pub fn poll_step(&mut self) -> Option<PathStep> {
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
    pub const fn flow(&self) -> &Arc<Flow> {
        &self.flow
    }

    /// The step that the call is in.
    #[must_use]
    pub const fn step(&self) -> Option<&StepName> {
        match &self.state {
            State::Running(running) => Some(&running.step),
            State::New | State::Finished => None,
        }
    }

    /// The digits that were collected into `variable`.
    #[must_use]
    pub fn variable(&self, variable: &str) -> Option<&Pii<String>> {
        self.variables.get(variable)
    }

    /// True once the flow has nothing more to do.
    #[must_use]
    pub const fn is_finished(&self) -> bool {
        matches!(self.state, State::Finished)
    }

    /// How many inputs did not fit the step, dropped digits included.
    #[must_use]
    pub const fn ignored_inputs(&self) -> u64 {
        self.ignored_inputs
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

    fn handle_answered(&mut self, now: Now) -> Option<StepName> {
        match self.doing() {
            Some(Doing::Answering { then, .. }) => {
                let next = then.clone();
                self.answered = true;
                self.leave(now, StepExit::Done, None);
                Some(next)
            }
            Some(Doing::Saying { .. } | Doing::Asking(_) | Doing::Queued(_) | Doing::Transferring(_))
            | None => self.ignore(),
        }
    }

    fn handle_play_finished(&mut self, now: Now, finished: PlayTag) -> Option<StepName> {
        if self.playing() != Some(finished) {
            return self.ignore();
        }
        match &mut self.state {
            State::Running(Running { doing: Doing::Saying { then, .. }, .. }) => {
                let next = then.clone();
                self.leave(now, StepExit::Done, None);
                Some(next)
            }
            State::Running(Running { doing: Doing::Asking(asking), .. }) => {
                asking.listen(now.mono);
                self.use_typed_ahead(now)
            }
            State::New | State::Running(_) | State::Finished => None,
        }
    }

    fn playing(&self) -> Option<PlayTag> {
        match self.doing()? {
            Doing::Saying { tag, .. } => Some(*tag),
            Doing::Asking(asking) => match asking.phase {
                Phase::Playing { tag, .. } => Some(tag),
                Phase::Waiting { .. } => None,
            },
            Doing::Answering { .. } | Doing::Queued(_) | Doing::Transferring(_) => None,
        }
    }

    fn handle_digit(&mut self, now: Now, digit: Digit) -> Option<StepName> {
        if self.keys.is_late_terminator(now.mono, digit) {
            return None;
        }
        match self.doing() {
            Some(Doing::Queued(_) | Doing::Transferring(_)) | None => self.ignore(),
            Some(Doing::Answering { .. } | Doing::Saying { barge_in: false, .. }) => {
                self.keep(digit);
                None
            }
            Some(Doing::Saying { tag, barge_in: true, then, .. }) => {
                let (tag, next) = (*tag, then.clone());
                self.keep(digit);
                self.actions.push_back(Action::StopPlay(tag));
                self.leave(now, StepExit::Done, None);
                Some(next)
            }
            Some(Doing::Asking(_)) => {
                self.keep(digit);
                self.use_typed_ahead(now)
            }
        }
    }

    fn keep(&mut self, digit: Digit) {
        if self.keys.push(digit).is_err() {
            self.ignored_inputs += 1;
        }
    }

    /// Gives the kept digits to the question, as long as it listens.
    fn use_typed_ahead(&mut self, now: Now) -> Option<StepName> {
        loop {
            let State::Running(Running { doing: Doing::Asking(asking), .. }) = &mut self.state else {
                return None;
            };
            if !asking.is_listening() {
                return None;
            }
            let digit = self.keys.pop()?;
            self.steps_without_input = 0;
            if let Phase::Playing { tag, .. } = asking.phase {
                self.actions.push_back(Action::StopPlay(tag));
            }
            let verdict = asking.take(now.mono, digit);
            let next = self.follow(now, verdict);
            if next.is_some() {
                return next;
            }
        }
    }

    fn follow(&mut self, now: Now, verdict: Verdict) -> Option<StepName> {
        match verdict {
            Verdict::Wait => None,
            Verdict::Repeat(prompts) => {
                self.keys.clear();
                let phase = self.play_question(now, prompts);
                if let State::Running(Running { doing: Doing::Asking(asking), .. }) = &mut self.state {
                    asking.phase = phase;
                }
                None
            }
            Verdict::Leave { exit, to } => {
                let mut input = None;
                if let State::Running(Running { doing: Doing::Asking(asking), .. }) = &self.state {
                    input = asking.shown_digits();
                    if let (Question::Collect(collect), StepExit::Done) = (&asking.question, exit) {
                        self.variables.insert(collect.into.clone(), asking.digits().clone());
                        if let Some((terminator, wait)) = asking.unused_terminator() {
                            self.keys.swallow(now.mono, terminator, wait);
                        }
                    }
                }
                self.leave(now, exit, input);
                Some(to)
            }
        }
    }

    fn run(&mut self, now: Now, mut next: Option<StepName>) {
        while let Some(step) = next {
            next = self.enter(now, &step);
        }
    }

    /// Enters a step; gives the next one if this one waits for nothing.
    fn enter(&mut self, now: Now, name: &StepName) -> Option<StepName> {
        self.steps += 1;
        self.steps_without_input += 1;
        if self.steps > MAX_STEPS_PER_CALL || self.steps_without_input > MAX_STEPS_WITHOUT_INPUT {
            return self.hang_up(now, name, HangupCause::StepLimit);
        }
        let Some(step) = self.flow.steps.get(name) else {
            return self.hang_up(now, name, HangupCause::MissingStep);
        };
        match step.kind.clone() {
            StepKind::Answer(answer) if self.answered => self.pass(now, name, answer.then.value),
            StepKind::Answer(answer) => {
                self.actions.push_back(Action::Answer);
                let until = now.mono + ANSWER_LIMIT;
                self.wait(now, name, Doing::Answering { until, then: answer.then.value })
            }
            StepKind::Say(say) => {
                let (tag, until) = self.play(now, names(&say.prompts));
                let then = say.then.value;
                self.wait(now, name, Doing::Saying { tag, until, barge_in: say.barge_in, then })
            }
            StepKind::Menu(menu) => self.ask(now, name, Question::Menu(menu)),
            StepKind::Collect(collect) => self.ask(now, name, Question::Collect(collect)),
            StepKind::Language(language) => {
                if self.language != language.to.value {
                    self.language = language.to.value.clone();
                    self.actions.push_back(Action::LanguageChanged(language.to.value));
                }
                self.pass(now, name, language.then.value)
            }
            StepKind::Queue(queue) => {
                self.keys.clear();
                self.actions.push_back(Action::Enqueue { queue: queue.queue.value.clone() });
                self.wait(now, name, Doing::Queued(queue))
            }
            StepKind::Transfer(transfer) => {
                self.keys.clear();
                self.actions.push_back(Action::Transfer { extension: transfer.extension.value.clone() });
                self.wait(now, name, Doing::Transferring(transfer))
            }
            StepKind::Goto(to) => self.pass(now, name, to.value),
            StepKind::Hangup(cause) => self.hang_up(now, name, cause),
        }
    }

    fn ask(&mut self, now: Now, name: &StepName, question: Question) -> Option<StepName> {
        let ask = question.ask();
        let phase = if ask.barge_in && !self.keys.is_empty() {
            // Whoever knows the menu need not hear it.
            Phase::Waiting { until: now.mono + ask.first_digit, timer: Timer::FirstDigit }
        } else {
            let prompts = names(&ask.prompts);
            self.play_question(now, prompts)
        };
        self.wait(now, name, Doing::Asking(Asking::new(question, phase)));
        self.use_typed_ahead(now)
    }

    fn play_question(&mut self, now: Now, prompts: Vec<PromptName>) -> Phase {
        let (tag, until) = self.play(now, prompts);
        Phase::Playing { tag, until }
    }

    fn play(&mut self, now: Now, prompts: Vec<PromptName>) -> (PlayTag, Time) {
        self.plays += 1;
        let tag = PlayTag(self.plays);
        self.actions.push_back(Action::Play { tag, language: self.language.clone(), prompts });
        (tag, now.mono + PLAYBACK_LIMIT)
    }

    fn wait(&mut self, now: Now, name: &StepName, doing: Doing) -> Option<StepName> {
        self.state = State::Running(Running { step: name.clone(), entered: now, doing });
        None
    }

    /// A step that is over as soon as it began.
    fn pass(&mut self, now: Now, name: &StepName, next: StepName) -> Option<StepName> {
        self.record(name.clone(), now, now, StepExit::Done, None);
        Some(next)
    }

    fn hang_up(&mut self, now: Now, name: &StepName, cause: HangupCause) -> Option<StepName> {
        self.record(name.clone(), now, now, StepExit::Hangup(cause), None);
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
        self.path.push_back(PathStep { step, entered, left, exit, input });
    }
}
