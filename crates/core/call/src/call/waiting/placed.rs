//! A person, or a step of the queue's plan, gives a waiting caller another place.

use std::time::Duration;

use hotline_acd::{Class, Decision, LeaveCause};
use hotline_base::{AgentId, Now, QueueId};
use hotline_ivr::QueueExit;
use hotline_media as media;

use crate::call::Call;
use crate::call::live::Activity;
use crate::command::CommandError;
use crate::env::Env;
use crate::event::{CallEvent, QueueOutcome};

impl Call {
    /// The caller waits in another queue from here on.
    pub(crate) fn on_moved(&mut self, now: Now, env: &mut Env, to: QueueId) {
        let (leg, music) = (self.leg, env.center.queues.get(&to).map(|queue| queue.music.clone()));
        let Some(waiting) = self.waiting() else { return };
        let from = std::mem::replace(&mut waiting.queue, to.clone());
        waiting.announcer = waiting.announcer.elsewhere(now.mono);
        env.media.push_back(media::Command::SetMusic { leg, prompt: music });
        self.emit(now, env, CallEvent::Dequeued { queue: from, outcome: QueueOutcome::Moved });
        self.emit(now, env, CallEvent::Queued { queue: to });
        self.watch_hours(now, env);
    }

    /// The caller waits for this agent alone.
    pub(crate) fn on_assigned(&mut self, now: Now, env: &mut Env, agent: AgentId) {
        self.emit(now, env, CallEvent::Assigned { agent });
    }

    /// The caller's place in line has changed.
    pub(crate) fn on_prioritised(&mut self, now: Now, env: &mut Env, class: Class, credit: Duration) {
        let emergency = class == Class::Emergency;
        self.emit(now, env, CallEvent::Prioritised { emergency, credit });
    }

    /// The call was not offered to anybody.
    pub(crate) fn on_passed(&mut self, now: Now, env: &mut Env, because: Decision) {
        self.emit(now, env, CallEvent::NotOffered { because });
    }

    /// A person takes the caller out of line; the flow goes on. While a phone rings the call is the agent's.
    pub(crate) fn withdraw_caller(&mut self, now: Now, env: &mut Env) -> Result<(), CommandError> {
        match self.live().map(|live| &live.activity) {
            Some(Activity::Waiting(_)) => {
                self.exit_queue(now, env, QueueExit::Withdrawn, LeaveCause::Withdrawn);
                Ok(())
            }
            Some(
                Activity::Idle
                | Activity::Summoning
                | Activity::Flow(_)
                | Activity::Offering { .. }
                | Activity::Dialling { .. }
                | Activity::Talking(_),
            )
            | None => Err(CommandError::NotInLine),
        }
    }
}
