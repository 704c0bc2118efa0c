//! Between the shard and the pages: numbers the stream, keeps its recent past, knows which pages are open, and
//! tells the shard what became of a screen pop.
//!
//! One task reads the shard's live stream, works out once whom each event concerns, and puts ready frames into
//! the [`Ring`]. Every page reads the ring at its own pace by the number it has got to; one that is too slow finds
//! its place overwritten and starts over from a snapshot. So nobody waits for anybody, and what a page costs is
//! bounded.
//!
//! Must not know: HTTP, cookies, sockets.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use hotline_base::{AgentId, LegId};
use hotline_call::{CallEvent, Command, EventKind, LineQuality};
use hotline_shard::{Handle, HandleError, Live};
use hotline_store::TokenHash;
use hotline_telemetry::Metric;
use tokio::sync::{Notify, broadcast, mpsc, watch};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::concern::Concerns;
use crate::convert::{self, Profile};
use crate::fields::FieldSet;
use crate::frame;
use crate::lines::{Lines, Share};
use crate::ring::{Entry, Ring};
use crate::viewer::Viewer;

/// Pages that may be open at once; one more is told that the server is busy.
pub(crate) const PAGES_MAX: usize = 1024;
/// Screen pops whose fate the shard has not been told yet; beyond it the shard's own deadline decides.
const FATES_MAX: usize = 1024;
/// How long an event may wait for others where it is no screen pop of the page's agent.
const PACE: Duration = Duration::from_millis(10);

/// How long a change may wait for what pages are told before it.
const CATCH_UP: Duration = Duration::from_secs(1);

/// What became of a screen pop.
pub(crate) struct Fate {
    offer: LegId,
    written: bool,
}

/// See the module. One per server, shared by all pages.
pub(crate) struct Hub {
    shard: Handle,
    /// Shared by the task that writes and the pages that read; held for a few copies, never across an await.
    state: Mutex<State>,
    /// The number of the newest event in the ring: wakes the pages.
    newest: watch::Sender<u64>,
    /// Something that no page waits for is in the ring.
    more: Notify,
    fates: mpsc::Sender<Fate>,
    closing: CancellationToken,
    /// Wakes whoever looks whether people may still see what they see.
    people: Notify,
}

#[derive(Default)]
struct State {
    ring: Ring,
    concerns: Concerns,
    lines: Lines,
    agents: BTreeMap<AgentId, Profile>,
    /// The fields that the center has added to customers; those that are not known here are shown to nobody.
    fields: Arc<FieldSet>,
    seats: BTreeMap<u64, Seat>,
    /// By agent, what the pages of that agent are told of the line; only while there is such a page.
    measured: BTreeMap<AgentId, watch::Sender<Option<Bytes>>>,
    seats_made: u64,
    /// Pops that a page should write and has not: by offer, for whom.
    unwritten: BTreeMap<LegId, AgentId>,
}

/// An open page.
struct Seat {
    viewer: watch::Sender<Arc<Viewer>>,
    session: TokenHash,
    leave: CancellationToken,
    /// Wakes the page before the others: it has a screen pop to write.
    at_once: Arc<Notify>,
}

/// Keeps a page's seat; the page is gone when this is dropped.
pub(crate) struct SeatGuard {
    hub: Arc<Hub>,
    number: u64,
    /// Cancelled when the session ends or the server stops.
    pub(crate) leave: CancellationToken,
    /// What the page may see from now on.
    pub(crate) viewer: watch::Receiver<Arc<Viewer>>,
    /// Wakes when a screen pop is there for the page.
    pub(crate) at_once: Arc<Notify>,
    /// Of whose line the page is told, and what.
    pub(crate) line: Option<(AgentId, watch::Receiver<Option<Bytes>>)>,
}

/// A snapshot for one page.
pub(crate) struct Picture {
    /// The last event that is contained.
    pub(crate) seq: u64,
    /// What the page may see.
    pub(crate) live: hotline_api_types::Live,
    /// The offer whose pop is contained.
    pub(crate) pop: Option<LegId>,
}

