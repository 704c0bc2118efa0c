//! What will happen, in the order in which it will.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use hotline_base::Time;

/// Things with their times. Things of one time come out in the order in which they were put in.
#[derive(Debug)]
pub(crate) struct Agenda<T> {
    entries: BinaryHeap<Reverse<Entry<T>>>,
    count: u64,
}

#[derive(Debug)]
struct Entry<T> {
    at: Time,
    number: u64,
    thing: T,
}

impl<T> Entry<T> {
    const fn key(&self) -> (Time, u64) {
        (self.at, self.number)
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl<T> Eq for Entry<T> {}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl<T> Default for Agenda<T> {
    fn default() -> Self {
        Self { entries: BinaryHeap::new(), count: 0 }
    }
}

impl<T> Agenda<T> {
    /// Puts `thing` at `at`.
    pub(crate) fn put(&mut self, at: Time, thing: T) {
        self.count += 1;
        self.entries.push(Reverse(Entry { at, number: self.count, thing }));
    }

    /// The time of the next thing.
    pub(crate) fn next_at(&self) -> Option<Time> {
        self.entries.peek().map(|Reverse(entry)| entry.at)
    }

    /// Takes the next thing, if it is due.
    pub(crate) fn pop_due(&mut self, now: Time) -> Option<T> {
        self.next_at().filter(|at| *at <= now)?;
        self.entries.pop().map(|Reverse(entry)| entry.thing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_earlier_or_was_put_in_before_comes_first() {
        let mut agenda = Agenda::default();
        for (at, thing) in [(5, "last"), (3, "first"), (3, "second")] {
            agenda.put(Time(at), thing);
        }
        assert_eq!(agenda.pop_due(Time(2)), None);
        assert_eq!((agenda.pop_due(Time(3)), agenda.pop_due(Time(4))), (Some("first"), Some("second")));
        assert_eq!((agenda.pop_due(Time(4)), agenda.next_at()), (None, Some(Time(5))));
        assert_eq!(agenda.pop_due(Time(9)), Some("last"));
    }
}
