//! Entering a step of each kind.

use std::collections::BTreeMap;
use std::sync::Arc;

use hotline_base::{Now, Pii};

use super::frame::Frame;
use super::queued::Queued;
use super::{
    ANSWER_LIMIT, CALLBACK_LIMIT, Doing, KEY_LENGTH, MAX_DEPTH, MAX_STEPS_PER_CALL, MAX_STEPS_WITHOUT_INPUT,
    REPLY_GRACE, RecordPhase, Recording, Requested, Session,
};
use crate::action::{Action, Digit, Enqueue, HttpRequest, OpenStream, Request, Surroundings, Target, Timer};
use crate::asking::{Asking, Phase, Question};
use crate::decode::MAX_DIGITS;
use crate::end::{CallbackExit, HangupCause, LookupExit, StepExit, StreamExit, TransferExit, WebhookExit};
use crate::expression::{EvaluationError, Value};
use crate::model::{
    CallFlow, Callback, Condition, Dtmf, Http, Lookup, LookupSource, Queue, Record, Ring, Say, Set, StepKind,
    Stream, Transfer, TransferTo, Webhook,
};
use crate::name::StepName;
use crate::template::Template;

impl Session {
    /// Enters a step; gives the next one if this one waits for nothing.
    pub(super) fn enter(&mut self, now: Now, around: &dyn Surroundings, name: &StepName) -> Option<StepName> {
        self.steps += 1;
        self.steps_without_input += 1;
        if self.steps > MAX_STEPS_PER_CALL || self.steps_without_input > MAX_STEPS_WITHOUT_INPUT {
            return self.hang_up(now, name, HangupCause::StepLimit);
        }
        let Some(step) = self.flow().steps.get(name) else {
            return self.hang_up(now, name, HangupCause::MissingStep);
        };
        match step.kind.clone() {
            StepKind::Answer(answer) if self.answered => {
                self.pass(now, name, StepExit::Done, answer.then.value)
            }
            StepKind::Answer(answer) => {
                self.actions.push_back(Action::Answer);
                let until = now.mono + ANSWER_LIMIT;
                self.wait(now, name, Doing::Answering { until, then: answer.then.value })
            }
            StepKind::Ring(ring) => self.ring(now, name, ring),
            StepKind::Say(say) => self.say(now, around, name, &say),
            StepKind::Menu(menu) => self.ask(now, around, name, Question::Menu(menu)),
            StepKind::Collect(collect) => self.ask(now, around, name, Question::Collect(collect)),
            StepKind::Survey(survey) => self.ask(now, around, name, Question::Survey(survey, 0)),
            StepKind::Condition(condition) => self.decide(now, around, name, &condition),
            StepKind::Hours(hours) => {
                let exit = around.hours(&hours.schedule.value, now);
                let next = hours.exits.get(&exit)?.value.clone();
                self.pass(now, name, StepExit::Hours(exit), next)
            }
            StepKind::Set(set) => self.set(now, around, name, &set),
            StepKind::Lookup(lookup) => self.lookup(now, around, name, lookup),
            StepKind::Webhook(webhook) => self.webhook(now, around, name, webhook),
            StepKind::Callback(callback) => self.callback(now, around, name, callback),
            StepKind::Queue(queue) => self.enqueue(now, around, name, queue),
            StepKind::Transfer(transfer) => self.transfer(now, around, name, transfer),
            StepKind::Voicemail(voicemail) => {
                let mailbox = Some(voicemail.to.value.clone());
                self.begin_record(now, around, name, &voicemail.recording, mailbox)
            }
            StepKind::Record(record) => self.begin_record(now, around, name, &record, None),
            StepKind::Dtmf(dtmf) => self.send_digits(now, around, name, &dtmf),
            StepKind::Language(language) => {
                if self.language != language.to.value {
                    self.language = language.to.value.clone();
                    self.actions.push_back(Action::LanguageChanged(language.to.value));
                }
                self.pass(now, name, StepExit::Done, language.then.value)
            }
            StepKind::Call(call) => self.call(now, around, name, call),
            StepKind::Return => self.return_results(now, name),
            StepKind::Stream(stream) => self.stream(now, around, name, stream),
            StepKind::Goto(to) => self.pass(now, name, StepExit::Done, to.value),
            StepKind::Hangup(cause) => self.hang_up(now, name, cause),
        }
    }

