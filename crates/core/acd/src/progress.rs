//! What opens for a waiting caller: the steps of the plan, the tiers, and the end of being held for one agent.

use hotline_base::{CallId, Now};

use crate::agent::Agent;
use crate::caller::{Caller, Stage};
use crate::queue::Queue;
use crate::{Acd, Class, Event, PlanStep, SkipIf, Sticky, Timer};

impl Acd {
    /// Begins the steps that are due, for callers whose time has come or whose queue has changed.
    pub(crate) fn follow_plans(&mut self, now: Now) {
        for call in core::mem::take(&mut self.marks.rings) {
            let is_past_limit = self.callers.get(&call).is_none_or(|caller| caller.stage == Stage::Exceeded);
            if !is_past_limit {
                self.begin_steps(now, call);
                self.await_next_ring(now, call);
                self.refresh(call);
            }
        }
    }

    fn begin_steps(&mut self, now: Now, call: CallId) {
        let mut begins_early = false;
        while let Some(caller) = self.callers.get(&call)
            && let Some(queue) = self.queues.get(&caller.queue)
            && let Some(step) = caller.progress.next_step(&queue.config.plan)
            && (begins_early || step.after <= caller.waited(now))
        {
            let plan = &queue.config.plan;
            begins_early = !caller.progress.is_last(plan) && self.is_useless(step, caller, queue);
            let mut progress = caller.progress;
            if begins_early {
                progress.pass_over();
            } else {
                progress.begin(plan);
            }
            let (credit, class) = (caller.credit + step.priority_credit, caller.key.class);
            if let Some(caller) = self.callers.get_mut(&call) {
                caller.progress = progress;
            }
            if !begins_early {
                self.marks.begun.insert(call);
                self.reorder(call, credit, class);
            }
        }
    }

    fn is_useless(&self, step: &PlanStep, caller: &Caller, queue: &Queue) -> bool {
        let is_admitted =
            |agent: Option<&Agent>| agent.is_some_and(|agent| step.admits(agent, &caller.requires).is_ok());
        match step.skip_if {
            None => false,
            Some(SkipIf::NobodyFree) => {
                !queue.offerable.iter().any(|(.., slot)| is_admitted(self.agents.at(*slot)))
            }
            Some(SkipIf::NobodyWorking) => {
                !queue.working.iter().any(|(_, agent)| is_admitted(self.agents.get(agent)))
            }
        }
    }

    fn await_next_ring(&mut self, now: Now, call: CallId) {
        let Some(caller) = self.callers.get(&call) else { return };
        let Some(queue) = self.queues.get(&caller.queue) else { return };
        let step = caller.progress.next_step(&queue.config.plan).map(|step| step.after);
        let tiers = queue.tiers.iter().map(|tier| queue.config.tiers.opens_after(*tier));
        let next = tiers.filter(|after| *after > caller.waited(now)).chain(step).min();
        match next {
            Some(after) => self.timers.set(Timer::Ring(call), caller.since.mono + after),
            None => {
                self.timers.cancel(&Timer::Ring(call));
            }
        }
    }

    /// Gives a caller another head start or class, and the place that follows from it.
    pub(crate) fn reorder(&mut self, call: CallId, credit: core::time::Duration, class: Class) {
        let Some(caller) = self.callers.get_mut(&call) else { return };
        if caller.credit == credit && caller.key.class == class {
            return;
        }
        caller.credit = credit;
        let key = caller.due(class);
        let old = core::mem::replace(&mut caller.key, key);
        if let Some(queue) = self.queues.get_mut(&caller.queue) {
            queue.callers.remove(&old);
            queue.callers.insert(caller.key);
            if queue.open.remove(&old) {
                queue.open.insert(caller.key);
            }
        }
        let queue = caller.queue.clone();
        self.marks.moved.insert(queue.clone());
        self.events.push_back(Event::Prioritised { call, queue, class, credit });
    }

    /// Holds a caller for one agent, if that one can ever come.
    pub(crate) fn hold_for(&mut self, now: Now, call: CallId, sticky: Sticky) {
        let agent = self.agents.get(&sticky.agent).filter(|agent| !agent.retired);
        if agent.is_none_or(|agent| !sticky.designated && !agent.is_working()) {
            return;
        }
        let Some(caller) = self.callers.get_mut(&call) else { return };
        if let Some(wait) = sticky.wait {
            self.timers.set(Timer::Sticky(call), now.mono + wait);
        }
        self.held_for.entry(sticky.agent.clone()).or_default().insert(call);
        caller.sticky = Some(sticky);
        self.refresh(call);
    }

    /// Any agent may have the caller who was held for one.
    pub(crate) fn release(&mut self, call: CallId) {
        let Some(caller) = self.callers.get_mut(&call) else { return };
        let Some(sticky) = caller.sticky.take() else { return };
        self.timers.cancel(&Timer::Sticky(call));
        if let Some(held) = self.held_for.get_mut(&sticky.agent) {
            held.remove(&call);
            if held.is_empty() {
                self.held_for.remove(&sticky.agent);
            }
        }
        self.refresh(call);
    }

    /// Releases callers who are held for agents who have stopped taking calls, or are gone for good.
    pub(crate) fn follow_workers(&mut self) {
        let mut released = Vec::new();
        for id in &self.marks.agents {
            let Some(held) = self.held_for.get(id) else { continue };
            let agent = self.agents.get(id).filter(|agent| !agent.retired);
            released.extend(held.iter().copied().filter(|call| {
                let sticky = self.callers.get(call).and_then(|caller| caller.sticky.as_ref());
                match (agent, sticky) {
                    (Some(agent), Some(sticky)) => !sticky.designated && !agent.is_working(),
                    (None, _) | (_, None) => true,
                }
            }));
        }
        for call in released {
            self.release(call);
        }
    }
}
