//! What is said before caller and agent hear each other: to the agent which queue it is and how long the caller has
//! waited, to the caller which agent comes. Both hear their part at the same time.

use std::time::Duration;

use hotline_base::{LegId, Now, PlayId};
use hotline_ivr::{Language, PromptName, agent_announcement, waited_announcement};
use hotline_media as media;

use super::Call;
use super::live::Activity;
use super::offer::{AgentLeg, Taken};
use crate::controller::CallTimer;
use crate::env::Env;

/// However much there is to be said: after so long the two hear each other.
pub(super) const GREETING_MAX: Duration = Duration::from_secs(20);

impl Call {
    /// The agent has taken the call: says what is to be said, then puts it through.
    pub(super) fn greet(&mut self, now: Now, env: &mut Env, offer: LegId) {
        let (to_agent, to_caller) = self.greeting(now, env, offer);
        if to_agent.is_empty() && to_caller.is_empty() {
            self.put_through(now, env, offer);
            return;
        }
        let Some((mut leg, others, fallback)) = self.take_offers(offer) else { return };
        let mut say = |leg: LegId, prompts: Vec<media::PromptId>| {
            (!prompts.is_empty()).then(|| {
                let play = env.next_play();
                env.media.push_back(media::Command::Play {
                    leg,
                    play,
                    prompts,
                    behind: media::Behind::Silence,
                });
                play
            })
        };
        let greeting = Taken::Greeting { agent: say(offer, to_agent), caller: say(self.leg, to_caller) };
        if let Some(taken) = leg.taken() {
            *taken = greeting;
        }
        if let Some(reservation) = leg.reservation {
            env.acd.offer_accepted(now, reservation, GREETING_MAX);
        }
        env.arm(self.id(), CallTimer::Ring(offer), now.mono + GREETING_MAX);
        self.set_activity(Activity::Offering { agents: vec![leg], fallback });
        self.drop_offers(now, env, others, hotline_acd::OfferFailure::Elsewhere);
    }

    /// What is to be said to the agent and to the caller.
    fn greeting(
        &mut self,
        now: Now,
        env: &Env,
        offer: LegId,
    ) -> (Vec<media::PromptId>, Vec<media::PromptId>) {
        let nothing = (Vec::new(), Vec::new());
        let Some(agent) = self.agent_leg(offer).filter(|leg| leg.reservation.is_some()) else {
            return nothing;
        };
        let agent = agent.agent.clone();
        let Some(waiting) = self.waiting() else { return nothing };
        let waited = now.mono - waiting.joined();
        let Some(queue) = env.center.queues.get(&waiting.queue) else { return nothing };
        let rules = &queue.greeting;
        let language = Language::from(env.center.language.as_str());
        let mut to_agent = rules.whisper.clone();
        if rules.whisper_wait {
            to_agent.extend(waited_announcement(&language, waited));
        }
        let class = self.customer().and_then(|customer| customer.class.as_ref());
        to_agent.extend(class.and_then(|class| rules.whisper_class.get(class)).cloned());
        let extension = env.center.agents.get(&agent).filter(|_| rules.agent_number);
        let own = Language::from(self.record.language.as_str());
        let to_caller = extension.map(|agent| agent_announcement(&own, &agent.extension)).unwrap_or_default();
        let said = |language: &str, names: &[PromptName]| {
            names.iter().map(|name| super::flow::prompt_id(language, name)).collect()
        };
        (said(&env.center.language, &to_agent), said(&self.record.language, &to_caller))
    }

    /// A playback is over: true if it belonged to a greeting, of which the last part lets the two hear each other.
    pub(super) fn on_greeting_heard(&mut self, now: Now, env: &mut Env, play: PlayId) -> bool {
        for offer in self.offers() {
            let Some(Taken::Greeting { agent, caller }) = self.agent_leg(offer).and_then(AgentLeg::taken)
            else {
                continue;
            };
            let heard = [agent.take_if(|own| *own == play), caller.take_if(|own| *own == play)];
            if heard == [None, None] {
                continue;
            }
            if agent.is_none() && caller.is_none() {
                self.put_through(now, env, offer);
            }
            return true;
        }
        false
    }

    /// Whether the agent has taken this offer and the two do not hear each other yet.
    pub(super) fn is_greeting(&mut self, offer: LegId) -> bool {
        let taken = self.agent_leg(offer).and_then(AgentLeg::taken);
        taken.is_some_and(|taken| matches!(taken, Taken::Greeting { .. }))
    }
}
