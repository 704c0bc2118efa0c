//! A call to a number outside: one server after the other is tried until one takes it.

use std::collections::VecDeque;

use bytes::Bytes;
use hotline_base::{CallId, Now, Pii, TrunkId};
use hotline_sip::uri::Host;
use hotline_sip::{Failure, HeaderName, Invite, InviteError, NameAddr, SessionId, SipUri};
use serde::{Deserialize, Serialize};

use super::{Candidate, Identity, Trunk, TrunkFull};
use crate::center::Center;
use crate::env::Env;
use crate::event::DialFailure;
use crate::media_leg::MediaLeg;

/// Who is called, and what is shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Outlook {
    /// Normalised.
    pub(crate) number: Pii<String>,
    /// The number that the caller wants shown, normalised; else the route's or the trunk's.
    pub(crate) caller_id: Option<Pii<String>>,
}

/// The trying.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Hunt {
    outlook: Outlook,
    candidates: VecDeque<Candidate>,
    current: Option<Candidate>,
    /// The trunk to which a status says that calls of this kind are not taken: its other servers say the same.
    given_up: Vec<TrunkId>,
}

/// What became of one place that was tried.
pub(crate) enum Attempt {
    /// The INVITE is out.
    Sent { session: SessionId, candidate: Candidate, offered: Box<MediaLeg> },
    /// There is no way, or no room.
    Failed { candidate: Candidate, failure: DialFailure },
    /// There is nobody left to try.
    Exhausted,
}

impl Hunt {
    /// `None` if no route is there for the number.
    pub(crate) fn new(now: Now, env: &mut Env, mut outlook: Outlook) -> Option<Self> {
        let center = env.center.clone();
        let route = center.route(outlook.number.expose())?;
        if outlook.caller_id.is_none() {
            outlook.caller_id = route.caller_id.clone().map(Pii::new);
        }
        let candidates = env.trunks.choose(now, &center, route, &mut env.rng);
        Some(Self { outlook, candidates, current: None, given_up: Vec::new() })
    }

    /// Hands the trying over to somebody else; what is left here tries nobody.
    pub(crate) fn take(&mut self) -> Self {
        let (candidates, given_up) =
            (std::mem::take(&mut self.candidates), std::mem::take(&mut self.given_up));
        Self { outlook: self.outlook.clone(), candidates, current: self.current.take(), given_up }
    }

    pub(crate) const fn number(&self) -> &Pii<String> {
        &self.outlook.number
    }

    /// Tries the next place with the session description that `offer` makes for its trunk.
    pub(crate) fn next(
        &mut self,
        now: Now,
        env: &mut Env,
        call: CallId,
        offer: impl Fn(&Center, &TrunkId) -> (Bytes, MediaLeg),
    ) -> Attempt {
        self.leave(env, call);
        let center = env.center.clone();
        loop {
            let Some(candidate) = self.candidates.pop_front() else { return Attempt::Exhausted };
            let Some(trunk) = center.trunks.get(&candidate.trunk) else { continue };
            if self.given_up.contains(&trunk.id) {
                continue;
            }
            if let Err(full) = env.trunks.enter_out(now, &trunk.id, call, &center) {
                self.given_up.push(trunk.id.clone());
                let failure = match full {
                    TrunkFull::Calls => DialFailure::TrunkFull,
                    TrunkFull::Rate => DialFailure::TrunkBusy,
                };
                return Attempt::Failed { candidate, failure };
            }
            let (offer, offered) = offer(&center, &trunk.id);
            return match self.invite(now, env, call, trunk, &candidate, &offer) {
                Ok(session) => {
                    self.current = Some(candidate.clone());
                    Attempt::Sent { session, candidate, offered: Box::new(offered) }
                }
                Err(failure) => {
                    env.trunks.leave(&trunk.id, call);
                    Attempt::Failed { candidate, failure }
                }
            };
        }
    }

    /// The present place gave this final status: whether another is to be tried (its trunk's others too, or only those of
    /// other trunks), and what it means.
    pub(crate) fn judge(&mut self, now: Now, env: &mut Env, failure: &Failure) -> (DialFailure, bool) {
        let Some(candidate) = &self.current else { return (DialFailure::ServerFault, false) };
        env.trunks.refused(&candidate.trunk, failure.status);
        let verdict = Verdict::of(failure.status, failure.q850);
        match verdict {
            Verdict::OtherServer => env.trunks.rest(now, &candidate.trunk, candidate.at),
            Verdict::OtherTrunk => self.given_up.push(candidate.trunk.clone()),
            Verdict::Final => {}
        }
        (meaning(failure.status, verdict), verdict != Verdict::Final)
    }

    /// The present place said nothing in time.
    pub(crate) fn rest(&self, now: Now, env: &mut Env) {
        if let Some(candidate) = &self.current {
            env.trunks.refused(&candidate.trunk, 408);
            env.trunks.rest(now, &candidate.trunk, candidate.at);
        }
    }

    /// The present place has the call.
    pub(crate) fn heard(&self, env: &mut Env) {
        if let Some(candidate) = &self.current {
            env.trunks.revive(&candidate.trunk, candidate.at);
        }
    }

    /// Gives the place on the present trunk back.
    pub(crate) fn leave(&mut self, env: &mut Env, call: CallId) {
        if let Some(candidate) = self.current.take() {
            env.trunks.leave(&candidate.trunk, call);
        }
    }

