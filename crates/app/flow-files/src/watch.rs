//! Sees that files of flows or the center's have changed.
//!
//! The directory is looked at twice a second, not watched by the system: that works on network file systems and mounted
//! directories too, where no event comes, and whether an editor writes a file or puts another in its place is the same.

use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::disk::{self, Signature};
use crate::{FlowError, FlowFiles};

/// How often the directory is looked at.
const LOOK: Duration = Duration::from_millis(500);

impl FlowFiles {
    /// Takes in what changes on disk, within a second after it was written, until `stop`.
    pub async fn watch(self, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.look_on() => {}
        }
    }

    async fn look_on(&self) {
        // What was taken in last, and what was seen last: while a file is being written, two looks differ.
        let (mut taken, mut seen) = (None, None);
        loop {
            let now = self.look().await;
            if now != taken && now == seen {
                match self.reload().await {
                    Ok(()) => taken.clone_from(&now),
                    Err(FlowError::Stopped) => return,
                    Err(error) => warn!(%error, "the files of center and flows were not taken in"),
                }
            }
            seen = now;
            self.record_waiting().await;
            sleep(LOOK).await;
        }
    }

    /// `Some(None)` if the directory or the center's file cannot be read, which is told like a mistake.
    async fn look(&self) -> Option<Option<Signature>> {
        let (directory, center) = (self.parts.flows().to_owned(), self.parts.center_file().to_owned());
        tokio::task::spawn_blocking(move || disk::look(&directory, &center)).await.ok()
    }

    async fn record_waiting(&self) {
        let mut state = self.state.lock().await;
        if !state.unrecorded.is_empty() {
            self.record(&mut state).await;
        }
    }
}
