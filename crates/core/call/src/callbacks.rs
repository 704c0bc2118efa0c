//! People who are to be called back: each waits in line like a caller, without a phone in hand. When an agent is free for
//! one, the agent's phone is called first, then the number; who is not reached is tried again later and keeps the place.

use std::collections::BTreeMap;
use std::time::Duration;

use hotline_acd::{CallerKind, Class, Entry as QueueEntry, LeaveCause, Place, Sticky};
use hotline_base::{AgentId, CallId, Now, Pii, QueueId, ReservationId, Time, WallTime};
use hotline_hours::State;
use serde::{Deserialize, Serialize};

use crate::command::Request;
use crate::env::Env;
use crate::queue::{CallbackRules, CalledFirst};

/// How many wait to be called back at a time. The store takes no more either.
pub const CALLBACKS_MAX: usize = 10_000;

/// How often it is looked whether the turn of a wish comes for which the number is called first.
const TURN_LOOK: Duration = Duration::from_secs(1);
/// A wish for which the number is called first is kept from agents so long, which is longer than any process runs.
const NO_AGENT: Duration = Duration::from_hours(24 * 365);

/// How soon it is looked again for wishes that are too old.
const EXPIRY_LOOK: Duration = Duration::from_secs(60);

/// How long a queue that is closed until nobody knows when is let be before its wishes are looked at again.
const CLOSED_LOOK: Duration = Duration::from_hours(24);

/// After a call that no trunk took, the number is called again so much later.
pub const TRUNK_PAUSE: Duration = Duration::from_secs(60);
/// So long calls that no trunk takes are not counted as tries; from then on they are, so that every wish has an end.
pub const TRUNK_PATIENCE: Duration = Duration::from_hours(8);

/// Somebody who is to be called back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callback {
    /// Names the wish, and whoever has it in line. Not the id of a call.
    pub id: CallId,
    /// Where it stands.
    pub place: CallbackPlace,
    /// The normalised number.
    pub number: Pii<String>,
    /// BCP 47 language in which it was asked for.
    pub language: String,
    /// When it was asked for.
    pub requested_at: WallTime,
    /// What the place in line counts from.
    pub enqueued_at: WallTime,
    /// How often nobody was reached.
    pub tries: u8,
    /// Not to be called before.
    pub not_before: Option<WallTime>,
}

/// What of a wish's place in line leaders can change; the rest is the time from which it counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallbackPlace {
    /// By whose agents.
    pub queue: QueueId,
    /// Its head start.
    pub credit: Duration,
    /// Whether it goes before all ordinary callers.
    pub emergency: bool,
    /// The agent for whom alone it waits.
    pub agent: Option<AgentId>,
}

impl CallbackPlace {
    /// An ordinary one.
    #[must_use]
    pub const fn new(queue: QueueId) -> Self {
        Self { queue, credit: Duration::ZERO, emergency: false, agent: None }
    }
}

/// How a wish ended, or stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CallbackState {
    /// It waits.
    Waiting {
        /// How often nobody was reached.
        tries: u8,
        /// Not to be called before.
        not_before: Option<WallTime>,
    },
    /// It waits on in another place, by a leader's word.
    Placed(CallbackPlace),
    /// The two talk, or have talked.
    Reached,
    /// Nobody was reached as often as is tried, or its queue is gone.
    Missed,
}

/// The wishes in line. Where each stands there is the ACD's to know.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Callbacks {
    open: BTreeMap<CallId, Open>,
    /// When to look whose turn comes; `None` while no number is to be called first.
    look_at: Option<Time>,
    /// When to look which wishes are too old; `None` while nobody waits.
    #[serde(default)]
    expire_at: Option<Time>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Open {
    wish: Wish,
    tries: u8,
    not_before: Option<WallTime>,
    /// Since when no trunk has taken a call for it.
    no_trunk_since: Option<Time>,
    /// The call that is being made for it.
    attempt: Option<CallId>,
}

/// Whom a wish is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wish {
    pub(crate) number: Pii<String>,
    pub(crate) language: String,
    pub(crate) requested_at: WallTime,
}

/// The call that is made for a wish: held by it until the two talk.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Returning {
    pub(crate) callback: CallId,
    pub(crate) queue: QueueId,
    pub(crate) first: First,
}

/// Who is called first.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum First {
    /// The agent whom the ACD has chosen.
    Agent(ReservationId),
    /// The number: whoever answers waits for an agent.
    Customer,
}

impl Returning {
    /// What holds the agent, if one is called first.
    pub(crate) const fn reservation(&self) -> Option<ReservationId> {
        match self.first {
            First::Agent(reservation) => Some(reservation),
            First::Customer => None,
        }
    }
}

impl Callbacks {
    /// The wish with this id, unless a call is being made for it.
    pub(crate) fn idle(&self, id: CallId) -> Option<&Wish> {
        self.open.get(&id).filter(|open| open.attempt.is_none()).map(|open| &open.wish)
    }

