//! Events on their way to a listener that may be busy.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use hotline_media::Event;

/// When an event that was refused should be offered again.
pub const RETRY: Duration = Duration::from_millis(20);

/// How long the last events are offered before they are given up.
const CLOSE_PATIENCE: Duration = Duration::from_secs(1);

/// Offers events in their order. The listener gives back what it has no room for: a key is then dropped and
/// counted, how a leg sounds is dropped, for it is soon told anew, and everything else waits. What waits is bounded by the legs and recordings it is about.
pub struct Outbox<E> {
    tell: E,
    waiting: VecDeque<Event>,
    digits_dropped: u64,
}

impl<E: Fn(Event) -> Option<Event>> Outbox<E> {
    /// An outbox for a listener.
    #[must_use]
    pub const fn new(tell: E) -> Self {
        Self { tell, waiting: VecDeque::new(), digits_dropped: 0 }
    }

    /// Offers an event, after all that wait.
    pub fn push(&mut self, event: Event) {
        self.flush();
        let refused = if self.waiting.is_empty() { (self.tell)(event) } else { Some(event) };
        let Some(event) = refused else { return };
        #[expect(clippy::wildcard_enum_match_arm, reason = "whatever else there is, waits")]
        match event {
            Event::Digit { .. } => self.digits_dropped += 1,
            Event::LegMeasured { .. } => {}
            _ => self.waiting.push_back(event),
        }
    }

    /// Offers again what waits.
    pub fn flush(&mut self) {
        while let Some(event) = self.waiting.pop_front() {
            if let Some(event) = (self.tell)(event) {
                self.waiting.push_front(event);
                return;
            }
        }
    }

    /// True if nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Keys dropped.
    #[must_use]
    pub const fn digits_dropped(&self) -> u64 {
        self.digits_dropped
    }

    /// Waits for the listener to take the last events, one second at most.
    pub fn close(mut self) {
        let deadline = Instant::now() + CLOSE_PATIENCE;
        self.flush();
        while !self.is_empty() && Instant::now() < deadline {
            std::thread::park_timeout(RETRY);
            self.flush();
        }
        if !self.is_empty() {
            tracing::error!(events = self.waiting.len(), "nobody took the last media events");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use hotline_base::LegId;
    use hotline_media::Digit;

    use super::*;

    #[test]
    fn a_busy_listener_gets_every_event_but_keys_and_in_order() {
        let (room, heard) = (Cell::new(1), RefCell::new(Vec::new()));
        let mut outbox = Outbox::new(|event| {
            if room.get() == 0 {
                return Some(event);
            }
            room.set(room.get() - 1);
            heard.borrow_mut().push(event);
            None
        });
        let opened = |leg| Event::LegOpened { leg: LegId(leg), port: 4000 };
        let digit = Event::Digit { leg: LegId(1), digit: Digit::from_char('5').unwrap(), duration_ms: 100 };
        outbox.push(opened(1));
        outbox.push(opened(2));
        outbox.push(digit.clone());
        outbox.push(opened(3));
        assert!(!outbox.is_empty());
        room.set(1);
        outbox.push(digit.clone());
        assert_eq!(outbox.digits_dropped(), 2);
        room.set(10);
        outbox.push(digit.clone());
        assert!(outbox.is_empty());
        assert_eq!(*heard.borrow(), [opened(1), opened(2), opened(3), digit]);
    }
}
