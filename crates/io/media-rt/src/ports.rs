//! The UDP ports that legs may have: an even one for audio and the next one for reports (RFC 3550 §11), given back when the
//! leg closes.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};

use hotline_media::LegFailure;
use rustix::net::sockopt;

/// Expedited Forwarding (RFC 3246, the class RFC 4594 §4.1 gives to telephony), DSCP 46, in the byte of the IP
/// header.
const EXPEDITED: u8 = 46 << 2;
/// How many ports that other programs hold are passed over for one leg.
const BUSY_MAX: usize = 64;

/// Ports shared by all media threads. The lock is taken when a leg opens or closes, never for a packet or while
/// the system is asked for a socket.
#[derive(Debug)]
pub(crate) struct Ports {
    bind: IpAddr,
    supply: Supply,
    in_use: AtomicUsize,
}

#[derive(Debug)]
enum Supply {
    /// The longest unused first, so that late packets of an ended call do not reach the next one.
    Range(Mutex<VecDeque<u16>>),
    /// The system chooses.
    Any,
}

impl Ports {
    /// The even ports of `range`, or whatever the system chooses for `0..=0`.
    pub(crate) fn new(bind: IpAddr, range: &RangeInclusive<u16>) -> Self {
        let supply = if *range == (0..=0) {
            Supply::Any
        } else {
            // The next one must be in the range as well.
            let ports = range.clone().filter(|port| port % 2 == 0 && *port != 0 && port < range.end());
            Supply::Range(Mutex::new(ports.collect()))
        };
        Self { bind, supply, in_use: AtomicUsize::new(0) }
    }

    /// True if no leg could ever be opened.
    pub(crate) fn is_empty(&self) -> bool {
        match &self.supply {
            Supply::Range(free) => lock(free).is_empty(),
            Supply::Any => false,
        }
    }

    /// How many legs hold a port.
    pub(crate) fn in_use(&self) -> usize {
        self.in_use.load(Ordering::Relaxed)
    }

    /// Binds a socket for a leg.
    pub(crate) fn open(&self) -> Result<(UdpSocket, u16), LegFailure> {
        let opened = match &self.supply {
            Supply::Any => self.bind(0).map_err(|error| refused(&error)),
            Supply::Range(free) => self.bind_first_free(free),
        }?;
        self.in_use.fetch_add(1, Ordering::Relaxed);
        Ok(opened)
    }

    /// Binds a socket for the reports of a leg, at the port after its own.
    pub(crate) fn open_reports(&self, port: u16) -> io::Result<UdpSocket> {
        self.bind(port).map(|(socket, _)| socket)
    }

    /// Takes a port back.
    pub(crate) fn release(&self, port: u16) {
        self.in_use.fetch_sub(1, Ordering::Relaxed);
        match &self.supply {
            Supply::Range(free) => lock(free).push_back(port),
            Supply::Any => {}
        }
    }

    fn bind_first_free(&self, free: &Mutex<VecDeque<u16>>) -> Result<(UdpSocket, u16), LegFailure> {
        let tries = lock(free).len().min(BUSY_MAX);
        for _ in 0..tries {
            let Some(port) = lock(free).pop_front() else { break };
            match self.bind(port) {
                Ok(opened) => return Ok(opened),
                Err(error) => {
                    lock(free).push_back(port);
                    if error.kind() != io::ErrorKind::AddrInUse {
                        return Err(refused(&error));
                    }
                }
            }
        }
        Err(LegFailure::PortsExhausted)
    }

    fn bind(&self, port: u16) -> io::Result<(UdpSocket, u16)> {
        let socket = UdpSocket::bind(SocketAddr::new(self.bind, port))?;
        socket.set_nonblocking(true)?;
        let marked = match self.bind {
            IpAddr::V4(_) => sockopt::set_ip_tos(&socket, EXPEDITED),
            IpAddr::V6(_) => sockopt::set_ipv6_tclass(&socket, EXPEDITED.into()),
        };
        if let Err(error) = marked {
            tracing::debug!(%error, "the system does not let us ask routers to hurry");
        }
        let port = socket.local_addr()?.port();
        Ok((socket, port))
    }
}

fn lock(free: &Mutex<VecDeque<u16>>) -> MutexGuard<'_, VecDeque<u16>> {
    free.lock().expect("nothing panics while it holds the ports")
}

fn refused(error: &io::Error) -> LegFailure {
    LegFailure::Socket { os_error: error.raw_os_error().unwrap_or(0) }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    /// A range of two even ports, of which another program holds the first.
    fn half_busy() -> (UdpSocket, Ports, u16) {
        loop {
            let busy = UdpSocket::bind((LOCAL, 0)).unwrap();
            let port = busy.local_addr().unwrap().port();
            if port.is_multiple_of(2) && port < 65_000 && UdpSocket::bind((LOCAL, port + 2)).is_ok() {
                return (busy, Ports::new(LOCAL, &(port..=port + 3)), port + 2);
            }
        }
    }

    #[test]
    fn busy_ports_are_passed_over_and_released_ones_come_back() {
        let (_busy, ports, free) = half_busy();
        let (socket, port) = ports.open().unwrap();
        assert_eq!((port, ports.in_use()), (free, 1));
        assert_eq!(ports.open().unwrap_err(), LegFailure::PortsExhausted);
        drop(socket);
        ports.release(port);
        assert_eq!(ports.in_use(), 0);
        assert_eq!(ports.open().unwrap().1, free);
    }

    #[test]
    fn routers_are_asked_to_hurry() {
        let (socket, _) = Ports::new(LOCAL, &(0..=0)).open().unwrap();
        assert_eq!(sockopt::ip_tos(&socket).unwrap(), 0xb8);
    }

    #[test]
    fn a_range_without_an_even_port_is_empty() {
        assert!(Ports::new(LOCAL, &(7..=7)).is_empty());
        assert!(Ports::new(LOCAL, &(7..=8)).is_empty(), "8 without 9");
        assert!(!Ports::new(LOCAL, &(7..=9)).is_empty());
        assert!(!Ports::new(LOCAL, &(0..=0)).is_empty());
    }
}
