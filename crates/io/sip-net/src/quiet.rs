//! Says when a line may be logged again, so that a fault that repeats thousands of times a second does not fill
//! the disk with it.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Between two lines about the same fault.
const PAUSE: Duration = Duration::from_secs(10);

/// One fault that may repeat.
#[derive(Debug, Default)]
pub(crate) struct Quiet {
    /// Taken on the path of errors only.
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    spoke: Option<Instant>,
    held_back: u64,
}

impl Quiet {
    /// `Some` when a line may be written: how many were held back since the one before.
    pub(crate) fn may_speak(&self, now: Instant) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.spoke.is_some_and(|spoke| now.duration_since(spoke) < PAUSE) {
            state.held_back += 1;
            return None;
        }
        state.spoke = Some(now);
        Some(std::mem::take(&mut state.held_back))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_fault_is_told_once_a_while_with_its_number() {
        let (quiet, start) = (Quiet::default(), Instant::now());
        assert_eq!(quiet.may_speak(start), Some(0));
        for millisecond in 1..=500 {
            assert_eq!(quiet.may_speak(start + Duration::from_millis(millisecond)), None);
        }
        assert_eq!(quiet.may_speak(start + PAUSE), Some(500));
        assert_eq!(quiet.may_speak(start + PAUSE * 2), Some(0));
    }
}
