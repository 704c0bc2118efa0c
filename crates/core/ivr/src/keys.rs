//! The keys that a caller pressed before anything asked for them, and the one that came out of habit.

use core::time::Duration;

use hotline_base::{BoundedQueue, Time};
use serde::{Deserialize, Serialize};

use crate::action::Digit;

/// The most keys that are kept until a step asks for them; more are dropped and counted.
pub const MAX_TYPED_AHEAD: usize = 32;

/// Keys in the order they were pressed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Keys {
    typed_ahead: BoundedQueue<Digit>,
    late_terminator: Option<LateTerminator>,
}

/// The terminator of a number that was complete without it, swallowed if it follows in time.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct LateTerminator {
    key: Digit,
    until: Time,
}

impl Keys {
    pub(crate) const fn new() -> Self {
        Self { typed_ahead: BoundedQueue::new(MAX_TYPED_AHEAD), late_terminator: None }
    }

    /// True if the key ends a number that is complete already, so that it means nothing more.
    pub(crate) fn is_late_terminator(&mut self, now: Time, digit: Digit) -> bool {
        self.late_terminator.take().is_some_and(|late| late.key == digit && now <= late.until)
    }

    /// Keeps a key; gives it back if there are too many.
    pub(crate) fn push(&mut self, digit: Digit) -> Result<(), Digit> {
        self.typed_ahead.push(digit)
    }

    pub(crate) fn pop(&mut self) -> Option<Digit> {
        self.typed_ahead.pop()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.typed_ahead.is_empty()
    }

    /// Forgets what was typed ahead: it was meant for another question.
    pub(crate) fn clear(&mut self) {
        while self.typed_ahead.pop().is_some() {}
    }

    /// A number is complete without its terminator: the next key is swallowed if it is that, whether it was typed
    /// already or comes within `wait`.
    pub(crate) fn swallow(&mut self, now: Time, terminator: Digit, wait: Duration) {
        let Some(first) = self.typed_ahead.pop() else {
            self.late_terminator = Some(LateTerminator { key: terminator, until: now + wait });
            return;
        };
        if first != terminator {
            let mut kept = BoundedQueue::new(MAX_TYPED_AHEAD);
            let rest = core::iter::from_fn(|| self.typed_ahead.pop());
            for digit in core::iter::once(first).chain(rest) {
                kept.push(digit).expect("as many keys as were kept before");
            }
            self.typed_ahead = kept;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digit(key: char) -> Digit {
        Digit::new(key).unwrap()
    }

    fn typed(keys: &str) -> Keys {
        let mut typed = Keys::new();
        keys.chars().for_each(|key| typed.push(digit(key)).unwrap());
        typed
    }

    fn rest(mut keys: Keys) -> String {
        core::iter::from_fn(|| keys.pop()).map(Digit::key).collect()
    }

    #[test]
    fn only_the_next_key_is_swallowed_and_only_if_it_is_the_terminator() {
        for (before, after) in [("#12", "12"), ("##", "#"), ("12#", "12#"), ("1", "1")] {
            let mut keys = typed(before);
            keys.swallow(Time(0), digit('#'), Duration::from_secs(3));
            assert!(!keys.is_late_terminator(Time(1), digit('#')), "{before}");
            assert_eq!(rest(keys), after);
        }
    }

    #[test]
    fn a_late_terminator_counts_once_and_only_in_time() {
        let late = |at: Time, key| {
            let mut keys = typed("");
            keys.swallow(Time(0), digit('#'), Duration::from_secs(3));
            let first = keys.is_late_terminator(at, digit(key));
            (first, keys.is_late_terminator(at, digit('#')))
        };
        assert_eq!(late(Time(3_000_000), '#'), (true, false));
        assert_eq!(late(Time(3_000_001), '#'), (false, false));
        assert_eq!(late(Time(1), '1'), (false, false), "any other key ends the habit");
    }
}
