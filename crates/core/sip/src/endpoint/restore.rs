//! What outlives the process of the registrar: contacts, told whenever they change, and taken over at the start.

use hotline_base::Now;

use super::{Endpoint, EndpointConfig};
use crate::flow::{Flow, Transport};
use crate::registrar::{SavedContact, SavedContacts};

impl Endpoint {
    /// The next user whose contacts are to be kept, in place of what was kept of that user before. To be taken after
    /// every input.
    pub fn poll_contacts(&mut self) -> Option<SavedContacts> {
        self.saved.pop_front()
    }

    /// Takes over the contacts that a former process kept, to be called before anything comes. Gives back how many are
    /// there again; of those left out, [`Self::poll_contacts`] tells that they are gone.
    ///
    /// Left out is who is configured no more, what has expired, and what was reached over a connection: that is gone.
    /// Only a contact over TCP at the very address that it registered from is there again, as a connection to it can
    /// be opened.
    pub fn restore_contacts(&mut self, now: Now, saved: &[SavedContacts]) -> usize {
        let config = &self.shared.config;
        let mut restored = 0;
        for of_user in saved {
            let Some(user) = config.users.get(&of_user.user) else {
                self.saved.push_back(SavedContacts { user: of_user.user.clone(), contacts: Vec::new() });
                continue;
            };
            let way = |contact: &SavedContact| way(config, contact);
            restored += self.registrar.restore(now, &user.agent, of_user, config.expires_max, way);
        }
        self.drain(now);
        restored
    }
}

/// How a contact is reached by a process that has no connections yet. The server may listen at another address than
/// before.
fn way(config: &EndpointConfig, contact: &SavedContact) -> Option<Flow> {
    let Flow { transport, local, remote } = contact.flow;
    let remote = match transport {
        Transport::Udp => remote,
        Transport::Tcp => contact.reachable_by_itself()?,
        Transport::Tls | Transport::Ws | Transport::Wss => return None,
    };
    let listener = config.listener(transport, local)?;
    Some(Flow { transport, local: listener.local, remote })
}
