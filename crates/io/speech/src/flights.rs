//! Texts that are being spoken: whoever asks for one of them waits for the same.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::utterance::Key;
use crate::{Failure, Spoken};

type Outcome = Result<Spoken, Failure>;

/// What is under way, by name.
pub(crate) struct Flights {
    max: usize,
    flights: Mutex<BTreeMap<Key, Weak<Flight>>>,
}

/// One that is under way. When nobody waits for it any more it is called off.
pub(crate) struct Flight {
    outcome: watch::Receiver<Option<Outcome>>,
    task: AbortHandle,
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Flights {
    pub(crate) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { max, flights: Mutex::default() })
    }

    /// Joins what is under way (and says so), or begins it.
    pub(crate) fn join<F>(
        self: &Arc<Self>,
        key: &Key,
        begin: impl FnOnce() -> F,
    ) -> Result<(Arc<Flight>, bool), Failure>
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = flights.get(key).and_then(Weak::upgrade) {
            return Ok((flight, true));
        }
        flights.retain(|_, flight| flight.strong_count() > 0);
        if flights.len() >= self.max {
            return Err(Failure::Busy);
        }
        let (tell, outcome) = watch::channel(None);
        let speaking = begin();
        let task = tokio::spawn(async move {
            let outcome = speaking.await;
            // Who has gone does not hear it.
            tell.send_replace(Some(outcome));
        });
        let flight = Arc::new(Flight { outcome, task: task.abort_handle() });
        flights.insert(key.clone(), Arc::downgrade(&flight));
        Ok((flight, false))
    }
}

impl Flight {
    /// Waits for the end.
    pub(crate) async fn outcome(&self) -> Outcome {
        let mut outcome = self.outcome.clone();
        let told = outcome.wait_for(Option::is_some).await;
        // A task that ended without a word has panicked.
        told.ok().and_then(|outcome| (*outcome).clone()).unwrap_or(Err(Failure::Defect))
    }
}
