//! Plays one test: does what it says, and compares what happens.

use core::time::Duration;
use std::sync::Arc;

use hotline_base::Pii;
use hotline_ivr::{Flows, Input, Prompt, PromptName, StreamExit};
use hotline_yaml::{At, Place};

use crate::around::Center;
use crate::call::{Call, Noticed, Open, Stuck};
use crate::expect::{
    end_in_words, expected_in_words, fits, heard_in_words, in_words, open_in_words, same_prompt,
    stuck_in_words,
};
use crate::model::{Answer, Deed, End, Expected, Heard, Step, StepKind, Test, TestFile};
use crate::outcome::{Failure, Outcome, Wrong};

/// Runs one test of the file on the flows.
#[must_use]
pub fn run(flows: &Arc<Flows>, file: &TestFile, test: &Test, center: &dyn Center) -> Outcome {
    let mut outcome = Outcome {
        test: test.name.clone(),
        file: file.file().to_owned(),
        line: test.place.line,
        duration: Duration::ZERO,
        path: Vec::new(),
        last: None,
        transcript: Vec::new(),
        failure: None,
    };
    let Some(call) = Call::begin(flows, &file.flow, &test.given, center) else {
        let happened = format!("there is no flow `{}`", file.flow);
        let wrong =
            Wrong { place: test.place, expected: format!("a call in flow `{}`", file.flow), happened };
        outcome.failure = Some(failure(file, test, wrong, Vec::new()));
        return outcome;
    };
    let mut run = Run { call, skipping: false };
    let result = run.test(test);
    let call = run.call;
    outcome.duration = call.elapsed();
    outcome.transcript = call.spoken.into();
    outcome.failure = result.err().map(|wrong| failure(file, test, wrong, outcome.transcript.clone()));
    outcome.path = call.path;
    outcome.last = call.last;
    outcome
}

fn failure(file: &TestFile, test: &Test, wrong: Wrong, transcript: Vec<crate::Spoken>) -> Failure {
    Failure {
        at: file.source.diagnostic(wrong.place, wrong.happened.clone(), wrong.expected.clone()),
        test: test.name.clone(),
        expected: wrong.expected,
        happened: wrong.happened,
        transcript,
    }
}

struct Run<'t> {
    call: Call<'t>,
    /// True after `...`, until the next expectation.
    skipping: bool,
}

