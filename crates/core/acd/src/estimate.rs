//! How long a caller will wait: an honest range, from place in line, staff, length of calls and patience (semantics:
//! estimated wait).

use core::time::Duration;

use hotline_base::{CallId, Now, QueueId, Time};
use hotline_erlang::wait_quantile;
use serde::{Deserialize, Serialize};

use crate::caller::{Caller, Told};
use crate::queue::Queue;
use crate::{Acd, CallerKind};

/// What a call takes, talk, hold and after-call work, while a queue has not seen one.
pub const HANDLE_TIME_UNKNOWN: Duration = Duration::from_secs(90);
/// Before so many have hung up, callers are reckoned to be patient.
pub const PATIENCE_ABANDONS_MIN: u32 = 20;
/// With so many, earlier ones begin to count less.
const PATIENCE_ABANDONS_MAX: u32 = 1000;
/// Each call counts one part in so many of the usual length.
const HANDLED_PARTS: u32 = 16;
/// Of how many who are to be called back it is told at a time that their turn comes.
pub const TURNS_MAX: usize = 64;
/// Ranges are told in whole steps of this.
const STEP: Duration = Duration::from_secs(10);
/// Half of those who are told wait at least so long.
const FROM: f64 = 0.5;
/// Four of five wait no longer.
const TO: f64 = 0.8;

/// How long somebody will wait from now on, in whole steps of 10 s.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitRange {
    /// Half of all callers wait longer.
    pub from: Duration,
    /// One caller in five waits longer.
    pub to: Duration,
}

/// What a queue has learnt of its calls and callers.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Experience {
    /// The usual length of a call, the latest ones counting most.
    handle: Option<Duration>,
    /// How long all callers waited, whatever came of it: who was answered would have waited longer.
    waited: Duration,
    abandons: u32,
}

impl Experience {
    fn handle(&self) -> Duration {
        self.handle.unwrap_or(HANDLE_TIME_UNKNOWN)
    }

    /// The mean time after which callers hang up, if enough have.
    fn patience(&self) -> Option<Duration> {
        (self.abandons >= PATIENCE_ABANDONS_MIN).then(|| self.waited / self.abandons)
    }
}

impl Queue {
    /// A call of this queue, its after-call work included, took so long.
    pub(crate) fn note_handled(&mut self, length: Duration) {
        let handle = &mut self.experience.handle;
        *handle = Some(handle.map_or(length, |usual| (usual * (HANDLED_PARTS - 1) + length) / HANDLED_PARTS));
    }

    /// A caller no longer waits here.
    pub(crate) fn note_wait(&mut self, now: Now, caller: &Caller, has_abandoned: bool) {
        if caller.kind == CallerKind::OnTheLine {
            let Experience { waited, abandons, .. } = &mut self.experience;
            *waited += caller.waited(now);
            *abandons += u32::from(has_abandoned);
            if *abandons > PATIENCE_ABANDONS_MAX {
                (*waited, *abandons) = (*waited / 2, *abandons / 2);
            }
        }
        let is_proven_wrong = |told: &Told| now.mono > told.first.0 + told.first.1;
        self.counts.waits_told += u64::from(caller.told.as_ref().is_some_and(is_proven_wrong));
    }

    /// A caller was answered, in the time that it was told or not.
    pub(crate) fn note_told(&mut self, now: Now, caller: &Caller) {
        if let Some(Told { first: (at, to), .. }) = caller.told
            && now.mono <= at + to
        {
            self.counts.waits_told += 1;
            self.counts.waits_held += 1;
        }
    }
}

impl Acd {
    /// How long a caller will wait from now on; `None` if it waits nowhere, or nobody works.
    #[must_use]
    pub fn expected_wait(&self, call: CallId) -> Option<WaitRange> {
        let caller = self.callers.get(&call)?;
        let queue = self.queues.get(&caller.queue)?;
        self.wait_behind(queue, queue.position(caller.key) - 1)
    }

    /// How long somebody would wait who joined a queue now, without credit; `None` if there is no such queue, or nobody works.
    #[must_use]
    pub fn queue_wait(&self, queue: &QueueId) -> Option<WaitRange> {
        let queue = self.queues.get(queue)?;
        self.wait_behind(queue, queue.callers.len())
    }

    /// Who is to be called back and whose turn in `queue` will presumably have come in `within`, the next one first; at most
    /// [`TURNS_MAX`]. While nobody works it is nobody's turn.
    #[must_use]
    pub fn turns_within(&self, queue: &QueueId, within: Duration) -> Vec<CallId> {
        let Some(queue) = self.queues.get(queue) else { return Vec::new() };
        let agents = self.staff_of(queue);
        if agents <= 0.0 || queue.callbacks == 0 {
            return Vec::new();
        }
        let (free, handle, patience) =
            (queue.offerable.len(), queue.experience.handle(), queue.experience.patience());
        let comes = |ahead: usize| {
            let behind = ahead.checked_sub(free).map(crate::acd::count);
            behind.is_none_or(|behind| wait_quantile(behind, agents, handle, patience, FROM) <= within)
        };
        let near = queue.callers.iter().enumerate().take_while(|(ahead, _)| comes(*ahead));
        let calls = near.map(|(_, key)| self.caller(key.call));
        let to_be_called = calls.filter(|caller| caller.kind == CallerKind::Callback);
        to_be_called.map(|caller| caller.key.call).take(TURNS_MAX).collect()
    }

    /// What to say to a caller about its wait: never more than was said before, unless there are fewer agents than then.
    /// The first range said is held against what comes ([`waits_held`](crate::QueueCounts::waits_held)).
    pub fn say_wait(&mut self, now: Now, call: CallId) -> Option<WaitRange> {
        let expected = self.expected_wait(call)?;
        let agents = self.staff_of(self.queues.get(&self.callers.get(&call)?.queue)?);
        let caller = self.callers.get_mut(&call)?;
        let said = match caller.told {
            Some(told) if agents >= told.agents => {
                WaitRange { from: expected.from.min(told.last.from), to: expected.to.min(told.last.to) }
            }
            Some(_) | None => expected,
        };
        let first: (Time, Duration) = caller.told.map_or((now.mono, said.to), |told| told.first);
        caller.told = Some(Told { first, last: said, agents });
        Some(said)
    }

    fn wait_behind(&self, queue: &Queue, ahead: usize) -> Option<WaitRange> {
        let agents = self.staff_of(queue);
        if agents <= 0.0 {
            return None;
        }
        let ahead = crate::acd::count(ahead.saturating_sub(queue.offerable.len()));
        let (handle, patience) = (queue.experience.handle(), queue.experience.patience());
        let at = |quantile| in_steps(wait_quantile(ahead, agents, handle, patience, quantile));
        Some(WaitRange { from: at(FROM), to: at(TO) })
    }

    /// How many agents work for a queue; one who serves several is a part of one for each.
    fn staff_of(&self, queue: &Queue) -> f64 {
        let working = queue.working.iter().filter_map(|(_, agent)| self.agents.get(agent));
        working.map(|agent| 1.0 / agent.queues.len().max(1) as f64).sum()
    }
}

/// Up to the next whole step.
fn in_steps(wait: Duration) -> Duration {
    let steps = wait.as_micros().div_ceil(STEP.as_micros());
    STEP * u32::try_from(steps).unwrap_or(u32::MAX)
}
