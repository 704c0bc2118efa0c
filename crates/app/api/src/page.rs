//! One open page: reads the hub at its own pace and turns what it finds into the body of an event stream.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use futures_util::stream::unfold;
use hotline_base::{AgentId, LegId};
use hotline_shard::HandleError;
use hotline_telemetry::Metric;
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior, Sleep, interval_at, sleep_until};

use crate::delivery::Outbox;
use crate::frame;
use crate::hub::{Hub, Next, SeatGuard};
use crate::viewer::Viewer;

/// How often a silent stream shows that it lives: a comment. A page that has missed two of them, and waited for a slow
/// network, knows within 10 s that its connection is dead.
pub const KEEP_ALIVE: Duration = Duration::from_secs(4);

/// See the module.
pub(crate) struct Page {
    hub: Arc<Hub>,
    seat: SeatGuard,
    outbox: Outbox,
    newest: watch::Receiver<u64>,
    keep_alive: Interval,
    /// Over when the session ends.
    ends: Pin<Box<Sleep>>,
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
        let ends = Box::pin(sleep_until(ends));
        let mut page = Self { hub, seat, outbox, newest, keep_alive, ends, seq, ready };
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
                    return Some(frame);
                }
                return Some(self.joined(frame));
            }
            if self.seat.leave.is_cancelled() {
                return None;
            }
            if self.seat.viewer.has_changed().unwrap_or(false) && self.takes_what_was_before() {
                continue;
            }
            if self.seat.viewer.has_changed().unwrap_or(false)
                && let Err(error) = self.start_over().await
            {
                tracing::debug!(%error, "no snapshot for a page that may see something else");
                return None;
            }
            self.newest.mark_unchanged();
            match self.hub.next(self.seq, &self.viewer()) {
                Next::Frames { seq, frames } => {
                    self.seq = seq;
                    self.ready.extend(frames);
                }
                Next::Overrun => {
                    Metric::ApiPagesOverrun.increment(1);
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
                        () = &mut self.ends => return None,
                        () = self.seat.at_once.notified() => {}
                        changed = self.newest.changed() => changed.ok()?,
                        changed = self.seat.viewer.changed() => {
                            changed.ok()?;
                            self.seat.viewer.mark_changed();
                        }
                        line = changed_line(&mut self.seat.line) => {
                            let (agent, frame) = line?;
                            if !self.seat.viewer.borrow().is_popped(&agent) {
                                continue;
                            }
                            self.keep_alive.reset();
                            return Some(frame);
                        }
                        _ = self.keep_alive.tick() => return Some(frame::keep_alive(self.seq)),
                    }
                }
            }
        }
    }

    /// Who sees the page. Taken out before the hub is asked: [`Hub::judge`] holds the hub while it changes it.
    fn viewer(&self) -> Arc<Viewer> {
        Arc::clone(&self.seat.viewer.borrow())
    }

    /// With what else is ready, but for screen pops, whose writing is told: one write in place of many.
    fn joined(&mut self, first: Bytes) -> Bytes {
        let more = self.ready.iter().take_while(|(_, pop)| pop.is_none()).count();
        if more == 0 {
            return first;
        }
        let mut all = BytesMut::from(first);
        self.ready.drain(..more).for_each(|(frame, _)| all.extend_from_slice(&frame));
        all.freeze()
    }

    /// What has happened before the page's sight changed is told before the snapshot, as far as it may be seen from here on. False
    /// if there is nothing.
    fn takes_what_was_before(&mut self) -> bool {
        let Next::Frames { seq, frames } = self.hub.next(self.seq, &self.viewer()) else { return false };
        self.seq = seq;
        self.ready.extend(frames);
        true
    }

    async fn start_over(&mut self) -> Result<(), HandleError> {
        let viewer = self.seat.viewer.borrow_and_update().clone();
        let picture = self.hub.picture(&viewer).await?;
        self.seq = picture.seq;
        self.ready.push_back((frame::snapshot(picture.seq, &picture.live), picture.pop));
        Ok(())
    }
}

/// What is told next of the line of the page's agent; for ever, if it has none.
async fn changed_line(
    line: &mut Option<(AgentId, watch::Receiver<Option<Bytes>>)>,
) -> Option<(AgentId, Bytes)> {
    let Some((agent, told)) = line else { return std::future::pending().await };
    loop {
        told.changed().await.ok()?;
        if let Some(frame) = told.borrow_and_update().clone() {
            return Some((agent.clone(), frame));
        }
    }
}

