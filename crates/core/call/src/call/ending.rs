//! A call's end: every side is told once, every port given back, and the record handed over when the recordings and
//! the legs are closed.

use core::time::Duration;

use hotline_acd::{LeaveCause, OfferFailure};
use hotline_base::{LegId, Now, PlayId, RecordingId};
use hotline_media::{self as media, LegStats};
use hotline_sip::{Reason, SessionId};
use serde::{Deserialize, Serialize};

use super::conversation::Conversation;
use super::live::{Activity, Progress, Refusal};
use super::offer::Fallback;
use super::{Call, Served, Stage, Waiting};
use crate::command::Request;
use crate::controller::CallTimer;
use crate::env::{Env, LegOwner};
use crate::event::{CallEvent, DialFailure, EndCause, EndKind, Party, QueueOutcome};
use crate::record::{Correction, RecordingState};
use crate::sound::{LegSound, Sound};

/// "User busy" (Q.850).
const USER_BUSY: u8 = 17;
/// The longest that a tone keeps a call that is over.
const REFUSAL_MAX: Duration = Duration::from_secs(15);

/// How the caller's SIP session stands when the call ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CallerSession {
    /// The caller ended it.
    Gone,
    /// We must end it.
    Up,
}

impl Call {
    /// The caller hung up or cancelled.
    pub(crate) fn on_caller_gone(&mut self, now: Now, env: &mut Env, reason: Option<&Reason>) {
        let q850 = reason.and_then(Reason::q850_cause).unwrap_or(16);
        if self.go_on_without_served(now, env, None) {
            return;
        }
        let by = self.served.party();
        let (kind, status) = match &self.stage {
            Stage::Opening(_) => (EndKind::HungUpEarly, Some(487)),
            Stage::Live(live) => {
                let kind = match &live.activity {
                    Activity::Waiting(_) | Activity::Offering { fallback: Fallback::Queue(_), .. } => {
                        EndKind::Abandoned
                    }
                    Activity::Talking(_)
                    | Activity::Offering { fallback: Fallback::Transferor(_), .. }
                    | Activity::Dialling { fallback: Fallback::Transferor(_), .. } => EndKind::Completed,
                    Activity::Idle
                    | Activity::Summoning
                    | Activity::Flow(_)
                    | Activity::Offering { .. }
                    | Activity::Dialling { .. } => match &live.refusal {
                        Some(refusal) => refusal.ending.kind,
                        None => EndKind::HungUpEarly,
                    },
                };
                let unanswered = matches!(live.progress, Progress::Proceeding(_) | Progress::Early(_));
                (kind, Some(if unanswered { 487 } else { 200 }))
            }
            Stage::Ending | Stage::Over => return,
        };
        self.end(now, env, CallerSession::Gone, Ending { by, kind, status, q850 });
    }

    /// Whoever talks with the one who is served hung up, or that session failed.
    pub(crate) fn on_agent_gone(
        &mut self,
        now: Now,
        env: &mut Env,
        session: SessionId,
        reason: Option<&Reason>,
    ) {
        let q850 = reason.and_then(Reason::q850_cause).unwrap_or(16);
        let talking = matches!(self.live().map(|live| &live.activity), Some(Activity::Talking(_)));
        if talking {
            if self.on_member_gone(now, env, session) {
                return;
            }
            let rung = self.agent_leg_of(session);
            if rung.is_some_and(|leg| self.is_asked(leg)) {
                return self.fail_consult(now, env, OfferFailure::Rejected, Some(200));
            }
            if self.hand_on(now, env, false) || self.go_on_after_talk(now, env, false) {
                return;
            }
            let by = self.partner_party();
            let ending = Ending { by, kind: EndKind::Completed, status: Some(200), q850 };
            self.end(now, env, CallerSession::Up, ending);
        } else if let Some(offer) = self.agent_leg_of(session) {
            // Whoever has taken the phone up, and hangs up before it is put through, does not want the call.
            let (failure, status) = match self.is_asking(offer) || self.is_greeting(offer) {
                true => (OfferFailure::Rejected, Some(200)),
                false => (OfferFailure::PhoneFault, None),
            };
            self.fail_offer(now, env, offer, failure, status);
        }
    }

