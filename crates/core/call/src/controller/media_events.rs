//! What the media plane reports goes to the call and leg it concerns.

use std::time::Duration;

use hotline_base::{CallId, LegId, Now, PlayId, RecordingId};
use hotline_media::{Event as MediaEvent, LegStats, PlayOutcome, RecordingEnd, RecordingFailure};

use super::Controller;
use crate::alarm::{AlarmCause, AlarmKind};
use crate::call::Call;
use crate::cause::Cause;
use crate::command::Request;
use crate::event::CallEvent;
use crate::record::{Correction, RecordingState};
use crate::sound::LineQuality;

impl Controller {
    pub(super) fn on_media(&mut self, now: Now, event: MediaEvent) {
        match event {
            MediaEvent::LegOpened { leg, port } => {
                self.env.clear(now, &AlarmKind::MediaPortsExhausted);
                self.env.clear(now, &AlarmKind::MediaSilent);
                let known = self.env.legs.get_mut(&leg);
                let cause = known.and_then(|known| Some(Cause::continued(known.cause.take()?, known.call)));
                self.env.set_cause(cause);
                self.on_leg(leg, |call, env| call.on_leg_open(now, env, leg, port));
                self.env.set_cause(None);
            }
            MediaEvent::LegFailed { leg, cause } => {
                // First, so that a call that ends by it waits for nothing.
                let Some(failed) = self.env.legs.remove(&leg) else { return };
                self.with_call(failed.call, |call, env| {
                    call.on_leg_failed(now, env, leg, Some(cause));
                    call.complete(env);
                });
            }
            MediaEvent::LegUnconnected { leg, .. } => {
                self.on_leg(leg, |call, env| call.on_leg_unconnected(now, env, leg));
            }
            MediaEvent::LegClosed { leg, stats } => {
                let Some(closed) = self.env.legs.remove(&leg) else { return };
                self.with_call(closed.call, |call, env| {
                    call.on_sound_measured(now, env, (leg, closed.owner), &stats);
                    call.on_leg_closed(now, env, leg);
                    call.complete(env);
                });
            }
            MediaEvent::LegMeasured { leg, stats } => self.on_measured(leg, &stats),
            MediaEvent::FirstPacket { leg } => {
                if let Some(leg) = self.env.legs.get_mut(&leg) {
                    leg.heard = true;
                }
            }
            MediaEvent::Digit { leg, digit, .. } => {
                let digit = digit.as_char();
                self.on_leg(leg, |call, env| call.on_digit(now, env, leg, digit));
            }
            MediaEvent::PlayFinished { leg, play, outcome } => self.on_play_finished(now, leg, play, outcome),
            MediaEvent::RtpTimeout { leg } => {
                self.on_leg(leg, |call, env| call.on_rtp_timeout(now, env, leg))
            }
            MediaEvent::RecordingStarted { .. }
            | MediaEvent::RecordingFinished { .. }
            | MediaEvent::RecordingCompleted { .. }
            | MediaEvent::RecordingFailed { .. } => self.on_recording(now, event),
        }
    }

