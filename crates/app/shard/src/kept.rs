//! What must stay playable, and for how long: a spoken text until it was heard, what a caller recorded until the call is over.
//! What becomes ready for a call that is over is not kept at all.

use std::collections::BTreeMap;

use hotline_base::{CallId, PlayId};

/// Tickets of calls that go on.
pub(crate) struct Kept<T> {
    calls: BTreeMap<CallId, OfCall<T>>,
    /// Whose playback it is.
    plays: BTreeMap<PlayId, CallId>,
}

/// What one call keeps.
struct OfCall<T> {
    spoken: BTreeMap<PlayId, Vec<T>>,
    recorded: Vec<T>,
}

impl<T> Kept<T> {
    pub(crate) const fn new() -> Self {
        Self { calls: BTreeMap::new(), plays: BTreeMap::new() }
    }

    /// Something is being made for a call, which goes on.
    pub(crate) fn expect(&mut self, call: CallId) {
        self.calls.entry(call).or_insert_with(|| OfCall { spoken: BTreeMap::new(), recorded: Vec::new() });
    }

    /// Keeps what was spoken for a playback.
    pub(crate) fn keep_spoken(&mut self, call: CallId, play: PlayId, tickets: Vec<T>) {
        if let Some(kept) = self.calls.get_mut(&call) {
            kept.spoken.insert(play, tickets);
            self.plays.insert(play, call);
        }
    }

    /// Keeps what a caller recorded.
    pub(crate) fn keep_recorded(&mut self, call: CallId, ticket: T) {
        if let Some(kept) = self.calls.get_mut(&call) {
            kept.recorded.push(ticket);
        }
    }

    /// A playback is over.
    pub(crate) fn played(&mut self, play: PlayId) {
        let call = self.plays.remove(&play);
        if let Some(kept) = call.and_then(|call| self.calls.get_mut(&call)) {
            kept.spoken.remove(&play);
        }
    }

    /// A call is over, with what it never played.
    pub(crate) fn forget(&mut self, call: CallId) {
        for play in self.calls.remove(&call).into_iter().flat_map(|kept| kept.spoken.into_keys()) {
            self.plays.remove(&play);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use hotline_base::{Rng, WallTime};

    use super::*;

    #[test]
    fn nothing_is_kept_beyond_its_playback_or_its_call() {
        let call = CallId::generate(WallTime(0), &mut Rng::from_number(1));
        let ticket = Rc::new(());
        let mut kept = Kept::new();
        kept.expect(call);
        kept.keep_spoken(call, PlayId(1), vec![Rc::clone(&ticket)]);
        kept.keep_spoken(call, PlayId(2), vec![Rc::clone(&ticket)]);
        kept.keep_recorded(call, Rc::clone(&ticket));
        kept.played(PlayId(1));
        assert_eq!(Rc::strong_count(&ticket), 3, "the second text, which nobody plays, and the recording");
        kept.forget(call);
        assert_eq!(Rc::strong_count(&ticket), 1);
        kept.keep_spoken(call, PlayId(3), vec![Rc::clone(&ticket)]);
        kept.keep_recorded(call, Rc::clone(&ticket));
        assert_eq!(Rc::strong_count(&ticket), 1, "what comes too late is let go");
        assert!(kept.calls.is_empty() && kept.plays.is_empty());
    }
}
