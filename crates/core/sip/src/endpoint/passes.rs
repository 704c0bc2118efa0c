//! Passwords for a while: of an agent's phone in a page, which knows no other, and of guests, who may call one number once.
//!
//! Of more than [`PASSES_PER_USER_MAX`] of a user the oldest gives way; beyond [`GUESTS_MAX`] guests no more are let in until some have
//! called or are too late. They are not written down with the endpoint: whoever asked for one asks again.

use std::collections::{BTreeMap, VecDeque};

use hotline_base::{Now, Time};

use super::Endpoint;
use crate::digest::{Algorithm, Ha1};

/// Passwords of one user at a time, such as those of several tabs.
pub const PASSES_PER_USER_MAX: usize = 8;
/// Guests who may call and have not yet.
pub const GUESTS_MAX: usize = 1000;
/// What a password is hashed for.
const ALGORITHMS: [Algorithm; 2] = [Algorithm::Sha256, Algorithm::Md5];

/// A password for a while.
#[derive(Clone, Debug)]
struct Pass {
    ha1: [(Algorithm, Ha1); 2],
    until: Time,
}

impl Pass {
    fn new(user: &str, realm: &str, password: &str, until: Time) -> Self {
        Self {
            ha1: ALGORITHMS.map(|algorithm| (algorithm, Ha1::new(algorithm, user, realm, password))),
            until,
        }
    }

    fn hash(&self, algorithm: Algorithm) -> Option<&Ha1> {
        self.ha1.iter().find(|(known, _)| *known == algorithm).map(|(_, ha1)| ha1)
    }
}

/// A guest who has not called yet.
#[derive(Clone, Debug)]
struct Guest {
    pass: Pass,
    called: String,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Passes {
    users: BTreeMap<String, VecDeque<Pass>>,
    guests: BTreeMap<String, Guest>,
}

impl Passes {
    fn forget_old(&mut self, now: Now) {
        self.guests.retain(|_, guest| guest.pass.until > now.mono);
        self.users.retain(|_, passes| {
            passes.retain(|pass| pass.until > now.mono);
            !passes.is_empty()
        });
    }

    /// The hashes by which `user` may be proved at this moment, beside those of the configuration.
    pub(super) fn hashes(&self, now: Now, user: &str, algorithm: Algorithm) -> impl Iterator<Item = &Ha1> {
        let passes = self.users.get(user).into_iter().flatten();
        let guest = self.guests.get(user).map(|guest| &guest.pass);
        let current = passes.chain(guest).filter(move |pass| pass.until > now.mono);
        current.filter_map(move |pass| pass.hash(algorithm))
    }

    /// The number that this guest may call.
    pub(super) fn called_by(&self, now: Now, guest: &str) -> Option<&str> {
        let guest = self.guests.get(guest).filter(|guest| guest.pass.until > now.mono)?;
        Some(&guest.called)
    }

    /// The guest calls, and may not again.
    pub(super) fn use_up(&mut self, guest: &str) {
        self.guests.remove(guest);
    }
}

impl Endpoint {
    /// Lets `user` of the configuration prove itself by this password, too, until then.
    pub fn admit_phone(&mut self, now: Now, user: &str, password: &str, until: Time) {
        self.passes.forget_old(now);
        let pass = Pass::new(user, &self.shared.config.realm, password, until);
        let passes = self.passes.users.entry(user.to_owned()).or_default();
        if passes.len() == PASSES_PER_USER_MAX {
            passes.pop_front();
        }
        passes.push_back(pass);
    }

    /// Lets a guest of this name, which nobody can guess, call `called` once until then, over a WebSocket. False if there are as many
    /// guests as may be.
    pub fn admit_guest(
        &mut self,
        now: Now,
        (user, password): (&str, &str),
        called: &str,
        until: Time,
    ) -> bool {
        self.passes.forget_old(now);
        if self.passes.guests.len() >= GUESTS_MAX {
            return false;
        }
        let pass = Pass::new(user, &self.shared.config.realm, password, until);
        self.passes.guests.insert(user.to_owned(), Guest { pass, called: called.to_owned() });
        true
    }
}