    fn ring(&mut self, now: Now, name: &StepName, ring: Ring) -> Option<StepName> {
        if self.answered {
            return self.pass(now, name, StepExit::Done, ring.then.value);
        }
        self.actions.push_back(Action::Ring);
        if ring.duration.is_zero() {
            return self.pass(now, name, StepExit::Done, ring.then.value);
        }
        self.wait(now, name, Doing::Pausing { until: now.mono + ring.duration, then: ring.then.value })
    }

    fn say(&mut self, now: Now, around: &dyn Surroundings, name: &StepName, say: &Say) -> Option<StepName> {
        let (prompts, complete) = self.prompts(now, around, &say.prompts);
        if let (Some(failed), false) = (&say.failed, complete) {
            return self.pass(now, name, StepExit::Failed, failed.value.clone());
        }
        let (tag, until) = self.play(now, prompts);
        let failed = say.failed.as_ref().map(|to| to.value.clone());
        let then = say.then.value.clone();
        self.wait(now, name, Doing::Saying { tag, until, barge_in: say.barge_in, then, failed })
    }

    fn ask(
        &mut self,
        now: Now,
        around: &dyn Surroundings,
        name: &StepName,
        question: Question,
    ) -> Option<StepName> {
        let phase = if question.barge_in() && !self.keys.is_empty() {
            // Whoever knows the menu need not hear it.
            Phase::Waiting { until: now.mono + question.first_digit(), timer: Timer::FirstDigit }
        } else {
            self.play_question(now, around, question.prompts())
        };
        self.wait(now, name, Doing::Asking(Asking::new(question, phase)));
        self.use_typed_ahead(now, around)
    }

    fn decide(
        &mut self,
        now: Now,
        around: &dyn Surroundings,
        name: &StepName,
        condition: &Condition,
    ) -> Option<StepName> {
        for (case, number) in condition.cases.iter().zip(1..) {
            match self.evaluate(now, around, &case.condition) {
                Some(Value::Boolean(true)) => {
                    return self.pass(now, name, StepExit::Case(number), case.then.value.clone());
                }
                Some(_) => {}
                None => match &condition.error {
                    Some(error) => return self.pass(now, name, StepExit::Failed, error.value.clone()),
                    None => break,
                },
            }
        }
        self.pass(now, name, StepExit::Else, condition.otherwise.value.clone())
    }

    fn set(&mut self, now: Now, around: &dyn Surroundings, name: &StepName, set: &Set) -> Option<StepName> {
        let mut values = Vec::with_capacity(set.values.len());
        for (variable, expression) in &set.values {
            let wanted = self.flow().variables.get(&variable.value).map(|declared| declared.value_type);
            let value = self.evaluate(now, around, expression).zip(wanted);
            match value.and_then(|(value, wanted)| value.widened(wanted)) {
                Some(value) => values.push((variable.value.clone(), value)),
                None => {
                    let next = set.error.as_ref().unwrap_or(&set.then).value.clone();
                    return self.pass(now, name, StepExit::Failed, next);
                }
            }
        }
        self.frame_mut().variables.extend(values);
        self.pass(now, name, StepExit::Done, set.then.value.clone())
    }

    fn lookup(
        &mut self,
        now: Now,
        around: &dyn Surroundings,
        name: &StepName,
        lookup: Arc<Lookup>,
    ) -> Option<StepName> {
        let request = match &lookup.source {
            LookupSource::Customer { number, into, timeout } => {
                let fields = into.iter().map(|(_, field)| field.clone()).collect();
                self.evaluate(now, around, number).map(|number| {
                    (Request::Customer { number: Pii::new(number.written()), fields }, *timeout)
                })
            }
            LookupSource::Http { http, into } => self.http(now, around, http).map(|request| {
                let paths = into.iter().map(|(_, path)| path.value.clone()).collect();
                (Request::Http { request, paths }, http.timeout)
            }),
        };
        let Some((request, timeout)) = request else {
            let next = lookup.exits.get(&LookupExit::Failed)?.value.clone();
            return self.pass(now, name, StepExit::Lookup(LookupExit::Failed), next);
        };
        let until = now.mono + timeout + REPLY_GRACE;
        let tag = self.request(request);
        self.wait(now, name, Doing::Requesting { tag, until, what: Requested::Lookup(lookup) })
    }

