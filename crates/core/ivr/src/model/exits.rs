//! Every way out of a step, in one list: for the checker, for figures by exit and for pictures of a flow.

use std::collections::BTreeMap;

use hotline_yaml::At;

use super::step::{Ask, Condition, StepKind};
use crate::end::{QueueExit, RecordExit, StepExit, StreamExit, TransferExit};
use crate::name::StepName;
use crate::sequence::KeySequence;

/// What has to happen before a way out is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Nothing that takes time or that somebody does.
    AtOnce,
    /// A caller's key or voice, or a wait with a limit that is not short: a circle through it is no busy loop.
    Paced,
}

/// One way out of a step.
#[derive(Clone, Debug)]
pub struct Exit<'f> {
    pub(crate) exit: StepExit,
    pub(crate) to: &'f At<StepName>,
    pub(crate) pace: Pace,
}

impl Exit<'_> {
    /// How it is named in call records and figures.
    #[must_use]
    pub fn name(&self) -> String {
        self.exit.to_string()
    }

    /// The step where it leads.
    #[must_use]
    pub const fn to(&self) -> &StepName {
        &self.to.value
    }
}

const fn at_once(exit: StepExit, to: &At<StepName>) -> Exit<'_> {
    Exit { exit, to, pace: Pace::AtOnce }
}

const fn paced(exit: StepExit, to: &At<StepName>) -> Exit<'_> {
    Exit { exit, to, pace: Pace::Paced }
}

impl StepKind {
    /// Where the step may lead, in the order of the documentation.
    pub(crate) fn exits(&self) -> Vec<Exit<'_>> {
        match self {
            Self::Answer(answer) => vec![at_once(StepExit::Done, &answer.then)],
            Self::Ring(ring) => vec![at_once(StepExit::Done, &ring.then)],
            Self::Say(say) => {
                let failed = say.failed.iter().map(|to| at_once(StepExit::Failed, to));
                core::iter::once(at_once(StepExit::Done, &say.then)).chain(failed).collect()
            }
            Self::Menu(menu) => {
                let choices = menu.choices.iter();
                let choices = choices
                    .filter_map(|(key, to)| Some(paced(StepExit::Choice(KeySequence::one(*key)?), to)));
                let dialled = menu.direct_dial.iter().map(|dial| paced(StepExit::Dialled, &dial.then));
                choices.chain(dialled).chain(failures(&menu.ask)).collect()
            }
            Self::Collect(collect) => {
                core::iter::once(paced(StepExit::Done, &collect.then)).chain(failures(&collect.ask)).collect()
            }
            Self::Condition(condition) => decided(condition),
            Self::Hours(hours) => {
                hours.exits.iter().map(|(exit, to)| at_once(StepExit::Hours(*exit), to)).collect()
            }
            Self::Set(set) => {
                let error = set.error.iter().map(|to| at_once(StepExit::Failed, to));
                core::iter::once(at_once(StepExit::Done, &set.then)).chain(error).collect()
            }
            Self::Lookup(lookup) => {
                lookup.exits.iter().map(|(exit, to)| at_once(StepExit::Lookup(*exit), to)).collect()
            }
            Self::Queue(queue) => {
                let exits = queue.exits.iter().map(|(exit, to)| Exit {
                    exit: StepExit::Queue(*exit),
                    to,
                    pace: match exit {
                        QueueExit::Timeout | QueueExit::Withdrawn | QueueExit::AgentLeft => Pace::Paced,
                        QueueExit::Full | QueueExit::NoAgents | QueueExit::Closed => Pace::AtOnce,
                    },
                });
                exits.chain(queue.keys.iter().map(|(key, to)| paced(StepExit::Choice(*key), to))).collect()
            }
            Self::Transfer(transfer) => transferred(&transfer.exits),
            Self::Voicemail(voicemail) => recorded(&voicemail.recording.exits),
            Self::Record(record) => recorded(&record.exits),
            Self::Survey(survey) => vec![at_once(StepExit::Done, &survey.then)],
            Self::Callback(callback) => {
                callback.exits.iter().map(|(exit, to)| at_once(StepExit::Callback(*exit), to)).collect()
            }
            Self::Dtmf(dtmf) => vec![at_once(StepExit::Done, &dtmf.then)],
            Self::Language(language) => vec![at_once(StepExit::Done, &language.then)],
            Self::Call(call) => vec![at_once(StepExit::Done, &call.then)],
            Self::Webhook(webhook) => {
                webhook.exits.iter().map(|(exit, to)| at_once(StepExit::Webhook(*exit), to)).collect()
            }
            Self::Stream(stream) => streamed(&stream.exits),
            Self::Goto(to) => vec![at_once(StepExit::Done, to)],
            Self::Return | Self::Hangup(_) => Vec::new(),
        }
    }
}

fn decided(condition: &Condition) -> Vec<Exit<'_>> {
    let cases =
        condition.cases.iter().zip(1..).map(|(case, number)| at_once(StepExit::Case(number), &case.then));
    let otherwise = core::iter::once(at_once(StepExit::Else, &condition.otherwise));
    let error = condition.error.iter().map(|to| at_once(StepExit::Failed, to));
    cases.chain(otherwise).chain(error).collect()
}

/// A talk that has ended is no busy loop, a desk that is busy is one.
fn transferred(exits: &BTreeMap<TransferExit, At<StepName>>) -> Vec<Exit<'_>> {
    let exits = exits.iter().map(|(exit, to)| match exit {
        TransferExit::AgentLeft => paced(StepExit::Transfer(*exit), to),
        TransferExit::Busy | TransferExit::NoAnswer | TransferExit::Unavailable => {
            at_once(StepExit::Transfer(*exit), to)
        }
    });
    exits.collect()
}

/// The caller has spoken with a service.
fn streamed(exits: &BTreeMap<StreamExit, At<StepName>>) -> Vec<Exit<'_>> {
    let exits = exits.iter().map(|(exit, to)| match exit {
        StreamExit::Done => paced(StepExit::Stream(*exit), to),
        // Nothing says that the caller has done anything meanwhile.
        StreamExit::Timeout | StreamExit::Failed => at_once(StepExit::Stream(*exit), to),
    });
    exits.collect()
}

/// The caller has said something, or not.
fn recorded(exits: &BTreeMap<RecordExit, At<StepName>>) -> Vec<Exit<'_>> {
    let exits = exits.iter().map(|(exit, to)| match exit {
        RecordExit::Recorded => paced(StepExit::Record(*exit), to),
        RecordExit::Nothing | RecordExit::Failed => at_once(StepExit::Record(*exit), to),
    });
    exits.collect()
}

fn failures(ask: &Ask) -> [Exit<'_>; 2] {
    [at_once(StepExit::NoInput, &ask.no_input.then), paced(StepExit::Invalid, &ask.invalid.then)]
}
