//! People who are to be called back: each waits in line like a caller, without a phone in hand. When an agent is free for
//! one, the agent's phone is called first, then the number; who is not reached is tried again later and keeps the place.

use std::collections::BTreeMap;
use std::time::Duration;

use hotline_acd::{CallerKind, Entry as QueueEntry, LeaveCause};
use hotline_base::{CallId, Now, Pii, QueueId, ReservationId, Time, WallTime};
use hotline_hours::State;
use serde::{Deserialize, Serialize};

use crate::command::Request;
use crate::env::Env;

/// How many wait to be called back at a time. The store takes no more either.
pub const CALLBACKS_MAX: usize = 10_000;

/// How long a queue that is closed until nobody knows when is let be before its wishes are looked at again.
const CLOSED_LOOK: Duration = Duration::from_hours(24);

/// Somebody who is to be called back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callback {
    /// Names the wish, and whoever has it in line. Not the id of a call.
    pub id: CallId,
    /// By whose agents.
    pub queue: QueueId,
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

/// How a wish ended, or stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CallbackState {
    /// It waits.
    Waiting {
        /// How often nobody was reached.
        tries: u8,
        /// Not to be called before.
        not_before: Option<WallTime>,
    },
    /// The two talk, or have talked.
    Reached,
    /// Nobody was reached as often as is tried, or its queue is gone.
    Missed,
}

/// The wishes in line.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Callbacks {
    open: BTreeMap<CallId, Open>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Open {
    callback: Callback,
    /// The call that is being made for it.
    attempt: Option<CallId>,
}

/// The call that is made for a wish: held by it until the two talk.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Returning {
    pub(crate) callback: CallId,
    pub(crate) queue: QueueId,
    pub(crate) reservation: ReservationId,
}

impl Callbacks {
    /// The wish with this id, unless a call is being made for it.
    pub(crate) fn idle(&self, id: CallId) -> Option<&Callback> {
        self.open.get(&id).filter(|open| open.attempt.is_none()).map(|open| &open.callback)
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

    /// A leader has moved it to another queue.
    pub(crate) fn moved(&mut self, id: CallId, to: &QueueId) {
        if let Some(open) = self.open.get_mut(&id) {
            open.callback.queue.clone_from(to);
        }
    }

    /// A defect ended this call: the wish for which it was made waits on.
    pub(crate) fn forget(&mut self, attempt: CallId) {
        for open in self.open.values_mut().filter(|open| open.attempt == Some(attempt)) {
            open.attempt = None;
        }
    }
}

impl Env {
    /// Puts somebody in line who is to be called back; at once, or after a restart.
    pub(crate) fn await_callback(&mut self, now: Now, callback: Callback) {
        let (id, queue) = (callback.id, callback.queue.clone());
        if self.callbacks.open.contains_key(&id) || self.callbacks.open.len() >= CALLBACKS_MAX {
            return;
        }
        let held = callback.not_before.max(self.opens(now, &queue)).filter(|until| *until > now.wall);
        let entry = QueueEntry {
            enqueued: Some(then(now, callback.enqueued_at)),
            kind: CallerKind::Callback,
            not_before: held.map(|until| now.mono + until.since(now.wall)),
            ..QueueEntry::new(id, queue)
        };
        self.callbacks.open.insert(id, Open { callback, attempt: None });
        if self.acd.enqueue(now, entry).is_err() {
            self.end_callback(id, CallbackState::Missed);
        }
    }

    /// Keeps it from being called before it is to be, and outside the opening hours of its queue. True if it has to wait.
    pub(crate) fn hold_callback(&mut self, now: Now, id: CallId) -> bool {
        let Some(Open { callback, .. }) = self.callbacks.open.get(&id) else { return false };
        let until = callback.not_before.max(self.opens(now, &callback.queue));
        let until = until.filter(|until| *until > now.wall);
        if let Some(until) = until {
            self.acd.hold_back(now, id, now.mono + until.since(now.wall));
        }
        until.is_some()
    }

    /// Somebody has decided about opening hours: wishes wait for others from here on, or for none.
    pub(crate) fn follow_hours(&mut self, now: Now) {
        let idle = self.callbacks.open.iter().filter(|(_, open)| open.attempt.is_none());
        let idle: Vec<CallId> = idle.map(|(id, _)| *id).collect();
        for id in idle {
            if !self.hold_callback(now, id) {
                self.acd.hold_back(now, id, now.mono);
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
    pub(crate) fn callback_missed(&mut self, now: Now, id: CallId, reservation: ReservationId) {
        let Some(open) = self.callbacks.open.get_mut(&id) else { return };
        let rules = self.center.queues.get(&open.callback.queue).map(|queue| queue.callback);
        let rules = rules.unwrap_or_default();
        open.attempt = None;
        open.callback.tries = open.callback.tries.saturating_add(1);
        let tries = open.callback.tries;
        if tries > rules.retries {
            self.acd.leave(now, id, LeaveCause::Withdrawn);
            self.end_callback(id, CallbackState::Missed);
            return;
        }
        let not_before = Some(now.wall + rules.retry);
        open.callback.not_before = not_before;
        self.hold_callback(now, id);
        self.acd.offer_returned(now, reservation);
        let state = CallbackState::Waiting { tries, not_before };
        self.requests.push_back(Request::CallbackChanged { id, state });
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
        self.acd.leave(now, id, LeaveCause::Withdrawn);
        Some(open.attempt)
    }
}

/// The same moment by both clocks; before the process began, its beginning.
fn then(now: Now, wall: WallTime) -> Now {
    let ago = now.wall.since(wall);
    let mono = now.mono.since(Time::ZERO).saturating_sub(ago);
    Now { mono: Time::ZERO + mono, wall }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_whose_call_was_ended_by_a_defect_can_be_called_again() {
        let [id, attempt] = [1, 2].map(|number| CallId::parse(&format!("{number:032x}")).unwrap());
        let callback = Callback {
            id,
            queue: QueueId::from("sales"),
            number: Pii::from("+4940123"),
            language: "en".to_owned(),
            requested_at: WallTime(0),
            enqueued_at: WallTime(0),
            tries: 0,
            not_before: None,
        };
        let mut callbacks = Callbacks::default();
        callbacks.open.insert(id, Open { callback, attempt: None });
        callbacks.begin(id, attempt);
        assert_eq!((callbacks.idle(id), callbacks.attempt(id)), (None, Some(attempt)));
        callbacks.forget(attempt);
        assert!(callbacks.idle(id).is_some());
    }
}
