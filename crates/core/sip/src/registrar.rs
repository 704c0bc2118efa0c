//! The registrar: which contacts each user can be reached at (RFC 3261 §10.3), and until when.
//! Must not know messages or passwords: whoever calls it has authenticated the user.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use hotline_base::{AgentId, Now, Time, TimerQueue};
use serde::{Deserialize, Serialize};

use crate::flow::Flow;
use crate::message::NameAddr;
use crate::uri::Uri;

mod binding;

pub use binding::{Binding, BindingId, Instance, Reach, SavedContact, SavedContacts};

/// Contacts of one user. At the limit the one that would expire first gives way to the new one.
pub const MAX_BINDINGS_PER_USER: usize = 10;

/// One REGISTER, after authentication.
#[derive(Clone, Debug)]
pub struct Update {
    /// The user, which is the user part of the address-of-record.
    pub user: String,
    /// Whose phone it is, for events.
    pub agent: AgentId,
    /// Call-ID of the REGISTER: with `cseq` it orders the requests of one phone.
    pub call_id: String,
    /// CSeq number of the REGISTER.
    pub cseq: u32,
    /// Where it came from: requests to the contact go there, since its own address may be behind a NAT.
    pub flow: Flow,
    /// The proxies on the way to the contacts, nearest first (RFC 3327).
    pub path: Vec<NameAddr>,
    /// What it asks for.
    pub change: Change,
}

/// What a REGISTER changes.
#[derive(Clone, Debug)]
pub enum Change {
    /// Nothing: it only asks what there is.
    Query,
    /// `Contact: *` with `Expires: 0`.
    RemoveAll,
    /// Each contact is added, refreshed, or removed when its `expires` is zero.
    Contacts(Vec<Requested>),
}

/// One contact of a REGISTER.
#[derive(Clone, Debug)]
pub struct Requested {
    /// The contact's URI.
    pub uri: Uri,
    /// How long it is to live; zero removes it.
    pub expires: Duration,
    /// Preference in thousandths (RFC 3261 §20.10).
    pub q: u16,
    /// Which phone it is of, if it says so.
    pub instance: Option<Instance>,
}

/// The REGISTER came out of order: its Call-ID is known with this or a higher CSeq (RFC 3261 §10.3, step 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a REGISTER with this Call-ID and the same or a higher CSeq was seen before")]
pub struct OutOfOrder;

/// Why a user is without any contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Why {
    /// The last contact was not refreshed in time.
    Expired,
    /// The phone took it back, or the user is configured no more.
    Removed,
    /// The connection over which it registered broke.
    Disconnected,
    /// No contact answers any more; they are known until they expire.
    Unanswered,
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Presence {
    /// The user has contacts that answer; one was added, refreshed, or removed.
    Registered {
        /// Whose.
        agent: AgentId,
        /// How many there are.
        contacts: usize,
        /// Until the last of them expires.
        expires: Duration,
    },
    /// The user has none left that answers.
    Unregistered {
        /// Whose.
        agent: AgentId,
        /// Why.
        why: Why,
    },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Record {
    agent: AgentId,
    bindings: Vec<Binding>,
}

/// All contacts of all users.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Registrar {
    users: BTreeMap<String, Record>,
    /// Where contacts registered from, and whose they are: what [`Registrar::at`] finds without a search.
    sources: BTreeSet<(SocketAddr, String)>,
    /// Per user, when its first contact expires.
    timers: TimerQueue<String>,
    events: VecDeque<Presence>,
    /// The users whose contacts changed since they were asked for.
    changed: BTreeSet<String>,
    replaced: u64,
    /// The last id given to a contact.
    last_id: u64,
}

impl Registrar {
    /// Applies one REGISTER, wholly or not at all. Gives back where contacts were that have moved to the REGISTER's
    /// flow, as when a NAT forgot the phone, and where nobody is left.
    ///
    /// # Errors
    /// [`OutOfOrder`], when a later REGISTER of the same phone was applied before.
    pub fn handle_register(&mut self, now: Now, update: Update) -> Result<Vec<Flow>, OutOfOrder> {
        let known = self.users.get(&update.user).map_or(&[][..], |record| &record.bindings);
        let touched = |binding: &&Binding| match &update.change {
            Change::Query => false,
            Change::RemoveAll => true,
            Change::Contacts(contacts) => contacts.iter().any(|contact| binding.gives_way_to(contact)),
        };
        if known.iter().filter(touched).any(|binding| binding.is_newer_than(&update)) {
            return Err(OutOfOrder);
        }
        let flows = known.iter().filter(touched).map(|binding| binding.flow);
        let mut moved: Vec<Flow> = flows.filter(|flow| *flow != update.flow).collect();
        if matches!(update.change, Change::Query) {
            return Ok(moved);
        }
        self.forget_sources(&update.user);
        match &update.change {
            Change::Query => {}
            Change::RemoveAll => self.remove_all(&update.user),
            Change::Contacts(contacts) => {
                for contact in contacts {
                    self.apply(now, &update, contact);
                }
            }
        }
        self.settle(now, &update.user, Why::Removed);
        self.changed.insert(update.user.clone());
        // A proxy stands for many phones: the others have not moved.
        moved.retain(|flow| {
            self.at(flow.remote).next().is_none() && self.at(update.flow.remote).next().is_some()
        });
        Ok(moved)
    }

