//! A scripted caller: drives a session and writes down, in words, what the caller is given.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hotline_base::{FlowId, Now, Pii, QueueId};
use hotline_ivr::{
    Action, Customer, CustomerField, Digit, Facts, Flow, Flows, HoursExit, Input, Language, LocalTime,
    PathStep, PlayTag, Prompt, PromptName, QueueFact, Request, RequestTag, Session, Surroundings, Target,
    Timer, World, check, parse,
};

/// What lies around the tests' calls: office hours on a Monday morning, two callers in queue `sales`, nobody known.
#[derive(Clone, Debug)]
pub(crate) struct Around {
    pub(crate) hours: HoursExit,
    pub(crate) customer: Option<Customer>,
}

impl Surroundings for Around {
    fn queue(&self, queue: &QueueId, fact: QueueFact) -> i64 {
        match (queue.as_str(), fact) {
            ("sales", QueueFact::Waiting) => 2,
            (_, QueueFact::EstimatedWait) => -1,
            _ => 0,
        }
    }

    fn hours(&self, _schedule: &str, _now: Now) -> HoursExit {
        self.hours
    }

    fn local_time(&self, _now: Now) -> LocalTime {
        LocalTime { year: 2026, month: 11, day: 30, weekday: 1, hour: 9, minute: 5 }
    }

    fn customer(&self, field: &CustomerField) -> Option<Pii<String>> {
        self.customer.as_ref()?.value(field)
    }
}

/// One caller in one flow.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) session: Session,
    pub(crate) now: Now,
    pub(crate) playing: Option<PlayTag>,
    pub(crate) path: Vec<PathStep>,
    pub(crate) around: Around,
    /// The question, recording or stream that is open.
    pub(crate) request: Option<RequestTag>,
    given: Vec<String>,
}

impl Caller {
    /// A started call.
    pub(crate) fn new(flow: &Arc<Flow>) -> Self {
        Self::with_facts(flow, Facts::default())
    }

    pub(crate) fn with_facts(flow: &Arc<Flow>, facts: Facts) -> Self {
        Self::in_flows([Flow::clone(flow)].into_iter().collect(), flow.name().as_str(), facts)
    }

    /// A started call in one of several flows.
    pub(crate) fn in_flows(flows: Flows, name: &str, facts: Facts) -> Self {
        let session = Session::new(Arc::new(flows), &name.into(), facts).expect("the flow is there");
        let mut caller = Self {
            session,
            now: Now::default(),
            playing: None,
            path: Vec::new(),
            around: Around { hours: HoursExit::Open, customer: None },
            request: None,
            given: Vec::new(),
        };
        caller.session.start(caller.now, &caller.around);
        caller.collect();
        caller
    }

    /// What the caller was given since the last time this was asked.
    pub(crate) fn given(&mut self) -> Vec<String> {
        core::mem::take(&mut self.given)
    }

    pub(crate) fn input(&mut self, input: Input) {
        self.session.handle_input(self.now, &self.around, input);
        self.collect();
    }

    pub(crate) fn press(&mut self, keys: &str) {
        for key in keys.chars() {
            self.input(Input::Digit(Digit::new(key).expect("a key")));
        }
    }

    /// Listens to what is playing until it is over.
    pub(crate) fn listen(&mut self) {
        let tag = self.playing.take().expect("something plays");
        self.now = self.now + Duration::from_secs(2);
        self.input(Input::PlayFinished(tag));
    }

    /// Does nothing until the session's timer fires.
    pub(crate) fn wait(&mut self) -> Timer {
        let (at, timer) = self.session.poll_timeout().expect("a timer");
        self.now = self.now + at.since(self.now.mono);
        self.session.handle_timeout(self.now, &self.around);
        self.collect();
        timer
    }

    /// Lets time pass without reaching the timer.
    pub(crate) fn pass(&mut self, seconds: u64) {
        self.now = self.now + Duration::from_secs(seconds);
        self.session.handle_timeout(self.now, &self.around);
        self.collect();
    }

    /// Performs one word of a script: `answered`, `listen`, `wait`, `ended`, `connected`, `queue full`,
    /// `transfer busy`, or keys.
    pub(crate) fn perform(&mut self, word: &str) {
        match word.split_once(' ') {
            Some(("queue", exit)) => self.input(Input::QueueExited(exit_of(exit))),
            Some(("transfer", exit)) => {
                self.input(Input::TransferFailed(
                    hotline_ivr::TransferExit::from_name(exit).expect("a transfer's exit"),
                ));
            }
            Some(_) => panic!("unknown word {word}"),
            None => match word {
                "answered" => self.input(Input::Answered),
                "listen" => self.listen(),
                "wait" => {
                    self.wait();
                }
                "ended" => self.input(Input::CallEnded),
                "connected" => self.input(Input::Connected),
                keys => self.press(keys),
            },
        }
    }

    fn collect(&mut self) {
        while let Some(action) = self.session.poll_action() {
            let word = self.word(action);
            self.given.push(word);
        }
        while let Some((_, step)) = self.session.poll_step() {
            self.path.push(step);
        }
    }
}

