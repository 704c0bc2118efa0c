//! A call's beginning: from the accepted INVITE to the caller's open media port.

use bytes::Bytes;
use hotline_acd::{Direction, Outside};
use hotline_base::{CallId, LegId, Now, Pii};
use hotline_sip::SessionId;

use super::live::{Activity, Live, Progress};
use super::{Call, Fallback, FlowRun, Lookup, Stage};
use crate::command::Request;
use crate::controller::CallTimer;
use crate::env::{Env, MEDIA_SILENT};
use crate::event::{CallEvent, EndKind, Entry, EventKind, Source};
use crate::media_leg::MediaLeg;
use crate::number::normalise;
use crate::record::CallRecord;
use crate::sessions::{LegEnd, SipLeg};

/// An INVITE that was accepted for processing.
pub(crate) struct Invitation {
    pub(crate) id: CallId,
    pub(crate) session: SessionId,
    pub(crate) source: Source,
    pub(crate) caller: Pii<String>,
    pub(crate) caller_name: Option<Pii<String>>,
    pub(crate) called: String,
    pub(crate) entry: Entry,
    pub(crate) language: String,
    pub(crate) sip_call_id: String,
    pub(crate) offer: Option<Bytes>,
}

impl Call {
    /// Begins a call: asks for a media port and for the customer.
    pub(crate) fn begin(now: Now, env: &mut Env, invitation: Invitation) -> Self {
        let id = invitation.id;
        let started = CallEvent::Started {
            caller: invitation.caller.clone(),
            caller_name: invitation.caller_name,
            called: invitation.called,
            entry: invitation.entry,
            source: invitation.source,
            sip_call_id: invitation.sip_call_id,
            language: invitation.language,
        };
        let record = CallRecord::begin(id, now.wall, &started).expect("the event is `Started`");
        env.emit(now, EventKind::Call { call: id, what: started });
        if let Source::Agent(agent) = &record.source {
            env.acd.set_outside_call(now, agent, id, Some(Outside::Talking(Direction::Internal)));
        }
        let leg = env.open_leg(id);
        let (end, sip_call_id) = (LegEnd::Caller(record.source.clone()), record.sip_call_id.clone());
        env.sessions.adopt(invitation.session, SipLeg { call: id, end, sip_call_id });
        env.arm(id, CallTimer::MediaOpen, now.mono + env.center.timing.media_open);
        let lookup = match normalise(invitation.caller.expose(), &env.center.dial_plan) {
            Some(number) => {
                env.requests.push_back(Request::FindCustomer { call: id, number: Pii::new(number) });
                Lookup::Pending
            }
            None => Lookup::Done(None),
        };
        Self { id, session: invitation.session, leg, record, lookup, stage: Stage::Opening(invitation.offer) }
    }

    /// The media plane opened `leg`.
    pub(crate) fn on_leg_open(&mut self, now: Now, env: &mut Env, leg: LegId, port: u16) {
        if leg != self.leg {
            self.on_agent_leg_open(now, env, leg, port);
        } else if matches!(self.stage, Stage::Opening(_)) {
            self.on_caller_leg_open(now, env, port);
        }
    }

    /// The media plane could not open `leg`.
    pub(crate) fn on_leg_failed(&mut self, now: Now, env: &mut Env, leg: LegId, cause: &str) {
        if leg == self.leg {
            self.on_caller_leg_failed(now, env, cause);
        } else if self.current_offer() == Some(leg) {
            self.on_agent_leg_failed(now, env, cause);
        }
    }

    /// The media plane did not answer in time about the caller's leg.
    pub(crate) fn on_media_open_timeout(&mut self, now: Now, env: &mut Env) {
        self.on_caller_leg_failed(now, env, MEDIA_SILENT);
    }

    /// The caller's port is open: agree on media and let the call go where it was dialled.
    fn on_caller_leg_open(&mut self, now: Now, env: &mut Env, port: u16) {
        let Stage::Opening(offer) = std::mem::replace(&mut self.stage, Stage::Over) else {
            unreachable!("only an opening call waits for its first port");
        };
        env.disarm(self.id, CallTimer::MediaOpen);
        let mut media = MediaLeg::new(self.leg, port, env.rng.next_u64() >> 2);
        let description = match &offer {
            Some(offer) => media.answer(&env.center, offer, &mut env.media),
            None => Ok(media.offer(&env.center, None)),
        };
        let description = match description {
            Ok(description) => description,
            Err(error) => {
                let (status, q850) = error.refusal();
                self.refuse(now, env, status, q850);
                return;
            }
        };
        let progress = Progress::Proceeding(description);
        match self.record.entry.clone() {
            Entry::Number { flow, .. } => {
                let Some(flow) = env.center.flows.get(&flow).cloned() else {
                    self.refuse(now, env, 503, 41);
                    return;
                };
                let activity = Activity::Flow(FlowRun::new(flow, self.facts()));
                self.stage = Stage::Live(Box::new(Live { media, progress, activity }));
                self.start_flow(now, env);
            }
            Entry::Extension(agent) => {
                self.stage = Stage::Live(Box::new(Live { media, progress, activity: Activity::Idle }));
                self.offer_directly(now, env, agent, Fallback::Refuse);
            }
        }
    }

    /// No port for the caller: the call is refused, and operators are told why.
    fn on_caller_leg_failed(&mut self, now: Now, env: &mut Env, cause: &str) {
        if matches!(self.stage, Stage::Opening(_)) {
            env.raise_media(now, cause);
            self.refuse(now, env, 503, 34);
        }
    }

    fn refuse(&mut self, now: Now, env: &mut Env, status: u16, q850: u8) {
        env.sessions.remove(&self.session);
        env.sip.reject(now, self.session, status, None);
        env.close_leg(self.leg);
        self.finish(now, env, EndKind::Refused, status, q850);
    }
}
