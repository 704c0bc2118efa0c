//! The moments in a call that a script can wait for.

use hotline_call::CallEvent;

/// A moment in a call that a script waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// The INVITE was accepted.
    Started,
    /// The caller was answered.
    Answered,
    /// The call waits in a queue.
    Queued,
    /// An agent was chosen.
    Offered,
    /// The INVITE left for the agent.
    Invited,
    /// The agent's phone rings.
    Ringing,
    /// Caller and agent talk.
    Connected,
    /// The call is over.
    Ended,
}

impl Moment {
    /// All of them, in order.
    pub const ALL: [Self; 8] = [
        Self::Started,
        Self::Answered,
        Self::Queued,
        Self::Offered,
        Self::Invited,
        Self::Ringing,
        Self::Connected,
        Self::Ended,
    ];

    #[expect(clippy::wildcard_enum_match_arm, reason = "a script waits for these moments only")]
    pub(crate) const fn of(event: &CallEvent) -> Option<Self> {
        match event {
            CallEvent::Started { .. } => Some(Self::Started),
            CallEvent::Answered => Some(Self::Answered),
            CallEvent::Queued { .. } => Some(Self::Queued),
            CallEvent::Offered { .. } => Some(Self::Offered),
            CallEvent::Invited { .. } => Some(Self::Invited),
            CallEvent::Ringing { .. } => Some(Self::Ringing),
            CallEvent::Connected { .. } => Some(Self::Connected),
            CallEvent::Ended { .. } => Some(Self::Ended),
            _ => None,
        }
    }
}
