//! Who is asked whether it is there, and what follows when it is not: a phone behind a NAT that forgot it, or one that was
//! pulled out, is not called until it answers or registers again; of servers, whoever asked for it is told.

use core::time::Duration;
use std::collections::BTreeMap;

use hotline_base::Now;
use serde::{Deserialize, Serialize};

use super::{Endpoint, Event, TimerKey};
use crate::Message;
use crate::flow::Flow;
use crate::probe::{Finding, MAX_MISSES, Probe, ProbeId, Target};
use crate::registrar::{Binding, BindingId, Reach};
use crate::session::Context;
use crate::uri::Uri;

/// Whom a probe is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Subject {
    /// A contact of this user.
    Contact { user: String, binding: BindingId },
    /// A server that our user named.
    Server,
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
    /// How many are about servers.
    servers: usize,
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

    /// Asks a server every `interval` whether it is there, from now on until [`Self::stop_probe`]:
    /// [`Event::ProbeAnswered`] and [`Event::ProbeMissed`] tell. `None` at [`Limits::registrations`](super::Limits) of
    /// them.
    pub fn probe(&mut self, now: Now, flow: Flow, uri: Uri, interval: Duration) -> Option<ProbeId> {
        if self.probes.servers >= self.shared.config.limits.registrations {
            self.shared.counters.overloaded += 1;
            return None;
        }
        self.probes.servers += 1;
        let id = ProbeId(self.next_id());
        let target = Target { uri, routes: Vec::new(), flow };
        let probe = Probe::new(&mut self.shared.context(now), id, &target, now.mono, interval);
        self.probes.all.insert(id, Probing { subject: Subject::Server, probe });
        self.step_probe(now, id, Probe::handle_timeout);
        Some(id)
    }

    /// Asks no more.
    pub fn stop_probe(&mut self, id: ProbeId) {
        let is_server = |probing: &mut Probing| probing.subject == Subject::Server;
        if self.probes.all.get_mut(&id).is_some_and(is_server) {
            self.probes.all.remove(&id);
            self.probes.servers -= 1;
            self.timers.cancel(&TimerKey::Probe(id));
        }
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
        let Some(finding) = finding else { return };
        self.shared.counters.probes_missed += u64::from(finding != Finding::There);
        match &probing.subject {
            Subject::Contact { user, binding } => {
                let reach = match finding {
                    Finding::There => Reach::Reachable,
                    Finding::Missed(..MAX_MISSES) => return,
                    Finding::Missed(MAX_MISSES..) => Reach::Unreachable,
                };
                if self.registrar.set_reach(now, user, *binding, reach) && reach == Reach::Unreachable {
                    self.shared.counters.contacts_lost += 1;
                }
            }
            Subject::Server => self.shared.events.push_back(match finding {
                Finding::There => Event::ProbeAnswered { id },
                Finding::Missed(misses) => Event::ProbeMissed { id, misses },
            }),
        }
    }
}

fn target(binding: &Binding) -> (BindingId, Target) {
    let (uri, routes, flow) = (binding.uri.clone(), binding.path.clone(), binding.way());
    (binding.id, Target { uri, routes, flow })
}