    /// The call that is being made for it.
    pub(crate) fn attempt(&self, id: CallId) -> Option<CallId> {
        self.open.get(&id)?.attempt
    }

    pub(crate) fn begin(&mut self, id: CallId, attempt: CallId) {
        if let Some(open) = self.open.get_mut(&id) {
            open.attempt = Some(attempt);
        }
    }

    /// A defect ended this call: the wish for which it was made waits on.
    pub(crate) fn forget(&mut self, attempt: CallId) -> Option<CallId> {
        let (id, open) = self.open.iter_mut().find(|(_, open)| open.attempt == Some(attempt))?;
        open.attempt = None;
        Some(*id)
    }

    /// When to look whose turn comes; not while nobody waits.
    pub(crate) fn look_at(&self) -> Option<Time> {
        self.look_at.filter(|_| !self.open.is_empty())
    }

    /// When to look which wishes are too old; not while nobody waits.
    pub(crate) fn expire_at(&self) -> Option<Time> {
        self.expire_at.filter(|_| !self.open.is_empty())
    }
}

impl Env {
    /// Puts somebody in line who is to be called back; at once, or after a restart.
    pub(crate) fn await_callback(&mut self, now: Now, callback: Callback) {
        let Callback { id, place, number, language, requested_at, enqueued_at, tries, not_before } = callback;
        if self.callbacks.open.contains_key(&id) || self.callbacks.open.len() >= CALLBACKS_MAX {
            return;
        }
        let held = not_before.max(self.opens(now, &place.queue)).filter(|until| *until > now.wall);
        let entry = QueueEntry {
            enqueued: Some(now.then(enqueued_at.min(now.wall))),
            kind: CallerKind::Callback,
            not_before: match self.called_first(&place.queue) {
                CalledFirst::Agent => held.map(|until| now.mono + until.since(now.wall)),
                CalledFirst::Customer => Some(now.mono + NO_AGENT),
            },
            priority_credit: place.credit,
            class: if place.emergency { Class::Emergency } else { Class::Ordinary },
            sticky: place.agent.map(|agent| Sticky { agent, wait: None, designated: true }),
            ..QueueEntry::new(id, place.queue)
        };
        let wish = Wish { number, language, requested_at };
        let open = Open { wish, tries, not_before, no_trunk_since: None, attempt: None };
        self.callbacks.open.insert(id, open);
        if self.acd.enqueue(now, entry).is_err() {
            self.end_callback(id, CallbackState::Missed);
        }
        self.watch_turns(now);
        self.watch_age(now, id);
    }

    /// Sees to it that a wish does not become too old.
    fn watch_age(&mut self, now: Now, id: CallId) {
        let Some(expires) = self.expires(id) else { return };
        let at = now.mono + expires.since(now.wall);
        let callbacks = &mut self.callbacks;
        callbacks.expire_at = Some(callbacks.expire_at().map_or(at, |known| known.min(at)));
    }

    /// Looks at once which wishes are too old by other rules.
    pub(crate) fn watch_ages(&mut self, now: Now) {
        self.callbacks.expire_at = Some(now.mono);
    }

    /// When a wish is given up because it is too old, by the rules of the queue in which it waits.
    fn expires(&self, id: CallId) -> Option<WallTime> {
        let open = self.callbacks.open.get(&id)?;
        let place = self.acd.place(id)?;
        Some(open.wish.requested_at + self.center.queues.get(&place.queue)?.callback.keep)
    }

    /// Gives up the wishes that are too old, if it is time to look. One for which a call is being made has that call.
    pub(crate) fn expire_callbacks(&mut self, now: Now) {
        if self.callbacks.expire_at().is_none_or(|at| at > now.mono) {
            return;
        }
        let idle = self.callbacks.open.iter().filter(|(_, open)| open.attempt.is_none());
        let idle: Vec<CallId> = idle.map(|(id, _)| *id).collect();
        for id in idle {
            if self.expires(id).is_some_and(|expires| expires <= now.wall) {
                self.give_up_callback(now, id);
            }
        }
        let next = self.callbacks.open.keys().filter_map(|id| self.expires(*id)).min();
        // One that is called just now is looked at again soon.
        self.callbacks.expire_at = next.map(|at| now.mono + at.since(now.wall).max(EXPIRY_LOOK));
    }

    fn called_first(&self, queue: &QueueId) -> CalledFirst {
        self.center.queues.get(queue).map(|queue| queue.callback.first).unwrap_or_default()
    }

    /// Sees to it that it is looked whose turn comes.
    fn watch_turns(&mut self, now: Now) {
        let mut queues = self.center.queues.values();
        let is_called_first = queues.any(|queue| queue.callback.first == CalledFirst::Customer);
        if self.callbacks.look_at.is_none() && is_called_first && !self.callbacks.open.is_empty() {
            self.callbacks.look_at = Some(now.mono);
        }
    }