    /// The partner's session is over without anybody's doing: it was not refreshed, our answer was never acknowledged, or
    /// it failed.
    pub(crate) fn on_partner_lost(&mut self, now: Now, env: &mut Env, session: SessionId, kind: EndKind) {
        if matches!(self.live().map(|live| &live.activity), Some(Activity::Talking(_))) {
            if self.on_member_gone(now, env, session) || self.hand_on(now, env, false) {
                return;
            }
            self.end_by_system(now, env, kind, None, 102);
        } else {
            self.on_agent_gone(now, env, session, None);
        }
    }

    /// The caller's session is over without the caller's doing: it was not refreshed, our answer was never acknowledged,
    /// or it failed.
    pub(crate) fn on_caller_lost(&mut self, now: Now, env: &mut Env, kind: EndKind, status: u16) {
        if self.go_on_without_served(now, env, None) {
            return;
        }
        let ending = Ending { by: Party::System, kind, status: Some(status), q850: 102 };
        self.end(now, env, CallerSession::Gone, ending);
    }

    /// The call ends for all, as somebody says from the page.
    pub(super) fn end_by(&mut self, now: Now, env: &mut Env, by: Party, kind: EndKind) {
        self.end(now, env, CallerSession::Up, Ending { by, kind, status: Some(200), q850: 16 });
    }

    /// This server ends the call.
    pub(crate) fn end_by_system(
        &mut self,
        now: Now,
        env: &mut Env,
        kind: EndKind,
        status: Option<u16>,
        q850: u8,
    ) {
        self.end(now, env, CallerSession::Up, Ending { by: Party::System, kind, status, q850 });
    }

    /// The called extension did not take the call: the caller is told with the status that fits.
    pub(super) fn refuse_extension(&mut self, now: Now, env: &mut Env, failure: OfferFailure) {
        let (status, q850) = match failure {
            OfferFailure::Busy => (486, 17),
            OfferFailure::Rejected => (603, 21),
            OfferFailure::NoAnswer => (480, 19),
            OfferFailure::NotRegistered => (480, 20),
            // 503 would tell a trunk that this server is down.
            OfferFailure::PhoneFault => (480, 18),
            OfferFailure::ServerFault | OfferFailure::CallerGone | OfferFailure::Elsewhere => (503, 41),
        };
        self.end_refused(now, env, (EndKind::NotAnswered, status, q850));
    }

    /// Nobody took the call. Whose call is up already is told by a tone, a few seconds long; others by the SIP status, which
    /// the own phone makes a tone of.
    pub(super) fn end_refused(&mut self, now: Now, env: &mut Env, (kind, status, q850): (EndKind, u16, u8)) {
        let is_up = self.record.answered_at.is_some();
        let status = Some(if is_up { 200 } else { status });
        let ending = Ending { by: Party::System, kind, status, q850 };
        let leg = self.leg;
        let Some(live) = self.live().filter(|_| is_up) else {
            self.end(now, env, CallerSession::Up, ending);
            return;
        };
        let tone = if q850 == USER_BUSY { media::BUSY } else { media::CONGESTION };
        let play = env.next_play();
        live.activity = Activity::Idle;
        live.refusal = Some(Refusal { play, ending });
        env.media.push_back(media::Command::SetMusic { leg, prompt: None });
        env.media.push_back(media::Command::Play {
            leg,
            play,
            prompts: vec![tone.into()],
            behind: media::Behind::Silence,
        });
        env.arm(self.id(), CallTimer::Refusal, now.mono + REFUSAL_MAX);
    }

    /// A playback to the caller is over; true if it was the tone with which the call ends.
    pub(super) fn on_refusal_heard(&mut self, now: Now, env: &mut Env, play: PlayId) -> bool {
        let refusal = self.live().and_then(|live| live.refusal.take_if(|refusal| refusal.play == play));
        let Some(Refusal { ending, .. }) = refusal else { return false };
        self.end(now, env, CallerSession::Up, ending);
        true
    }

    /// The tone has lasted long enough.
    pub(crate) fn on_refusal_timeout(&mut self, now: Now, env: &mut Env) {
        let refusal = self.live().and_then(|live| live.refusal.take());
        if let Some(Refusal { ending, .. }) = refusal {
            self.end(now, env, CallerSession::Up, ending);
        }
    }

