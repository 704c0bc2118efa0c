//! A queue with a named limit that counts what it had to refuse.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// First in, first out, at most `limit` items. At the limit the new item is refused and counted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BoundedQueue<T> {
    items: VecDeque<T>,
    limit: usize,
    refused: u64,
}

impl<T> BoundedQueue<T> {
    /// An empty queue that holds at most `limit` items.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self { items: VecDeque::new(), limit, refused: 0 }
    }

    /// Appends `item`, or gives it back when the queue is full.
    ///
    /// # Errors
    /// The item, when the queue holds `limit` items already; the refusal is counted.
    pub fn push(&mut self, item: T) -> Result<(), T> {
        if self.items.len() >= self.limit {
            self.refused += 1;
            return Err(item);
        }
        self.items.push_back(item);
        Ok(())
    }

    /// Takes the oldest item.
    pub fn pop(&mut self) -> Option<T> {
        self.items.pop_front()
    }

    /// How many items wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// True if nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// How many items were refused since the start.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_and_counts_at_the_limit() {
        let mut queue = BoundedQueue::new(2);
        assert_eq!(queue.push(1), Ok(()));
        assert_eq!(queue.push(2), Ok(()));
        assert_eq!(queue.push(3), Err(3));
        assert_eq!(queue.refused(), 1);
        assert_eq!(queue.pop(), Some(1));
        assert_eq!(queue.push(4), Ok(()));
        assert_eq!((queue.len(), queue.is_empty()), (2, false));
    }
}