    /// The wishes whose turn comes and for which the number is called first, if it is time to look.
    pub(crate) fn turns(&mut self, now: Now) -> Vec<CallId> {
        if self.callbacks.look_at.is_none_or(|at| at > now.mono) {
            return Vec::new();
        }
        self.callbacks.look_at = (!self.callbacks.open.is_empty()).then(|| now.mono + TURN_LOOK);
        let center = self.center.clone();
        let first = center.queues.iter().filter(|(_, queue)| queue.callback.first == CalledFirst::Customer);
        let near = first.flat_map(|(id, queue)| self.acd.turns_within(id, queue.routing.ring_timeout));
        let near: Vec<CallId> = near.filter(|id| self.callbacks.idle(*id).is_some()).collect();
        near.into_iter().filter(|id| self.rests_until(now, *id).is_none()).collect()
    }

    /// A wish waits in another queue from here on, with the rules of that; once its call is under way, with those it began with.
    pub(crate) fn on_callback_moved(&mut self, now: Now, id: CallId) {
        if self.callbacks.idle(id).is_some() && !self.hold_callback(now, id) {
            self.release_callback(now, id);
        }
        self.watch_age(now, id);
    }

    /// Until when a wish is not to be called: by a try before, or by the opening hours of its queue.
    fn rests_until(&self, now: Now, id: CallId) -> Option<WallTime> {
        let open = self.callbacks.open.get(&id)?;
        let place = self.acd.place(id)?;
        open.not_before.max(self.opens(now, &place.queue)).filter(|until| *until > now.wall)
    }

    /// Keeps it from being called before it is to be. True if it has to wait.
    pub(crate) fn hold_callback(&mut self, now: Now, id: CallId) -> bool {
        let until = self.rests_until(now, id);
        if self.keep_from_agents(now, id) {
            return until.is_some();
        }
        if let Some(until) = until {
            self.acd.hold_back(now, id, now.mono + until.since(now.wall));
        }
        until.is_some()
    }

    /// Nothing keeps it from being called: agents may be offered it, unless the number is called first.
    fn release_callback(&mut self, now: Now, id: CallId) {
        if !self.keep_from_agents(now, id) {
            self.acd.hold_back(now, id, now.mono);
        }
    }

    /// Whether a wish is not to be offered to agents, because the number is called first. It is kept from them then.
    pub(crate) fn keep_from_agents(&mut self, now: Now, id: CallId) -> bool {
        let place = self.acd.place(id);
        let is_kept = place.is_some_and(|place| self.called_first(&place.queue) == CalledFirst::Customer);
        if is_kept {
            self.acd.hold_back(now, id, now.mono + NO_AGENT);
        }
        is_kept
    }

    /// Somebody has decided about opening hours: wishes wait for others from here on, or for none.
    pub(crate) fn follow_hours(&mut self, now: Now) {
        let idle = self.callbacks.open.iter().filter(|(_, open)| open.attempt.is_none());
        let idle: Vec<CallId> = idle.map(|(id, _)| *id).collect();
        for id in idle {
            if !self.hold_callback(now, id) {
                self.release_callback(now, id);
            }
        }
    }

    /// When the queue opens; `None` if it is open. If nobody knows when, it is looked at again after a while.
    fn opens(&self, now: Now, queue: &QueueId) -> Option<WallTime> {
        let hours = self.center.queues.get(queue)?.hours.as_ref()?;
        let status = self.center.hours.get(hours)?.at(now.wall, self.by_hand.get(hours).copied());
        match status.state {
            State::Open => None,
            State::Closed | State::Holiday(_) => Some(status.until.unwrap_or(now.wall + CLOSED_LOOK)),
        }
    }

    /// The call that was made for it has come to nothing without anybody's having been called: it waits on.
    pub(crate) fn callback_waits(&mut self, id: CallId) {
        if let Some(open) = self.callbacks.open.get_mut(&id) {
            open.attempt = None;
        }
    }

    /// The number was called and nobody was reached: it is tried again later, or given up.
    pub(crate) fn callback_missed(&mut self, now: Now, id: CallId, reservation: Option<ReservationId>) {
        if let Some(open) = self.callbacks.open.get_mut(&id) {
            open.no_trunk_since = None;
        }
        self.count_try(now, id, reservation);
    }

    fn count_try(&mut self, now: Now, id: CallId, reservation: Option<ReservationId>) {
        let rules = self.acd.place(id).and_then(|place| Some(self.center.queues.get(&place.queue)?.callback));
        let CallbackRules { retries, retry, .. } = rules.unwrap_or_default();
        let Some(open) = self.callbacks.open.get_mut(&id) else { return };
        open.attempt = None;
        open.tries = open.tries.saturating_add(1);
        if open.tries > retries {
            self.give_up_callback(now, id);
        } else {
            self.try_later(now, id, reservation, retry);
        }
    }

