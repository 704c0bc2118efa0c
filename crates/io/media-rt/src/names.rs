//! Which leg a browser means that comes by TCP: all come to one port, and say in their first check whom they want.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use hotline_base::{LegId, Pii};
use hotline_media::Dtls;

/// The names of our descriptions. A lock, because legs open and close on their threads and connections come on another; it is never
/// held while waiting, and no packet takes it.
#[derive(Debug, Default)]
pub(crate) struct Names(Mutex<BTreeMap<String, Meant>>);

/// Who is meant by a name, and who may mean it.
#[derive(Clone, Debug)]
pub(crate) struct Meant {
    pub(crate) leg: LegId,
    pub(crate) thread: usize,
    pub(crate) password: Pii<String>,
    pub(crate) peer_ufrag: String,
}

impl Names {
    pub(crate) fn insert(&self, leg: LegId, thread: usize, agreed: &Dtls) {
        let meant =
            Meant { leg, thread, password: agreed.password.clone(), peer_ufrag: agreed.peer_ufrag.clone() };
        self.lock().insert(agreed.ufrag.clone(), meant);
    }

    pub(crate) fn remove(&self, ufrag: &str) {
        self.lock().remove(ufrag);
    }

    pub(crate) fn find(&self, ufrag: &str) -> Option<Meant> {
        self.lock().get(ufrag).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Meant>> {
        self.0.lock().expect("nothing panics while it holds the names")
    }
}
