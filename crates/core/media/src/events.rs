//! Events on their way out, bounded against a peer that floods keys.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::Event;

/// Keys waiting beyond this are refused. All other events are bounded by the number of legs and commands, and
/// the shell takes them after each turn.
const DIGITS_WAITING_MAX: usize = 1024;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Events {
    waiting: VecDeque<Event>,
    digits_refused: u64,
}

impl Events {
    pub(crate) fn new() -> Self {
        // Room at once: pushing must not allocate on the packet path.
        Self { waiting: VecDeque::with_capacity(2 * DIGITS_WAITING_MAX), digits_refused: 0 }
    }

    pub(crate) fn push(&mut self, event: Event) {
        self.waiting.push_back(event);
    }

    /// One that says nothing for long: it is left out while others wait.
    pub(crate) fn push_measure(&mut self, event: Event) {
        if self.waiting.len() < DIGITS_WAITING_MAX {
            self.waiting.push_back(event);
        }
    }

    pub(crate) fn push_digit(&mut self, event: Event) {
        if self.waiting.len() < DIGITS_WAITING_MAX {
            self.waiting.push_back(event);
        } else {
            self.digits_refused += 1;
        }
    }

    pub(crate) fn pop(&mut self) -> Option<Event> {
        self.waiting.pop_front()
    }

    pub(crate) const fn digits_refused(&self) -> u64 {
        self.digits_refused
    }
}
