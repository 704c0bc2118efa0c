//! A call that an agent makes from the page: the agent's own phone is called first, then whom the agent wants.

use bytes::Bytes;
use hotline_acd::Outside;
use hotline_base::{AgentId, CallId, Now, Pii};
use hotline_sip::uri::Host;
use hotline_sip::{HeaderName, Invite, NameAddr, SipUri};

use super::live::{Activity, Live, Progress};
use super::opening::{Begun, Opening};
use super::{Call, Stage};
use crate::center::AutoAnswer;
use crate::controller::CallTimer;
use crate::env::Env;
use crate::event::{CallEvent, EndKind, Entry, Source};
use crate::media_leg::MediaLeg;
use crate::sessions::{LegEnd, SipLeg};

/// What an agent wants.
pub(crate) struct Summons {
    pub(crate) id: CallId,
    pub(crate) agent: AgentId,
    /// As the agent wrote it.
    pub(crate) called: String,
    pub(crate) entry: Entry,
    pub(crate) language: String,
    /// The number that is to be shown, normalised.
    pub(crate) caller_id: Option<Pii<String>>,
}

impl Call {
    /// Begins the call: asks for a media port for the agent's own phone.
    pub(crate) fn summon(now: Now, env: &mut Env, summons: Summons) -> Self {
        let Summons { id, agent, called, entry, language, caller_id } = summons;
        let known = env.center.agents.get(&agent);
        let extension = known.map(|known| known.extension.clone()).unwrap_or_default();
        let name = known.map(|known| Pii::from(known.name.as_str()));
        let started = CallEvent::Started {
            caller: Pii::new(extension),
            caller_name: name,
            called: Pii::new(called),
            entry,
            source: Source::Agent(agent.clone()),
            sip_call_id: String::new(),
            language,
            diversion: None,
        };
        env.acd.set_outside_call(now, &agent, id, Some(Outside::Ringing));
        Self::open(now, env, Begun { id, started, session: None, opening: Opening::Summoned { caller_id } })
    }

    /// The port for the agent's own phone is open: calls it.
    pub(super) fn summon_agent(
        &mut self,
        now: Now,
        env: &mut Env,
        mut media: MediaLeg,
        caller_id: Option<Pii<String>>,
    ) {
        let Some(agent) = self.calling_agent().cloned() else { return };
        let Some(contact) = env.sip.contact(agent.as_str()) else {
            self.refuse(now, env, 480, 20);
            return;
        };
        let mut from = NameAddr::new(SipUri::new(Some(self.called()), env.center.domain.clone(), None));
        from.display = self.display_name().map(Into::into);
        let auto = env.center.agents.get(&agent).map(|agent| agent.auto_answer).unwrap_or_default();
        let invite = Invite {
            uri: contact.uri,
            flow: contact.flow,
            routes: contact.routes,
            from,
            to: NameAddr::new(SipUri::new(Some(agent.as_str()), env.center.domain.clone(), None)),
            headers: match auto {
                AutoAnswer::Never => Vec::new(),
                AutoAnswer::OwnCalls | AutoAnswer::Always => auto_answer(&env.center.domain),
            },
            overrides: Vec::new(),
            offer: media.offer(&env.center, None),
            credentials: None,
        };
        let Ok(session) = env.sip.invite(now, invite) else {
            self.refuse(now, env, 503, 41);
            return;
        };
        let (call, ring) = (self.id(), env.center.timing.extension_ring);
        let sip_call_id = env.sip.call_id(session).expect("a session that has just begun is known");
        let end = LegEnd::Caller(self.record.source.clone());
        env.sessions.adopt(session, SipLeg { call, end, sip_call_id });
        env.arm(call, CallTimer::Ring, now.mono + ring);
        self.session = Some(session);
        let live = Live { media, progress: Progress::Summoned { caller_id }, activity: Activity::Summoning };
        self.stage = Stage::Live(Box::new(live));
    }

    /// The agent has taken the own phone up: whom the agent wants is called.
    pub(crate) fn on_summoned(&mut self, now: Now, env: &mut Env, answer: Option<&Bytes>) {
        let id = self.id();
        let Some(live) = self.live() else { return };
        let Progress::Summoned { caller_id } = &live.progress else { return };
        let caller_id = caller_id.clone();
        let agreed = live.media.conclude(answer, &mut env.media);
        live.progress = Progress::Confirmed;
        live.activity = Activity::Idle;
        env.disarm(id, CallTimer::Ring);
        if !agreed {
            self.end_by_system(now, env, EndKind::Refused, Some(200), 88);
            return;
        }
        self.emit(now, env, CallEvent::Answered);
        if let Some(agent) = self.calling_agent() {
            let talking = Outside::Talking(self.direction_of_entry());
            env.acd.set_outside_call(now, agent, id, Some(talking));
        }
        self.enter(now, env, caller_id);
    }

    /// The agent's own phone refused, or cannot be reached.
    pub(crate) fn on_summons_failed(&mut self, now: Now, env: &mut Env, status: u16) {
        self.end_by_system(now, env, EndKind::NotAnswered, Some(status), 19);
    }

    pub(crate) fn is_summoning(&self) -> bool {
        let Stage::Live(live) = &self.stage else { return false };
        matches!(live.activity, Activity::Summoning)
    }
}

/// What phones know that take a call by themselves: the draft that RFC 5373 grew out of, and what desk phones made of
/// Alert-Info.
pub(super) fn auto_answer(domain: &Host) -> Vec<(HeaderName, String)> {
    vec![
        (HeaderName::CallInfo, format!("<sip:{domain}>;answer-after=0")),
        (HeaderName::AlertInfo, format!("<http://{domain}>;info=alert-autoanswer;delay=0")),
    ]
}
