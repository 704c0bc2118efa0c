//! The watchdog: looks, without any of the shortcuts of `dispatch.rs`, for callers who wait although an agent could be
//! offered them. There never is one unless this program is at fault; then a person is told, and the call is offered.

use core::time::Duration;
use std::collections::BTreeSet;

use hotline_base::{AgentId, CallId, Now};

use crate::{Acd, AlarmKind, Event, Timer};

/// How often it looks. A pair that is found twice in a row has existed for so long at least.
pub const WATCH_INTERVAL: Duration = Duration::from_secs(2);
/// How many pairs of agent and caller it looks at in one turn. With more, it goes on in the next from where it stopped.
pub const WATCH_PAIRS_MAX: usize = 5000;

impl Acd {
    /// Looks while there is anything to look at.
    pub(crate) fn arm_watch(&mut self, now: Now) {
        let is_needed = self.open > 0 && !self.free.is_empty();
        match (is_needed, self.timers.get(&Timer::Watch)) {
            (true, None) => self.timers.set(Timer::Watch, now.mono + WATCH_INTERVAL),
            (false, Some(_)) => {
                self.timers.cancel(&Timer::Watch);
                self.suspects.clear();
            }
            (true, Some(_)) | (false, None) => {}
        }
    }

    /// Comes after everything else that was due has been done.
    pub(crate) fn watch(&mut self, now: Now) {
        let (found, stopped_at) = self.unoffered(now);
        // What was found is looked at again before going on.
        if found.is_empty() {
            self.watch_from = stopped_at;
        }
        let known = core::mem::take(&mut self.suspects);
        let lost: Vec<(CallId, AgentId)> = found.intersection(&known).cloned().collect();
        self.suspects = found;
        for (call, agent) in lost {
            let (Some(because), Some(caller)) = (self.explain(now, call), self.callers.get(&call)) else {
                continue;
            };
            // An offer to this or that one of the agents may have settled it.
            if because.candidates.iter().any(|candidate| candidate.agent == agent) {
                self.marks.callers.insert(caller.key.call);
                self.counters.not_offered += 1;
                self.events.push_back(Event::Alarm(AlarmKind::NotOffered { call, agent, because }));
                self.settle(now);
            }
        }
        self.arm_watch(now);
    }

    /// The pairs that could be offered, and the agent where it had looked at enough.
    fn unoffered(&self, now: Now) -> (BTreeSet<(CallId, AgentId)>, Option<AgentId>) {
        let mut found = BTreeSet::new();
        let mut looked = 0;
        let from = self.watch_from.as_ref();
        let (before, after): (Vec<_>, Vec<_>) = self.free.iter().partition(|agent| Some(*agent) < from);
        for agent in after.into_iter().chain(before).filter_map(|agent| self.agents.get(agent)) {
            if looked >= WATCH_PAIRS_MAX {
                return (found, Some(agent.config.id.clone()));
            }
            let queues = agent.queues.values().filter_map(|serves| self.queues.at(serves.queue));
            let held = self.held_for.get(&agent.config.id).into_iter().flatten().copied();
            for call in queues.flat_map(|queue| queue.open.iter().map(|key| key.call)).chain(held) {
                looked += 1;
                let asking = self.callers.get(&call).and_then(|caller| self.asking(now, caller));
                let could_be = asking.is_some_and(|asking| {
                    asking.queue.open.contains(&asking.caller.key) && asking.first_shut(agent).is_none()
                });
                if could_be {
                    found.insert((call, agent.config.id.clone()));
                }
            }
        }
        (found, None)
    }
}

#[cfg(test)]
mod tests {
    use hotline_base::{QueueId, Rng};

    use super::*;
    use crate::dispatch::Marks;
    use crate::{AgentConfig, Config, Entry, Member, QueueConfig, Strategy};

    /// Adam is free and a caller waits: the machine has forgotten to look.
    fn forgetful() -> (Acd, Now, CallId) {
        let adam = AgentId::from("adam");
        let queues = vec![QueueConfig::new(QueueId::from("sales"), vec![Member::new(adam.clone())])];
        let agents = vec![AgentConfig::new(adam.clone(), "".into())];
        let now = Now::default();
        let mut acd = Acd::new(Config { queues, agents, ..Config::default() }, now);
        acd.sign_in(now, &adam).expect("there is such an agent");
        acd.set_ready(now, &adam).expect("it is signed in");
        let call = CallId::parse(&format!("{:032x}", 1)).expect("it is one");
        acd.enqueue(now, Entry::new(call, QueueId::from("sales"))).expect("there is room");
        acd.update(now, &adam, |agent| agent.registered = true);
        acd.marks = Marks::default();
        acd.settle(now);
        (acd, now, call)
    }