#[cfg(test)]
mod tests {
    use hotline_store::TokenHash;

    use super::*;
    use crate::ring::RING_MAX;
    use crate::testing::Shard;

    const MINUTE: Duration = Duration::from_secs(60);

    async fn open(shard: &Shard, seq: Option<u64>) -> Page {
        let viewer = crate::testing::viewer(None, "admin");
        let seat = shard.hub.enter(viewer, TokenHash::of("x")).unwrap();
        let (hub, ends) = (Arc::clone(&shard.hub), Instant::now() + MINUTE);
        Page::open(seat, hub, Outbox::default(), ends, seq).await.unwrap()
    }

    async fn open_for(shard: &Shard, agent: &str) -> Page {
        let viewer = crate::testing::viewer(Some(agent), "agent");
        let seat = shard.hub.enter(viewer, TokenHash::of(agent)).unwrap();
        let (hub, ends) = (Arc::clone(&shard.hub), Instant::now() + MINUTE);
        Page::open(seat, hub, Outbox::default(), ends, Some(1)).await.unwrap()
    }

    async fn text(page: &mut Page) -> Option<String> {
        page.next().await.map(|frame| String::from_utf8(frame.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_page_reads_on_while_its_user_s_rights_change_again_and_again() {
        const ROUNDS: usize = 20_000;
        let shard = Shard::with_hub().await;
        let mut page = open(&shard, None).await;
        let (hub, session) = (Arc::clone(&shard.hub), TokenHash::of("x"));
        let (done, over) = std::sync::mpsc::channel();
        let judged = done.clone();
        std::thread::spawn(move || {
            let both = ["admin", "agent"].map(|role| crate::testing::viewer(None, role));
            for round in 0..ROUNDS {
                hub.judge(&session, &both[round % 2]);
            }
            judged.send(())
        });
        std::thread::spawn(move || {
            for _ in 0..ROUNDS {
                page.takes_what_was_before();
            }
            done.send(())
        });
        for _ in 0..2 {
            over.recv_timeout(MINUTE).expect("neither waits for the other");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_that_is_too_slow_starts_over_and_holds_nobody_up() {
        let shard = Shard::with_hub().await;
        let (mut slow, mut quick) = (open(&shard, None).await, open(&shard, None).await);
        for page in [&mut slow, &mut quick] {
            assert!(text(page).await.unwrap().starts_with("id: 1\nevent: snapshot\ndata: {"));
        }
        for _ in 0..=RING_MAX {
            shard.emit();
            shard.settled().await;
            let expected = format!("id: {}\nevent: event\n", shard.seq());
            assert!(text(&mut quick).await.unwrap().starts_with(&expected));
        }
        let expected = format!("id: {}\nevent: snapshot\n", shard.seq());
        assert!(text(&mut slow).await.unwrap().starts_with(&expected));
        shard.emit();
        let expected = format!("id: {}\nevent: event\n", shard.seq());
        assert!(text(&mut slow).await.unwrap().starts_with(&expected));
    }

    #[tokio::test(start_paused = true)]
    async fn the_pages_of_an_agent_alone_are_told_of_its_line_and_of_the_newest_measure() {
        let shard = Shard::with_hub().await;
        let (mut anns, mut bobs) = (open_for(&shard, "ann").await, open_for(&shard, "bob").await);
        shard.measure("ann", 70);
        shard.measure("ann", 3);
        tokio::time::sleep(Duration::from_secs(1)).await;
        let told = text(&mut anns).await.unwrap();
        let expected =
            format!("event: line\ndata: {{\"call\":\"{}\",\"lost_permille\":3,", crate::testing::call());
        assert!(told.starts_with(&expected), "{told}");
        for page in [&mut anns, &mut bobs] {
            assert_eq!(text(page).await.unwrap(), ": here\nid: 1\n\n");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_stream_shows_that_it_lives_and_ends_with_its_session() {
        let shard = Shard::with_hub().await;
        let mut page = open(&shard, Some(1)).await;
        let began = Instant::now();
        for beat in 1..15 {
            assert_eq!(text(&mut page).await.unwrap(), ": here\nid: 1\n\n");
            assert_eq!(began.elapsed(), KEEP_ALIVE * beat);
        }
        assert_eq!(text(&mut page).await, None);
        assert_eq!(began.elapsed(), MINUTE);
    }
}