    /// Forgets the users that are not in `configured`.
    pub fn keep_users(&mut self, configured: &BTreeSet<&str>) {
        let gone: Vec<String> =
            self.users.keys().filter(|user| !configured.contains(user.as_str())).cloned().collect();
        for user in gone {
            self.forget_sources(&user);
            self.timers.cancel(&user);
            if let Some(Record { agent, .. }) = self.users.remove(&user) {
                self.events.push_back(Presence::Unregistered { agent, why: Why::Removed });
                self.changed.insert(user);
            }
        }
    }

    /// Removes the contacts that have expired.
    pub fn handle_timeout(&mut self, now: Now) {
        while let Some(user) = self.timers.pop_due(now.mono) {
            self.forget_sources(&user);
            if let Some(record) = self.users.get_mut(&user) {
                record.bindings.retain(|binding| binding.expires_at > now.mono);
            }
            self.settle(now, &user, Why::Expired);
            self.changed.insert(user);
        }
    }

    /// A connection is gone, and with it the contacts that registered over it.
    pub fn handle_disconnect(&mut self, now: Now, gone: Flow) {
        let concerned = |user: &&str| self.bindings(user).iter().any(|binding| binding.flow == gone);
        let users: Vec<String> = self.at(gone.remote).filter(concerned).map(str::to_owned).collect();
        for user in users {
            self.forget_sources(&user);
            if let Some(record) = self.users.get_mut(&user) {
                record.bindings.retain(|binding| binding.flow != gone);
            }
            self.settle(now, &user, Why::Disconnected);
            self.changed.insert(user);
        }
    }

    /// Takes over contacts that were kept by a former process, each to be reached by the flow that `way` gives; `None`
    /// leaves it out. Gives back how many live.
    pub fn restore(
        &mut self,
        now: Now,
        agent: &AgentId,
        saved: &SavedContacts,
        longest: Duration,
        way: impl Fn(&SavedContact) -> Option<Flow>,
    ) -> usize {
        self.forget_sources(&saved.user);
        let mut bindings = Vec::new();
        for contact in saved.contacts.iter().take(MAX_BINDINGS_PER_USER) {
            let flow = way(contact);
            let id = BindingId(self.last_id + 1);
            let restored = flow.and_then(|flow| Binding::restore(id, now, contact, flow, longest));
            self.last_id += u64::from(restored.is_some());
            bindings.extend(restored);
        }
        let restored = bindings.len();
        self.users.insert(saved.user.clone(), Record { agent: agent.clone(), bindings });
        self.settle(now, &saved.user, Why::Expired);
        self.changed.insert(saved.user.clone());
        restored
    }

    /// Notes whether a contact answers; false if that is nothing new, or the contact is gone.
    pub fn set_reach(&mut self, now: Now, user: &str, id: BindingId, reach: Reach) -> bool {
        let bindings = self.users.get_mut(user).map_or(&mut [][..], |record| &mut record.bindings);
        let known = bindings.iter_mut().find(|binding| binding.id == id && binding.reach != reach);
        let Some(binding) = known else { return false };
        binding.reach = reach;
        self.settle(now, user, Why::Unanswered);
        true
    }

    /// The next change.
    pub fn poll_event(&mut self) -> Option<Presence> {
        self.events.pop_front()
    }

    /// The next user whose contacts changed, however often.
    pub fn poll_changed(&mut self) -> Option<String> {
        self.changed.pop_first()
    }

    /// The contacts of `user` as they are to be kept.
    #[must_use]
    pub fn save(&self, now: Now, user: &str) -> SavedContacts {
        let contacts = self.bindings(user).iter().map(|binding| binding.save(now)).collect();
        SavedContacts { user: user.to_owned(), contacts }
    }

