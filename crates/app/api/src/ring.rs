//! The recent past of the live stream, so that a page that was away for a moment goes on where it was.

use std::cell::OnceCell;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use hotline_access::{Permission, Scope};
use hotline_base::{AgentId, LegId};
use hotline_call::{CallEvent, EventKind};
use hotline_shard::Live;

use crate::concern::Noted;
use crate::convert::{Lens, Profile, Sight};
use crate::fields::FieldSet;
use crate::frame::{self, Form};
use crate::lines::Share;
use crate::viewer::{Subject, Viewer};

/// Events that are kept: at a busy center's 100 events a second, some 40 s.
pub const RING_MAX: usize = 4096;
/// Entries that a page takes at a time, so that it does not hold the hub for long.
pub(crate) const BATCH_MAX: usize = 64;

/// One event, written out once in each form for all pages, when the first of them reads it.
pub(crate) struct Entry {
    /// Its number.
    pub(crate) seq: u64,
    live: Arc<Live>,
    /// Whom it concerns.
    noted: Noted,
    /// What the others get in its place, if they are to know anything.
    share: Option<Share>,
    /// Only there once a page has read one: without pages thousands of entries would keep room for them.
    frames: OnceCell<Box<Frames>>,
}

/// By form, in full and with masked numbers.
type Frames = [[OnceCell<Bytes>; 2]; 4];

impl Entry {
    pub(crate) fn new(live: Arc<Live>, noted: Noted, share: Option<Share>) -> Self {
        Self { seq: live.event.seq, live, noted, share, frames: OnceCell::new() }
    }

    /// What a page may see of it, and the offer whose screen pop that contains.
    pub(crate) fn frame_for(
        &self,
        viewer: &Viewer,
        (agents, fields): (&BTreeMap<AgentId, Profile>, &FieldSet),
    ) -> Option<(Bytes, Option<LegId>)> {
        let form = self.form_for(viewer)?;
        let sight = match &self.live.event.kind {
            EventKind::Call { .. } => Sight::of(viewer, Subject::Call(&self.noted.ever)),
            EventKind::Agent { agent, .. } => Sight::of_agent(viewer, agent),
            EventKind::AlarmRaised(_)
            | EventKind::AlarmCleared(_)
            | EventKind::CenterChanged
            | EventKind::AgentRemoved { .. }
            | EventKind::CallbacksChanged { .. } => Sight::Plain,
        };
        // Written for each page anew: no other agent's page gets it, and what it shows of a customer depends on who looks.
        if let Some(shown) = self.live.pop.as_ref().filter(|shown| viewer.is_popped(&shown.agent)) {
            let lens = Lens::of(viewer, sight, fields);
            let frame = frame::popped((&self.live, &self.noted, shown), sight, lens, agents);
            return Some((frame, self.is_offer().then_some(shown.offer)));
        }
        let frames = self.frames.get_or_init(Box::default);
        let frame = frames[form as usize][sight as usize].get_or_init(|| {
            frame::event((&self.live, &self.noted, self.share.as_ref()), (form, sight), agents)
        });
        Some((frame.clone(), None))
    }

    /// Whether a phone waits for the pop to be written.
    fn is_offer(&self) -> bool {
        matches!(&self.live.event.kind, EventKind::Call { what: CallEvent::Offered { .. }, .. })
    }

    fn form_for(&self, viewer: &Viewer) -> Option<Form> {
        let whole = |whole: bool| whole.then_some(Form::Whole);
        match &self.live.event.kind {
            EventKind::Agent { agent, .. } => {
                return whole(viewer.may(Permission::AgentsSee, Subject::Agent(agent)));
            }
            EventKind::AlarmRaised(_) | EventKind::AlarmCleared(_) => {
                return whole(viewer.sees_all(Permission::SystemSee));
            }
            // It tells nothing but that there is something to ask.
            EventKind::CenterChanged => return whole(true),
            // Nobody's team has an agent who is gone.
            EventKind::AgentRemoved { .. } => {
                return whole(viewer.may(Permission::AgentsSee, Subject::Anything));
            }
            EventKind::CallbacksChanged { .. } => {
                return whole(viewer.may(Permission::QueuesSee, Subject::Anything));
            }
            EventKind::Call { .. } => {}
        }
        if self.noted.agents.iter().any(|agent| viewer.is_popped(agent)) {
            return Some(Form::Own);
        }
        match viewer.grants.scope(Permission::CallsSee) {
            Some(Scope::All) => return Some(Form::Whole),
            Some(Scope::Team) if viewer.may(Permission::CallsSee, Subject::Call(&self.noted.ever)) => {
                return Some(Form::Team);
            }
            Some(Scope::Team | Scope::Own) | None => {}
        }
        let share = self.share.as_ref()?;
        let seen = match share {
            Share::Length(_) => viewer.may(Permission::QueuesSee, Subject::Anything),
            Share::Whole => viewer.may(Permission::MessagesSee, Subject::Anything),
        };
        seen.then_some(Form::Shared)
    }
}

