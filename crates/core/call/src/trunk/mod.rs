//! Ways to other networks: which of a trunk's servers is there, how many calls it carries, and over which of them a call
//! goes out. Must not know what a call is for.
//!
//! Servers are found by name (the answer is kept when DNS is dead), asked by OPTIONS whether they are there, and
//! rested after a call that they left unanswered. None of that forbids a call: what looks bad is tried last.

mod choice;
mod config;
mod counters;
mod fault;
mod health;
mod hunt;
mod limits;
mod registering;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hotline_base::{CallId, Now, Time, TimerQueue, TrunkId};
use hotline_sip::{Destination, Endpoint, Located, Place, ProbeId, RegistrationId, Transport};
use serde::{Deserialize, Serialize};

use crate::center::Center;
use crate::command::Request;
use crate::event::Source;

pub(crate) use choice::Candidate;
pub use config::{
    Account, Format, Identity, Numbers, Pattern, Route, RouteTrunk, SERVERS_MAX, Server, Trunk,
};
pub use counters::TrunkCounters;
pub use fault::TrunkFault;
use health::Health;
pub(crate) use hunt::{Attempt, Hunt, Outlook};
use limits::Rate;
pub(crate) use limits::TrunkFull;
use registering::Registering;

/// How long after DNS has failed it is asked again.
pub const LOCATE_RETRY: Duration = Duration::from_secs(30);
/// Places of one trunk that are kept; further ones of its servers' answers are not used.
pub const PLACES_MAX: usize = 64;

/// Where a server is: what health is kept of.
pub(crate) type Spot = (Transport, SocketAddr);

/// Why the trunks will wake.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Due {
    /// A name is to be looked up again.
    Locate(Destination),
}

/// Something an operator should hear of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Change {
    /// Calls can go out by it again.
    Usable(TrunkId),
    /// They cannot, and why.
    Unusable(TrunkId, TrunkFault),
}

/// How a trunk stands, as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrunkView {
    /// The trunk.
    pub id: TrunkId,
    /// Calls of both directions at this moment.
    pub calls: u64,
    /// What keeps calls from going out by it; absent if nothing does.
    pub fault: Option<TrunkFault>,
    /// Its servers, as they were found.
    pub servers: Vec<ServerView>,
    /// How the registration stands; absent where there is none to be kept.
    pub registration: Option<RegistrationView>,
    /// What was counted since the start.
    pub counters: TrunkCounters,
}

/// One address of one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerView {
    /// As it is configured.
    pub name: String,
    /// Where it was found; absent while it is not.
    pub place: Option<(Transport, SocketAddr)>,
    /// Whether it is believed to be there.
    pub usable: bool,
    /// What is wrong.
    pub fault: Option<TrunkFault>,
}

/// How a registration of ours stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationView {
    /// Whether it is in force.
    pub registered: bool,
    /// At which server, or which is being asked.
    pub at: Option<SocketAddr>,
    /// The last final status that refused it, 408 if nobody answered.
    pub status: Option<u16>,
}

/// What trunks may touch beside themselves.
pub(crate) struct Outer<'a> {
    pub(crate) center: &'a Center,
    pub(crate) sip: &'a mut Endpoint,
    pub(crate) requests: &'a mut VecDeque<Request>,
}

/// All trunks.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Trunks {
    states: BTreeMap<TrunkId, State>,
    /// Where servers are, by how they are configured.
    located: BTreeMap<Destination, Whereabouts>,
    registrations: BTreeMap<RegistrationId, TrunkId>,
    probes: BTreeMap<ProbeId, (TrunkId, Spot)>,
    timers: TimerQueue<Due>,
    changes: VecDeque<Change>,
}

/// One trunk.
#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    counters: TrunkCounters,
    /// Those that hold places on it, and how many.
    calls: BTreeMap<CallId, u32>,
    rate: Rate,
    health: BTreeMap<Spot, Health>,
    registering: Registering,
    /// What was told last.
    fault: Option<TrunkFault>,
}

