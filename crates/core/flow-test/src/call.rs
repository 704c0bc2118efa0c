//! One tested call: the real session, a telephone network that answers at once, and virtual time.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use hotline_base::{FlowId, Now, Time, WallTime};
use hotline_ivr::{
    Action, Digit, Enqueue, Flows, HangupCause, Input, Language, OpenStream, PathStep, PlayTag, Prompt,
    Recorded, Request, RequestTag, Session, Target,
};

use crate::around::{Around, Center, PROMPT_LENGTH};
use crate::model::{End, Given};
use crate::outcome::{Sound, Spoken};

/// The time between two keys that a caller presses one after the other.
pub const KEY_GAP: Duration = Duration::from_millis(200);
/// The most prompts, timers and inputs of one test; then it fails.
pub const MAX_TURNS: u32 = 50_000;
/// The most lines of a call's course that are kept; then only the last ones are.
const MAX_SPOKEN: usize = 300;

/// Something that the caller or somebody else notices, and that a test must mention.
#[derive(Clone, Debug)]
pub(crate) struct Happening {
    pub(crate) at: Time,
    pub(crate) what: Noticed,
}

#[derive(Clone, Debug)]
pub(crate) enum Noticed {
    Heard(Prompt),
    Queued(Enqueue),
    Transferred(Target, Option<Duration>),
    Asked(Request),
    Records(Option<String>),
    Stream(OpenStream),
    Sends(String),
}

/// What the call waits for that only the test can give.
#[derive(Clone, Debug)]
pub(crate) enum Open {
    Request(RequestTag, Request),
    Recording(RequestTag),
    Stream(RequestTag),
}

/// Why nothing more happens by itself.
#[derive(Clone, Debug)]
pub(crate) enum Stuck {
    Over(End),
    Open(String),
    Outside,
    Turns,
}

struct Playing {
    tag: PlayTag,
    /// The rest, the first of which is being heard.
    prompts: VecDeque<Prompt>,
    language: Language,
    /// When the next prompt begins or the playback is over.
    next: Time,
}

pub(crate) struct Call<'t> {
    pub(crate) session: Session,
    pub(crate) around: Around<'t>,
    pub(crate) now: Now,
    /// What happened and was not mentioned yet.
    pub(crate) pending: VecDeque<Happening>,
    pub(crate) open: Option<Open>,
    pub(crate) ended: Option<End>,
    pub(crate) answered: bool,
    pub(crate) rang: bool,
    pub(crate) survey: BTreeMap<String, u8>,
    pub(crate) path: Vec<(FlowId, PathStep)>,
    pub(crate) spoken: VecDeque<Spoken>,
    /// Where the call is or was last.
    pub(crate) last: Option<(FlowId, hotline_ivr::StepName)>,
    playing: Option<Playing>,
    turns: u32,
}

impl<'t> Call<'t> {
    /// A call that has entered its first step; `None` if there is no such flow.
    pub(crate) fn begin(
        flows: &Arc<Flows>,
        flow: &FlowId,
        given: &'t Given,
        center: &'t dyn Center,
    ) -> Option<Self> {
        let session = Session::new(Arc::clone(flows), flow, given.facts.clone())?;
        let wall = WallTime(given.at.seconds().saturating_mul(1_000_000));
        let mut call = Self {
            session,
            around: Around::new(given, center),
            now: Now { mono: Time::ZERO, wall },
            pending: VecDeque::new(),
            open: None,
            ended: None,
            answered: false,
            rang: false,
            survey: BTreeMap::new(),
            path: Vec::new(),
            spoken: VecDeque::new(),
            last: None,
            playing: None,
            turns: 0,
        };
        call.session.start(call.now, &call.around);
        call.collect();
        call.settle();
        Some(call)
    }

    /// Since the call began.
    pub(crate) const fn elapsed(&self) -> Duration {
        self.now.mono.since(Time::ZERO)
    }

    /// `what` in words; the same as a code and what that is about, see [`Spoken`].
    pub(crate) fn tell(&mut self, code: &'static str, about: impl Into<String>, what: impl Into<String>) {
        self.tell_sound(code, about, what, None);
    }

    fn tell_sound(
        &mut self,
        code: &'static str,
        about: impl Into<String>,
        what: impl Into<String>,
        sound: Option<Sound>,
    ) {
        if self.spoken.len() == MAX_SPOKEN {
            self.spoken.pop_front();
        }
        let (about, what) = (about.into(), what.into());
        self.spoken.push_back(Spoken { at: self.elapsed(), what, code, about, sound });
    }

    /// Gives the session an input; false if it was of no use to it.
    pub(crate) fn input(&mut self, input: Input) -> bool {
        self.turns += 1;
        let ignored = self.session.ignored_inputs();
        self.session.handle_input(self.now, &self.around, input);
        let used = self.session.ignored_inputs() == ignored;
        self.collect();
        self.settle();
        used
    }

