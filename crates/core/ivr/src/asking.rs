//! One question and the wait for its digits: what `menu` and `collect` share. Decides only whether digits
//! answer the question; playing and going on are the session's.

use std::sync::Arc;

use hotline_base::{Pii, Time};
use hotline_yaml::At;
use serde::{Deserialize, Serialize};

use crate::action::{Digit, PlayTag, Timer};
use crate::end::StepExit;
use crate::model::{Ask, Collect, Failure, Menu, Prompts};
use crate::name::{PromptName, StepName};

/// What a path shows in place of sensitive digits, however many they are.
const MASK: &str = "***";

/// A question in progress.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Asking {
    pub(crate) question: Question,
    pub(crate) phase: Phase,
    /// The digits of this attempt.
    digits: Pii<String>,
    /// How often the caller pressed nothing, counted apart from wrong digits.
    no_inputs: usize,
    invalids: usize,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Question {
    Menu(Arc<Menu>),
    Collect(Arc<Collect>),
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Phase {
    /// The question is being played.
    Playing { tag: PlayTag, until: Time },
    /// Silence, waiting for `timer`'s digit.
    Waiting { until: Time, timer: Timer },
}

/// What follows a digit or a silence.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// More digits are awaited.
    Wait,
    /// The question is asked again with these prompts.
    Repeat(Vec<PromptName>),
    /// The question is over.
    Leave { exit: StepExit, to: StepName },
}

impl Question {
    pub(crate) fn ask(&self) -> &Ask {
        match self {
            Self::Menu(menu) => &menu.ask,
            Self::Collect(collect) => &collect.ask,
        }
    }
}

impl Asking {
    pub(crate) fn new(question: Question, phase: Phase) -> Self {
        Self { question, phase, digits: Pii::default(), no_inputs: 0, invalids: 0 }
    }

    /// True if a digit is looked at right away.
    pub(crate) fn is_listening(&self) -> bool {
        match self.phase {
            Phase::Playing { .. } => self.question.ask().barge_in,
            Phase::Waiting { .. } => true,
        }
    }

    /// The digits of this attempt, for the variable of a `collect`.
    pub(crate) const fn digits(&self) -> &Pii<String> {
        &self.digits
    }

    /// The digits as the call record may show them.
    pub(crate) fn shown_digits(&self) -> Option<Pii<String>> {
        let sensitive = match &self.question {
            Question::Menu(_) => false,
            Question::Collect(collect) => collect.sensitive,
        };
        match self.digits.expose().as_str() {
            "" => None,
            _ if sensitive => Some(Pii::from(MASK)),
            digits => Some(Pii::from(digits)),
        }
    }

    /// The prompts are over: the caller's time to think begins.
    pub(crate) fn listen(&mut self, now: Time) {
        let until = now + self.question.ask().first_digit;
        self.phase = Phase::Waiting { until, timer: Timer::FirstDigit };
    }

    pub(crate) fn take(&mut self, now: Time, digit: Digit) -> Verdict {
        let mut digits = core::mem::take(&mut self.digits).into_inner();
        digits.push(digit.key());
        self.digits = Pii::new(digits);
        match self.question.clone() {
            Question::Menu(menu) => match menu.choices.get(&digit.key()) {
                Some(to) => Verdict::Leave { exit: StepExit::Choice(digit.key()), to: to.value.clone() },
                None => self.fail_invalid(),
            },
            Question::Collect(collect) => self.take_collected(now, &collect, digit),
        }
    }

    /// The wait is over.
    pub(crate) fn expire(&mut self) -> Verdict {
        match self.question.clone() {
            Question::Collect(collect) if !self.digits.expose().is_empty() => self.conclude(&collect),
            Question::Menu(_) | Question::Collect(_) => {
                self.no_inputs += 1;
                self.fail(self.no_inputs, StepExit::NoInput, |ask| &ask.no_input)
            }
        }
    }

    /// The terminator of a number that ended without it, by its length, and how long it may yet come.
    pub(crate) fn unused_terminator(&self) -> Option<(Digit, core::time::Duration)> {
        match &self.question {
            Question::Menu(_) => None,
            Question::Collect(collect) => {
                let full = self.digits.expose().len() >= collect.max_digits;
                let terminator = collect.terminator.and_then(Digit::new).filter(|_| full);
                terminator.map(|terminator| (terminator, collect.next_digit))
            }
        }
    }

    fn take_collected(&mut self, now: Time, collect: &Collect, digit: Digit) -> Verdict {
        if collect.terminator == Some(digit.key()) {
            let mut digits = core::mem::take(&mut self.digits).into_inner();
            digits.pop();
            self.digits = Pii::new(digits);
            return self.conclude(collect);
        }
        if !digit.key().is_ascii_digit() {
            return self.fail_invalid();
        }
        if self.digits.expose().len() >= collect.max_digits {
            return self.conclude(collect);
        }
        self.phase = Phase::Waiting { until: now + collect.next_digit, timer: Timer::NextDigit };
        Verdict::Wait
    }

    fn conclude(&mut self, collect: &Collect) -> Verdict {
        if self.digits.expose().len() < collect.min_digits {
            return self.fail_invalid();
        }
        Verdict::Leave { exit: StepExit::Done, to: collect.then.value.clone() }
    }

    fn fail_invalid(&mut self) -> Verdict {
        self.invalids += 1;
        self.fail(self.invalids, StepExit::Invalid, |ask| &ask.invalid)
    }

    fn fail(&mut self, times: usize, exit: StepExit, which: fn(&Ask) -> &Failure) -> Verdict {
        let failure = which(self.question.ask());
        match failure.retries.get(times - 1) {
            Some(prompts) => {
                let prompts = names(prompts);
                self.digits = Pii::default();
                Verdict::Repeat(prompts)
            }
            None => Verdict::Leave { exit, to: failure.then.value.clone() },
        }
    }
}

/// Prompts without their places.
pub(crate) fn names(prompts: &Prompts) -> Vec<PromptName> {
    prompts.iter().map(|At { value, .. }| value.clone()).collect()
}
