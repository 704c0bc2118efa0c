//! The center that people call and work in, as people meet it: what a level of the simulation has to offer.

use hotline_base::{AgentId, Now, Time};
use hotline_call::Event;

/// The core of a center with everything between it and people.
pub(crate) trait Floor {
    /// This caller calls.
    fn arrive(&mut self, now: Now, caller: usize);
    /// This caller hangs up, or gives up calling.
    fn hang_up(&mut self, now: Now, caller: usize);
    /// The agent picks up the phone, if this is what still rings there.
    fn pick_up(&mut self, now: Now, ring: Ring);
    /// An agent asks for something on the page.
    fn wish(&mut self, now: Now, agent: &AgentId, wish: Wish);
    /// The agent's phone is there from now on, or is gone without a word.
    fn plug(&mut self, now: Now, agent: &AgentId, is_there: bool);
    /// Does what is due.
    fn handle_timeout(&mut self, now: Now);
    /// When to call [`Floor::handle_timeout`].
    fn poll_timeout(&self) -> Option<Time>;
    /// The next fact, in order. Before [`Floor::poll_ring`].
    fn poll_event(&mut self) -> Option<Event>;
    /// The next phone that has begun to ring.
    fn poll_ring(&mut self) -> Option<Ring>;
    /// Callers who were turned away before their call began.
    fn refused(&self) -> u64;
}

/// A phone rings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ring {
    /// Whose.
    pub(crate) agent: AgentId,
    /// Which time: not used again.
    pub(crate) number: u64,
}

/// What agents ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// To get calls.
    Ready,
    /// A break.
    Break,
    /// To go home.
    SignOut,
}

/// The caller of this number, as trunks tell it. Never a real one: 555-01xx is for fiction, and these are longer.
pub(crate) fn number_of(caller: usize) -> String {
    format!("+155501{caller:07}")
}

/// The caller who has this number.
pub(crate) fn caller_of(number: &str) -> Option<usize> {
    number.strip_prefix("+155501")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_caller_is_known_by_the_number() {
        for caller in [0, 7, 1_999_999] {
            assert_eq!(caller_of(&number_of(caller)), Some(caller));
        }
        assert_eq!(caller_of("+4930123"), None);
    }
}
