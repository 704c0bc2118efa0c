//! An INVITE over a trunk: one place after the other is tried until one has it.

use std::time::Duration;

use hotline_base::{AgentId, LegId, Now, TrunkId};
use hotline_sip::SessionId;

use super::Call;
use crate::controller::CallTimer;
use crate::env::Env;
use crate::event::{CallEvent, DialFailure};
use crate::media_leg::{DialogSeed, MediaLeg, Peer};
use crate::sessions::{LegEnd, SipLeg};
use crate::trunk::{Attempt, Candidate, Hunt};

/// For which leg of the call the INVITE is.
pub(super) struct Aim {
    pub(super) leg: LegId,
    pub(super) port: u16,
    pub(super) end: LegEnd,
    /// Whose own device is called; absent if it is somebody else outside.
    pub(super) device_of: Option<AgentId>,
}

/// An INVITE that is out.
pub(super) struct Sent {
    pub(super) session: SessionId,
    /// As offered.
    pub(super) offered: MediaLeg,
    /// How long the trunk lets the called phone ring.
    pub(super) rings: Duration,
}

impl Call {
    /// Tries one place after the other until an INVITE is out. `last` is why the one before was not the right one, and
    /// the answer if there is none left.
    pub(super) fn send_out(
        &mut self,
        now: Now,
        env: &mut Env,
        hunt: &mut Hunt,
        aim: &Aim,
        mut last: DialFailure,
    ) -> Result<Sent, DialFailure> {
        let call = self.id();
        let first = self.first_codec();
        let Aim { leg, port, .. } = *aim;
        loop {
            let seed = DialogSeed::draw(&mut env.rng);
            let leg_over =
                |trunk: &TrunkId| MediaLeg::new(leg, port, seed.clone(), Peer::Trunk(trunk.clone()));
            match hunt.next(now, env, call, |center, trunk| {
                let mut offered = leg_over(trunk);
                (offered.offer(center, first), offered)
            }) {
                Attempt::Sent { session, candidate, offered } => {
                    let sip_call_id =
                        env.sip.call_id(session).expect("a session that has just begun is known");
                    env.sessions.adopt(session, SipLeg { call, end: aim.end.clone(), sip_call_id });
                    let trunk =
                        env.center.trunks.get(&candidate.trunk).expect("the hunt chose it from there");
                    let (answers, rings) = (trunk.response_timeout, trunk.ring_timeout);
                    env.arm(call, CallTimer::Response(leg), now.mono + answers);
                    self.tell_dialled(now, env, hunt, aim, candidate);
                    return Ok(Sent { session, offered: *offered, rings });
                }
                Attempt::Failed { candidate, failure } => {
                    self.tell_dialled(now, env, hunt, aim, candidate);
                    self.emit(now, env, CallEvent::DialFailed { leg, failure, status: None });
                    last = failure;
                }
                Attempt::Exhausted => return Err(last),
            }
        }
    }

    fn tell_dialled(&mut self, now: Now, env: &mut Env, hunt: &Hunt, aim: &Aim, candidate: Candidate) {
        let Candidate { trunk, server, .. } = candidate;
        let (leg, number, device_of) = (aim.leg, hunt.number().clone(), aim.device_of.clone());
        self.emit(now, env, CallEvent::Dialled { leg, trunk, server, number, device_of });
    }
}
