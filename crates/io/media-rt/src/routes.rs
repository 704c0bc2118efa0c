//! Which thread has which leg.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use hotline_base::LegId;

/// Legs by thread. A lock, because commands come from any task and legs end on their thread; it is never held
/// while waiting, and no packet takes it.
#[derive(Debug, Default)]
pub(crate) struct Routes(Mutex<BTreeMap<LegId, usize>>);

impl Routes {
    pub(crate) fn insert(&self, leg: LegId, thread: usize) {
        self.lock().insert(leg, thread);
    }

    pub(crate) fn remove(&self, leg: LegId) {
        self.lock().remove(&leg);
    }

    /// A leg that is not there is as unknown to the first thread as to any other.
    pub(crate) fn thread_of(&self, leg: LegId) -> usize {
        self.lock().get(&leg).copied().unwrap_or(0)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<LegId, usize>> {
        self.0.lock().expect("nothing panics while it holds the routes")
    }
}