/// What the ring has for a page.
pub(crate) enum Next {
    /// Nothing yet.
    Nothing,
    /// These; everything up to `seq` has been looked at.
    Frames {
        /// The number that the page has got to.
        seq: u64,
        /// Frames that the page may see, each with the offer whose pop it contains.
        frames: Vec<(Bytes, Option<LegId>)>,
    },
    /// Overwritten: only a snapshot helps.
    Overrun,
}

impl Hub {
    /// The hub, and its tasks for the caller to run.
    pub(crate) fn new(
        shard: Handle,
        closing: CancellationToken,
    ) -> (Arc<Self>, [impl Future<Output = ()> + use<>; 4]) {
        let (fates, told) = mpsc::channel(FATES_MAX);
        let (live, lines) = (shard.subscribe(), shard.subscribe_lines());
        let state = Mutex::default();
        let hub = Arc::new(Self {
            shard,
            state,
            newest: watch::Sender::new(0),
            more: Notify::new(),
            fates,
            closing,
            people: Notify::new(),
        });
        let reading = Task::Read(Arc::clone(&hub), live);
        let telling = Task::Tell(Arc::clone(&hub), told);
        let pacing = Task::Pace(Arc::clone(&hub));
        let measuring = Task::Measure(Arc::clone(&hub), lines);
        (hub, [reading.run(), telling.run(), pacing.run(), measuring.run()])
    }

    /// Seats a page, so that pops for its agent wait until it has written them.
    pub(crate) fn enter(self: &Arc<Self>, viewer: Viewer, session: TokenHash) -> Option<SeatGuard> {
        let mut state = self.state();
        if state.seats.len() >= PAGES_MAX {
            Metric::ApiPagesRefused.increment(1);
            return None;
        }
        let leave = self.closing.child_token();
        state.seats_made += 1;
        let number = state.seats_made;
        let line = viewer.agent.clone().map(|agent| {
            let told = state.measured.entry(agent.clone()).or_default().subscribe();
            (agent, told)
        });
        let (viewer, told) = watch::channel(Arc::new(viewer));
        let at_once = Arc::new(Notify::new());
        let seat = Seat { viewer, session, leave: leave.clone(), at_once: Arc::clone(&at_once) };
        state.seats.insert(number, seat);
        Metric::ApiPages.gauge().increment(1.0);
        Some(SeatGuard { hub: Arc::clone(self), number, leave, viewer: told, at_once, line })
    }

    /// Somebody may do more or less than before: open pages are to be judged again.
    pub(crate) fn look_again(&self) {
        self.people.notify_one();
    }

    /// Waits for [`Hub::look_again`].
    pub(crate) async fn asked_to_look(&self) {
        self.people.notified().await;
    }

    /// The sessions of the open pages, each once.
    pub(crate) fn sessions(&self) -> Vec<TokenHash> {
        let sessions: HashSet<TokenHash> =
            self.state().seats.values().map(|seat| seat.session.clone()).collect();
        sessions.into_iter().collect()
    }

    /// From here on the pages of a session see what `viewer` may.
    pub(crate) fn judge(&self, session: &TokenHash, viewer: &Viewer) {
        for seat in self.state().seats.values().filter(|seat| seat.session == *session) {
            seat.viewer.send_if_modified(|known| {
                let changed = **known != *viewer;
                if changed {
                    *known = Arc::new(viewer.clone());
                }
                changed
            });
        }
    }

    /// Closes the pages of a session that has ended.
    pub(crate) fn close_pages_of(&self, session: &TokenHash) {
        for seat in self.state().seats.values() {
            if seat.session == *session {
                seat.leave.cancel();
            }
        }
    }

    /// Wakes when there is more to read.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    /// Whether a page that has got to `seq` can go on from there without a snapshot.
    pub(crate) fn can_resume(&self, seq: u64) -> bool {
        self.state().ring.contains(seq)
    }

    /// The next frames for a page that has got to `seq`.
    pub(crate) fn next(&self, seq: u64, viewer: &Viewer) -> Next {
        let state = self.state();
        match state.ring.after(seq) {
            None => Next::Overrun,
            Some(entries) => {
                let (mut seq, before) = (seq, seq);
                let mut frames = Vec::new();
                for entry in entries {
                    seq = entry.seq;
                    frames.extend(entry.frame_for(viewer, (&state.agents, &state.fields)));
                }
                if seq == before { Next::Nothing } else { Next::Frames { seq, frames } }
            }
        }
    }