    /// The users with contacts.
    pub fn users(&self) -> impl Iterator<Item = &str> {
        self.users.keys().map(String::as_str)
    }

    /// When [`Self::handle_timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Time> {
        self.timers.next().map(|(at, _)| at)
    }

    /// The contacts of `user`, in the order in which they were refreshed.
    #[must_use]
    pub fn bindings(&self, user: &str) -> &[Binding] {
        self.users.get(user).map_or(&[], |record| &record.bindings)
    }

    /// The contacts of `user` to call: first the one it prefers, among equals the one refreshed last.
    #[must_use]
    pub fn preferred(&self, user: &str) -> Vec<&Binding> {
        let answering = self.bindings(user).iter().rev().filter(|binding| is_reachable(binding));
        let mut preferred: Vec<&Binding> = answering.collect();
        preferred.sort_by_key(|binding| core::cmp::Reverse(binding.q));
        preferred
    }

    /// The users with a contact that registered from this address and port: such a phone is reached there only.
    pub fn at(&self, source: SocketAddr) -> impl Iterator<Item = &str> {
        let all = self.sources.range((source, String::new())..);
        all.take_while(move |(address, _)| *address == source).map(|(_, user)| user.as_str())
    }

    /// The users with a contact that registered from this address, at whatever port: the phones behind one NAT.
    pub fn behind(&self, source: IpAddr) -> impl Iterator<Item = &str> {
        let all = self.sources.range((SocketAddr::new(source, 0), String::new())..);
        all.take_while(move |(address, _)| address.ip() == source).map(|(_, user)| user.as_str())
    }

    /// How many contacts gave way to a new one at [`MAX_BINDINGS_PER_USER`].
    #[must_use]
    pub const fn replaced(&self) -> u64 {
        self.replaced
    }

    fn apply(&mut self, now: Now, update: &Update, contact: &Requested) {
        let record = self
            .users
            .entry(update.user.clone())
            .or_insert_with(|| Record { agent: update.agent.clone(), bindings: Vec::new() });
        record.agent = update.agent.clone();
        // Contacts of one REGISTER stand side by side, though they are of one phone.
        let replaced = |binding: &mut Binding| {
            let beside = binding.is_of(update) && !binding.uri.equivalent(&contact.uri);
            binding.gives_way_to(contact) && !beside
        };
        let former: Vec<Binding> = record.bindings.extract_if(.., replaced).collect();
        if contact.expires.is_zero() {
            return;
        }
        if record.bindings.len() >= MAX_BINDINGS_PER_USER {
            let soonest = (0..record.bindings.len()).min_by_key(|&at| record.bindings[at].expires_at);
            if let Some(at) = soonest {
                record.bindings.remove(at);
                self.replaced += 1;
            }
        }
        let mut binding = Binding::new(BindingId(self.last_id + 1), now, update, contact);
        match former.iter().find(|former| is_reachable(former) && former.has_stayed(&binding)) {
            Some(former) => binding.id = former.id,
            None => self.last_id += 1,
        }
        record.bindings.push(binding);
    }

    /// Takes the user's contacts out of the index; [`Self::settle`] puts in those that are left.
    fn forget_sources(&mut self, user: &str) {
        for binding in self.users.get(user).into_iter().flat_map(|record| &record.bindings) {
            self.sources.remove(&(binding.flow.remote, user.to_owned()));
        }
    }

    fn remove_all(&mut self, user: &str) {
        if let Some(record) = self.users.get_mut(user) {
            record.bindings.clear();
        }
    }

    /// Arms the user's timer and tells what there is; a user without contacts is forgotten.
    fn settle(&mut self, now: Now, user: &str, why: Why) {
        let Some(record) = self.users.get(user) else { return };
        self.sources.extend(record.bindings.iter().map(|binding| (binding.flow.remote, user.to_owned())));
        let agent = record.agent.clone();
        let answering = record.bindings.iter().filter(|binding| is_reachable(binding));
        let contacts = answering.clone().count();
        self.events.push_back(match answering.map(|binding| binding.expires_at).max() {
            Some(last) => Presence::Registered { agent, contacts, expires: last.since(now.mono) },
            None => Presence::Unregistered { agent, why },
        });
        match record.bindings.iter().map(|binding| binding.expires_at).min() {
            Some(first) => self.timers.set(user.to_owned(), first),
            None => {
                self.timers.cancel(&user.to_owned());
                self.users.remove(user);
            }
        }
    }
}

fn is_reachable(binding: &Binding) -> bool {
    match binding.reach {
        Reach::Reachable => true,
        Reach::Unreachable => false,
    }
}

#[cfg(test)]
mod tests;