    fn webhook(
        &mut self,
        now: Now,
        around: &dyn Surroundings,
        name: &StepName,
        webhook: Arc<Webhook>,
    ) -> Option<StepName> {
        let Some(request) = self.http(now, around, &webhook.http) else {
            let next = webhook.exits.get(&WebhookExit::Failed)?.value.clone();
            return self.pass(now, name, StepExit::Webhook(WebhookExit::Failed), next);
        };
        let until = now.mono + request.timeout + REPLY_GRACE;
        let tag = self.request(Request::Webhook(request));
        self.wait(now, name, Doing::Requesting { tag, until, what: Requested::Webhook(webhook) })
    }

    fn callback(
        &mut self,
        now: Now,
        around: &dyn Surroundings,
        name: &StepName,
        callback: Arc<Callback>,
    ) -> Option<StepName> {
        let number = self.evaluate(now, around, &callback.number).map(|number| number.written());
        let Some(number) = number.filter(|number| !number.is_empty()) else {
            let next = callback.exits.get(&CallbackExit::Refused)?.value.clone();
            return self.pass(now, name, StepExit::Callback(CallbackExit::Refused), next);
        };
        let tag =
            self.request(Request::Callback { queue: callback.queue.value.clone(), number: Pii::new(number) });
        let until = now.mono + CALLBACK_LIMIT;
        self.wait(now, name, Doing::Requesting { tag, until, what: Requested::Callback(callback) })
    }

    fn request(&mut self, request: Request) -> crate::action::RequestTag {
        let tag = self.next_request();
        self.actions.push_back(Action::Ask(tag, request));
        tag
    }

    fn http(&mut self, now: Now, around: &dyn Surroundings, http: &Http) -> Option<HttpRequest> {
        let filled = self.fill_http(now, around, http);
        if filled.is_err() {
            self.failed_expressions += 1;
        }
        filled.ok()
    }

    fn fill_http(
        &self,
        now: Now,
        around: &dyn Surroundings,
        http: &Http,
    ) -> Result<HttpRequest, EvaluationError> {
        let reading = self.reading(now, around);
        let headers = http
            .headers
            .iter()
            .map(|(header, value)| Ok((header.clone(), Pii::new(value.fill(&reading, one_line)?))));
        let body = http.body.iter().map(|(member, value)| Ok((member.clone(), value.value(&reading)?)));
        Ok(HttpRequest {
            method: http.method,
            url: Pii::new(http.url.fill(&reading, percent_encoded)?),
            headers: headers.collect::<Result<_, EvaluationError>>()?,
            body: body.collect::<Result<_, EvaluationError>>()?,
            timeout: http.timeout,
            retries: http.retries,
        })
    }

    fn enqueue(
        &mut self,
        now: Now,
        around: &dyn Surroundings,
        name: &StepName,
        queue: Arc<Queue>,
    ) -> Option<StepName> {
        self.keys.clear();
        let credit = queue.priority_credit.as_ref().and_then(|credit| self.evaluate(now, around, credit));
        let seconds = match credit {
            Some(Value::Integer(seconds)) => u64::try_from(seconds).unwrap_or(0),
            Some(_) | None => 0,
        };
        let agent = queue.agent.as_ref().and_then(|agent| self.evaluate(now, around, agent));
        let agent = agent.map(|agent| agent.written()).filter(|agent| !agent.is_empty());
        let skills = self.skills(now, around, &queue);
        self.actions.push_back(Action::Enqueue(Enqueue {
            queue: queue.queue.value.clone(),
            skills,
            priority_credit: core::time::Duration::from_secs(seconds.min(MAX_CREDIT_S)),
            agent: agent.map(|agent| (agent, queue.agent_wait)),
            agent_only: queue.agent_only,
            emergency: queue.emergency,
        }));
        self.wait(now, name, Doing::Queued(Queued::new(queue)))
    }

