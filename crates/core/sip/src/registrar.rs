//! The registrar: which contacts each user can be reached at (RFC 3261 §10.3), and until when.
//! Must not know messages or passwords: whoever calls it has authenticated the user.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use hotline_base::{AgentId, Now, Time, TimerQueue};
use serde::{Deserialize, Serialize};

use crate::flow::Flow;
use crate::uri::Uri;

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
}

/// One contact of a user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Binding {
    /// The contact's URI.
    pub uri: Uri,
    /// Where it registered from.
    pub flow: Flow,
    /// When it ends unless refreshed.
    pub expires_at: Time,
    /// Preference in thousandths.
    pub q: u16,
    refreshed_at: Time,
    call_id: String,
    cseq: u32,
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
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Presence {
    /// The user has contacts; one was added, refreshed, or removed.
    Registered {
        /// Whose.
        agent: AgentId,
        /// How many there are.
        contacts: usize,
        /// Until the last of them expires.
        expires: Duration,
    },
    /// The user has none left.
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
    replaced: u64,
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
            Change::Contacts(contacts) => contacts.iter().any(|contact| contact.uri.equivalent(&binding.uri)),
        };
        let late = |binding: &Binding| binding.call_id == update.call_id && update.cseq <= binding.cseq;
        if known.iter().filter(touched).any(late) {
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
        }
    }

    /// The next change.
    pub fn poll_event(&mut self) -> Option<Presence> {
        self.events.pop_front()
    }

    /// When [`Self::handle_timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Time> {
        self.timers.next().map(|(at, _)| at)
    }

    /// The contacts of `user`.
    #[must_use]
    pub fn bindings(&self, user: &str) -> &[Binding] {
        self.users.get(user).map_or(&[], |record| &record.bindings)
    }

    /// The contact of `user` to call: the one it prefers, among equals the one refreshed last.
    #[must_use]
    pub fn best(&self, user: &str) -> Option<&Binding> {
        self.bindings(user).iter().max_by_key(|binding| (binding.q, binding.refreshed_at))
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
        record.bindings.retain(|binding| !binding.uri.equivalent(&contact.uri));
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
        record.bindings.push(Binding {
            uri: contact.uri.clone(),
            flow: update.flow,
            expires_at: now.mono + contact.expires,
            q: contact.q,
            refreshed_at: now.mono,
            call_id: update.call_id.clone(),
            cseq: update.cseq,
        });
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
        let times = || record.bindings.iter().map(|binding| binding.expires_at);
        match (times().min(), times().max()) {
            (Some(first), Some(last)) => {
                let (contacts, expires) = (record.bindings.len(), last.since(now.mono));
                self.events.push_back(Presence::Registered { agent, contacts, expires });
                self.timers.set(user.to_owned(), first);
            }
            (None, _) | (_, None) => {
                self.events.push_back(Presence::Unregistered { agent, why });
                self.timers.cancel(&user.to_owned());
                self.users.remove(user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn update(call_id: &str, cseq: u32, contacts: &[(&str, u64)]) -> Update {
        let contact = |&(uri, seconds): &(&str, u64)| Requested {
            uri: uri.parse().unwrap(),
            expires: Duration::from_secs(seconds),
            q: 1000,
        };
        Update {
            user: "ann".into(),
            agent: AgentId::from("ann"),
            call_id: call_id.into(),
            cseq,
            flow: Flow::udp("192.0.2.1:5060".parse().unwrap(), "192.0.2.9:4000".parse().unwrap()),
            change: Change::Contacts(contacts.iter().map(contact).collect()),
        }
    }

    fn registered(contacts: usize, seconds: u64) -> Option<Presence> {
        let expires = Duration::from_secs(seconds);
        Some(Presence::Registered { agent: AgentId::from("ann"), contacts, expires })
    }

    fn gone(why: Why) -> Option<Presence> {
        Some(Presence::Unregistered { agent: AgentId::from("ann"), why })
    }

    #[test]
    fn contacts_are_added_refreshed_and_expire_one_by_one() {
        let mut registrar = Registrar::default();
        let now = Now::default();
        registrar.handle_register(now, update("a", 1, &[("sip:one", 60)])).unwrap();
        registrar.handle_register(now, update("b", 1, &[("sip:two", 3600)])).unwrap();
        assert_eq!(registrar.poll_event(), registered(1, 60));
        assert_eq!(registrar.poll_event(), registered(2, 3600));
        let minute = now + Duration::from_secs(60);
        assert_eq!(registrar.poll_timeout(), Some(minute.mono));
        registrar.handle_timeout(minute);
        assert_eq!(registrar.poll_event(), registered(1, 3540));
        registrar.handle_timeout(now + HOUR);
        assert_eq!(registrar.poll_event(), gone(Why::Expired));
        assert_eq!((registrar.poll_timeout(), registrar.bindings("ann").len()), (None, 0));
    }

    #[test]
    fn the_contact_to_call_is_the_preferred_or_the_latest() {
        let mut registrar = Registrar::default();
        registrar.handle_register(Now::default(), update("a", 1, &[("sip:one", 60)])).unwrap();
        let later = Now::default() + Duration::from_secs(1);
        registrar.handle_register(later, update("b", 1, &[("sip:two", 60)])).unwrap();
        assert_eq!(registrar.best("ann").unwrap().uri.to_string(), "sip:two");
        let mut shy = update("b", 2, &[("sip:two", 60)]);
        if let Change::Contacts(contacts) = &mut shy.change {
            contacts[0].q = 500;
        }
        registrar.handle_register(later, shy).unwrap();
        assert_eq!(registrar.best("ann").unwrap().uri.to_string(), "sip:one");
        assert!(registrar.best("bob").is_none());
    }

    #[test]
    fn users_are_found_by_where_they_registered_while_they_are_registered() {
        let mut registrar = Registrar::default();
        let at = |port: u16| SocketAddr::from(([192, 0, 2, 9], port));
        let from = |update: Update, user: &str, port| Update {
            user: user.into(),
            flow: Flow { remote: at(port), ..update.flow },
            ..update
        };
        let now = Now::default();
        registrar.handle_register(now, from(update("a", 1, &[("sip:one", 60)]), "ann", 4000)).unwrap();
        registrar.handle_register(now, from(update("b", 1, &[("sip:two", 90)]), "bob", 5000)).unwrap();
        let found =
            |registrar: &Registrar, port| registrar.at(at(port)).map(str::to_owned).collect::<Vec<_>>();
        let behind = |registrar: &Registrar| registrar.behind(at(1).ip()).count();
        assert_eq!((found(&registrar, 4000), found(&registrar, 4001)), (vec!["ann".to_owned()], vec![]));
        assert_eq!((behind(&registrar), registrar.behind([192, 0, 2, 8].into()).count()), (2, 0));
        registrar.handle_register(now, from(update("a", 2, &[("sip:one", 60)]), "ann", 4001)).unwrap();
        assert_eq!((found(&registrar, 4000).len(), found(&registrar, 4001).len()), (0, 1), "it moved");
        registrar.handle_timeout(now + Duration::from_secs(60));
        assert_eq!(behind(&registrar), 1);
        registrar.keep_users(&BTreeSet::new());
        assert_eq!((behind(&registrar), registrar.sources.len()), (0, 0));
    }

    #[test]
    fn an_old_register_changes_nothing() {
        let mut registrar = Registrar::default();
        let now = Now::default();
        registrar.handle_register(now, update("a", 5, &[("sip:one", 60)])).unwrap();
        let stale = update("a", 5, &[("sip:two", 60), ("sip:one", 0)]);
        assert_eq!(registrar.handle_register(now, stale), Err(OutOfOrder));
        let star = Update { change: Change::RemoveAll, ..update("a", 4, &[]) };
        assert_eq!(registrar.handle_register(now, star.clone()), Err(OutOfOrder));
        assert_eq!(registrar.bindings("ann").len(), 1);
        registrar.handle_register(now, Update { call_id: "b".into(), ..star }).unwrap();
        assert_eq!(registrar.poll_event(), registered(1, 60));
        assert_eq!(registrar.poll_event(), gone(Why::Removed));
    }

    #[test]
    fn the_eleventh_contact_replaces_the_one_that_ends_first() {
        let mut registrar = Registrar::default();
        for number in 0..=MAX_BINDINGS_PER_USER {
            let uri = format!("sip:{number}");
            let seconds = 100 + number as u64;
            registrar.handle_register(Now::default(), update(&uri, 1, &[(&uri, seconds)])).unwrap();
        }
        assert_eq!(registrar.bindings("ann").len(), MAX_BINDINGS_PER_USER);
        assert_eq!(registrar.bindings("ann")[0].uri.to_string(), "sip:1");
        assert_eq!(registrar.replaced(), 1);
    }

    #[test]
    fn a_user_who_is_configured_no_more_has_no_contacts() {
        let mut registrar = Registrar::default();
        registrar.handle_register(Now::default(), update("a", 1, &[("sip:one", 60)])).unwrap();
        registrar.keep_users(&BTreeSet::from(["ann"]));
        assert!(registrar.best("ann").is_some());
        registrar.keep_users(&BTreeSet::new());
        assert!(registrar.best("ann").is_none());
        assert_eq!(registrar.poll_event(), registered(1, 60));
        assert_eq!(registrar.poll_event(), gone(Why::Removed));
    }
}