impl Caller {
    /// An action in words.
    fn word(&mut self, action: Action) -> String {
        match action {
            Action::Answer => "answer".to_owned(),
            Action::Ring => "ring".to_owned(),
            Action::Play { tag, language, prompts } => {
                self.playing = Some(tag);
                let names: Vec<String> = prompts.iter().map(heard).collect();
                format!("play {language}: {}", names.join(" "))
            }
            Action::StopPlay(tag) => {
                assert_eq!(self.playing.take(), Some(tag), "only what plays is stopped");
                "stop".to_owned()
            }
            Action::Enqueue(entry) if entry.skills.is_empty() => format!("enqueue {}", entry.queue),
            Action::Enqueue(entry) => format!("enqueue {} {:?}", entry.queue, entry.skills),
            Action::LeaveQueue => "leave queue".to_owned(),
            Action::Transfer { to: Target::Extension(extension), .. } => {
                format!("transfer {}", extension.expose())
            }
            Action::Transfer { to, .. } => format!("transfer {to:?}"),
            Action::LanguageChanged(language) => format!("language {language}"),
            Action::Ask(tag, request) => {
                self.request = Some(tag);
                match request {
                    Request::Customer { number, .. } => format!("customer {}", number.expose()),
                    Request::Http { request, .. } => {
                        format!("{} {}", request.method.name(), request.url.expose())
                    }
                    Request::Webhook(request) => format!("webhook {}", request.url.expose()),
                    Request::Callback { queue, number } => format!("callback {queue} {}", number.expose()),
                }
            }
            Action::Forget(_) => "forget".to_owned(),
            Action::Record { tag, mailbox, .. } => {
                self.request = Some(tag);
                format!("record {}", mailbox.unwrap_or_default())
            }
            Action::StopRecord(_) => "stop record".to_owned(),
            Action::OpenStream(tag, stream) => {
                self.request = Some(tag);
                format!("stream {}", stream.url.expose())
            }
            Action::StreamDigit(_, digit) => format!("stream key {}", digit.key()),
            Action::CloseStream(_) => "close stream".to_owned(),
            Action::SendDigits(digits) => format!("keys {}", digits.expose()),
            Action::SurveyAnswered { question, answer, .. } => format!("answered {question} {answer}"),
            Action::Hangup { cause } => format!("hangup {cause}"),
        }
    }
}

fn heard(prompt: &Prompt) -> String {
    match prompt {
        Prompt::Name(name) => name.to_string(),
        Prompt::Speech(text) => format!("\"{}\"", text.expose()),
        Prompt::Recording(name) => format!("[{name}]"),
        Prompt::Beep => "beep".to_owned(),
    }
}

fn exit_of(name: &str) -> hotline_ivr::QueueExit {
    hotline_ivr::QueueExit::from_name(name).expect("a queue's exit")
}

/// Behind the steps, so that places do not move; only those that the steps name.
fn variables(steps: &str) -> String {
    let known = [("x", "text"), ("number", "text"), ("count", "integer")];
    let named = |name: &str| steps.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name);
    let used = known.iter().filter(|(name, _)| named(name)).map(|(name, kind)| format!("{name}: {kind}"));
    format!("variables: {{{}}}\n", used.collect::<Vec<_>>().join(", "))
}

/// A flow that must be right, from steps alone.
pub(crate) fn flow(steps: &str) -> Arc<Flow> {
    let text = format!(
        "flow: test\nlanguages: [en, zh]\nstart: first\nsteps:\n{}{}",
        indented(steps),
        variables(steps)
    );
    let flow = parse("test.yaml", &text).unwrap_or_else(|all| {
        panic!("{}", all.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    });
    Arc::new(flow)
}

fn indented(steps: &str) -> String {
    steps.lines().map(|line| format!("  {line}\n")).collect()
}

/// What the tests' flows may name: queues sales and support, agent and extension 1001, skills and schedules, numbers
/// outside that begin with `+`, and `prompts` in both languages.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) entries: BTreeSet<FlowId>,
    pub(crate) unread: BTreeSet<FlowId>,
    queues: BTreeSet<QueueId>,
    extensions: BTreeSet<String>,
    skills: BTreeSet<String>,
    schedules: BTreeSet<String>,
    prompts: BTreeMap<Language, BTreeSet<PromptName>>,
}

impl Known {
    pub(crate) fn new(prompts: BTreeMap<Language, BTreeSet<PromptName>>) -> Self {
        Self {
            entries: BTreeSet::new(),
            unread: BTreeSet::new(),
            queues: ["sales", "support"].map(QueueId::from).into(),
            extensions: ["1001".to_owned()].into(),
            skills: ["billing", "french"].map(str::to_owned).into(),
            schedules: ["office", "nights"].map(str::to_owned).into(),
            prompts,
        }
    }

    /// Prompts a, b and c, all that queues announce and all that values are said with.
    pub(crate) fn small() -> Self {
        let prompts = ["en", "zh"].map(Language::from).map(|language| {
            let mut names: BTreeSet<PromptName> = ["a", "b", "c"].map(PromptName::from).into();
            names.extend(hotline_ivr::announcement_prompts(&language));
            let kinds = hotline_ivr::SpokenKind::ALL;
            names.extend(
                kinds.into_iter().filter_map(|kind| hotline_ivr::all_phrases(&language, kind)).flatten(),
            );
            (language, names)
        });
        Self::new(prompts.into())
    }

    pub(crate) fn world(&self) -> World<'_> {
        World {
            entries: &self.entries,
            unread: &self.unread,
            queues: &self.queues,
            extensions: &self.extensions,
            agents: &self.extensions,
            skills: &self.skills,
            skilled: &|_, skill| if skill == "french" { 3 } else { 10 },
            schedules: &self.schedules,
            prompts: &self.prompts,
            speech: true,
            routed: &|number| number.starts_with('+'),
        }
    }

    /// What is wrong with a flow that reads well, as `line:column: problem`.
    pub(crate) fn problems(&self, flow: &Flow) -> Vec<String> {
        let found = check(&[flow.clone()].into_iter().collect(), &self.world());
        found.iter().map(|found| format!("{}:{}: {}", found.line, found.column, found.problem)).collect()
    }
}