    /// What is asked of agents: the highest level of each skill. A name that is empty, or that cannot be computed, asks nothing.
    fn skills(&mut self, now: Now, around: &dyn Surroundings, queue: &Queue) -> BTreeMap<String, u8> {
        let mut skills = BTreeMap::new();
        for (skill, level) in &queue.skills {
            match skill.fill(&self.reading(now, around), str::to_owned) {
                Ok(name) if name.is_empty() => {}
                Ok(name) => {
                    let highest = skills.entry(name).or_insert(*level);
                    *highest = (*highest).max(*level);
                }
                Err(_) => self.failed_expressions += 1,
            }
        }
        skills
    }

    fn transfer(
        &mut self,
        now: Now,
        around: &dyn Surroundings,
        name: &StepName,
        transfer: Arc<Transfer>,
    ) -> Option<StepName> {
        if let TransferTo::Flow(flow) = &transfer.to {
            let Some(flow) = self.flows.get(&flow.value).map(Arc::clone) else {
                return self.hang_up(now, name, HangupCause::MissingStep);
            };
            self.pass(now, name, StepExit::Done, name.clone());
            self.unwind(now, StepExit::Done);
            let first = flow.start.value.clone();
            self.speak_a_language_of(&flow);
            self.frames = vec![Frame::new(flow)];
            return Some(first);
        }
        self.keys.clear();
        let filled =
            |session: &Self, text: &Template| text.fill(&session.reading(now, around), str::to_owned);
        let to = match &transfer.to {
            TransferTo::Extension(extension) => {
                filled(self, extension).map(|to| Target::Extension(Pii::new(to)))
            }
            TransferTo::Agent(agent) => filled(self, agent).map(Target::Agent),
            TransferTo::Number(number) => filled(self, number).map(|to| Target::Number(Pii::new(to))),
            TransferTo::Flow(_) => Err(EvaluationError::Unset),
        };
        let Ok(to) = to else {
            self.failed_expressions += 1;
            let next = transfer.exits.get(&TransferExit::Unavailable)?.value.clone();
            return self.pass(now, name, StepExit::Transfer(TransferExit::Unavailable), next);
        };
        self.actions.push_back(Action::Transfer { to, ring: transfer.ring });
        self.wait(now, name, Doing::Transferring(transfer))
    }

    /// A flow that does not speak the language of the call goes on in its own.
    fn speak_a_language_of(&mut self, flow: &crate::model::Flow) {
        if !flow.languages().any(|language| *language == self.language)
            && let Some(own) = flow.languages().next()
        {
            self.language = own.clone();
            self.actions.push_back(Action::LanguageChanged(own.clone()));
        }
    }

    fn begin_record(
        &mut self,
        now: Now,
        around: &dyn Surroundings,
        name: &StepName,
        record: &Record,
        mailbox: Option<String>,
    ) -> Option<StepName> {
        self.keys.clear();
        let phase = if record.prompts.is_empty() {
            self.start_record(now, record, mailbox.clone())
        } else {
            let (prompts, _) = self.prompts(now, around, &record.prompts);
            let (tag, until) = self.play(now, prompts);
            RecordPhase::Prompting { tag, until }
        };
        self.wait(now, name, Doing::Recording(Recording { record: record.clone(), mailbox, phase }))
    }

    fn send_digits(
        &mut self,
        now: Now,
        around: &dyn Surroundings,
        name: &StepName,
        dtmf: &Dtmf,
    ) -> Option<StepName> {
        let digits = dtmf.digits.fill(&self.reading(now, around), str::to_owned).unwrap_or_default();
        let digits: String = digits.chars().filter_map(Digit::new).map(Digit::key).take(MAX_DIGITS).collect();
        let then = dtmf.then.value.clone();
        if digits.is_empty() {
            self.failed_expressions += 1;
            return self.pass(now, name, StepExit::Failed, then);
        }
        let length = KEY_LENGTH * u32::try_from(digits.len()).unwrap_or(u32::MAX);
        self.actions.push_back(Action::SendDigits(Pii::new(digits)));
        self.wait(now, name, Doing::Pausing { until: now.mono + length, then })
    }

