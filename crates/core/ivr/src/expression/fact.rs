//! What a flow may read about its call without being told: the caller, the time, the customer, the queues.

use serde::{Deserialize, Serialize};

use super::value::Type;
use crate::name::FieldName;

/// Gives the facts of one group their names, types and meanings.
macro_rules! facts {
    ($(#[$doc:meta])* $type:ident in $group:literal { $($(#[$variant_doc:meta])* $variant:ident = $name:literal: $value:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $type {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $type {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
            /// What stands before the point.
            pub const GROUP: &'static str = $group;

            /// The name after the point.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The one with that name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.name() == name)
            }

            /// Its type.
            #[must_use]
            pub const fn value_type(self) -> Type {
                match self { $(Self::$variant => Type::$value,)* }
            }
        }
    };
}

facts! {
    /// About the call.
    CallFact in "call" {
        /// The caller's number; empty if withheld.
        Caller = "caller": Text,
        /// The number that was dialled.
        Called = "called": Text,
        /// The trunk by which the call came; empty if it came from a phone of the center.
        Trunk = "trunk": Text,
        /// The language that is spoken now.
        Language = "language": Text,
        /// The area of the caller's number by the longest prefix in `areas`; empty if none fits.
        Area = "area": Text,
        /// Whole seconds since the flow began.
        Seconds = "seconds": Integer,
        /// Whether the call was answered.
        Answered = "answered": Boolean,
    }
}

facts! {
    /// The time in the zone of the center, now.
    TimeFact in "time" {
        /// `2026-11-29`; dates compare as texts.
        Date = "date": Text,
        /// `09:05`; times compare as texts.
        Clock = "clock": Text,
        /// The year.
        Year = "year": Integer,
        /// 1 to 12.
        Month = "month": Integer,
        /// 1 to 31.
        Day = "day": Integer,
        /// 1 (Monday) to 7 (Sunday).
        Weekday = "weekday": Integer,
        /// 0 to 23.
        Hour = "hour": Integer,
        /// 0 to 59.
        Minute = "minute": Integer,
    }
}

facts! {
    /// About the customer whose number it is; texts are empty while nobody is known.
    CustomerFact in "customer" {
        /// Whether the number belongs to a customer.
        Known = "known": Boolean,
        /// The name.
        Name = "name": Text,
        /// The company.
        Company = "company": Text,
        /// The class, such as `gold`.
        Class = "class": Text,
        /// The customer's language.
        Language = "language": Text,
        /// Whether the customer is to be treated with preference.
        Vip = "vip": Boolean,
        /// Whether the center does not want to hear from the customer.
        Blocked = "blocked": Boolean,
        /// The agent, by id, who looks after the customer.
        Agent = "agent": Text,
        /// The agent, by id, who had a call of the customer last.
        LastAgent = "last_agent": Text,
    }
}

facts! {
    /// About a queue, as in `queue.sales.waiting`, at this moment.
    QueueFact in "queue" {
        /// Callers who wait.
        Waiting = "waiting": Integer,
        /// How long the first of them has waited, in seconds; 0 if nobody does.
        LongestWait = "longest_wait_s": Integer,
        /// Agents who could take a call now.
        Ready = "ready": Integer,
        /// Agents who are signed in.
        SignedIn = "signed_in": Integer,
        /// How long a caller who comes now must expect to wait, in seconds; -1 while nothing is known about it.
        EstimatedWait = "estimated_wait_s": Integer,
    }
}

/// What a flow may know of the customer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum CustomerField {
    /// What every customer has.
    Own(CustomerFact),
    /// A field that the center has added. Which there are is not known to the checker: they come and go while flows
    /// stay. One that is not there is like one that is empty.
    Added(FieldName),
}

impl CustomerField {
    /// What stands before the name of a field that the center has added.
    pub(crate) const ADDED: &'static str = "fields";

    /// Its type in an expression. Added fields of any kind are texts there.
    #[must_use]
    pub const fn value_type(&self) -> Type {
        match self {
            Self::Own(fact) => fact.value_type(),
            Self::Added(_) => Type::Text,
        }
    }
}

/// One fact, as an expression names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Fact {
    /// `call.…`
    Call(CallFact),
    /// `time.…`
    Time(TimeFact),
    /// `customer.…`, `customer.fields.…`
    Customer(CustomerField),
    /// `queue.<name>.…`
    Queue(hotline_base::QueueId, QueueFact),
}

impl Fact {
    /// What the groups are called, for suggestions.
    pub(crate) const GROUPS: &'static [&'static str] =
        &[CallFact::GROUP, TimeFact::GROUP, CustomerFact::GROUP, QueueFact::GROUP];

    pub(crate) const fn value_type(&self) -> Type {
        match self {
            Self::Call(fact) => fact.value_type(),
            Self::Time(fact) => fact.value_type(),
            Self::Customer(fact) => fact.value_type(),
            Self::Queue(_, fact) => fact.value_type(),
        }
    }
}
