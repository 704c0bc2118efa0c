//! The UDP ports that legs may have: one even port each (RFC 3550 §11), given back when the leg closes.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::ops::RangeInclusive;
use std::sync::Mutex;

use hotline_media::LegFailure;

/// How many ports that other programs hold are passed over for one leg.
const BUSY_MAX: usize = 64;

/// Ports shared by all media threads. The lock is taken when a leg opens or closes, never for a packet.
#[derive(Debug)]
pub(crate) struct Ports {
    bind: IpAddr,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    supply: Supply,
    in_use: usize,
}

#[derive(Debug)]
enum Supply {
    /// The longest unused first, so that late packets of an ended call do not reach the next one.
    Range(VecDeque<u16>),
    /// The system chooses.
    Any,
}

impl Ports {
    /// The even ports of `range`, or whatever the system chooses for `0..=0`.
    pub(crate) fn new(bind: IpAddr, range: &RangeInclusive<u16>) -> Self {
        let supply = if *range == (0..=0) {
            Supply::Any
        } else {
            Supply::Range(range.clone().filter(|port| port % 2 == 0 && *port != 0).collect())
        };
        Self { bind, state: Mutex::new(State { supply, in_use: 0 }) }
    }

    /// True if no leg could ever be opened.
    pub(crate) fn is_empty(&self) -> bool {
        match &self.lock().supply {
            Supply::Range(ports) => ports.is_empty(),
            Supply::Any => false,
        }
    }

    /// How many legs hold a port.
    pub(crate) fn in_use(&self) -> usize {
        self.lock().in_use
    }

    /// Binds a socket for a leg.
    pub(crate) fn open(&self) -> Result<(UdpSocket, u16), LegFailure> {
        let mut state = self.lock();
        let opened = match &mut state.supply {
            Supply::Any => self.bind(0).map_err(|error| refused(&error)),
            Supply::Range(ports) => self.bind_first_free(ports),
        }?;
        state.in_use += 1;
        Ok(opened)
    }

    /// Takes a port back.
    pub(crate) fn release(&self, port: u16) {
        let mut state = self.lock();
        state.in_use -= 1;
        match &mut state.supply {
            Supply::Range(ports) => ports.push_back(port),
            Supply::Any => {}
        }
    }

    fn bind_first_free(&self, ports: &mut VecDeque<u16>) -> Result<(UdpSocket, u16), LegFailure> {
        for _ in 0..ports.len().min(BUSY_MAX) {
            let Some(port) = ports.pop_front() else { break };
            match self.bind(port) {
                Ok(opened) => return Ok(opened),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => ports.push_back(port),
                Err(error) => {
                    ports.push_back(port);
                    return Err(refused(&error));
                }
            }
        }
        Err(LegFailure::PortsExhausted)
    }

    fn bind(&self, port: u16) -> io::Result<(UdpSocket, u16)> {
        let socket = UdpSocket::bind(SocketAddr::new(self.bind, port))?;
        socket.set_nonblocking(true)?;
        let port = socket.local_addr()?.port();
        Ok((socket, port))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds the ports")
    }
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
    fn a_range_without_an_even_port_is_empty() {
        assert!(Ports::new(LOCAL, &(7..=7)).is_empty());
        assert!(!Ports::new(LOCAL, &(7..=8)).is_empty());
        assert!(!Ports::new(LOCAL, &(0..=0)).is_empty());
    }
}
