//! One question and the wait for its digits: what `menu`, `collect` and `survey` share. Decides only whether digits
//! answer the question; playing and going on are the session's.

use core::time::Duration;
use std::sync::Arc;

use hotline_base::{Pii, Time};
use serde::{Deserialize, Serialize};

use crate::action::{Digit, PlayTag, Timer};
use crate::end::StepExit;
use crate::model::{Ask, Collect, Failure, Menu, SayItems, Survey};
use crate::name::StepName;
use crate::sequence::KeySequence;

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
    /// A tone stood for the question.
    beeped: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Question {
    Menu(Arc<Menu>),
    Collect(Arc<Collect>),
    /// The question of that index.
    Survey(Arc<Survey>, usize),
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
    Repeat(SayItems),
    /// The question is over.
    Leave { exit: StepExit, to: StepName },
    /// The question of a survey is over, with an answer or without.
    Next(Option<u8>),
}

impl Question {
    pub(crate) fn prompts(&self) -> &SayItems {
        match self {
            Self::Menu(menu) => &menu.ask.prompts,
            Self::Collect(collect) => &collect.ask.prompts,
            Self::Survey(survey, index) => &survey.questions[*index].prompts,
        }
    }

    pub(crate) fn barge_in(&self) -> bool {
        self.ask().is_none_or(|ask| ask.barge_in)
    }

    pub(crate) fn first_digit(&self) -> Duration {
        match self {
            Self::Menu(menu) => menu.ask.first_digit,
            Self::Collect(collect) => collect.ask.first_digit,
            Self::Survey(survey, _) => survey.first_digit,
        }
    }

    fn ask(&self) -> Option<&Ask> {
        match self {
            Self::Menu(menu) => Some(&menu.ask),
            Self::Collect(collect) => Some(&collect.ask),
            Self::Survey(..) => None,
        }
    }
}

impl Asking {
    pub(crate) fn new(question: Question, phase: Phase) -> Self {
        Self { question, phase, digits: Pii::default(), no_inputs: 0, invalids: 0, beeped: false }
    }

    /// True if a digit is looked at right away.
    pub(crate) fn is_listening(&self) -> bool {
        match self.phase {
            Phase::Playing { .. } => self.question.barge_in(),
            Phase::Waiting { .. } => true,
        }
    }

    pub(crate) const fn is_playing(&self, playing: PlayTag) -> bool {
        matches!(self.phase, Phase::Playing { tag, .. } if tag.0 == playing.0)
    }

    pub(crate) const fn has_beeped(&self) -> bool {
        self.beeped
    }

    /// A tone plays in place of the question.
    pub(crate) const fn beep(&mut self, phase: Phase) {
        self.beeped = true;
        self.phase = phase;
    }

    /// The digits of this attempt, for the variable of a `collect` or a dialled extension.
    pub(crate) const fn digits(&self) -> &Pii<String> {
        &self.digits
    }

    /// The digits as the call record may show them.
    pub(crate) fn shown_digits(&self) -> Option<Pii<String>> {
        let sensitive = match &self.question {
            Question::Menu(_) | Question::Survey(..) => false,
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
        let until = now + self.question.first_digit();
        self.phase = Phase::Waiting { until, timer: Timer::FirstDigit };
    }

    pub(crate) fn take(&mut self, now: Time, digit: Digit) -> Verdict {
        let mut digits = core::mem::take(&mut self.digits).into_inner();
        digits.push(digit.key());
        self.digits = Pii::new(digits);
        match self.question.clone() {
            Question::Menu(menu) => self.take_choice(now, &menu, digit),
            Question::Collect(collect) => self.take_collected(now, &collect, digit),
            Question::Survey(survey, index) => {
                let (from, to) = survey.questions[index].scale;
                match digit.key().to_digit(10).and_then(|value| u8::try_from(value).ok()) {
                    Some(value) if (from..=to).contains(&value) => Verdict::Next(Some(value)),
                    Some(_) | None => self.ask_again(),
                }
            }
        }
    }

    /// The wait is over.
    pub(crate) fn expire(&mut self) -> Verdict {
        match self.question.clone() {
            Question::Survey(..) => self.ask_again(),
            Question::Collect(collect) if !self.digits.expose().is_empty() => self.conclude(&collect),
            Question::Menu(menu) if !self.digits.expose().is_empty() => match self.choice(&menu) {
                Some(verdict) => verdict,
                None => self.fail_invalid(),
            },
            Question::Menu(_) | Question::Collect(_) => {
                self.no_inputs += 1;
                self.fail(self.no_inputs, StepExit::NoInput, |ask| &ask.no_input)
            }
        }
    }

    /// The terminator of a number that ended without it, by its length, and how long it may yet come.
    pub(crate) fn unused_terminator(&self) -> Option<(Digit, Duration)> {
        match &self.question {
            Question::Menu(_) | Question::Survey(..) => None,
            Question::Collect(collect) => {
                let full = self.digits.expose().len() >= collect.max_digits;
                let terminator = collect.terminator.and_then(Digit::new).filter(|_| full);
                terminator.map(|terminator| (terminator, collect.next_digit))
            }
        }
    }

    /// The choice of the only digit so far.
    fn choice(&self, menu: &Menu) -> Option<Verdict> {
        let mut digits = self.digits.expose().chars();
        let (Some(key), None) = (digits.next(), digits.next()) else { return None };
        let to = menu.choices.get(&key)?.value.clone();
        Some(Verdict::Leave { exit: StepExit::Choice(KeySequence::one(key)?), to })
    }

    /// Where extensions can be dialled, a digit that could begin one waits for the next.
    fn take_choice(&mut self, now: Time, menu: &Menu, digit: Digit) -> Verdict {
        let dialled = self.digits.expose().len();
        match &menu.direct_dial {
            Some(dial) if digit.key().is_ascii_digit() && dialled < dial.digits => {
                self.phase = Phase::Waiting { until: now + dial.next_digit, timer: Timer::NextDigit };
                Verdict::Wait
            }
            Some(dial) if digit.key().is_ascii_digit() && dialled > 1 => {
                Verdict::Leave { exit: StepExit::Dialled, to: dial.then.value.clone() }
            }
            Some(_) | None => match self.choice(menu) {
                Some(verdict) => verdict,
                None => self.fail_invalid(),
            },
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
        let digits = self.digits.expose();
        if digits.len() < collect.min_digits || !collect.check.accepts(digits) {
            return self.fail_invalid();
        }
        Verdict::Leave { exit: StepExit::Done, to: collect.then.value.clone() }
    }

    fn fail_invalid(&mut self) -> Verdict {
        self.invalids += 1;
        self.fail(self.invalids, StepExit::Invalid, |ask| &ask.invalid)
    }

    fn fail(&mut self, times: usize, exit: StepExit, which: fn(&Ask) -> &Failure) -> Verdict {
        let Some(failure) = self.question.ask().map(which) else { return self.ask_again() };
        match failure.retries.get(times - 1) {
            Some(prompts) => {
                let prompts = prompts.clone();
                self.digits = Pii::default();
                Verdict::Repeat(prompts)
            }
            None => Verdict::Leave { exit, to: failure.then.value.clone() },
        }
    }

    /// A question of a survey is asked twice, then left out.
    fn ask_again(&mut self) -> Verdict {
        self.no_inputs += 1;
        self.digits = Pii::default();
        if self.no_inputs > 1 {
            return Verdict::Next(None);
        }
        Verdict::Repeat(self.question.prompts().clone())
    }
}