    fn end(&mut self, now: Now, env: &mut Env, caller: CallerSession, ending: Ending) {
        env.disarm(self.id(), CallTimer::Refusal);
        // Our own INVITE is cancelled, not refused.
        let summoned = self.is_summoning();
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Opening(_) => {}
            Stage::Live(live) => {
                let live = *live;
                self.stop_recording(now, env);
                self.dismiss_supervisors(now, env, live.supervisors);
                self.end_activity(now, env, live.activity, &ending);
            }
            stage @ (Stage::Ending | Stage::Over) => {
                self.stage = stage;
                return;
            }
        }
        if let Some(session) = self.session {
            env.sessions.remove(&session);
            if caller == CallerSession::Up {
                let reason = Reason::q850(u16::from(ending.q850), "Call ended");
                match ending.status {
                    Some(status) if status >= 300 && !summoned => {
                        env.sip.reject(now, session, status, Some(&reason));
                    }
                    Some(_) | None => env.sip.hang_up(now, session, Some(reason)),
                }
            }
        }
        env.close_leg(self.leg);
        self.close(now, env, ending);
    }

    /// Undoes what the call was doing.
    fn end_activity(&mut self, now: Now, env: &mut Env, activity: Activity, ending: &Ending) {
        match activity {
            Activity::Idle | Activity::Summoning => {}
            Activity::Flow(run) => self.end_flow(now, env, run),
            Activity::Waiting(waiting) => self.leave_queue(now, env, waiting, ending),
            Activity::Offering { agents, fallback } => {
                self.drop_offers(now, env, agents, OfferFailure::CallerGone);
                self.end_fallback(now, env, fallback, ending);
            }
            Activity::Dialling { dial, fallback } => {
                self.drop_dial(now, env, *dial, DialFailure::CallerGone);
                self.end_fallback(now, env, fallback, ending);
            }
            Activity::Talking(conversation) => self.end_talk(now, env, conversation, ending),
        }
    }

    fn end_fallback(&mut self, now: Now, env: &mut Env, fallback: Fallback, ending: &Ending) {
        match fallback {
            // Leaving the queue withdraws the reservation too.
            Fallback::Queue(waiting) => self.leave_queue(now, env, waiting, ending),
            Fallback::Flow(run) => self.end_flow(now, env, run),
            Fallback::Transferor(handover) => self.end_talk(now, env, handover.into_conversation(), ending),
            Fallback::Refuse => {}
        }
    }

    fn end_talk(&mut self, now: Now, env: &mut Env, mut conversation: Conversation, ending: &Ending) {
        if let Some(run) = conversation.after.take() {
            self.end_flow(now, env, *run);
        }
        let reason = Reason::q850(u16::from(ending.q850), "Call ended");
        // Sessions of those who have hung up are forgotten by now.
        self.end_conversation(now, env, conversation, (&reason, true));
    }

    /// A defect stopped this call in the middle of a change. Everything that it held has been taken back; what is
    /// left is to say so and to keep the record.
    pub(crate) fn abandon(mut self, now: Now, env: &mut Env) {
        if let Some(visit) = self.record.queues.last().filter(|visit| visit.outcome.is_none()) {
            let queue = visit.queue.clone();
            self.emit(now, env, CallEvent::Dequeued { queue, outcome: QueueOutcome::Withdrawn });
        }
        if self.record.ended_at.is_none() {
            let cause = EndCause { kind: EndKind::InternalError, sip_status: None, q850: 41 };
            self.emit(now, env, CallEvent::Ended { by: Party::System, cause });
        }
        self.hand_over(env);
    }

    fn leave_queue(&mut self, now: Now, env: &mut Env, waiting: Waiting, ending: &Ending) {
        let (cause, outcome) = match ending.by {
            Party::Caller => (LeaveCause::Abandoned, QueueOutcome::Abandoned),
            Party::Callee | Party::Agent | Party::System => (LeaveCause::Withdrawn, QueueOutcome::Withdrawn),
        };
        env.acd.leave(now, self.id(), cause);
        if outcome == QueueOutcome::Abandoned {
            self.keep_place(now, env, &waiting);
        }
        self.emit(now, env, CallEvent::Dequeued { queue: waiting.queue, outcome });
        self.end_flow(now, env, waiting.run);
    }

    /// Ends a call that never came to life: the caller was refused already.
    pub(super) fn finish(&mut self, now: Now, env: &mut Env, kind: EndKind, status: u16, q850: u8) {
        self.close(now, env, Ending { by: Party::System, kind, status: Some(status), q850 });
    }

    /// Says that the call is over, and waits for what records it.
    pub(super) fn close(&mut self, now: Now, env: &mut Env, ending: Ending) {
        env.disarm_all(self.id());
        self.give_up_return(now, env, &ending);
        if let Some(agent) = self.calling_agent() {
            env.acd.set_outside_call(now, agent, self.id(), None);
        }
        if let Served::Colleague(agent) = &self.served {
            env.acd.set_outside_call(now, agent, self.id(), None);
        }
        env.trunks.leave_all(self.id());
        match (ending.by, ending.status) {
            (Party::Agent | Party::System, Some(status)) => env.trunks.failed(&self.record.source, status),
            (Party::Agent | Party::System, None) | (Party::Caller | Party::Callee, _) => {}
        }
        let cause = EndCause { kind: ending.kind, sip_status: ending.status, q850: ending.q850 };
        self.emit(now, env, CallEvent::Ended { by: ending.by, cause });
        env.arm(self.id(), CallTimer::Close, now.mono + env.center.timing.close);
        self.stage = Stage::Ending;
        self.complete(env);
    }

    /// The recorder did not close every file in time, or the media plane every leg. What was recorded is mended at the next
    /// start.
    pub(crate) fn on_close_timeout(&mut self, now: Now, env: &mut Env) {
        let open: Vec<RecordingId> = env.recordings_of(self.id()).collect();
        for recording in open {
            env.recordings.remove(&recording);
            let problem = "the recorder did not close the file in time".to_owned();
            self.emit(now, env, CallEvent::RecordingFailed { recording, problem });
        }
        self.hand_over(env);
    }

    /// The recorder opened the file.
    pub(crate) fn on_recording_started(
        &mut self,
        now: Now,
        env: &mut Env,
        recording: RecordingId,
        path: String,
    ) {
        self.emit(now, env, CallEvent::RecordingStarted { recording, path });
    }

    /// The recorder reports the end of a recording, good or bad.
    pub(crate) fn on_recording_event(
        &mut self,
        now: Now,
        env: &mut Env,
        (recording, what): (RecordingId, CallEvent),
    ) {
        self.on_recording_over(now, env, recording);
        self.emit(now, env, what);
        self.complete(env);
    }

    /// A recording of this call that had failed is complete as far as it goes.
    pub(crate) fn on_recording_completed(&mut self, now: Now, env: &mut Env, correction: &Correction) {
        let Correction { recording, state, index, .. } = correction;
        let recording = *recording;
        let what = match *state {
            RecordingState::Finished { duration, gap, bytes } => {
                let index = index.clone().unwrap_or_default();
                CallEvent::RecordingFinished { recording, duration, gap, bytes, index }
            }
            RecordingState::Mended { duration, bytes } => {
                CallEvent::RecordingMended { recording, duration, bytes }
            }
            RecordingState::Open | RecordingState::Failed { .. } | RecordingState::Erased { .. } => return,
        };
        self.emit(now, env, what);
    }

    /// The media plane has closed a leg, and says how it sounded.
    pub(crate) fn on_sound_measured(
        &mut self,
        now: Now,
        env: &mut Env,
        (leg, owner): (LegId, LegOwner),
        stats: &LegStats,
    ) {
        if let Some(sound) = Sound::of(stats) {
            let LegOwner { party, agent } = owner;
            self.emit(now, env, CallEvent::SoundMeasured(LegSound { leg, party, agent, sound }));
        }
    }

    /// Hands the record of a call that is over to be kept, once nothing more can come into it. A call that was sent on has
    /// several recordings; one that has failed says no more.
    pub(crate) fn complete(&mut self, env: &mut Env) {
        // Asked last: whose the legs and recordings are takes a look at those of all calls.
        let is_open = || env.recordings_of(self.id()).next().is_some() || env.has_legs(self.id());
        if matches!(self.stage, Stage::Ending) && !is_open() {
            env.disarm(self.id(), CallTimer::Close);
            self.hand_over(env);
        }
    }

    fn hand_over(&mut self, env: &mut Env) {
        env.requests.push_back(Request::SaveRecord(Box::new(self.record.clone())));
        self.stage = Stage::Over;
    }
}

/// How a call ends.
#[derive(Serialize, Deserialize)]
pub(super) struct Ending {
    pub(super) by: Party,
    pub(super) kind: EndKind,
    pub(super) status: Option<u16>,
    pub(super) q850: u8,
}