impl State {
    /// How many calls it carries, as the provider counts.
    fn places(&self) -> u64 {
        self.calls.values().copied().map(u64::from).sum()
    }

    fn leave(&mut self, call: CallId) {
        if let Some(places) = self.calls.get_mut(&call) {
            *places -= 1;
            if *places == 0 {
                self.calls.remove(&call);
            }
        }
    }
}

/// Where a server is.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Whereabouts {
    /// The last good answer.
    places: Vec<Place>,
    /// Why the last question had none.
    fault: Option<TrunkFault>,
}

impl Trunks {
    /// Takes up what is configured, to be called at the start and whenever the configuration has changed: finds
    /// servers, asks them, registers.
    pub(crate) fn configure(&mut self, now: Now, outer: &mut Outer<'_>) {
        let gone: Vec<TrunkId> =
            self.states.keys().filter(|id| !outer.center.trunks.contains_key(id)).cloned().collect();
        for id in gone {
            self.retire(now, &id, outer);
        }
        let wanted: BTreeSet<Destination> = outer
            .center
            .trunks
            .values()
            .flat_map(|trunk| trunk.servers.iter().map(|server| server.destination.clone()))
            .collect();
        self.located.retain(|destination, _| wanted.contains(destination));
        for destination in wanted {
            match destination.numeric() {
                Some(place) => {
                    self.located.insert(destination, Whereabouts { places: vec![place], fault: None });
                }
                None => outer.requests.push_back(Request::Locate(destination)),
            }
        }
        self.sync_all(now, outer);
    }

    /// [`Self::configure`] after another configuration than `before`: what is asked or said at a provider otherwise is begun anew.
    pub(crate) fn reconfigure(&mut self, now: Now, before: &Center, outer: &mut Outer<'_>) {
        let center = outer.center;
        for (id, trunk) in &before.trunks {
            let Some(wanted) = center.trunks.get(id) else { continue };
            if (&wanted.account, &wanted.login) != (&trunk.account, &trunk.login) {
                self.unregister(now, trunk, outer);
            }
            if (wanted.probe, &wanted.domain) != (trunk.probe, &trunk.domain) {
                self.stop_probes(id, outer);
            }
        }
        self.configure(now, outer);
    }

    /// DNS answered, or did not, and why.
    pub(crate) fn on_located(
        &mut self,
        now: Now,
        destination: Destination,
        answer: Result<Located, TrunkFault>,
        outer: &mut Outer<'_>,
    ) {
        let wanted = outer.center.trunks.values().any(|trunk| trunk.has(&destination));
        if !wanted {
            return;
        }
        let known = self.located.entry(destination.clone()).or_default();
        let wait = match answer {
            Ok(Located { places, ttl }) => {
                *known = Whereabouts { places, fault: None };
                ttl
            }
            Err(fault) => {
                known.fault = Some(fault);
                LOCATE_RETRY
            }
        };
        self.timers.set(Due::Locate(destination), now.mono + wait);
        self.sync_all(now, outer);
    }

    /// Asks again where servers are.
    pub(crate) fn handle_timeout(&mut self, now: Now, outer: &mut Outer<'_>) {
        while let Some(Due::Locate(destination)) = self.timers.pop_due(now.mono) {
            outer.requests.push_back(Request::Locate(destination));
        }
    }

    /// When [`Self::handle_timeout`] is due.
    pub(crate) fn poll_timeout(&self) -> Option<Time> {
        self.timers.next().map(|(at, _)| at)
    }

    /// The next change that operators should hear of.
    pub(crate) fn poll_change(&mut self) -> Option<Change> {
        self.changes.pop_front()
    }

    /// No new calls are taken: providers are told, and nobody is asked any more.
    pub(crate) fn drain(&mut self, now: Now, outer: &mut Outer<'_>) {
        self.timers = TimerQueue::new();
        for (probe, _) in std::mem::take(&mut self.probes) {
            outer.sip.stop_probe(probe);
        }
        for (registration, _) in std::mem::take(&mut self.registrations) {
            outer.sip.unregister(now, registration);
        }
    }

