//! Who hears whom in a talk: computed anew from who is there, who listens and who is asked aside, and told to the media
//! plane where it differs from what that knows.

use std::collections::BTreeMap;

use hotline_base::{BridgeId, LegId};
use hotline_media as media;
use serde::{Deserialize, Serialize};

use super::company::Consult;
use super::conversation::Conversation;
use super::live::Activity;
use super::supervisors::Supervisor;
use super::{Call, Stage};
use crate::env::Env;

/// What the media plane was told of a talk.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Rooms {
    /// The one who is served and whoever talks with them.
    main: Option<Room>,
    /// The agent and whom the agent asks meanwhile.
    aside: Option<Room>,
    /// What those hear who are in neither; who is missing hears nothing.
    behind: BTreeMap<LegId, Behind>,
}

#[derive(Serialize, Deserialize)]
struct Room {
    bridge: BridgeId,
    parties: Vec<media::Party>,
}

/// What somebody hears who waits for the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Behind {
    Music,
    Ringing,
}

/// Who is to hear whom.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seating {
    main: Vec<media::Party>,
    aside: Vec<media::Party>,
    behind: BTreeMap<LegId, Behind>,
}

impl Seating {
    fn of(served: LegId, talk: &Conversation, supervisors: &[Supervisor]) -> Self {
        let (agent, holds, company) = (talk.media.id(), talk.holds, &talk.company);
        let is_agent_here = !holds.agent_is_away();
        let mut talking: Vec<LegId> = (!holds.caller).then_some(served).into_iter().collect();
        talking.extend(is_agent_here.then_some(agent));
        talking.extend(company.members().filter(|member| member.listens()).map(|member| member.media.id()));
        // Who stays with the agent goes aside with the agent.
        let (with_agent, others): (Vec<&Supervisor>, Vec<&Supervisor>) =
            supervisors.iter().partition(|one| holds.agent_is_aside() && one.follows(talk.agent()));
        talking.extend(others.iter().filter_map(|one| one.barging()));
        let asked = company.consulted().filter(|member| member.listens()).map(|member| member.media.id());
        let mut aside: Vec<LegId> = match asked {
            Some(asked) if holds.agent_is_aside() => vec![agent, asked],
            Some(_) | None => Vec::new(),
        };
        aside.extend(with_agent.iter().filter_map(|one| one.barging()));
        let (main, aside) = (room(&talking, agent, &others), room(&aside, agent, &with_agent));
        let mut seating = Self { main, aside, behind: BTreeMap::new() };
        seating.behind = seating.behind(served, talk);
        seating
    }

    /// What those hear who are in no room.
    fn behind(&self, served: LegId, talk: &Conversation) -> BTreeMap<LegId, Behind> {
        let (holds, company) = (talk.holds, &talk.company);
        let agent = match company.consult() {
            Some(Consult::Ringing { rings: true, .. } | Consult::Dialling { rings: true, .. }) => {
                Some(Behind::Ringing)
            }
            Some(Consult::Ringing { .. } | Consult::Dialling { .. }) => None,
            Some(Consult::Talking { .. }) | None => holds.caller.then_some(Behind::Music),
        };
        let waiting = company.members().chain(company.consulted()).map(|member| member.media.id());
        let mut behind: BTreeMap<LegId, Behind> = waiting.map(|leg| (leg, Behind::Music)).collect();
        behind.extend(agent.map(|what| (talk.media.id(), what)));
        behind.extend(holds.agent_is_away().then_some((served, Behind::Music)));
        behind.retain(|leg, _| !self.is_seated(*leg));
        behind
    }

    fn is_seated(&self, leg: LegId) -> bool {
        self.main.iter().chain(&self.aside).any(|party| party.leg == leg)
    }
}

/// Everybody who talks hears the others; supervisors as each does (semantics of monitoring: the customer never hears a whisper).
/// Nobody is in it who would be alone.
fn room(talking: &[LegId], agent: LegId, supervisors: &[&Supervisor]) -> Vec<media::Party> {
    if talking.len() < 2 {
        return Vec::new();
    }
    let mut parties = media::Party::conference(talking);
    for (leg, mode) in supervisors.iter().filter_map(|one| one.apart()) {
        let (hears, is_heard) = match mode {
            media::Supervision::Listen => (true, false),
            media::Supervision::Whisper => (true, true),
            media::Supervision::PrivateWhisper => (false, true),
            // These talk like all others.
            media::Supervision::Barge | media::Supervision::TakeOver => continue,
        };
        let listener = parties.iter_mut().find(|party| is_heard && party.leg == agent);
        if let Some(listener) = listener {
            listener.hears.push(leg);
        } else if !hears {
            continue;
        }
        let hears = if hears { talking.to_vec() } else { Vec::new() };
        parties.push(media::Party { leg, hears, gain_db: 0 });
    }
    parties
}

impl Rooms {
    fn follow(&mut self, env: &mut Env, seating: Seating, music: Option<&media::Music>) {
        let Seating { main, aside, behind } = seating;
        for (room, parties) in [(&mut self.main, &main), (&mut self.aside, &aside)] {
            if let Some(over) = room.take_if(|_| parties.is_empty()) {
                env.media.push_back(media::Command::Unbridge { bridge: over.bridge });
            }
        }
        for leg in self.behind.keys().chain(behind.keys()) {
            let wanted = behind.get(leg);
            if self.behind.get(leg) != wanted {
                let prompt = match wanted {
                    Some(Behind::Music) => music.cloned(),
                    Some(Behind::Ringing) => Some(media::RINGBACK.into()),
                    None => None,
                };
                env.media.push_back(media::Command::SetMusic { leg: *leg, prompt });
            }
        }
        self.behind = behind;
        sit(env, &mut self.main, main);
        sit(env, &mut self.aside, aside);
    }

    /// Nobody hears anybody any more.
    pub(super) fn close(&mut self, env: &mut Env) {
        for room in [self.main.take(), self.aside.take()].into_iter().flatten() {
            env.media.push_back(media::Command::Unbridge { bridge: room.bridge });
        }
        self.behind.clear();
    }
}

/// Two alone get each other's packets as they are.
fn sit(env: &mut Env, room: &mut Option<Room>, parties: Vec<media::Party>) {
    if parties.is_empty() || room.as_ref().is_some_and(|room| room.parties == parties) {
        return;
    }
    let before = room.take().map(|room| room.bridge);
    let bridge = match &parties[..] {
        [one, other] if one.hears == [other.leg] && other.hears == [one.leg] => {
            if let Some(bridge) = before {
                env.media.push_back(media::Command::Unbridge { bridge });
            }
            let bridge = env.next_bridge();
            env.media.push_back(media::Command::Bridge { bridge, a: one.leg, b: other.leg });
            bridge
        }
        _ => {
            let bridge = before.unwrap_or_else(|| env.next_bridge());
            env.media.push_back(media::Command::Connect { bridge, parties: parties.clone() });
            bridge
        }
    };
    *room = Some(Room { bridge, parties });
}

impl Call {
    /// Lets everybody in the talk hear whom they are to hear now.
    pub(super) fn arrange(&mut self, env: &mut Env) {
        let (served, music) = (self.leg, self.hold_music(env));
        let Stage::Live(live) = &mut self.stage else { return };
        let Activity::Talking(talk) = &mut live.activity else { return };
        let seating = Seating::of(served, talk, &live.supervisors);
        talk.rooms.follow(env, seating, music.as_ref());
    }
}
