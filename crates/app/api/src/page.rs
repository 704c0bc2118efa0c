//! One open page: reads the hub at its own pace and turns what it finds into the body of an event stream.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;
use hotline_base::LegId;
use hotline_shard::HandleError;
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until};

use crate::delivery::Outbox;
use crate::frame;
use crate::hub::{Hub, Next, SeatGuard};
use crate::viewer::Viewer;

/// How often a silent stream shows that it lives: a comment, so that proxies and the page do not give it up.
pub const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// See the module.
pub(crate) struct Page {
    hub: Arc<Hub>,
    viewer: Viewer,
    seat: SeatGuard,
    outbox: Outbox,
    newest: watch::Receiver<u64>,
    keep_alive: Interval,
    /// When the session ends.
    ends: Instant,
    /// The last event that this page has, or has been found not to be for it.
    seq: u64,
    ready: VecDeque<(Bytes, Option<LegId>)>,
}

impl Page {
    /// Opens a page that goes on after `seq`, or starts with a snapshot if it cannot.
    ///
    /// # Errors
    /// The shard gives no snapshot.
    pub(crate) async fn open(
        seat: SeatGuard,
        hub: Arc<Hub>,
        viewer: Viewer,
        outbox: Outbox,
        ends: Instant,
        seq: Option<u64>,
    ) -> Result<Self, HandleError> {
        let newest = hub.watch();
        let mut keep_alive = interval_at(Instant::now() + KEEP_ALIVE, KEEP_ALIVE);
        keep_alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let resumed = seq.filter(|seq| hub.can_resume(*seq));
        let seq = resumed.unwrap_or_default();
        let ready = VecDeque::new();
        let mut page = Self { hub, viewer, seat, outbox, newest, keep_alive, ends, seq, ready };
        if resumed.is_none() {
            page.start_over().await?;
        }
        Ok(page)
    }

    /// The body. It ends when the session ends or the server stops.
    pub(crate) fn into_stream(self) -> impl Stream<Item = Result<Bytes, Infallible>> {
        unfold(self, |mut page| async { page.next().await.map(|frame| (Ok(frame), page)) })
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some((frame, pop)) = self.ready.pop_front() {
                self.keep_alive.reset();
                if let Some(offer) = pop {
                    // Directly before the frame is yielded: see `delivery.rs`.
                    let hub = Arc::clone(&self.hub);
                    self.outbox.on_written(move || hub.pop_written(offer));
                }
                return Some(frame);
            }
            if self.seat.leave.is_cancelled() {
                return None;
            }
            self.newest.mark_unchanged();
            match self.hub.next(self.seq, &self.viewer) {
                Next::Frames { seq, frames } => {
                    self.seq = seq;
                    self.ready.extend(frames);
                }
                Next::Overrun => {
                    metrics::counter!("hotline_api_pages_overrun_total").increment(1);
                    if let Err(error) = self.start_over().await {
                        // The page comes back by itself.
                        tracing::debug!(%error, "no snapshot for a slow page");
                        return None;
                    }
                }
                Next::Nothing => {
                    tokio::select! {
                        biased;
                        () = self.seat.leave.cancelled() => return None,
                        () = sleep_until(self.ends) => return None,
                        changed = self.newest.changed() => changed.ok()?,
                        _ = self.keep_alive.tick() => return Some(frame::keep_alive(self.seq)),
                    }
                }
            }
        }
    }

    async fn start_over(&mut self) -> Result<(), HandleError> {
        let picture = self.hub.picture(&self.viewer).await?;
        self.seq = picture.seq;
        self.ready.push_back((frame::snapshot(picture.seq, &picture.live), picture.pop));
        Ok(())
    }
}
