//! The registration that is kept at a trunk's provider: at one server at a time, at the next when that one fails.

use hotline_base::Now;
use hotline_sip::{Place, Register, RegistrationId};
use serde::{Deserialize, Serialize};

use super::{Account, Outer, RegistrationView, Spot, Trunk, TrunkFault, Trunks};

/// How a registration stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Registering {
    /// None is to be kept, or there is no server yet.
    #[default]
    Off,
    /// Asked for; so many tries in a row have failed, the last one with this status.
    Asked { id: RegistrationId, at: Spot, failures: u32, status: Option<u16> },
    /// In force.
    Registered { id: RegistrationId, at: Spot },
}

impl Registering {
    pub(super) const fn id(&self) -> Option<RegistrationId> {
        match self {
            Self::Off => None,
            Self::Asked { id, .. } | Self::Registered { id, .. } => Some(*id),
        }
    }

    const fn at(&self) -> Option<Spot> {
        match self {
            Self::Off => None,
            Self::Asked { at, .. } | Self::Registered { at, .. } => Some(*at),
        }
    }

    const fn failures(&self) -> u32 {
        match self {
            Self::Asked { failures, .. } => *failures,
            Self::Off | Self::Registered { .. } => 0,
        }
    }

    /// What is wrong. Before the first answer nothing is.
    pub(super) fn fault(&self) -> Option<TrunkFault> {
        match self {
            Self::Asked { status: Some(408), .. } => Some(TrunkFault::RegistrationUnanswered),
            Self::Asked { status: Some(status), .. } => {
                Some(TrunkFault::RegistrationRefused { status: *status })
            }
            Self::Off | Self::Asked { status: None, .. } | Self::Registered { .. } => None,
        }
    }

    pub(super) fn view(&self) -> RegistrationView {
        let (registered, status) = match self {
            Self::Off => (false, None),
            Self::Asked { status, .. } => (false, *status),
            Self::Registered { .. } => (true, None),
        };
        RegistrationView { registered, at: self.at().map(|(_, address)| address), status }
    }
}

impl Trunks {
    /// Registers where a trunk wants it; moves when the server is not among the trunk's any more.
    pub(super) fn sync_registration(
        &mut self,
        now: Now,
        trunk: &Trunk,
        places: &[Place],
        outer: &mut Outer<'_>,
    ) {
        let current = self.states.get(&trunk.id).and_then(|state| state.registering.at());
        let stays = current.is_some_and(|at| places.iter().any(|place| spot(place) == at));
        match &trunk.account {
            Some(_) if stays => {}
            Some(account) => self.register(now, trunk, account, places.first(), outer),
            None => self.unregister(now, trunk, outer),
        }
    }

    /// Our registration is in force, or was refreshed.
    pub(crate) fn on_registered(&mut self, now: Now, id: RegistrationId, outer: &mut Outer<'_>) {
        let Some(trunk) = self.trunk_registered_as(id, outer) else { return };
        let state = self.states.entry(trunk.id.clone()).or_default();
        if let Registering::Asked { id, at, .. } | Registering::Registered { id, at } = state.registering {
            state.registering = Registering::Registered { id, at };
        }
        self.tell(now, trunk);
    }

    /// Our registration was refused, or nobody answered. If the server is at fault the next one is asked at once; after
    /// a round without success the last one's pause is waited for (RFC 5626 §4.5).
    pub(crate) fn on_registration_failed(
        &mut self,
        now: Now,
        id: RegistrationId,
        status: u16,
        outer: &mut Outer<'_>,
    ) {
        let Some(trunk) = self.trunk_registered_as(id, outer) else { return };
        let places = self.places(trunk);
        let state = self.states.entry(trunk.id.clone()).or_default();
        let Some(at) = state.registering.at() else { return };
        let failures = state.registering.failures() + 1;
        let is_of_server = status == 408 || status >= 500;
        let round_is_over = places.is_empty() || (failures as usize).is_multiple_of(places.len());
        let place = places.iter().position(|place| spot(place) == at);
        let next = place.and_then(|place| places.get(place + 1)).or(places.first());
        if let Some(account) = &trunk.account
            && is_of_server
            && !round_is_over
        {
            self.register(now, trunk, account, next, outer);
        }
        let state = self.states.entry(trunk.id.clone()).or_default();
        if let Some((id, at)) = state.registering.id().zip(state.registering.at()) {
            state.registering = Registering::Asked { id, at, failures, status: Some(status) };
        }
        self.tell(now, trunk);
    }

    fn register(
        &mut self,
        now: Now,
        trunk: &Trunk,
        account: &Account,
        place: Option<&Place>,
        outer: &mut Outer<'_>,
    ) {
        self.unregister(now, trunk, outer);
        let Some(place) = place else { return };
        let Some(flow) = outer.sip.way_to(place.transport, place.remote) else { return };
        let register = Register {
            flow,
            user: account.user.clone().into(),
            domain: account.domain.clone(),
            credentials: trunk.login.clone(),
            expires: account.expires,
        };
        if let Some(id) = outer.sip.register(now, register) {
            self.registrations.insert(id, trunk.id.clone());
            let state = self.states.entry(trunk.id.clone()).or_default();
            state.registering = Registering::Asked { id, at: spot(place), failures: 0, status: None };
        }
    }

    pub(super) fn unregister(&mut self, now: Now, trunk: &Trunk, outer: &mut Outer<'_>) {
        let state = self.states.entry(trunk.id.clone()).or_default();
        if let Some(id) = std::mem::take(&mut state.registering).id() {
            self.registrations.remove(&id);
            outer.sip.unregister(now, id);
        }
    }

    fn trunk_registered_as<'a>(&self, id: RegistrationId, outer: &Outer<'a>) -> Option<&'a Trunk> {
        outer.center.trunks.get(self.registrations.get(&id)?)
    }
}

const fn spot(place: &Place) -> Spot {
    (place.transport, place.remote)
}