    pub(crate) fn press(&mut self, keys: &[Digit], gap: Duration) {
        for (index, key) in keys.iter().enumerate() {
            if index > 0 {
                self.pass(gap);
            }
            self.tell("presses", key.key(), format!("the caller presses {}", key.key()));
            self.input(Input::Digit(*key));
        }
    }

    /// Somebody takes the call. False if nobody was asked to.
    pub(crate) fn connect(&mut self) -> bool {
        let used = self.input(Input::Connected);
        if used && self.session.is_finished() {
            self.ended = Some(End::Connected);
        }
        used
    }

    pub(crate) fn hang_up(&mut self) {
        self.playing = None;
        self.open = None;
        self.input(Input::CallEnded);
        self.ended = Some(End::HungUp);
    }

    pub(crate) fn answer(&mut self, tag: RequestTag, reply: hotline_ivr::Reply) -> bool {
        self.open = None;
        self.input(Input::Replied(tag, reply))
    }

    pub(crate) fn recorded(&mut self, tag: RequestTag, exit: hotline_ivr::RecordExit) -> bool {
        self.open = None;
        let kept = exit == hotline_ivr::RecordExit::Recorded;
        let name = if kept { format!("recording-{}", tag.0) } else { String::new() };
        self.input(Input::Recorded(tag, Recorded { exit, name }))
    }

    /// What plays cannot be played. False if nothing does.
    pub(crate) fn fail_prompt(&mut self) -> bool {
        let Some(playing) = self.playing.take() else { return false };
        self.input(Input::PlayFailed(playing.tag))
    }

    /// Lets time pass.
    pub(crate) fn pass(&mut self, time: Duration) {
        let until = self.now.mono + time;
        while let Some(at) = self.next().filter(|at| *at <= until)
            && self.turn(at)
        {}
        self.now = self.now + until.since(self.now.mono);
    }

    /// Listens until nothing plays any more.
    pub(crate) fn listen(&mut self) {
        while self.playing.is_some()
            && let Some(at) = self.next()
            && self.turn(at)
        {}
    }

    /// Lets time pass until something happens that was not mentioned yet.
    pub(crate) fn await_happening(&mut self) -> Result<(), Stuck> {
        while self.pending.is_empty() {
            self.step_on()?;
        }
        Ok(())
    }

    /// Lets the next thing happen that happens by itself.
    pub(crate) fn step_on(&mut self) -> Result<(), Stuck> {
        if let Some(ended) = self.ended {
            return Err(Stuck::Over(ended));
        }
        if let Some(open) = &self.open {
            return Err(Stuck::Open(crate::expect::open_in_words(open)));
        }
        let at = self.next().ok_or(Stuck::Outside)?;
        if self.turn(at) { Ok(()) } else { Err(Stuck::Turns) }
    }

    /// Does everything that takes no time.
    fn settle(&mut self) {
        self.pass(Duration::ZERO);
    }

    pub(crate) const fn is_exhausted(&self) -> bool {
        self.turns >= MAX_TURNS
    }

    fn next(&self) -> Option<Time> {
        let timer = self.session.poll_timeout().map(|(at, _)| at);
        match (self.playing.as_ref().map(|playing| playing.next), timer) {
            (Some(sound), Some(timer)) => Some(sound.min(timer)),
            (sound, timer) => sound.or(timer),
        }
    }

    /// Goes on to `at`, when the next prompt begins or a timer fires. False once there were too many.
    fn turn(&mut self, at: Time) -> bool {
        if self.is_exhausted() {
            return false;
        }
        self.turns += 1;
        self.now = self.now + at.since(self.now.mono);
        match &mut self.playing {
            Some(playing) if playing.next <= self.now.mono => {
                playing.prompts.pop_front();
                if playing.prompts.is_empty() {
                    let tag = playing.tag;
                    self.playing = None;
                    self.session.handle_input(self.now, &self.around, Input::PlayFinished(tag));
                    self.collect();
                } else {
                    self.begin_prompt();
                }
            }
            Some(_) | None => {
                self.session.handle_timeout(self.now, &self.around);
                self.collect();
            }
        }
        true
    }

    /// The first of the prompts that are left is heard from now on.
    fn begin_prompt(&mut self) {
        let Some(playing) = &mut self.playing else { return };
        let Some(prompt) = playing.prompts.front().cloned() else {
            playing.next = self.now.mono;
            return;
        };
        let length = length(&prompt, &playing.language, self.around.center);
        playing.next = self.now.mono + length;
        let sound = sound(&prompt, &playing.language);
        self.notice_sound(Noticed::Heard(prompt), sound);
    }