    /// No trunk took the call: the number is tried again a little later. Whose number it is has no part in it, so it is not
    /// counted as a try, but for [`TRUNK_PATIENCE`] only.
    pub(crate) fn callback_without_trunk(
        &mut self,
        now: Now,
        id: CallId,
        reservation: Option<ReservationId>,
    ) {
        let Some(open) = self.callbacks.open.get_mut(&id) else { return };
        let since = *open.no_trunk_since.get_or_insert(now.mono);
        if now.mono - since >= TRUNK_PATIENCE {
            self.count_try(now, id, reservation);
        } else {
            open.attempt = None;
            self.try_later(now, id, reservation, TRUNK_PAUSE);
        }
    }

    /// The agent is free again; the wish keeps its place and is let be for `pause`.
    fn try_later(&mut self, now: Now, id: CallId, reservation: Option<ReservationId>, pause: Duration) {
        let Some(open) = self.callbacks.open.get_mut(&id) else { return };
        open.not_before = Some(now.wall + pause);
        let state = CallbackState::Waiting { tries: open.tries, not_before: open.not_before };
        self.hold_callback(now, id);
        if let Some(reservation) = reservation {
            self.acd.offer_returned(now, reservation);
        }
        self.requests.push_back(Request::CallbackChanged { id, state });
    }

    /// Whether the number of a wish waits for `queue` by another wish: it is to wait there once.
    pub(crate) fn waits_twice(&self, id: CallId, queue: &QueueId) -> bool {
        let Some(Open { wish, .. }) = self.callbacks.open.get(&id) else { return false };
        let same = |(other, open): (&CallId, &Open)| *other != id && open.wish.number == wish.number;
        let mut others = self.callbacks.open.iter().filter(|one| same(*one));
        others.any(|(other, _)| self.acd.place(*other).is_some_and(|place| place.queue == *queue))
    }

    /// A leader has given somebody in line another place: that of a wish is kept.
    pub(crate) fn keep_place(&mut self, id: CallId) {
        if self.callbacks.open.contains_key(&id)
            && let Some(Place { queue, class, credit, agent }) = self.acd.place(id)
        {
            let place = CallbackPlace { queue, credit, emergency: class == Class::Emergency, agent };
            let state = CallbackState::Placed(place);
            self.requests.push_back(Request::CallbackChanged { id, state });
        }
    }

    /// Nobody is called for it any more.
    pub(crate) fn give_up_callback(&mut self, now: Now, id: CallId) {
        if self.acd.place(id).is_some() {
            self.acd.leave(now, id, LeaveCause::Withdrawn);
        }
        self.end_callback(id, CallbackState::Missed);
    }

    /// A defect ended this call: the wish for which it was made waits on, in the place that the call held.
    pub(crate) fn forget_attempt(&mut self, now: Now, attempt: CallId) {
        let Some(id) = self.callbacks.forget(attempt) else { return };
        // Only a call whose number was called first holds the place itself.
        if self.acd.stand_in(now, attempt, id).is_ok() {
            self.on_callback_moved(now, id);
        }
        if self.acd.place(id).is_none() {
            self.end_callback(id, CallbackState::Missed);
        }
    }

    /// The wish is met, or given up; it has left the line.
    pub(crate) fn end_callback(&mut self, id: CallId, state: CallbackState) {
        if self.callbacks.open.remove(&id).is_some() {
            self.requests.push_back(Request::CallbackChanged { id, state });
        }
    }

    /// Somebody takes the wish back. `None` if it is not in line; else the call that was being made for it, if any.
    pub(crate) fn cancel_callback(&mut self, now: Now, id: CallId) -> Option<Option<CallId>> {
        let open = self.callbacks.open.remove(&id)?;
        if self.acd.place(id).is_some() {
            self.acd.leave(now, id, LeaveCause::Withdrawn);
        }
        Some(open.attempt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_whose_call_was_ended_by_a_defect_can_be_called_again() {
        let [id, attempt] = [1, 2].map(|number| CallId::parse(&format!("{number:032x}")).unwrap());
        let wish =
            Wish { number: Pii::from("+4940123"), language: "en".to_owned(), requested_at: WallTime(0) };
        let mut callbacks = Callbacks::default();
        let open = Open { wish, tries: 0, not_before: None, no_trunk_since: None, attempt: None };
        callbacks.open.insert(id, open);
        callbacks.begin(id, attempt);
        assert_eq!((callbacks.idle(id), callbacks.attempt(id)), (None, Some(attempt)));
        assert_eq!(callbacks.forget(attempt), Some(id));
        assert!(callbacks.idle(id).is_some());
    }
}
