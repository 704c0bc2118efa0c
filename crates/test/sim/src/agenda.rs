//! What will happen, in the order in which it will.

use std::collections::BTreeMap;

use hotline_base::Time;

/// Things with their times. Things of one time come out in the order in which they were put in.
#[derive(Debug)]
pub struct Agenda<T> {
    entries: BTreeMap<(Time, u64), T>,
    count: u64,
}

impl<T> Default for Agenda<T> {
    fn default() -> Self {
        Self { entries: BTreeMap::new(), count: 0 }
    }
}

impl<T> Agenda<T> {
    /// Puts `thing` at `at`.
    pub fn put(&mut self, at: Time, thing: T) {
        self.count += 1;
        self.entries.insert((at, self.count), thing);
    }

    /// The time of the next thing.
    #[must_use]
    pub fn next_at(&self) -> Option<Time> {
        self.entries.first_key_value().map(|((at, _), _)| *at)
    }

    /// Takes the next thing.
    pub fn pop(&mut self) -> Option<T> {
        self.entries.pop_first().map(|(_, thing)| thing)
    }
}
