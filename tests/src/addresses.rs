//! Loopback addresses that no other test uses, so that tests can run side by side: all of 127.0.0.0/8 is ours, and
//! ports of one address are free at another.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU8, Ordering};

use anyhow::Result;

/// Addresses in one center's block.
const BLOCK: u8 = 15;
/// Blocks of one process; after so many centers the first block is used again.
const BLOCKS: u8 = 16;

/// The block of one center.
#[derive(Clone, Copy, Debug)]
pub struct Addresses {
    network: [u8; 3],
    first: u8,
}

impl Addresses {
    /// A block of its own, by the id of this process.
    #[must_use]
    pub fn take() -> Self {
        static NEXT: AtomicU8 = AtomicU8::new(0);
        let [_, high, middle, low] = std::process::id().to_be_bytes();
        let block = NEXT.fetch_add(1, Ordering::Relaxed) % BLOCKS;
        // 127.0 is left to servers that people run by hand.
        Self { network: [127, 1 + (high.wrapping_mul(64) ^ middle) % 254, low], first: 1 + block * BLOCK }
    }

    /// Where the server listens.
    #[must_use]
    pub fn server(self) -> IpAddr {
        self.nth(0)
    }

    /// Where the trunk's calls come from.
    #[must_use]
    pub fn carrier(self) -> IpAddr {
        self.nth(1)
    }

    /// A second address of the trunk.
    #[must_use]
    pub fn other_carrier(self) -> IpAddr {
        self.nth(2)
    }

    /// Where agents' phones are. No trunk.
    #[must_use]
    pub fn phones(self) -> IpAddr {
        self.nth(3)
    }

    /// Somebody the server does not know.
    #[must_use]
    pub fn stranger(self) -> IpAddr {
        self.nth(4)
    }

    /// Where servers of other networks are. No trunk by itself.
    #[must_use]
    pub fn outside(self) -> IpAddr {
        self.nth(5)
    }

    fn nth(self, n: u8) -> IpAddr {
        let [a, b, c] = self.network;
        Ipv4Addr::new(a, b, c, self.first + n).into()
    }
}

/// A UDP port of `address` that is free at this moment.
///
/// # Errors
/// The system has none.
pub fn free_port(address: IpAddr) -> Result<u16> {
    Ok(UdpSocket::bind((address, 0))?.local_addr()?.port())
}

/// Whether somebody listens there for datagrams.
///
/// # Errors
/// The system does not say.
pub fn is_bound(address: SocketAddr) -> Result<bool> {
    Ok(sockets(Protocol::Udp)?.contains(&address))
}

/// Whether somebody listens there for connections.
///
/// # Errors
/// The system does not say.
pub(crate) fn accepts(address: SocketAddr) -> Result<bool> {
    Ok(sockets(Protocol::Tcp)?.contains(&address))
}

/// Which table of sockets is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Udp,
    Tcp,
}

/// Where anybody listens on this host over IPv4, as the system lists it (proc_net(5)): to try by binding would be in the
/// way of who is about to.
pub(crate) fn sockets(protocol: Protocol) -> Result<Vec<SocketAddr>> {
    let (table, listening) = match protocol {
        Protocol::Udp => ("/proc/net/udp", "07"),
        Protocol::Tcp => ("/proc/net/tcp", "0A"),
    };
    let text = std::fs::read_to_string(table)?;
    let local = |line: &str| {
        let mut fields = line.split_whitespace().skip(1);
        let (address, port) = fields.next()?.split_once(':')?;
        let address = u32::from_str_radix(address, 16).ok()?.to_ne_bytes();
        let port = u16::from_str_radix(port, 16).ok()?;
        (fields.nth(1)? == listening).then(|| SocketAddr::from((address, port)))
    };
    Ok(text.lines().filter_map(local).collect())
}
