//! Where messages may go: what a peer says of its own address is believed only if it can be true.

use core::net::{IpAddr, SocketAddr};

use crate::Message;
use crate::flow::Flow;

/// RFC 3261 §18.2.2 and §19.1.2. The port of a Via or a SIP URI that names none.
pub(crate) const DEFAULT_PORT: u16 = 5060;

/// Whether a peer that is seen at `seen` can be at the address it tells: one that a host can have, of the same
/// family, on its own host only if it is on ours, and in a private network only if it is seen in one; otherwise there
/// is a NAT between.
pub(crate) fn is_plausible(told: SocketAddr, seen: IpAddr) -> bool {
    let (ip, seen) = (told.ip().to_canonical(), seen.to_canonical());
    is_sendable(told)
        && ip.is_ipv4() == seen.is_ipv4()
        && (!ip.is_loopback() || seen.is_loopback())
        && (!is_private(ip) || is_private(seen))
}

/// Whether one host can be there.
pub(crate) fn is_sendable(address: SocketAddr) -> bool {
    let ip = address.ip().to_canonical();
    let is_broadcast = matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
    address.port() != 0 && !ip.is_unspecified() && !ip.is_multicast() && !is_broadcast
}

/// Where the response to a request goes: the address it came from, at the port it came from if it asks for that (RFC
/// 3581 §4), else at the port in its Via (RFC 3261 §18.2.2). A private Via seen at a public address is behind a NAT,
/// where only the port it came from leads back: it is answered as if it had asked. Over a connection the response takes
/// the connection (RFC 3261 §18.2.2).
pub(crate) fn reply_flow(message: &Message, flow: Flow) -> Flow {
    let Ok(via) = message.top_via_view() else { return flow };
    if flow.transport.is_reliable() {
        return flow;
    }
    let host = via.host().ok().and_then(|host| host.ip());
    let is_translated = host.is_some_and(is_private) && !is_private(flow.remote.ip());
    if via.wants_rport() || is_translated {
        return flow;
    }
    let mut remote = flow.remote;
    remote.set_port(via.port().unwrap_or(DEFAULT_PORT));
    Flow { remote, ..flow }
}

fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, ..] = address.octets();
            let is_shared = a == 100 && (64..128).contains(&b);
            address.is_private() || address.is_loopback() || address.is_link_local() || is_shared
        }
        IpAddr::V6(address) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_believed_only_where_it_can_be_true() {
        for (told, seen, believed) in [
            ("203.0.113.5:5060", "198.51.100.7", true),
            ("203.0.113.5:5060", "10.0.0.7", true),
            ("192.168.1.5:5060", "10.0.0.7", true),
            ("192.168.1.5:5060", "198.51.100.7", false),
            ("127.0.0.1:5070", "127.0.0.2", true),
            ("127.0.0.1:5070", "10.0.0.7", false),
            ("[::ffff:203.0.113.5]:5060", "198.51.100.7", true),
            ("[2001:db8::5]:5060", "2001:db8::7", true),
            ("[fd00::5]:5060", "2001:db8::7", false),
            ("[::1]:5060", "2001:db8::7", false),
            ("203.0.113.5:5060", "2001:db8::7", false),
            ("203.0.113.5:0", "198.51.100.7", false),
            ("0.0.0.0:5060", "198.51.100.7", false),
            ("224.0.0.5:5060", "198.51.100.7", false),
            ("255.255.255.255:5060", "10.0.0.7", false),
            ("[ff02::1]:5060", "2001:db8::7", false),
        ] {
            let is_believed = is_plausible(told.parse().unwrap(), seen.parse().unwrap());
            assert_eq!(is_believed, believed, "{told} seen at {seen}");
        }
    }
}
