//! How a step, a transfer, a stay in a queue and a call end: closed lists with one name each, used in flows,
//! call records and reports.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::sequence::KeySequence;

/// Gives an enum its list and its names; the name is what stands in YAML and in records.
macro_rules! named {
    ($(#[$doc:meta])* $type:ident { $($(#[$variant_doc:meta])* $variant:ident = $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $type {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $type {
            /// Every one, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in flows and records.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The one with that name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.name() == name)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

named! {
    /// Why a caller left a queue without an agent.
    QueueExit {
        /// The queue held as many callers as it may.
        Full = "full",
        /// The longest wait was over.
        Timeout = "timeout",
        /// Nobody is there to take the call.
        NoAgents = "no_agents",
        /// The queue's opening hours are over. Without this way out it is `no_agents`.
        Closed = "closed",
        /// A person took the caller out. Without this way out it is `timeout`.
        Withdrawn = "withdrawn",
        /// An agent had the call and hung up first. Without this way out the call ends then.
        AgentLeft = "agent_left",
    }
}

impl QueueExit {
    /// What every `queue` step says.
    pub const REQUIRED: &'static [Self] = &[Self::Full, Self::Timeout, Self::NoAgents];
    /// Those without an agent.
    pub const UNANSWERED: &'static [Self] =
        &[Self::Full, Self::Timeout, Self::NoAgents, Self::Closed, Self::Withdrawn];
}

named! {
    /// Why a transfer did not connect.
    TransferExit {
        /// The extension is in a call.
        Busy = "busy",
        /// Nobody picked up.
        NoAnswer = "no_answer",
        /// It cannot be reached: not registered, unknown, or an error on the way.
        Unavailable = "unavailable",
        /// Somebody had the call and hung up first. Without this way out the call ends then.
        AgentLeft = "agent_left",
    }
}

impl TransferExit {
    /// What every `transfer` step says, unless it leads to a flow.
    pub const REQUIRED: &'static [Self] = &[Self::Busy, Self::NoAnswer, Self::Unavailable];
}

named! {
    /// What the calendar says.
    HoursExit {
        /// Within the hours.
        Open = "open",
        /// Outside them.
        Closed = "closed",
        /// A day that is named as a holiday.
        Holiday = "holiday",
    }
}

named! {
    /// What became of a question to the address book or to a service.
    LookupExit {
        /// There is an answer, with all that was asked for.
        Found = "found",
        /// There is none: no such customer, status 404, or a value that is missing in the answer.
        NotFound = "not_found",
        /// Nothing came in time, or something that cannot be understood.
        Failed = "failed",
    }
}

named! {
    /// What became of a webhook.
    WebhookExit {
        /// A status from 200 to 299.
        Done = "done",
        /// Anything else, or nothing in time.
        Failed = "failed",
    }
}

named! {
    /// How the connection with a service of sound ended.
    StreamExit {
        /// The service said that it is done.
        Done = "done",
        /// It lasted as long as it may.
        Timeout = "timeout",
        /// It could not be reached, broke off, or said something that cannot be understood.
        Failed = "failed",
    }
}

named! {
    /// What became of a message.
    RecordExit {
        /// It was kept.
        Recorded = "recorded",
        /// Nothing was said, or less than counts.
        Nothing = "nothing",
        /// It could not be kept.
        Failed = "failed",
    }
}

named! {
    /// What became of the wish to be called back.
    CallbackExit {
        /// It is noted.
        Booked = "booked",
        /// It cannot be: the number is none that the center may call, or there are too many.
        Refused = "refused",
    }
}

named! {
    /// Why the flow ends the call. The last three are the interpreter's own and cannot be written in a flow.
    HangupCause {
        /// All was said.
        Normal = "normal",
        /// Busy.
        Busy = "busy",
        /// The call is not wanted.
        Rejected = "rejected",
        /// Nobody can take the call.
        Unavailable = "unavailable",
        /// The number leads nowhere.
        NotFound = "not_found",
        /// The call could not be answered in time.
        AnswerTimeout = "answer_timeout",
        /// Too many steps: the flow runs in a circle.
        StepLimit = "step_limit",
        /// The flow leads to a step that it does not have; the checker would have said so.
        MissingStep = "missing_step",
    }
}

impl HangupCause {
    /// What a flow may write.
    pub const WRITABLE: &'static [Self] =
        &[Self::Normal, Self::Busy, Self::Rejected, Self::Unavailable, Self::NotFound];

    /// The Q.850 cause value for the BYE's `Reason` (RFC 3326) and the call record.
    #[must_use]
    pub const fn q850(self) -> u8 {
        match self {
            Self::Normal => 16,
            Self::Busy => 17,
            Self::Rejected => 21,
            Self::Unavailable => 20,
            Self::NotFound => 1,
            Self::AnswerTimeout => 102,
            Self::StepLimit | Self::MissingStep => 41,
        }
    }

    /// The final response if the call was not answered (RFC 3398 §7.2.4.1, the nearest for `normal`).
    #[must_use]
    pub const fn sip_status(self) -> u16 {
        match self {
            Self::Normal | Self::Unavailable => 480,
            Self::Busy => 486,
            Self::Rejected => 603,
            Self::NotFound => 404,
            Self::AnswerTimeout => 504,
            Self::StepLimit | Self::MissingStep => 500,
        }
    }
}

/// How a call left a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StepExit {
    /// The step did what it says.
    Done,
    /// A menu's choice, or the keys that left a queue.
    Choice(KeySequence),
    /// No digit came, after all repetitions.
    NoInput,
    /// Wrong digits came, after all repetitions.
    Invalid,
    /// The queue gave the call back.
    Queue(QueueExit),
    /// The transfer did not connect.
    Transfer(TransferExit),
    /// An agent or an extension has the call; the flow is over.
    Connected,
    /// The call ended during the step, whoever hung up.
    CallEnded,
    /// The flow ended the call.
    Hangup(HangupCause),
    /// An extension was dialled in a menu.
    Dialled,
    /// The condition that was true, counted from 1.
    Case(u32),
    /// No condition was true.
    Else,
    /// What the step should do could not be done.
    Failed,
    /// The calendar's answer.
    Hours(HoursExit),
    /// The answer to a question.
    Lookup(LookupExit),
    /// How a webhook went.
    Webhook(WebhookExit),
    /// How a connection of sound ended.
    Stream(StreamExit),
    /// How recording went.
    Record(RecordExit),
    /// How booking a call back went.
    Callback(CallbackExit),
    /// A flow that was called gave its results.
    Returned,
}

impl fmt::Display for StepExit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.write_str("done"),
            Self::Choice(keys) => write!(f, "choice {keys}"),
            Self::NoInput => f.write_str("no_input"),
            Self::Invalid => f.write_str("invalid"),
            Self::Queue(exit) => exit.fmt(f),
            Self::Transfer(exit) => exit.fmt(f),
            Self::Hours(exit) => exit.fmt(f),
            Self::Lookup(exit) => exit.fmt(f),
            Self::Webhook(exit) => exit.fmt(f),
            Self::Stream(exit) => exit.fmt(f),
            Self::Record(exit) => exit.fmt(f),
            Self::Callback(exit) => exit.fmt(f),
            Self::Dialled => f.write_str("dialled"),
            Self::Case(number) => write!(f, "case {number}"),
            Self::Else => f.write_str("else"),
            Self::Failed => f.write_str("failed"),
            Self::Returned => f.write_str("returned"),
            Self::Connected => f.write_str("connected"),
            Self::CallEnded => f.write_str("call_ended"),
            Self::Hangup(cause) => write!(f, "hangup {cause}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_the_interpreters_own_causes_are_not_writable() {
        for cause in HangupCause::ALL {
            assert_eq!(HangupCause::from_name(cause.name()), Some(*cause));
        }
        assert_eq!(QueueExit::from_name("no_agents"), Some(QueueExit::NoAgents));
        assert_eq!(TransferExit::from_name("no_agents"), None);
        assert!(!HangupCause::WRITABLE.contains(&HangupCause::StepLimit));
    }

    #[test]
    fn causes_have_the_standard_numbers() {
        assert_eq!((HangupCause::Normal.q850(), HangupCause::Busy.q850()), (16, 17));
        assert_eq!((HangupCause::Busy.sip_status(), HangupCause::NotFound.sip_status()), (486, 404));
    }
}
