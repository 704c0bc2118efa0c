//! One contact of a user: which phone it is of, and the form in which it outlives the process.

use core::net::SocketAddr;
use core::time::Duration;

use hotline_base::{Now, Pii, Time, WallTime};
use serde::{Deserialize, Serialize};

use super::{Requested, Update};
use crate::address::is_plausible;
use crate::dialog::address_of;
use crate::flow::{Flow, Transport};
use crate::message::NameAddr;
use crate::uri::Uri;

/// One contact, from when it was added or moved until it is gone. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BindingId(pub u64);

/// Which phone a contact is of (RFC 5626 §4.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// `+sip.instance`: the same for as long as the phone lives.
    pub id: Box<str>,
    /// `reg-id`: which of several ways to it. Absent unless registrar and phone agreed on RFC 5626.
    pub reg_id: Option<u32>,
}

/// Whether a contact answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reach {
    /// For all that is known.
    Reachable,
    /// It has left so many probes unanswered that it is not called.
    Unreachable,
}

/// One contact of a user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Binding {
    /// The same until it moves.
    pub id: BindingId,
    /// The contact's URI.
    pub uri: Uri,
    /// Where it registered from.
    pub flow: Flow,
    /// The proxies on the way to it, nearest first (RFC 3327).
    pub path: Vec<NameAddr>,
    /// Which phone it is of, if that says so.
    pub instance: Option<Instance>,
    /// When it ends unless refreshed.
    pub expires_at: Time,
    /// Preference in thousandths.
    pub q: u16,
    /// Whether it answers.
    pub reach: Reach,
    call_id: String,
    cseq: u32,
}

impl Binding {
    pub(super) fn new(id: BindingId, now: Now, update: &Update, contact: &Requested) -> Self {
        Self {
            id,
            uri: contact.uri.clone(),
            flow: update.flow,
            path: update.path.clone(),
            instance: contact.instance.clone(),
            expires_at: now.mono + contact.expires,
            q: contact.q,
            reach: Reach::Reachable,
            call_id: update.call_id.clone(),
            cseq: update.cseq,
        }
    }

    /// Where requests to it go: to the first proxy on the way if that can be where it says (RFC 3327 §5.3), else where
    /// it registered from.
    #[must_use]
    pub fn way(&self) -> Flow {
        match self.path.first().and_then(|proxy| address_of(&proxy.uri)) {
            Some((transport, remote))
                if transport == self.flow.transport && is_plausible(remote, self.flow.remote.ip()) =>
            {
                Flow { remote, ..self.flow }
            }
            Some(_) | None => self.flow,
        }
    }

    /// Whether it registered from another address than its own, as from behind a NAT. What comes through a proxy is
    /// the proxy's to keep reachable.
    #[must_use]
    pub fn is_translated(&self) -> bool {
        let own = address_of(&self.uri).map(|(_, address)| address);
        self.path.is_empty() && own != Some(self.flow.remote)
    }

    /// Whether `contact` takes its place, or removes it.
    pub(super) fn gives_way_to(&self, contact: &Requested) -> bool {
        let same_uri = self.uri.equivalent(&contact.uri);
        let (Some(known), Some(given)) = (&self.instance, &contact.instance) else { return same_uri };
        match (known.reg_id, given.reg_id) {
            // RFC 5626 §6: whatever its URI.
            (Some(known_way), Some(given_way)) => known.id == given.id && known_way == given_way,
            // A phone that has moved adds itself anew; what it removes, it names.
            (Some(_), None) | (None, Some(_) | None) => {
                same_uri || known.id == given.id && !contact.expires.is_zero()
            }
        }
    }

    /// Whether it was added by this very REGISTER.
    pub(super) fn is_of(&self, update: &Update) -> bool {
        self.call_id == update.call_id && self.cseq == update.cseq
    }

    /// Whether a REGISTER is older than the one that added it (RFC 3261 §10.3, step 7).
    pub(super) fn is_newer_than(&self, update: &Update) -> bool {
        self.call_id == update.call_id && update.cseq <= self.cseq
    }

    /// Whether it is the same contact at the same place as `other`.
    pub(super) fn has_stayed(&self, other: &Self) -> bool {
        self.uri == other.uri && self.flow == other.flow && self.path == other.path
    }

    /// As it is to be kept.
    pub(super) fn save(&self, now: Now) -> SavedContact {
        SavedContact {
            uri: Pii::new(self.uri.to_string()),
            flow: self.flow,
            path: self.path.iter().map(ToString::to_string).collect(),
            instance: self.instance.clone(),
            expires_at: now.wall + self.expires_at.since(now.mono),
            q: self.q,
            call_id: self.call_id.clone(),
            cseq: self.cseq,
        }
    }

    /// From what was kept, to be reached by `flow`. `None` if it has expired or cannot be read. A clock that was set
    /// back meanwhile lets it live no longer than `longest`.
    pub(super) fn restore(
        id: BindingId,
        now: Now,
        saved: &SavedContact,
        flow: Flow,
        longest: Duration,
    ) -> Option<Self> {
        let left = saved.expires_at.since(now.wall).min(longest);
        let path: Result<_, _> = saved.path.iter().map(|proxy| NameAddr::parse(proxy)).collect();
        if left.is_zero() {
            return None;
        }
        Some(Self {
            id,
            uri: Uri::parse(saved.uri.expose()).ok()?,
            flow,
            path: path.ok()?,
            instance: saved.instance.clone(),
            expires_at: now.mono + left,
            q: saved.q,
            reach: Reach::Reachable,
            call_id: saved.call_id.clone(),
            cseq: saved.cseq,
        })
    }
}

/// The contacts of one user as they are kept: all that there are, in the order in which they were refreshed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedContacts {
    /// Whose.
    pub user: String,
    /// None when the user is reached nowhere any more.
    pub contacts: Vec<SavedContact>,
}

impl SavedContacts {
    /// When the last of them ends.
    #[must_use]
    pub fn expires_at(&self) -> Option<WallTime> {
        self.contacts.iter().map(|contact| contact.expires_at).max()
    }
}

/// One contact as it is kept: with the time of the wall clock, and texts as on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedContact {
    /// The contact's URI.
    pub uri: Pii<String>,
    /// Where it registered from.
    pub flow: Flow,
    /// The proxies on the way to it.
    pub path: Vec<String>,
    /// Which phone it is of.
    pub instance: Option<Instance>,
    /// When it ends unless refreshed.
    pub expires_at: WallTime,
    /// Preference in thousandths.
    pub q: u16,
    /// Of its latest REGISTER.
    pub call_id: String,
    /// Of its latest REGISTER.
    pub cseq: u32,
}

impl SavedContact {
    /// The address under which a connection to it can be opened: its own, if it registered from there by TCP. A
    /// phone behind a NAT has none; of one with TLS or a WebSocket it is not to be expected that it takes connections.
    #[must_use]
    pub fn reachable_by_itself(&self) -> Option<SocketAddr> {
        let uri = Uri::parse(self.uri.expose()).ok()?;
        let (transport, own) = address_of(&uri)?;
        let is_direct = self.path.is_empty() && own.ip() == self.flow.remote.ip();
        (self.flow.transport == Transport::Tcp && transport == Transport::Tcp && is_direct).then_some(own)
    }
}
