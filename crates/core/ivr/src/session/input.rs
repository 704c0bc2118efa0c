//! What a step makes of what happens.

use std::collections::BTreeMap;

use hotline_base::{Now, Pii};

use super::queued::Queued;
use super::{Doing, RECORDING_GRACE, RecordPhase, Recording, Requested, Running, Session, State};
use crate::action::{Action, Digit, Input, PlayTag, Prompt, Recorded, Reply, RequestTag, Surroundings};
use crate::asking::{Asking, Phase, Question, Verdict};
use crate::end::{
    CallbackExit, LookupExit, QueueExit, RecordExit, StepExit, StreamExit, TransferExit, WebhookExit,
};
use crate::expression::Value;
use crate::model::{LookupSource, Record, SayItem};
use crate::name::{StepName, Variable};

impl Session {
    /// What follows an input: a step to enter, or nothing.
    pub(super) fn take(&mut self, now: Now, around: &dyn Surroundings, input: Input) -> Option<StepName> {
        match input {
            Input::Answered => self.take_answered(now),
            Input::PlayFinished(tag) => self.take_play_finished(now, around, tag),
            Input::PlayFailed(tag) => self.take_play_failed(now, around, tag),
            Input::Digit(digit) => self.take_digit(now, around, digit),
            Input::QueueExited(exit) => self.take_queue_exited(now, exit),
            Input::TransferFailed(exit) => self.take_transfer_failed(now, exit),
            Input::Connected => self.take_connected(now),
            Input::AgentLeft => match self.doing() {
                Some(Doing::Talking { exit, then }) => {
                    let (exit, next) = (*exit, then.clone());
                    self.leave(now, exit, None);
                    Some(next)
                }
                Some(_) | None => self.ignore(),
            },
            Input::Replied(tag, reply) => self.take_reply(now, tag, reply),
            Input::Recorded(tag, recorded) => self.take_recorded(now, tag, recorded),
            Input::StreamEnded(tag, exit, result) => self.take_stream_ended(now, tag, exit, &result),
            Input::CallEnded => {
                self.end(now, StepExit::CallEnded);
                None
            }
        }
    }

    /// The flow is over, with all flows that have called it.
    pub(super) fn end(&mut self, now: Now, exit: StepExit) {
        self.leave(now, exit, None);
        self.unwind(now, exit);
    }

    /// Puts the steps that wait for a flow they have called on record.
    pub(super) fn unwind(&mut self, now: Now, exit: StepExit) {
        while self.frames.len() > 1 {
            self.frames.pop();
            if let Some((step, entered, _)) = self.frame_mut().calling.take() {
                self.record(step, entered, now, exit, None);
            }
        }
    }

    fn take_answered(&mut self, now: Now) -> Option<StepName> {
        match self.doing() {
            Some(Doing::Answering { then, .. }) => {
                let next = then.clone();
                self.answered = true;
                self.leave(now, StepExit::Done, None);
                Some(next)
            }
            Some(_) | None => self.ignore(),
        }
    }

    fn take_queue_exited(&mut self, now: Now, exit: QueueExit) -> Option<StepName> {
        let Some(Doing::Queued(Queued { queue, .. })) = self.doing() else { return self.ignore() };
        let exit = match exit {
            QueueExit::Closed if !queue.exits.contains_key(&exit) => QueueExit::NoAgents,
            QueueExit::Withdrawn if !queue.exits.contains_key(&exit) => QueueExit::Timeout,
            QueueExit::Full
            | QueueExit::Timeout
            | QueueExit::NoAgents
            | QueueExit::Closed
            | QueueExit::Withdrawn
            | QueueExit::AgentLeft => exit,
        };
        let next = queue.exits.get(&exit).map(|to| to.value.clone());
        self.leave(now, StepExit::Queue(exit), None);
        next
    }

    fn take_transfer_failed(&mut self, now: Now, exit: TransferExit) -> Option<StepName> {
        let Some(Doing::Transferring(transfer)) = self.doing() else { return self.ignore() };
        let next = transfer.exits.get(&exit).map(|to| to.value.clone());
        self.leave(now, StepExit::Transfer(exit), None);
        next
    }