    fn call(
        &mut self,
        now: Now,
        around: &dyn Surroundings,
        name: &StepName,
        call: Arc<CallFlow>,
    ) -> Option<StepName> {
        let Some(flow) = self.flows.get(&call.flow.value).map(Arc::clone) else {
            return self.hang_up(now, name, HangupCause::MissingStep);
        };
        if self.frames.len() >= MAX_DEPTH {
            return self.hang_up(now, name, HangupCause::StepLimit);
        }
        let mut frame = Frame::new(Arc::clone(&flow));
        for (parameter, expression) in &call.with {
            let wanted = flow.variables.get(&parameter.value).map(|declared| declared.value_type);
            let value = self.evaluate(now, around, expression).zip(wanted);
            if let Some(value) = value.and_then(|(value, wanted)| value.widened(wanted)) {
                frame.variables.insert(parameter.value.clone(), value);
            }
        }
        self.speak_a_language_of(&flow);
        self.frame_mut().calling = Some((name.clone(), now, call));
        self.frames.push(frame);
        Some(flow.start.value.clone())
    }

    /// Back to the flow that called this one; at the end of the call's own flow there is nowhere to go.
    fn return_results(&mut self, now: Now, name: &StepName) -> Option<StepName> {
        if self.frames.len() < 2 {
            return self.hang_up(now, name, HangupCause::Normal);
        }
        self.record(name.clone(), now, now, StepExit::Returned, None);
        let inner = self.frames.pop()?;
        let (step, entered, call) = self.frame_mut().calling.take()?;
        for (variable, result) in &call.into {
            if let Some(value) = inner.variables.get(&result.value) {
                self.frame_mut().variables.insert(variable.value.clone(), value.clone());
            }
        }
        self.record(step, entered, now, StepExit::Done, None);
        Some(call.then.value.clone())
    }

    fn stream(
        &mut self,
        now: Now,
        around: &dyn Surroundings,
        name: &StepName,
        stream: Arc<Stream>,
    ) -> Option<StepName> {
        self.keys.clear();
        let Some((url, parameters)) = self.fill_stream(now, around, &stream) else {
            self.failed_expressions += 1;
            let next = stream.exits.get(&StreamExit::Failed)?.value.clone();
            return self.pass(now, name, StepExit::Stream(StreamExit::Failed), next);
        };
        let tag = self.next_request();
        self.actions.push_back(Action::OpenStream(
            tag,
            OpenStream {
                step: (self.flow().name().clone(), name.clone()),
                url,
                parameters,
                wanted: stream.into.iter().map(|(_, member)| member.clone()).collect(),
                connect: stream.connect,
            },
        ));
        let until = now.mono + stream.longest;
        self.wait(now, name, Doing::Streaming { tag, until, stream })
    }

    #[expect(clippy::type_complexity, reason = "an address and named texts")]
    fn fill_stream(
        &self,
        now: Now,
        around: &dyn Surroundings,
        stream: &Stream,
    ) -> Option<(Pii<String>, Vec<(String, Pii<String>)>)> {
        let reading = self.reading(now, around);
        let parameters = stream.parameters.iter().map(|(parameter, value)| {
            Some((parameter.clone(), Pii::new(value.fill(&reading, str::to_owned).ok()?)))
        });
        Some((Pii::new(stream.url.fill(&reading, percent_encoded).ok()?), parameters.collect::<Option<_>>()?))
    }
}

/// The largest head start that counts, in seconds: a day.
const MAX_CREDIT_S: u64 = 86_400;

/// A value in an address: everything but the unreserved characters of RFC 3986 §2.3 is encoded.
fn percent_encoded(text: &str) -> String {
    use core::fmt::Write as _;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("a string takes everything");
        }
    }
    encoded
}

/// A value in a header field.
fn one_line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}