    /// A call takes a place on this trunk: one for each of its legs that goes over it, as the provider counts.
    pub(crate) fn enter(&mut self, trunk: &TrunkId, call: CallId, center: &Center) -> Result<(), TrunkFull> {
        let most = center.trunks.get(trunk).and_then(|trunk| trunk.calls_max);
        let state = self.states.entry(trunk.clone()).or_default();
        if most.is_some_and(|most| state.places() >= u64::from(most)) {
            return Err(TrunkFull::Calls);
        }
        *state.calls.entry(call).or_default() += 1;
        Ok(())
    }

    /// [`Self::enter`] for a call that goes out.
    pub(crate) fn enter_out(
        &mut self,
        now: Now,
        trunk: &TrunkId,
        call: CallId,
        center: &Center,
    ) -> Result<(), TrunkFull> {
        self.enter(trunk, call, center)?;
        let state = self.states.entry(trunk.clone()).or_default();
        let per_second = center.trunks.get(trunk).and_then(|trunk| trunk.calls_per_second);
        if per_second.is_some_and(|per_second| !state.rate.take(now.mono, per_second)) {
            state.leave(call);
            return Err(TrunkFull::Rate);
        }
        state.counters.calls_out += 1;
        Ok(())
    }

    /// A call holds one place less on this trunk.
    pub(crate) fn leave(&mut self, trunk: &TrunkId, call: CallId) {
        if let Some(state) = self.states.get_mut(trunk) {
            state.leave(call);
        }
    }

    /// A call is over, whatever it held.
    pub(crate) fn leave_all(&mut self, call: CallId) {
        for state in self.states.values_mut() {
            state.calls.remove(&call);
        }
    }

    /// How many places are held.
    pub(crate) fn held(&self) -> u64 {
        self.states.values().map(|state| state.places()).sum()
    }

    /// An INVITE came.
    pub(crate) fn began(&mut self, source: &Source) {
        if let Some(counters) = self.counters_of(source) {
            counters.calls += 1;
        }
    }

    /// A call that came in came to nothing with this final status; one below 300 is no failure.
    pub(crate) fn failed(&mut self, source: &Source, status: u16) {
        if let Some(counters) = self.counters_of(source) {
            TrunkCounters::count(&mut counters.failures, status);
        }
    }

    /// A call that went out was refused with this status.
    pub(crate) fn refused(&mut self, trunk: &TrunkId, status: u16) {
        if let Some(state) = self.states.get_mut(trunk) {
            TrunkCounters::count(&mut state.counters.failures_out, status);
        }
    }

    /// How every configured trunk stands.
    pub(crate) fn views(&self, now: Now, center: &Center) -> Vec<TrunkView> {
        let view = |trunk: &Trunk| {
            let state = self.states.get(&trunk.id);
            TrunkView {
                id: trunk.id.clone(),
                calls: state.map_or(0, State::places),
                fault: state.and_then(|state| state.fault.clone()),
                servers: trunk
                    .servers
                    .iter()
                    .flat_map(|server| self.server_views(now, trunk, server))
                    .collect(),
                registration: trunk
                    .account
                    .as_ref()
                    .map(|_| state.map_or_else(|| Registering::Off.view(), |state| state.registering.view())),
                counters: state.map(|state| state.counters).unwrap_or_default(),
            }
        };
        center.trunks.values().map(view).collect()
    }

    fn server_views(&self, now: Now, trunk: &Trunk, server: &Server) -> Vec<ServerView> {
        let name = server.destination.to_string();
        let whereabouts = self.located.get(&server.destination);
        let unknown = whereabouts.and_then(|known| known.fault.clone());
        let places = whereabouts.map(|known| &*known.places).unwrap_or_default();
        if places.is_empty() {
            return vec![ServerView { name, place: None, usable: false, fault: unknown }];
        }
        let health = self.states.get(&trunk.id).map(|state| &state.health);
        let view = |place: &Place| {
            let spot = (place.transport, place.remote);
            let fault = health.and_then(|health| health.get(&spot)).and_then(|health| health.fault(now));
            let usable = fault.is_none();
            ServerView { name: name.clone(), place: Some(spot), usable, fault: fault.or(unknown.clone()) }
        };
        places.iter().map(view).collect()
    }