    fn take_connected(&mut self, now: Now) -> Option<StepName> {
        let after = match self.doing() {
            Some(Doing::Queued(Queued { queue, .. })) => {
                let exit = QueueExit::AgentLeft;
                queue.exits.get(&exit).map(|to| (StepExit::Queue(exit), to.value.clone()))
            }
            Some(Doing::Transferring(transfer)) => {
                let exit = TransferExit::AgentLeft;
                transfer.exits.get(&exit).map(|to| (StepExit::Transfer(exit), to.value.clone()))
            }
            Some(_) | None => return self.ignore(),
        };
        // Whoever speaks with an agent has been answered, also if the flow has not done it.
        self.answered = true;
        match (after, &mut self.state) {
            (Some((exit, then)), State::Running(running)) => running.doing = Doing::Talking { exit, then },
            (Some(_) | None, _) => self.end(now, StepExit::Connected),
        }
        None
    }

    pub(super) fn take_play_finished(
        &mut self,
        now: Now,
        around: &dyn Surroundings,
        finished: PlayTag,
    ) -> Option<StepName> {
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
                self.use_typed_ahead(now, around)
            }
            State::Running(Running { doing: Doing::Recording(recording), .. }) => {
                let recording = recording.clone();
                self.begin_recording(now, &recording);
                None
            }
            State::New | State::Running(_) | State::Finished => None,
        }
    }

    /// A question that cannot be heard is still asked, after a tone: callers may know it, and nobody is left in silence. A
    /// message that cannot be announced is recorded after its beep.
    fn take_play_failed(&mut self, now: Now, around: &dyn Surroundings, tag: PlayTag) -> Option<StepName> {
        match self.doing() {
            Some(Doing::Saying { tag: playing, failed: Some(failed), .. }) if *playing == tag => {
                let next = failed.clone();
                self.leave(now, StepExit::Failed, None);
                Some(next)
            }
            Some(Doing::Asking(asking)) if asking.is_playing(tag) && !asking.has_beeped() => {
                let (tag, until) = self.play(now, vec![Prompt::Beep]);
                if let State::Running(Running { doing: Doing::Asking(asking), .. }) = &mut self.state {
                    asking.beep(Phase::Playing { tag, until });
                }
                None
            }
            Some(_) | None => self.take_play_finished(now, around, tag),
        }
    }

    pub(super) fn playing(&self) -> Option<PlayTag> {
        match self.doing()? {
            Doing::Saying { tag, .. } => Some(*tag),
            Doing::Asking(asking) => match asking.phase {
                Phase::Playing { tag, .. } => Some(tag),
                Phase::Waiting { .. } => None,
            },
            Doing::Recording(recording) => match recording.phase {
                RecordPhase::Prompting { tag, .. } => Some(tag),
                RecordPhase::Running { .. } => None,
            },
            Doing::Answering { .. }
            | Doing::Pausing { .. }
            | Doing::Queued(_)
            | Doing::Transferring(_)
            | Doing::Talking { .. }
            | Doing::Requesting { .. }
            | Doing::Streaming { .. } => None,
        }
    }

    fn take_digit(&mut self, now: Now, around: &dyn Surroundings, digit: Digit) -> Option<StepName> {
        if self.keys.is_late_terminator(now.mono, digit) {
            return None;
        }
        match self.doing() {
            Some(Doing::Transferring(_) | Doing::Talking { .. }) | None => self.ignore(),
            Some(Doing::Queued(_)) => self.take_queue_digit(now, digit),
            Some(Doing::Streaming { tag, .. }) => {
                self.actions.push_back(Action::StreamDigit(*tag, digit));
                None
            }
            Some(Doing::Recording(recording)) => {
                let recording = recording.clone();
                self.take_recording_digit(now, &recording, digit)
            }
            Some(
                Doing::Answering { .. }
                | Doing::Pausing { .. }
                | Doing::Requesting { .. }
                | Doing::Saying { barge_in: false, .. },
            ) => {
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
                self.use_typed_ahead(now, around)
            }
        }
    }

    fn keep(&mut self, digit: Digit) {
        if self.keys.push(digit).is_err() {
            self.ignored_inputs += 1;
        }
    }

    /// Gives the kept digits to the question, as long as it listens.
    pub(super) fn use_typed_ahead(&mut self, now: Now, around: &dyn Surroundings) -> Option<StepName> {
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
            // A menu that waits for a second digit no longer plays.
            if let (Verdict::Wait, Phase::Playing { .. }) = (&verdict, asking.phase) {
                asking.listen(now.mono);
            }
            let next = self.follow(now, around, verdict);
            if next.is_some() {
                return next;
            }
        }
    }

    pub(super) fn follow(
        &mut self,
        now: Now,
        around: &dyn Surroundings,
        verdict: Verdict,
    ) -> Option<StepName> {
        match verdict {
            Verdict::Wait => None,
            Verdict::Repeat(items) => {
                self.keys.clear();
                let phase = self.play_question(now, around, &items);
                if let State::Running(Running { doing: Doing::Asking(asking), .. }) = &mut self.state {
                    asking.phase = phase;
                }
                None
            }
            Verdict::Leave { exit, to } => {
                let input = self.keep_answer(now, exit);
                self.leave(now, exit, input);
                Some(to)
            }
            Verdict::Next(answer) => self.next_question(now, around, answer),
        }
    }

    /// Puts what was entered into its variable; gives what the record may show of it.
    fn keep_answer(&mut self, now: Now, exit: StepExit) -> Option<Pii<String>> {
        let State::Running(Running { doing: Doing::Asking(asking), .. }) = &self.state else { return None };
        let shown = asking.shown_digits();
        let into = match (&asking.question, exit) {
            (Question::Collect(collect), StepExit::Done) => collect.into.value.clone(),
            (Question::Menu(menu), StepExit::Dialled) => menu.direct_dial.as_ref()?.into.value.clone(),
            _ => return shown,
        };
        let digits = Value::text(asking.digits().expose());
        if let Some((terminator, wait)) = asking.unused_terminator() {
            self.keys.swallow(now.mono, terminator, wait);
        }
        self.frame_mut().variables.insert(into, digits);
        shown
    }

    fn next_question(&mut self, now: Now, around: &dyn Surroundings, answer: Option<u8>) -> Option<StepName> {
        let State::Running(Running { doing: Doing::Asking(asking), .. }) = &self.state else { return None };
        let Question::Survey(survey, index) = asking.question.clone() else { return None };
        let question = &survey.questions[index];
        if let Some(answer) = answer {
            self.actions.push_back(Action::SurveyAnswered {
                survey: survey.name.clone(),
                question: question.name.clone(),
                answer,
            });
        }
        if index + 1 == survey.questions.len() {
            self.leave(now, StepExit::Done, None);
            return Some(survey.then.value.clone());
        }
        let question = Question::Survey(survey, index + 1);
        let phase = self.play_question(now, around, question.prompts());
        if let State::Running(running) = &mut self.state {
            running.doing = Doing::Asking(Asking::new(question, phase));
        }
        None
    }

    pub(super) fn play_question(&mut self, now: Now, around: &dyn Surroundings, items: &[SayItem]) -> Phase {
        let (prompts, _) = self.prompts(now, around, items);
        let (tag, until) = self.play(now, prompts);
        Phase::Playing { tag, until }
    }

    /// Begins to record; what was said before it is over.
    pub(super) fn begin_recording(&mut self, now: Now, recording: &Recording) {
        let phase = self.start_record(now, &recording.record, recording.mailbox.clone());
        if let State::Running(Running { doing: Doing::Recording(recording), .. }) = &mut self.state {
            recording.phase = phase;
        }
    }

    pub(super) fn start_record(&mut self, now: Now, record: &Record, mailbox: Option<String>) -> RecordPhase {
        let tag = self.next_request();
        let Record { longest, silence, shortest, .. } = *record;
        self.actions.push_back(Action::Record { tag, mailbox, longest, silence, shortest });
        RecordPhase::Running { tag, until: now.mono + longest + RECORDING_GRACE }
    }

    /// Any key ends what is said before a message; the terminator ends the message.
    fn take_recording_digit(&mut self, now: Now, recording: &Recording, digit: Digit) -> Option<StepName> {
        match recording.phase {
            RecordPhase::Prompting { tag, .. } => {
                self.actions.push_back(Action::StopPlay(tag));
                self.begin_recording(now, recording);
                None
            }
            RecordPhase::Running { tag, .. } if recording.record.terminator == Some(digit.key()) => {
                self.steps_without_input = 0;
                self.actions.push_back(Action::StopRecord(tag));
                None
            }
            RecordPhase::Running { .. } => self.ignore(),
        }
    }

    pub(super) fn take_recorded(
        &mut self,
        now: Now,
        tag: RequestTag,
        recorded: Recorded,
    ) -> Option<StepName> {
        let Some(Doing::Recording(recording)) = self.doing() else { return self.ignore() };
        if !matches!(recording.phase, RecordPhase::Running { tag: running, .. } if running == tag) {
            return self.ignore();
        }
        let next = recording.record.exits.get(&recorded.exit).map(|to| to.value.clone());
        let into = recording.record.into.clone().filter(|_| recorded.exit == RecordExit::Recorded);
        if let Some(into) = into {
            self.frame_mut().variables.insert(into.value, Value::text(&recorded.name));
        }
        self.leave(now, StepExit::Record(recorded.exit), None);
        next
    }

    pub(super) fn take_reply(&mut self, now: Now, tag: RequestTag, reply: Reply) -> Option<StepName> {
        let Some(Doing::Requesting { tag: asked, what, .. }) = self.doing() else { return self.ignore() };
        if *asked != tag {
            return self.ignore();
        }
        match what.clone() {
            Requested::Lookup(lookup) => {
                let exit = match reply {
                    Reply::Found(values) => self.keep_found(&lookup.source, values),
                    Reply::NotFound => LookupExit::NotFound,
                    Reply::Failed | Reply::Webhook(_) | Reply::Callback(_) => LookupExit::Failed,
                };
                self.leave(now, StepExit::Lookup(exit), None);
                lookup.exits.get(&exit).map(|to| to.value.clone())
            }
            Requested::Webhook(webhook) => {
                let exit = match reply {
                    Reply::Webhook(exit) => exit,
                    Reply::Found(_) | Reply::NotFound | Reply::Failed | Reply::Callback(_) => {
                        WebhookExit::Failed
                    }
                };
                self.leave(now, StepExit::Webhook(exit), None);
                webhook.exits.get(&exit).map(|to| to.value.clone())
            }
            Requested::Callback(callback) => {
                let exit = match reply {
                    Reply::Callback(exit) => exit,
                    Reply::Found(_) | Reply::NotFound | Reply::Failed | Reply::Webhook(_) => {
                        CallbackExit::Refused
                    }
                };
                self.leave(now, StepExit::Callback(exit), None);
                callback.exits.get(&exit).map(|to| to.value.clone())
            }
        }
    }

    /// Sets the variables of a lookup: all of them or none.
    fn keep_found(&mut self, source: &LookupSource, values: Vec<Option<Pii<String>>>) -> LookupExit {
        let into: Vec<Variable> = match source {
            LookupSource::Customer { into, .. } => {
                into.iter().map(|(variable, _)| variable.value.clone()).collect()
            }
            LookupSource::Http { into, .. } => {
                into.iter().map(|(variable, _)| variable.value.clone()).collect()
            }
        };
        if into.len() != values.len() {
            return LookupExit::Failed;
        }
        let mut found = Vec::with_capacity(into.len());
        for (variable, value) in into.into_iter().zip(values) {
            let Some(text) = value else { return LookupExit::NotFound };
            let Some(value) = self.typed(&variable, text.expose()) else { return LookupExit::Failed };
            found.push((variable, value));
        }
        self.frame_mut().variables.extend(found);
        LookupExit::Found
    }

    fn typed(&self, variable: &Variable, text: &str) -> Option<Value> {
        let declared = self.flow().variables.get(variable)?;
        Value::parse(text, declared.value_type)
    }

    fn take_stream_ended(
        &mut self,
        now: Now,
        tag: RequestTag,
        exit: StreamExit,
        result: &BTreeMap<String, Pii<String>>,
    ) -> Option<StepName> {
        let Some(Doing::Streaming { tag: open, stream, .. }) = self.doing() else { return self.ignore() };
        if *open != tag {
            return self.ignore();
        }
        let stream = stream.clone();
        let mut exit = exit;
        if exit == StreamExit::Done {
            let values: Option<Vec<_>> = stream
                .into
                .iter()
                .map(|(variable, member)| {
                    let value = self.typed(&variable.value, result.get(member)?.expose())?;
                    Some((variable.value.clone(), value))
                })
                .collect();
            match values {
                Some(values) => self.frame_mut().variables.extend(values),
                None => exit = StreamExit::Failed,
            }
        }
        self.leave(now, StepExit::Stream(exit), None);
        stream.exits.get(&exit).map(|to| to.value.clone())
    }

    pub(super) fn play(&mut self, now: Now, prompts: Vec<Prompt>) -> (PlayTag, hotline_base::Time) {
        self.plays += 1;
        let tag = PlayTag(self.plays);
        self.actions.push_back(Action::Play { tag, language: self.language.clone(), prompts });
        (tag, now.mono + super::PLAYBACK_LIMIT)
    }
}
