//! Which contacts are asked whether they are there, and what follows when they are not: a phone behind a NAT that forgot
//! it, or one that was pulled out, is not called until it answers or registers again.

use std::collections::BTreeMap;

use hotline_base::Now;
use serde::{Deserialize, Serialize};

use super::{Endpoint, TimerKey};
use crate::Message;
use crate::probe::{Finding, Probe, ProbeId, Target};
use crate::registrar::{Binding, BindingId, Reach};
use crate::session::Context;

/// Whom a probe is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Subject {
    /// A contact of this user.
    Contact { user: String, binding: BindingId },
}

#[derive(Debug, Serialize, Deserialize)]
struct Probing {
    subject: Subject,
    probe: Probe,
}

/// All probes: at most one for each contact.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Probes {
    all: BTreeMap<ProbeId, Probing>,
    /// Those about contacts, by user.
    contacts: BTreeMap<(String, BindingId), ProbeId>,
}

impl Probes {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    fn of_user(&self, user: &str) -> Vec<(BindingId, ProbeId)> {
        let from = (user.to_owned(), BindingId(0));
        let own = self.contacts.range(from..).take_while(|((known, _), _)| known == user);
        own.map(|((_, binding), probe)| (*binding, *probe)).collect()
    }
}

impl Endpoint {
    /// The contacts of `user` changed: each that is to be probed is, and no other.
    pub(super) fn sync_probes(&mut self, now: Now, user: &str) {
        let config = self.shared.config.probes;
        let is_wanted = |binding: &&Binding| config.concerns(binding);
        let wanted: Vec<(BindingId, Target)> =
            self.registrar.bindings(user).iter().filter(is_wanted).map(target).collect();
        let probed = self.probes.of_user(user);
        for (binding, id) in &probed {
            if wanted.iter().all(|(wanted, _)| wanted != binding) {
                self.probes.contacts.remove(&(user.to_owned(), *binding));
                self.probes.all.remove(id);
                self.timers.cancel(&TimerKey::Probe(*id));
            }
        }
        for (binding, target) in wanted {
            if probed.iter().any(|(known, _)| *known == binding) {
                continue;
            }
            let id = ProbeId(self.next_id());
            // Spread, as after a restart all of them are new at once.
            let micros = u64::try_from(config.interval.as_micros()).unwrap_or(u64::MAX);
            let wait = core::time::Duration::from_micros(self.shared.rng.below(micros));
            let mut ctx = self.shared.context(now);
            let probe = Probe::new(&mut ctx, id, &target, now.mono + wait, config.interval);
            self.timers.set(TimerKey::Probe(id), probe.poll_timeout());
            self.probes.contacts.insert((user.to_owned(), binding), id);
            let subject = Subject::Contact { user: user.to_owned(), binding };
            self.probes.all.insert(id, Probing { subject, probe });
        }
    }

    /// It is time for a probe.
    pub(super) fn wake_probe(&mut self, now: Now, id: ProbeId) {
        self.step_probe(now, id, Probe::handle_timeout);
    }

    /// A response to a probe came.
    pub(super) fn answer_probe(&mut self, now: Now, id: ProbeId, response: &Message) {
        let Some(status) = response.status() else { return };
        self.step_probe(now, id, |probe, _| probe.handle_response(status));
    }

    fn step_probe(
        &mut self,
        now: Now,
        id: ProbeId,
        action: impl FnOnce(&mut Probe, &mut Context<'_>) -> Option<Finding>,
    ) {
        // One whose contact is gone may still be answered.
        let Some(probing) = self.probes.all.get_mut(&id) else { return };
        let finding = action(&mut probing.probe, &mut self.shared.context(now));
        self.timers.set(TimerKey::Probe(id), probing.probe.poll_timeout());
        let reach = match finding {
            Some(Finding::There) => Reach::Reachable,
            Some(Finding::Missed) => {
                self.shared.counters.probes_missed += 1;
                return;
            }
            Some(Finding::Gone) => {
                self.shared.counters.probes_missed += 1;
                Reach::Unreachable
            }
            None => return,
        };
        let Subject::Contact { user, binding } = &probing.subject;
        if self.registrar.set_reach(now, user, *binding, reach) && reach == Reach::Unreachable {
            self.shared.counters.contacts_lost += 1;
        }
    }
}

fn target(binding: &Binding) -> (BindingId, Target) {
    let (uri, routes, flow) = (binding.uri.clone(), binding.path.clone(), binding.way());
    (binding.id, Target { uri, routes, flow })
}