    /// The present state, as far as `viewer` may see it.
    pub(crate) async fn picture(&self, viewer: &Viewer) -> Result<Picture, HandleError> {
        let snapshot = self.shard.snapshot().await?;
        let fields = self.fields();
        let live = convert::live(&snapshot, viewer, &fields, |call| self.state().concerns.lookup_done(call));
        let pop = live.pop.as_ref().map(|pop| LegId(pop.offer));
        Ok(Picture { seq: snapshot.seq, live, pop })
    }

    /// The fields that the center has added to customers, as they were read last.
    pub(crate) fn fields(&self) -> Arc<FieldSet> {
        Arc::clone(&self.state().fields)
    }

    /// From here on these are the fields.
    pub(crate) fn set_fields(&self, fields: Arc<FieldSet>) {
        self.state().fields = fields;
    }

    /// To be called when the frame with the pop of `offer` was given to the kernel.
    pub(crate) fn pop_written(&self, offer: LegId) {
        self.state().unwritten.remove(&offer);
        self.tell(Fate { offer, written: true });
    }

    fn tell(&self, fate: Fate) {
        if self.fates.try_send(fate).is_err() {
            Metric::ApiPopFatesDropped.increment(1);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one event of the shard. False if events are missing before it.
    fn take(&self, live: Arc<Live>) -> bool {
        let mut state = self.state();
        let state = &mut *state;
        match state.ring.last() {
            Some(last) if live.event.seq <= last => return true,
            Some(last) if live.event.seq == last + 1 => {}
            Some(_) | None => return false,
        }
        let noted = state.concerns.note(&live.event);
        let share = match state.lines.note(&live.event) {
            Some(change) => Some(Share::Length(change)),
            None => is_for_queue(&live.event.kind, &state.agents).then_some(Share::Whole),
        };
        if let (EventKind::Call { what: CallEvent::Offered { offer, agent, .. }, .. }, Some(_)) =
            (&live.event.kind, &live.pop)
        {
            if state.seats.values().any(|seat| seat.viewer.borrow().is_popped(agent)) {
                state.unwritten.insert(*offer, agent.clone());
            } else {
                self.tell(Fate { offer: *offer, written: false });
            }
        }
        if let EventKind::Call { what, .. } = &live.event.kind {
            forget_over(&mut state.unwritten, what);
        }
        let popped = live.pop.as_ref().map(|pop| pop.agent.clone());
        state.ring.push(Entry::new(live, noted, share));
        // Whoever is called is to know it before the phone rings; everybody else can wait for what follows at once.
        if let Some(agent) = popped {
            let seats = state.seats.values().filter(|seat| seat.viewer.borrow().is_popped(&agent));
            seats.for_each(|seat| seat.at_once.notify_one());
        }
        self.more.notify_one();
        true
    }

    /// An event as somebody who sees all reads it.
    pub(crate) fn shape(&self, event: &hotline_call::Event) -> hotline_api_types::Event {
        convert::event(event, &self.state().agents, convert::Sight::Plain)
    }

    /// Waits until pages can read everything that has happened by now, at most [`CATCH_UP`].
    pub(crate) async fn caught_up(&self) {
        let Ok(snapshot) = self.shard.snapshot().await else { return };
        let mut newest = self.watch();
        let reading = newest.wait_for(|newest| *newest >= snapshot.seq);
        if tokio::time::timeout(CATCH_UP, reading).await.is_err() {
            tracing::debug!("pages are told of what has happened later");
        }
    }

    /// Learns who the agents are of whom events tell.
    async fn renew_agents(&self) {
        match self.shard.snapshot().await {
            Ok(snapshot) => {
                let agents = snapshot.agents.iter().map(|agent| (agent.id.clone(), Profile::of(agent)));
                self.state().agents = agents.collect();
            }
            Err(error) => tracing::warn!(%error, "the names of new agents are not known yet"),
        }
    }

    /// Starts over from a snapshot: at the beginning, and when events were missed.
    async fn resynchronise(&self) {
        let snapshot = match self.shard.snapshot().await {
            Ok(snapshot) => snapshot,
            // The next event tries again.
            Err(error) => return tracing::warn!(%error, "the live stream cannot start over yet"),
        };
        let mut state = self.state();
        state.ring = Ring::starting_after(snapshot.seq);
        state.concerns = Concerns::from_snapshot(&snapshot);
        state.lines = Lines::from_snapshot(&snapshot);
        state.agents = snapshot.agents.iter().map(|agent| (agent.id.clone(), Profile::of(agent))).collect();
        self.newest.send_replace(snapshot.seq);
    }
}

/// A message for a queue concerns several agents; which they are, their pages ask.
fn is_for_queue(kind: &EventKind, agents: &BTreeMap<AgentId, Profile>) -> bool {
    let EventKind::Call { what: CallEvent::MessageLeft { mailbox, .. }, .. } = kind else { return false };
    mailbox.as_deref().is_some_and(|mailbox| !agents.contains_key(&AgentId::from(mailbox)))
}

/// A pop whose offer is over needs no fate.
fn forget_over(unwritten: &mut BTreeMap<LegId, AgentId>, what: &CallEvent) {
    if let CallEvent::Popped { offer, .. }
    | CallEvent::OfferFailed { offer, .. }
    | CallEvent::Connected { offer, .. } = what
    {
        unwritten.remove(offer);
    }
}

enum Task {
    Read(Arc<Hub>, broadcast::Receiver<Arc<Live>>),
    Tell(Arc<Hub>, mpsc::Receiver<Fate>),
    Pace(Arc<Hub>),
    Measure(Arc<Hub>, broadcast::Receiver<LineQuality>),
}

impl Task {
    async fn run(self) {
        match self {
            Self::Read(hub, live) => {
                let closing = hub.closing.clone();
                closing.run_until_cancelled(read(&hub, live)).await;
            }
            Self::Pace(hub) => {
                let closing = hub.closing.clone();
                closing.run_until_cancelled(pace(&hub)).await;
            }
            Self::Measure(hub, lines) => {
                let closing = hub.closing.clone();
                closing.run_until_cancelled(measure(&hub, lines)).await;
            }
            Self::Tell(hub, fates) => {
                let closing = hub.closing.clone();
                closing.run_until_cancelled(tell(&hub.shard, fates)).await;
            }
        }
    }
}

/// Gives each agent's open pages what is told of the agent's line; each measure takes the place of the one before.
async fn measure(hub: &Hub, mut lines: broadcast::Receiver<LineQuality>) {
    loop {
        match lines.recv().await {
            Ok(line) => {
                if let Some(pages) = hub.state().measured.get(&line.agent) {
                    pages.send_replace(Some(frame::line(&line)));
                }
            }
            // What was left out is told anew in a few seconds.
            Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}

async fn read(hub: &Hub, mut live: broadcast::Receiver<Arc<Live>>) {
    hub.resynchronise().await;
    loop {
        match live.recv().await {
            Ok(item) => {
                let is_other_center = matches!(item.event.kind, EventKind::CenterChanged);
                if !hub.take(item) {
                    hub.resynchronise().await;
                } else if is_other_center {
                    hub.renew_agents().await;
                }
            }
            Err(broadcast::error::RecvError::Lagged(missed)) => {
                Metric::ApiLiveMissed.increment(missed);
            }
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}

/// Wakes pages once for all that happens within [`PACE`]: one step of a call is several events, and each waking costs every page
/// a write.
async fn pace(hub: &Hub) {
    loop {
        hub.more.notified().await;
        sleep(PACE).await;
        if let Some(last) = hub.state().ring.last() {
            hub.newest.send_replace(last);
        }
    }
}

async fn tell(shard: &Handle, mut fates: mpsc::Receiver<Fate>) {
    while let Some(Fate { offer, written }) = fates.recv().await {
        Metric::ApiPops.increment_for([if written { "yes" } else { "no" }]);
        if let Err(error) = shard.command(Command::PopWritten { offer, written }).await {
            // Usual when the page was slower than the shard's deadline, or a second page wrote the same pop.
            tracing::debug!(%offer, written, %error, "the fate of a pop came too late");
        }
    }
}

impl Drop for SeatGuard {
    fn drop(&mut self) {
        let mut state = self.hub.state();
        let state = &mut *state;
        if let Some((agent, told)) = self.line.take() {
            drop(told);
            if state.measured.get(&agent).is_some_and(|pages| pages.receiver_count() == 0) {
                state.measured.remove(&agent);
            }
        }
        let Some(seat) = state.seats.remove(&self.number) else { return };
        Metric::ApiPages.gauge().decrement(1.0);
        let State { seats, unwritten, .. } = state;
        // The last page of an agent is gone: nobody will write what waits for it.
        unwritten.retain(|offer, agent| {
            let lost = seat.viewer.borrow().is_popped(agent)
                && !seats.values().any(|other| other.viewer.borrow().is_popped(agent));
            if lost {
                self.hub.tell(Fate { offer: *offer, written: false });
            }
            !lost
        });
    }
}

#[cfg(test)]
mod tests {
    use hotline_base::WallTime;
    use hotline_call::{Entry, ScreenPop, Source};

    use super::*;
    use crate::testing::{Shard, call};

    fn viewer(agent: &str) -> Viewer {
        crate::testing::viewer(Some(agent), "agent")
    }

    fn started() -> CallEvent {
        CallEvent::Started {
            caller: "1".into(),
            caller_name: None,
            called: "2".into(),
            entry: Entry::Extension("ann".into()),
            source: Source::Agent("bob".into()),
            sip_call_id: "x".into(),
            language: "en".into(),
            diversion: None,
        }
    }

    fn offer(shard: &Shard, offer: u64) {
        let pop = ScreenPop {
            call: call(),
            offer: LegId(offer),
            agent: "ann".into(),
            caller: "1".into(),
            caller_name: None,
            called: "2".into(),
            queue: None,
            queued_at: Some(WallTime(0)),
            diversion: None,
            language: "en".into(),
            found: None,
            path: Vec::new(),
            collected: Arc::default(),
            crm: None,
            lookup_done: false,
        };
        shard.emit_call(started(), None);
        let what = CallEvent::Offered { offer: LegId(offer), agent: "ann".into(), because: None };
        shard.emit_call(what, Some(pop));
    }

    #[tokio::test]
    async fn when_the_last_page_leaves_with_the_pop_unwritten_the_core_need_not_wait() {
        let mut shard = Shard::with_hub().await;
        let seats =
            ["ann", "ann", "bob"].map(|name| shard.hub.enter(viewer(name), TokenHash::of(name)).unwrap());
        offer(&shard, 7);
        shard.settled().await;
        let [first, last, other] = seats;
        drop((first, other));
        assert!(shard.hub.state().unwritten.contains_key(&LegId(7)), "one page may still write it");
        drop(last);
        let told = shard.commands.recv().await.unwrap();
        assert_eq!(told, Command::PopWritten { offer: LegId(7), written: false });
    }

    #[tokio::test(start_paused = true)]
    async fn the_page_of_who_is_called_is_woken_at_once_and_the_others_with_what_follows() {
        let shard = Shard::with_hub().await;
        let seat = shard.hub.enter(viewer("ann"), TokenHash::of("ann")).unwrap();
        let (mut newest, began) = (shard.hub.watch(), tokio::time::Instant::now());
        newest.mark_unchanged();
        offer(&shard, 7);
        seat.at_once.notified().await;
        assert_eq!(began.elapsed(), Duration::ZERO);
        newest.changed().await.unwrap();
        assert_eq!(began.elapsed(), PACE);
    }

    #[tokio::test]
    async fn a_pop_whose_offer_is_over_is_forgotten() {
        let shard = Shard::with_hub().await;
        let seat = shard.hub.enter(viewer("ann"), TokenHash::of("ann")).unwrap();
        offer(&shard, 7);
        shard.emit_call(CallEvent::Popped { offer: LegId(7), written: false }, None);
        shard.settled().await;
        assert!(shard.hub.state().unwritten.is_empty());
        drop(seat);
    }

    #[tokio::test]
    async fn pages_are_bounded_and_a_seat_is_free_again() {
        let shard = Shard::with_hub().await;
        let enter = || shard.hub.enter(viewer("ann"), TokenHash::of("ann"));
        let mut seats: Vec<_> = (0..PAGES_MAX).map(|_| enter().unwrap()).collect();
        assert!(enter().is_none());
        seats.pop();
        assert!(enter().is_some());
    }
}
