//! Which host name a peer's certificate must have, by its address: whoever resolves names tells them here.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};

use rustls::pki_types::ServerName;

/// Names that are remembered. Beyond, the one that was told longest ago is forgotten, and its host must have a certificate
/// for its address.
pub const NAMES_MAX: usize = 4096;

/// The names of peers that we connect to.
#[derive(Debug, Default)]
pub struct Names {
    /// Shared by who resolves names and who opens connections; held for a look or a note.
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    by_address: HashMap<IpAddr, String>,
    /// In the order in which they were first told.
    order: VecDeque<IpAddr>,
}

impl Names {
    /// Notes the name by which `address` was found; it replaces an earlier one.
    pub fn tell(&self, address: IpAddr, host: &str) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.by_address.insert(address, host.to_owned()).is_none() {
            known.order.push_back(address);
        }
        if known.order.len() > NAMES_MAX
            && let Some(oldest) = known.order.pop_front()
        {
            known.by_address.remove(&oldest);
        }
    }

    /// Whose certificate a peer must show: the name that was told, else its address.
    pub(crate) fn server_name(&self, remote: SocketAddr) -> ServerName<'static> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let name =
            known.by_address.get(&remote.ip()).and_then(|host| ServerName::try_from(host.clone()).ok());
        name.unwrap_or_else(|| ServerName::IpAddress(remote.ip().into()))
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn at(number: u32) -> IpAddr {
        Ipv4Addr::from_bits(number).into()
    }

    fn name(names: &Names, number: u32) -> String {
        names.server_name(SocketAddr::new(at(number), 5061)).to_str().into_owned()
    }

    #[test]
    fn a_peer_must_have_a_certificate_for_its_name_or_else_its_address() {
        let names = Names::default();
        names.tell(at(1), "old.example");
        names.tell(at(1), "trunk.example");
        names.tell(at(2), "not a name");
        assert_eq!([1, 2, 3].map(|number| name(&names, number)), ["trunk.example", "0.0.0.2", "0.0.0.3"]);
    }

    #[test]
    fn the_oldest_name_gives_way() {
        let names = Names::default();
        for number in 0..=u32::try_from(NAMES_MAX).unwrap() {
            names.tell(at(number), "host.example");
        }
        assert_eq!([0, 1].map(|number| name(&names, number)), ["0.0.0.0", "host.example"]);
    }
}