    fn notice(&mut self, what: Noticed) {
        self.notice_sound(what, None);
    }

    fn notice_sound(&mut self, what: Noticed, sound: Option<Sound>) {
        let (code, about) = crate::expect::as_code(&what);
        self.tell_sound(code, about, crate::expect::in_words(&what), sound);
        self.pending.push_back(Happening { at: self.now.mono, what });
    }

    /// Steps that were left, then what the flow wants done.
    fn collect(&mut self) {
        while let Some((flow, step)) = self.session.poll_step() {
            // Whatever the step had asked for is of no more use.
            self.open = None;
            let about = format!("{}: {}", step.step, step.exit);
            self.tell("step", about, format!("[{}] {}: {}", flow, step.step, step.exit));
            self.last = Some((flow.clone(), step.step.clone()));
            self.path.push((flow, step));
        }
        if let Some(step) = self.session.step() {
            self.last = Some((self.session.flow().name().clone(), step.clone()));
        }
        let mut answered = false;
        while let Some(action) = self.session.poll_action() {
            answered |= matches!(action, Action::Answer);
            self.perform(action);
        }
        if answered {
            self.answered = true;
            self.session.handle_input(self.now, &self.around, Input::Answered);
            self.collect();
        }
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Answer => self.tell("answered", "", "the call is answered"),
            Action::Ring => {
                self.rang = true;
                self.tell("rings", "", "the caller hears ringing");
            }
            Action::Play { tag, language, prompts } => {
                let next = self.now.mono;
                self.playing = Some(Playing { tag, prompts: prompts.into(), language, next });
                self.begin_prompt();
            }
            Action::StopPlay(_) => self.playing = None,
            Action::Enqueue(entry) => self.notice(Noticed::Queued(entry)),
            Action::LeaveQueue => self.tell("left_queue", "", "the call leaves the queue"),
            Action::Transfer { to, ring } => self.notice(Noticed::Transferred(to, ring)),
            Action::Ask(tag, request) => {
                self.notice(Noticed::Asked(request.clone()));
                self.open = Some(Open::Request(tag, request));
            }
            Action::Record { tag, mailbox, .. } => {
                self.notice(Noticed::Records(mailbox));
                self.open = Some(Open::Recording(tag));
            }
            Action::StopRecord(_) => self.tell("record_ended", "", "the recording is ended"),
            Action::Forget(_) => self.tell("late", "", "the answer came too late"),
            Action::OpenStream(tag, stream) => {
                self.notice(Noticed::Stream(stream));
                self.open = Some(Open::Stream(tag));
            }
            Action::StreamDigit(_, digit) => {
                self.tell("told_key", digit.key(), format!("the service is told key {}", digit.key()));
            }
            Action::CloseStream(_) => self.tell("stream_closed", "", "the stream is closed"),
            Action::SendDigits(digits) => self.notice(Noticed::Sends(digits.into_inner())),
            Action::SurveyAnswered { question, answer, .. } => {
                let about = format!("{question}: {answer}");
                self.tell("survey", about, format!("the answer to {question} is {answer}"));
                self.survey.insert(question, answer);
            }
            Action::LanguageChanged(language) => {
                self.tell("language", language.to_string(), format!("the language is {language}"));
            }
            Action::Hangup { cause } => self.end(cause),
        }
    }

    fn end(&mut self, cause: HangupCause) {
        self.tell("hung_up", cause.to_string(), format!("the flow hangs up: {cause}"));
        self.playing = None;
        self.open = None;
        self.ended = Some(End::Hangup(cause));
    }
}

/// What can be played to whoever looks at the test.
fn sound(prompt: &Prompt, language: &Language) -> Option<Sound> {
    match prompt {
        Prompt::Name(name) => Some(Sound::Prompt { language: language.clone(), name: name.clone() }),
        Prompt::Speech(_) | Prompt::Recording(_) | Prompt::Beep => None,
    }
}

/// How long one thing takes to be heard.
fn length(prompt: &Prompt, language: &Language, center: &dyn Center) -> Duration {
    /// Speech that is not too fast.
    const CHARACTERS_A_SECOND: u64 = 15;
    const BEEP_LENGTH: Duration = Duration::from_millis(500);
    match prompt {
        Prompt::Name(name) => center.prompt_length(language, name).unwrap_or(PROMPT_LENGTH),
        Prompt::Speech(text) => {
            let characters = u64::try_from(text.expose().chars().count()).unwrap_or(u64::MAX);
            Duration::from_secs(1 + characters / CHARACTERS_A_SECOND)
        }
        Prompt::Recording(_) => PROMPT_LENGTH,
        Prompt::Beep => BEEP_LENGTH,
    }
}