    fn events(acd: &mut Acd) -> Vec<Event> {
        core::iter::from_fn(|| acd.poll_event()).collect()
    }

    #[test]
    fn a_lost_event_raises_an_alarm_and_the_call_is_offered() {
        let (mut acd, now, waiting) = forgetful();
        let is_offer = |event: &Event| matches!(event, Event::Offer { .. });
        assert!(!events(&mut acd).iter().any(is_offer), "the event is lost");
        for turn in 1..=2 {
            let (at, timer) = acd.poll_timeout().expect("the watchdog looks");
            assert_eq!((at, timer), (now.mono + WATCH_INTERVAL * turn, Timer::Watch));
            acd.handle_timeout(now + WATCH_INTERVAL * turn);
        }
        let told = events(&mut acd);
        let Some(Event::Alarm(AlarmKind::NotOffered { call, agent, because })) = told.first() else {
            panic!("no alarm: {told:?}");
        };
        assert_eq!((*call, agent.as_str(), because.replay()), (waiting, "adam", Some(agent.clone())));
        assert!(told.iter().any(is_offer));
        assert_eq!(acd.counters().not_offered, 1);
    }

    /// Agents and callers by chance, and what has become possible is lost.
    fn forgetful_by_chance(seed: u64) -> (Acd, Now) {
        let mut rng = Rng::from_number(seed);
        let mut below = |most| usize::try_from(rng.below(most)).expect("a small number");
        let agents: Vec<AgentId> = (0..=below(4)).map(|number| AgentId::from(&*number.to_string())).collect();
        let queue = |number: usize| QueueId::from(&*number.to_string());
        let queues: Vec<QueueConfig> = (0..=below(3))
            .map(|number| {
                let from = below(agents.len() as u64);
                let strategy = [Strategy::LongestIdle, Strategy::RingAll, Strategy::Random][below(3)];
                let members = agents[from..].iter().cloned().map(Member::new).collect();
                QueueConfig { strategy, ..QueueConfig::new(queue(number), members) }
            })
            .collect();
        let count = queues.len() as u64;
        let config = agents.iter().map(|agent| AgentConfig::new(agent.clone(), "".into())).collect();
        let now = Now::default();
        let mut acd = Acd::new(Config { queues, agents: config, ..Config::default() }, now);
        for agent in &agents {
            acd.sign_in(now, agent).expect("there is such an agent");
            acd.set_ready(now, agent).expect("it is signed in");
        }
        for number in 1..=below(6) {
            let call = CallId::parse(&format!("{number:032x}")).expect("it is one");
            acd.enqueue(now, Entry::new(call, queue(below(count)))).expect("there is room");
        }
        for agent in &agents {
            if below(3) > 0 {
                acd.update(now, agent, |agent| agent.registered = true);
            }
        }
        acd.marks = Marks::default();
        acd.settle(now);
        (acd, now)
    }

    #[test]
    fn whatever_was_lost_nobody_waits_for_a_free_agent_for_longer_than_two_looks() {
        let mut alarms = 0;
        for seed in 0..10_000 {
            let (mut acd, now) = forgetful_by_chance(seed);
            let was_lost = !acd.unoffered(now).0.is_empty();
            for turn in 1..=2 {
                acd.handle_timeout(now + WATCH_INTERVAL * turn);
            }
            let late = now + WATCH_INTERVAL * 2;
            assert!(acd.unoffered(late).0.is_empty(), "seed {seed}: somebody waits for a free agent");
            let told = events(&mut acd);
            let is_alarm = |event: &&Event| matches!(event, Event::Alarm(AlarmKind::NotOffered { .. }));
            assert_eq!(told.iter().any(|event| is_alarm(&event)), was_lost, "seed {seed}");
            alarms += told.iter().filter(is_alarm).count();
            let offered: Vec<_> = told
                .iter()
                .filter_map(|event| if let Event::Offer { agent, .. } = event { Some(agent) } else { None })
                .collect();
            assert_eq!(
                offered.len(),
                offered.iter().collect::<BTreeSet<_>>().len(),
                "seed {seed}: no agent twice"
            );
        }
        assert!(alarms > 5000, "{alarms} alarms");
    }

    #[test]
    fn what_is_looked_at_in_time_is_no_alarm() {
        let (mut acd, now, _) = forgetful();
        acd.handle_timeout(now + WATCH_INTERVAL);
        acd.set_registered(now + WATCH_INTERVAL, &AgentId::from("adam"), false);
        acd.set_registered(now + WATCH_INTERVAL, &AgentId::from("adam"), true);
        acd.handle_timeout(now + WATCH_INTERVAL * 2);
        assert_eq!(acd.counters().not_offered, 0);
    }
}