impl Run<'_> {
    fn test(&mut self, test: &Test) -> Result<(), Wrong> {
        self.check_surroundings(test.place)?;
        for step in &test.steps {
            self.step(step)?;
            self.check_surroundings(step.place)?;
        }
        self.end(test)?;
        let place = test.ends.as_ref().map_or(test.place, |ends| ends.place);
        self.check_surroundings(place)?;
        match &test.within {
            Some(within) if self.call.elapsed() > within.value => Err(Wrong {
                place: within.place,
                expected: format!("the call is over within {} s", within.value.as_secs_f64()),
                happened: format!("it took {:.1} s", self.call.elapsed().as_secs_f64()),
            }),
            Some(_) | None => Ok(()),
        }
    }

    fn step(&mut self, step: &Step) -> Result<(), Wrong> {
        let began = self.call.elapsed();
        match &step.kind {
            StepKind::Skip => self.skipping = true,
            StepKind::Does(deed) => {
                self.nothing_unmentioned(step.place)?;
                if let Some(after) = step.after {
                    self.call.pass(after);
                    self.nothing_unmentioned(step.place)?;
                }
                self.skipping = false;
                self.deed(deed, step.place)?;
            }
            StepKind::Expects(expected) => {
                self.expect(expected, step.place)?;
                self.skipping = false;
            }
            StepKind::State(state) => {
                if let Some(after) = step.after {
                    self.call.pass(after);
                }
                crate::state::check(&self.call, state, step.place)?;
            }
        }
        let took = self.call.elapsed().saturating_sub(began);
        match step.within {
            Some(within) if took > within => Err(Wrong {
                place: step.place,
                expected: format!("this within {} s", within.as_secs_f64()),
                happened: format!("it took {:.1} s", took.as_secs_f64()),
            }),
            Some(_) | None => Ok(()),
        }
    }

    /// A schedule that nobody knows would make the test say something that is not so.
    fn check_surroundings(&self, place: Place) -> Result<(), Wrong> {
        if self.call.is_exhausted() {
            let happened = stuck_in_words(&Stuck::Turns, "");
            return Err(Wrong { place, expected: "a call that ends".to_owned(), happened });
        }
        match self.call.around.unknown_hours() {
            None => Ok(()),
            Some(schedule) => Err(Wrong {
                place,
                expected: format!("the test says what `{schedule}` is: `hours: {{{schedule}: open}}`"),
                happened: format!("the flow asked for the hours of `{schedule}`"),
            }),
        }
    }

    /// Before somebody does something, all that happened must have been mentioned.
    fn nothing_unmentioned(&mut self, place: Place) -> Result<(), Wrong> {
        if self.skipping {
            self.call.pending.clear();
        }
        match self.call.pending.front() {
            None => Ok(()),
            Some(happening) => Err(Wrong {
                place,
                expected: "nothing more before this".to_owned(),
                happened: format!(
                    "{} at {:.1} s, which the test does not mention",
                    in_words(&happening.what),
                    happening.at.since(hotline_base::Time::ZERO).as_secs_f64()
                ),
            }),
        }
    }

    fn current_step(&self) -> String {
        crate::state::current_step(&self.call)
    }

    fn deed(&mut self, deed: &Deed, place: Place) -> Result<(), Wrong> {
        if let Some(ended) = self.call.ended {
            let expected = "a call that goes on".to_owned();
            return Err(Wrong { place, expected, happened: format!("it is over: {}", end_in_words(ended)) });
        }
        let used = match deed {
            Deed::Presses { keys, gap } => {
                self.call.press(keys, *gap);
                true
            }
            Deed::Silence(time) => {
                self.call.listen();
                let seconds = time.as_secs_f64().to_string();
                let what = format!("the caller does nothing for {seconds} s");
                self.call.tell("silence", seconds, what);
                self.call.pass(*time);
                true
            }
            Deed::Queue(exit) => {
                let what = format!("the queue gives the call back: {exit}");
                self.call.tell("queue_gave_back", exit.to_string(), what);
                self.call.input(Input::QueueExited(*exit))
            }
            Deed::Transfer(exit) => {
                let what = format!("the transfer does not connect: {exit}");
                self.call.tell("not_connected", exit.to_string(), what);
                self.call.input(Input::TransferFailed(*exit))
            }
            Deed::Connected => {
                self.call.tell("taken", "", "somebody takes the call");
                self.call.connect()
            }
            Deed::AgentLeft => {
                self.call.tell("agent_left", "", "whoever had the call hangs up");
                self.call.input(Input::AgentLeft)
            }
            Deed::HangsUp => {
                self.call.tell("caller_hung_up", "", "the caller hangs up");
                self.call.hang_up();
                true
            }
            Deed::PromptFails => {
                self.call.tell("unplayable", "", "what plays cannot be played");
                self.call.fail_prompt()
            }
            Deed::Replies(answer) => return self.reply(answer, place),
            Deed::Recording(exit) => {
                let Some(Open::Recording(tag)) = self.call.open else {
                    return Err(self.misfit(place, "a recording"));
                };
                self.call.tell("record_over", exit.to_string(), format!("the recording is over: {exit}"));
                self.call.recorded(tag, *exit)
            }
            Deed::StreamEnds { exit, result } => {
                let Some(Open::Stream(tag)) = self.call.open else {
                    return Err(self.misfit(place, "an open stream"));
                };
                self.call.tell("stream_over", exit.to_string(), format!("the stream ends: {exit}"));
                if *exit == StreamExit::Timeout {
                    self.pass_the_limit();
                    return Ok(());
                }
                let result = result.iter().map(|(name, value)| (name.clone(), Pii::new(value.clone())));
                self.call.open = None;
                self.call.input(Input::StreamEnded(tag, *exit, result.collect()))
            }
        };
        if used { Ok(()) } else { Err(self.misfit(place, deed_needs(deed))) }
    }

    /// Somebody did something for which the call is in the wrong step.
    fn misfit(&self, place: Place, needed: &str) -> Wrong {
        let happened = match &self.call.open {
            Some(open) => open_in_words(open),
            None => format!("the call is in step `{}`", self.current_step()),
        };
        Wrong { place, expected: needed.to_owned(), happened }
    }

    fn pass_the_limit(&mut self) {
        if let Some((at, _)) = self.call.session.poll_timeout() {
            self.call.pass(at.since(self.call.now.mono));
        }
    }

    fn reply(&mut self, answer: &Answer, place: Place) -> Result<(), Wrong> {
        let Some(Open::Request(tag, request)) = self.call.open.clone() else {
            return Err(self.misfit(place, "an open question"));
        };
        if matches!(answer, Answer::Nothing) {
            self.call.tell("no_answer", "", "no answer comes");
            self.pass_the_limit();
            return Ok(());
        }
        let Some(reply) = crate::reply::reply(&request, answer) else {
            return Err(self.misfit(place, crate::reply::fitting(&request)));
        };
        if let Answer::Customer(customer) = answer {
            self.call.around.customer = Some(customer.clone());
        }
        self.call.tell("answer", "", "the answer comes");
        if self.call.answer(tag, reply) { Ok(()) } else { Err(self.misfit(place, "an open question")) }
    }

    fn expect(&mut self, expected: &Expected, place: Place) -> Result<(), Wrong> {
        if let Expected::Hears(items) = expected {
            for item in items {
                self.hear(item)?;
            }
            return Ok(());
        }
        let words = || expected_in_words(expected);
        loop {
            if let Err(stuck) = self.call.await_happening() {
                let happened = stuck_in_words(&stuck, &self.current_step());
                return Err(Wrong { place, expected: words(), happened });
            }
            let Some(happening) = self.call.pending.pop_front() else { continue };
            if fits(expected, &happening.what) {
                return Ok(());
            }
            if !self.skipping {
                return Err(Wrong { place, expected: words(), happened: in_words(&happening.what) });
            }
        }
    }

    fn hear(&mut self, item: &At<Heard>) -> Result<(), Wrong> {
        let wrong = |happened: String| Wrong {
            place: item.place,
            expected: format!("the caller hears {}", heard_in_words(&item.value)),
            happened,
        };
        // A value is said in the language that the call has when it is said.
        let waited = self.call.await_happening();
        let prompts = self.prompts(&item.value).map_err(&wrong)?;
        if let Err(stuck) = waited {
            return Err(wrong(stuck_in_words(&stuck, &self.current_step())));
        }
        for prompt in &prompts {
            loop {
                if let Err(stuck) = self.call.await_happening() {
                    return Err(wrong(stuck_in_words(&stuck, &self.current_step())));
                }
                let Some(happening) = self.call.pending.pop_front() else { continue };
                if matches!(&happening.what, Noticed::Heard(heard) if same_prompt(prompt, heard)) {
                    self.skipping = false;
                    break;
                }
                if !self.skipping {
                    return Err(wrong(in_words(&happening.what)));
                }
            }
        }
        Ok(())
    }

    fn prompts(&self, heard: &Heard) -> Result<Vec<Prompt>, String> {
        match heard {
            Heard::Prompt(name) => Ok(vec![Prompt::Name(PromptName::from(name.as_str()))]),
            Heard::Speech(text) => Ok(vec![Prompt::Speech(Pii::new(text.clone()))]),
            Heard::Beep => Ok(vec![Prompt::Beep]),
            Heard::Recorded => Ok(vec![Prompt::Recording(String::new())]),
            Heard::Value { kind, expression, currency } => {
                crate::said::phrases(self.call.session.language(), kind, expression, currency.as_deref())
            }
        }
    }

    fn end(&mut self, test: &Test) -> Result<(), Wrong> {
        let last = test.steps.last().map_or(test.place, |step| step.place);
        let Some(ends) = &test.ends else {
            self.nothing_unmentioned(last)?;
            return match self.call.ended {
                Some(ended @ End::Hangup(_)) => Err(Wrong {
                    place: last,
                    expected: "a call that goes on, as the test has no `ends`".to_owned(),
                    happened: end_in_words(ended),
                }),
                Some(End::Connected | End::HungUp) | None => Ok(()),
            };
        };
        let place = ends.place;
        let expected = format!("at the end {}", end_in_words(ends.value));
        loop {
            self.nothing_unmentioned(place)?;
            match (self.call.ended, ends.value) {
                (Some(ended), wanted) if ended == wanted => return Ok(()),
                (Some(ended), _) => return Err(Wrong { place, expected, happened: end_in_words(ended) }),
                (None, End::Connected | End::HungUp) => {
                    let happened = format!("the call goes on in step `{}`", self.current_step());
                    return Err(Wrong { place, expected, happened });
                }
                (None, End::Hangup(_)) => {
                    if let Err(stuck) = self.call.step_on() {
                        let happened = stuck_in_words(&stuck, &self.current_step());
                        return Err(Wrong { place, expected, happened });
                    }
                }
            }
        }
    }
}

const fn deed_needs(deed: &Deed) -> &'static str {
    match deed {
        Deed::Queue(_) => "a call that waits in a queue",
        Deed::Transfer(_) => "a call that is being transferred",
        Deed::Connected => "a call that waits in a queue or is being transferred",
        Deed::AgentLeft => "a call that somebody has, in a step with the exit `agent_left`",
        Deed::PromptFails => "a prompt that plays",
        Deed::Replies(_) => "an open question",
        Deed::Recording(_) => "a recording",
        Deed::StreamEnds { .. } => "an open stream",
        Deed::Presses { .. } | Deed::Silence(_) | Deed::HangsUp => "a call that goes on",
    }
}