    fn counters_of(&mut self, source: &Source) -> Option<&mut TrunkCounters> {
        match source {
            Source::Trunk(trunk) => Some(&mut self.states.entry(trunk.clone()).or_default().counters),
            Source::Agent(_) | Source::Queue(_) => None,
        }
    }

    fn retire(&mut self, now: Now, id: &TrunkId, outer: &mut Outer<'_>) {
        let Some(state) = self.states.remove(id) else { return };
        if let Some(registration) = state.registering.id() {
            self.registrations.remove(&registration);
            outer.sip.unregister(now, registration);
        }
        for probe in state.health.values().filter_map(Health::probe) {
            self.probes.remove(&probe);
            outer.sip.stop_probe(probe);
        }
        outer.sip.set_trunk_addresses(id, BTreeSet::new());
        if state.fault.is_some() {
            self.changes.push_back(Change::Usable(id.clone()));
        }
    }

    fn sync_all(&mut self, now: Now, outer: &mut Outer<'_>) {
        let all: Vec<&Trunk> = outer.center.trunks.values().collect();
        for trunk in all {
            self.sync(now, trunk, outer);
        }
    }

    /// Compares where a trunk's servers are with who is asked and where we register, and does what follows.
    fn sync(&mut self, now: Now, trunk: &Trunk, outer: &mut Outer<'_>) {
        let places = self.places(trunk);
        let addresses: BTreeSet<IpAddr> = places.iter().map(|place| place.remote.ip()).collect();
        outer.sip.set_trunk_addresses(&trunk.id, addresses);
        self.sync_probes(now, trunk, &places, outer);
        self.sync_registration(now, trunk, &places, outer);
        self.tell(now, trunk);
    }

    /// Every place of every server of a trunk, the preferred first, none twice.
    fn places(&self, trunk: &Trunk) -> Vec<Place> {
        let mut servers: Vec<&Server> = trunk.servers.iter().collect();
        servers.sort_by_key(|server| server.priority);
        let mut seen = BTreeSet::new();
        let known = servers.into_iter().filter_map(|server| self.located.get(&server.destination));
        let places = known.flat_map(|known| known.places.iter().copied());
        places.filter(|place| seen.insert((place.transport, place.remote))).take(PLACES_MAX).collect()
    }

    /// Tells operators if what keeps calls from going out has changed.
    fn tell(&mut self, now: Now, trunk: &Trunk) {
        let fault = self.fault(now, trunk);
        let state = self.states.entry(trunk.id.clone()).or_default();
        if state.fault == fault {
            return;
        }
        let had_one = state.fault.is_some();
        state.fault.clone_from(&fault);
        match fault {
            Some(fault) => self.changes.push_back(Change::Unusable(trunk.id.clone(), fault)),
            None if had_one => self.changes.push_back(Change::Usable(trunk.id.clone())),
            None => {}
        }
    }

    /// What keeps calls from going out by a trunk that is meant for that.
    fn fault(&self, now: Now, trunk: &Trunk) -> Option<TrunkFault> {
        if trunk.servers.is_empty() {
            return None;
        }
        let places = self.places(trunk);
        if places.is_empty() {
            let known = trunk.servers.iter().filter_map(|server| self.located.get(&server.destination));
            // Before the first answer nothing is wrong yet.
            return known.filter_map(|known| known.fault.clone()).next();
        }
        let state = self.states.get(&trunk.id)?;
        let is_down = |place: &Place| {
            let health = state.health.get(&(place.transport, place.remote));
            health.is_some_and(|health| health.fault(now).is_some())
        };
        if places.iter().all(is_down) {
            return Some(TrunkFault::NoServerAnswers);
        }
        state.registering.fault()
    }
}

impl Trunk {
    fn has(&self, destination: &Destination) -> bool {
        self.servers.iter().any(|server| server.destination == *destination)
    }
}