    /// Agents are told of their own lines, and only in a talk: what a ringing phone sends says nothing.
    fn on_measured(&mut self, leg: LegId, stats: &LegStats) {
        let Some(known) = self.env.legs.get_mut(&leg) else { return };
        let Some(agent) = known.owner.agent.clone() else { return };
        let is_talking = self.calls.get(&known.call).is_some_and(Call::is_in_talk);
        let quality = LineQuality::since(&mut known.measured, stats, (agent, known.call));
        if is_talking {
            self.env.lines.push_back(quality);
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "only events of recordings are given here")]
    fn on_recording(&mut self, now: Now, event: MediaEvent) {
        match event {
            MediaEvent::RecordingStarted { recording, path } => {
                if let Some(call) = self.env.recordings.get(&recording).copied() {
                    self.with_call(call, |call, env| call.on_recording_started(now, env, recording, path));
                }
            }
            MediaEvent::RecordingFinished {
                recording,
                path,
                duration_ms,
                gap_ms,
                refused_ms,
                bytes,
                end,
                index,
            } => {
                let duration = Duration::from_millis(duration_ms);
                let gap = Duration::from_millis(gap_ms);
                self.env.clear(now, &AlarmKind::RecordingFailed);
                match end {
                    RecordingEnd::Stopped => self.env.clear(now, &AlarmKind::RecordingCut),
                    RecordingEnd::Full => {
                        let cause = AlarmCause::RecordingFull { file: path.clone() };
                        self.env.raise(now, AlarmKind::RecordingCut, cause);
                    }
                }
                self.tell_of_gap(now, &path, refused_ms);
                let finished = CallEvent::RecordingFinished { recording, duration, gap, bytes, index };
                self.on_recording_over(now, recording, finished);
            }
            MediaEvent::RecordingCompleted { recording, call, path, duration_ms, gap_ms, bytes, index } => {
                let duration = Duration::from_millis(duration_ms);
                let state = match gap_ms.map(Duration::from_millis) {
                    Some(gap) => RecordingState::Finished { duration, gap, bytes },
                    None => RecordingState::Mended { duration, bytes },
                };
                let index = gap_ms.map(|_| index);
                self.on_recording_completed(now, call, Correction { recording, path, state, index });
            }
            MediaEvent::RecordingFailed { recording, cause } => {
                self.on_recording_failed(now, recording, &cause)
            }
            _ => {}
        }
    }

    fn tell_of_gap(&mut self, now: Now, path: &str, refused_ms: u64) {
        if refused_ms == 0 {
            self.env.clear(now, &AlarmKind::RecordingGap);
        } else {
            let cause = AlarmCause::AudioMissing { file: path.to_owned(), missing_ms: refused_ms };
            self.env.raise(now, AlarmKind::RecordingGap, cause);
        }
    }

    fn on_play_finished(&mut self, now: Now, leg: LegId, play: PlayId, outcome: PlayOutcome) {
        match outcome {
            PlayOutcome::MissingPrompt => {
                self.env.raise(now, AlarmKind::PromptMissing, AlarmCause::Prompt);
            }
            PlayOutcome::Completed => self.env.clear(now, &AlarmKind::PromptMissing),
            PlayOutcome::Stopped => {}
        }
        self.on_leg(leg, |call, env| call.on_play_finished(now, env, play, outcome));
    }

    fn on_recording_failed(&mut self, now: Now, recording: RecordingId, cause: &RecordingFailure) {
        let problem = cause.to_string();
        match cause {
            RecordingFailure::NoSuchLegs | RecordingFailure::AlreadyRecorded => {}
            RecordingFailure::DiskFull { .. }
            | RecordingFailure::NotWritable { .. }
            | RecordingFailure::Io { .. }
            | RecordingFailure::RecorderBusy
            | RecordingFailure::Bug => {
                let cause = AlarmCause::Recording(cause.clone());
                self.env.raise(now, AlarmKind::RecordingFailed, cause);
            }
        }
        self.on_recording_over(now, recording, CallEvent::RecordingFailed { recording, problem });
    }

    /// A recording that had failed is complete: its call says so, or, if that is over, its record is set right.
    fn on_recording_completed(&mut self, now: Now, call: CallId, correction: Correction) {
        let told = self.with_call(call, |call, env| call.on_recording_completed(now, env, &correction));
        if told.is_none() {
            self.env.requests.push_back(Request::CorrectRecording(Box::new(correction)));
        }
    }

    fn on_recording_over(&mut self, now: Now, recording: RecordingId, what: CallEvent) {
        if let Some(call) = self.env.recordings.remove(&recording) {
            self.with_call(call, |call, env| call.on_recording_event(now, env, (recording, what)));
        }
    }

    fn on_leg(&mut self, leg: LegId, act: impl FnOnce(&mut crate::call::Call, &mut crate::env::Env)) {
        if let Some(call) = self.env.legs.get(&leg).map(|leg| leg.call) {
            self.with_call(call, act);
        }
    }
}