/// Entries without a gap between them.
#[derive(Default)]
pub(crate) struct Ring {
    /// The last event that is not kept any more; `None` until the first snapshot.
    base: Option<u64>,
    entries: VecDeque<Entry>,
}

impl Ring {
    /// An empty ring for what follows `seq`.
    pub(crate) fn starting_after(seq: u64) -> Self {
        Self { base: Some(seq), entries: VecDeque::new() }
    }

    /// The newest event it knows of.
    pub(crate) fn last(&self) -> Option<u64> {
        self.base.map(|base| self.entries.back().map_or(base, |entry| entry.seq))
    }

    /// Whether everything after `seq` is here, and `seq` has happened.
    pub(crate) fn contains(&self, seq: u64) -> bool {
        self.base.is_some_and(|base| base <= seq) && self.last().is_some_and(|last| seq <= last)
    }

    /// Appends the event that follows [`Ring::last`].
    pub(crate) fn push(&mut self, entry: Entry) {
        debug_assert_eq!(Some(entry.seq), self.last().map(|last| last + 1));
        if self.entries.len() >= RING_MAX {
            self.base = self.entries.pop_front().map(|oldest| oldest.seq);
        }
        self.entries.push_back(entry);
    }

    /// The next events after `seq`, at most [`BATCH_MAX`]; none if `seq` is not reached yet; `None` if some of
    /// them are gone.
    pub(crate) fn after(&self, seq: u64) -> Option<impl Iterator<Item = &Entry>> {
        let skipped = match self.base {
            Some(base) => seq.checked_sub(base)?,
            // A page may hold a snapshot before the ring does; what follows will be judged when it comes.
            None => 0,
        };
        Some(self.entries.iter().skip(usize::try_from(skipped).unwrap_or(usize::MAX)).take(BATCH_MAX))
    }
}

#[cfg(test)]
mod tests {
    use hotline_base::WallTime;
    use hotline_call::{AlarmKind, Event, EventKind};
    use proptest::prelude::*;

    use super::*;

    fn entry(seq: u64) -> Entry {
        let kind = EventKind::AlarmCleared(AlarmKind::StoreUnavailable);
        let live = Live { event: Event { seq, at: WallTime(0), kind }, pop: None };
        Entry::new(Arc::new(live), Noted::default(), None)
    }

    proptest! {
        #[test]
        fn a_reader_sees_every_event_once_and_in_order_or_learns_that_it_missed_some(
            base in 0_u64..1000, count in 0..RING_MAX as u64 * 2, from in 0_u64..RING_MAX as u64 * 2 + 2000
        ) {
            let mut ring = Ring::starting_after(base);
            for seq in base + 1..=base + count {
                ring.push(entry(seq));
            }
            let (last, first_kept) = (base + count, (base + count).saturating_sub(RING_MAX as u64).max(base));
            prop_assert_eq!(ring.last(), Some(last));
            prop_assert_eq!(ring.contains(from), (first_kept..=last).contains(&from));
            let mut at = from;
            while let Some(batch) = ring.after(at) {
                let seqs: Vec<_> = batch.map(|entry| entry.seq).collect();
                prop_assert!(seqs.len() <= BATCH_MAX);
                if seqs.is_empty() {
                    prop_assert_eq!(at, from.max(last));
                    break;
                }
                for seq in seqs {
                    prop_assert_eq!(seq, at + 1);
                    at = seq;
                }
            }
            prop_assert_eq!(ring.after(from).is_none(), from < first_kept);
        }
    }

    #[test]
    fn before_the_first_snapshot_nothing_can_be_resumed() {
        let ring = Ring::default();
        assert!(!ring.contains(0));
        assert_eq!(ring.after(7).map(Iterator::count), Some(0));
    }
}
