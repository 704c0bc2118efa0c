//! What a step makes of time that has passed.

use hotline_base::Now;

use super::{Doing, RecordPhase, Running, Session, State};
use crate::action::{Action, Recorded, Reply, Surroundings, Timer};
use crate::end::{HangupCause, RecordExit, StepExit, StreamExit};
use crate::name::StepName;

impl Session {
    /// What follows a timer that is due.
    pub(super) fn expire(&mut self, now: Now, around: &dyn Surroundings, timer: Timer) -> Option<StepName> {
        match timer {
            Timer::Answer => {
                self.end(now, StepExit::Hangup(HangupCause::AnswerTimeout));
                self.actions.push_back(Action::Hangup { cause: HangupCause::AnswerTimeout });
                None
            }
            Timer::QueueKeys => self.expire_queue_keys(now),
            Timer::Pause => {
                let Some(Doing::Pausing { then, .. }) = self.doing() else { return None };
                let next = then.clone();
                self.leave(now, StepExit::Done, None);
                Some(next)
            }
            Timer::Playback => {
                let tag = self.playing()?;
                self.actions.push_back(Action::StopPlay(tag));
                self.take_play_finished(now, around, tag)
            }
            Timer::FirstDigit | Timer::NextDigit => match &mut self.state {
                State::Running(Running { doing: Doing::Asking(asking), .. }) => {
                    let verdict = asking.expire();
                    self.follow(now, around, verdict)
                }
                State::New | State::Running(_) | State::Finished => None,
            },
            Timer::Reply => {
                let Some(Doing::Requesting { tag, .. }) = self.doing() else { return None };
                let tag = *tag;
                self.actions.push_back(Action::Forget(tag));
                self.take_reply(now, tag, Reply::Failed)
            }
            Timer::Recording => {
                let Some(Doing::Recording(recording)) = self.doing() else { return None };
                let RecordPhase::Running { tag, .. } = recording.phase else { return None };
                self.actions.push_back(Action::StopRecord(tag));
                let recorded = Recorded { exit: RecordExit::Failed, name: String::new() };
                self.take_recorded(now, tag, recorded)
            }
            Timer::Stream => {
                let Some(Doing::Streaming { tag, stream, .. }) = self.doing() else { return None };
                let (tag, next) = (*tag, stream.exits.get(&StreamExit::Timeout).map(|to| to.value.clone()));
                self.actions.push_back(Action::CloseStream(tag));
                self.leave(now, StepExit::Stream(StreamExit::Timeout), None);
                next
            }
        }
    }
}
