//! A caller in line, and the keys that lead out of it.

use core::time::Duration;
use std::sync::Arc;

use hotline_base::{Now, Pii, Time};
use serde::{Deserialize, Serialize};

use super::{Doing, Running, Session, State};
use crate::action::{Action, Digit};
use crate::end::StepExit;
use crate::model::Queue;
use crate::name::StepName;
use crate::sequence::KeySequence;

/// How long the next key may take where the keys so far could begin a longer way out.
const NEXT_KEY: Duration = Duration::from_secs(3);

/// The queue in which the caller waits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Queued {
    pub(super) queue: Arc<Queue>,
    /// The keys so far that begin a longer way out, and until when the next one may come.
    pressed: Option<(KeySequence, Time)>,
}

impl Queued {
    pub(super) const fn new(queue: Arc<Queue>) -> Self {
        Self { queue, pressed: None }
    }

    /// Until when the next key may come.
    pub(super) fn until(&self) -> Option<Time> {
        self.pressed.map(|(_, until)| until)
    }

    /// The way out that is complete with this key. One that a longer way begins with is complete once no key follows in
    /// time. Keys that lead nowhere are forgotten, so that the way out can be pressed anew; `Err` says that this one was.
    fn press(&mut self, now: Time, digit: Digit) -> Result<Option<KeySequence>, ()> {
        let before = self.pressed.take();
        let longer = before.and_then(|(keys, _)| keys.then(digit.key()));
        for keys in [longer, KeySequence::one(digit.key())].into_iter().flatten() {
            if self.queue.keys.keys().any(|way| keys.begins(way)) {
                self.pressed = Some((keys, now + NEXT_KEY));
                return Ok(None);
            }
            if self.queue.keys.contains_key(&keys) {
                return Ok(Some(keys));
            }
        }
        Err(())
    }

    /// No further key came: the way out that the keys are, if they are one.
    fn give_up(&mut self) -> Option<KeySequence> {
        let (keys, _) = self.pressed.take()?;
        self.queue.keys.contains_key(&keys).then_some(keys)
    }
}

impl Session {
    /// The caller presses a key in line.
    pub(super) fn take_queue_digit(&mut self, now: Now, digit: Digit) -> Option<StepName> {
        let pressed = self.queued().map(|queued| queued.press(now.mono, digit));
        match pressed {
            Some(Ok(way)) => self.leave_queue(now, way?),
            Some(Err(())) | None => {
                self.ignored_inputs += 1;
                None
            }
        }
    }

    /// The next key did not come.
    pub(super) fn expire_queue_keys(&mut self, now: Now) -> Option<StepName> {
        let way = self.queued()?.give_up()?;
        self.leave_queue(now, way)
    }

    fn queued(&mut self) -> Option<&mut Queued> {
        match &mut self.state {
            State::Running(Running { doing: Doing::Queued(queued), .. }) => Some(queued),
            State::New | State::Running(_) | State::Finished => None,
        }
    }

    fn leave_queue(&mut self, now: Now, way: KeySequence) -> Option<StepName> {
        let to = self.queued()?.queue.keys.get(&way)?.value.clone();
        self.steps_without_input = 0;
        self.actions.push_back(Action::LeaveQueue);
        self.leave(now, StepExit::Choice(way), Some(Pii::new(way.to_string())));
        Some(to)
    }
}