    fn invite(
        &self,
        now: Now,
        env: &mut Env,
        call: CallId,
        trunk: &Trunk,
        candidate: &Candidate,
        offer: &Bytes,
    ) -> Result<SessionId, DialFailure> {
        let (transport, remote) = candidate.at;
        let flow = env.sip.way_to(transport, remote).ok_or(DialFailure::NoWay)?;
        let letter = Letter::new(&env.center, trunk, &self.outlook, call, remote.ip().into());
        let mut uri = SipUri::new(Some(&*letter.called), letter.host.clone(), None);
        uri.port =
            (trunk.domain.is_none() && remote.port() != transport.default_port()).then(|| remote.port());
        let invite = Invite {
            uri: uri.to_string(),
            flow,
            routes: Vec::new(),
            from: letter.from.clone(),
            to: NameAddr::new(uri),
            headers: letter.headers(),
            overrides: letter.overrides,
            offer: offer.clone(),
            credentials: trunk.login.clone(),
        };
        env.sip.invite(now, invite).map_err(|error| match error {
            InviteError::Uri | InviteError::Header => DialFailure::TrunkFault,
            InviteError::Exhausted => DialFailure::ServerFault,
        })
    }
}

/// What an INVITE to a trunk says.
struct Letter {
    called: String,
    host: Host,
    from: NameAddr,
    identity: Option<(HeaderName, NameAddr)>,
    overrides: Vec<(String, String)>,
}

impl Letter {
    fn new(center: &Center, trunk: &Trunk, outlook: &Outlook, call: CallId, server: Host) -> Self {
        let plan = &center.dial_plan;
        let called = trunk.numbers.write_called(outlook.number.expose(), plan);
        let caller_id = outlook.caller_id.as_ref().map(|number| number.expose().clone());
        let caller = caller_id.or(trunk.caller_id.clone()).map(|number| trunk.numbers.write(&number, plan));
        let host = trunk.domain.clone().unwrap_or(server);
        let own = trunk.domain.clone().unwrap_or_else(|| center.domain.clone());
        // Providers know us by our account if no number of ours is shown.
        let user = caller.clone().or(trunk.account.as_ref().map(|account| account.user.clone()));
        let user = user.unwrap_or_else(|| "anonymous".to_owned());
        let from = NameAddr::new(SipUri::new(Some(&*user), own, None));
        let identity = match trunk.identity {
            Identity::From => None,
            Identity::Asserted => Some((HeaderName::PAssertedIdentity, from.clone())),
            Identity::Preferred => Some((HeaderName::PPreferredIdentity, from.clone())),
        };
        let fill = |value: &str| {
            value
                .replace("{caller}", caller.as_deref().unwrap_or_default())
                .replace("{called}", &called)
                .replace("{call}", &call.to_string())
        };
        let overrides = trunk.headers.iter().map(|(name, value)| (name.clone(), fill(value))).collect();
        Self { called, host, from, identity, overrides }
    }

    fn headers(&self) -> Vec<(HeaderName, String)> {
        self.identity.iter().map(|(name, value)| (*name, value.to_string())).collect()
    }
}

/// What a final status says about trying elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// This server cannot; another may.
    OtherServer,
    /// This trunk does not take the call, or does not know us; another may.
    OtherTrunk,
    /// The called one, or the network behind the trunk, has spoken.
    Final,
}

impl Verdict {
    /// Timeouts and the server's own failures; refusals that are about us; and where a Q.850 cause says that there is no
    /// way or no circuit by this trunk (2, 3, 34, 38, 41, 42, 44, 47), whatever the status.
    const fn of(status: u16, q850: Option<u8>) -> Self {
        match (status, q850) {
            (_, Some(2 | 3)) => Self::OtherTrunk,
            (_, Some(34 | 38 | 41 | 42 | 44 | 47)) => Self::OtherServer,
            (408 | 500..=599, _) => Self::OtherServer,
            (401 | 403 | 407 | 305 | 420 | 488 | 494, _) => Self::OtherTrunk,
            _ => Self::Final,
        }
    }
}

const fn meaning(status: u16, verdict: Verdict) -> DialFailure {
    match (status, verdict) {
        (486 | 600, _) => DialFailure::Busy,
        (480 | 487, _) => DialFailure::NoAnswer,
        (404 | 410 | 484 | 604, Verdict::Final) => DialFailure::UnknownNumber,
        (408, _) => DialFailure::Silent,
        (_, Verdict::Final) => DialFailure::Rejected,
        (_, Verdict::OtherServer | Verdict::OtherTrunk) => DialFailure::TrunkFault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_cannot_another_may_and_what_the_called_one_says_is_final() {
        for status in [408, 500, 502, 503, 504, 513, 580] {
            assert_eq!(Verdict::of(status, None), Verdict::OtherServer, "{status}");
        }
        for status in [401, 403, 407, 488] {
            assert_eq!(Verdict::of(status, None), Verdict::OtherTrunk, "{status}");
        }
        for status in [302, 404, 480, 484, 486, 487, 600, 603] {
            assert_eq!(Verdict::of(status, None), Verdict::Final, "{status}");
        }
        assert_eq!(Verdict::of(404, Some(3)), Verdict::OtherTrunk, "no route to destination");
        assert_eq!(Verdict::of(480, Some(34)), Verdict::OtherServer, "no circuit");
        assert_eq!(Verdict::of(404, Some(1)), Verdict::Final, "unallocated number");
    }
}
