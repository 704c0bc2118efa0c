//! HEP version 3 (also EEP): a message with where and when it passed, as chunks in one datagram for a collector such as
//! HOMER. All numbers are big-endian; a chunk is vendor, type, length with these six bytes, value.

use core::net::IpAddr;

use hotline_base::Pii;
use hotline_sip::Transport;

use crate::captured::Captured;

const MAGIC: &[u8] = b"HEP3";
/// The chunk types of vendor 0 that are used.
mod chunk {
    pub(super) const FAMILY: u16 = 0x01;
    pub(super) const PROTOCOL: u16 = 0x02;
    pub(super) const IPV4_SOURCE: u16 = 0x03;
    pub(super) const IPV4_DESTINATION: u16 = 0x04;
    pub(super) const IPV6_SOURCE: u16 = 0x05;
    pub(super) const IPV6_DESTINATION: u16 = 0x06;
    pub(super) const SOURCE_PORT: u16 = 0x07;
    pub(super) const DESTINATION_PORT: u16 = 0x08;
    pub(super) const SECONDS: u16 = 0x09;
    pub(super) const MICROSECONDS: u16 = 0x0a;
    pub(super) const PAYLOAD_KIND: u16 = 0x0b;
    pub(super) const CAPTURE_AGENT: u16 = 0x0c;
    pub(super) const AUTHENTICATION_KEY: u16 = 0x0e;
    pub(super) const PAYLOAD: u16 = 0x0f;
    pub(super) const CORRELATION_ID: u16 = 0x11;
}
const GENERIC_VENDOR: u16 = 0;
/// Vendor, type, length.
const CHUNK_HEADER: usize = 6;
const FAMILY_IPV4: u8 = 2;
const FAMILY_IPV6: u8 = 10;
const PROTOCOL_TCP: u8 = 6;
const PROTOCOL_UDP: u8 = 17;
const PAYLOAD_SIP: u8 = 1;
/// The most that one datagram of UDP over IPv4 carries.
const PACKET_MAX: usize = 65_507;

/// How this server is known to the collector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// The number of this capture agent.
    pub capture_id: u32,
    /// What the collector lets agents in by.
    pub password: Option<Pii<String>>,
}

/// The message does not fit into one datagram with what is said about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("longer than a datagram")]
pub struct TooLarge;

/// One packet for the collector. The correlation id is the Call-ID; without one there is no such chunk.
///
/// # Errors
/// [`TooLarge`].
pub fn encode(captured: &Captured, sip_call_id: &str, agent: &Agent) -> Result<Vec<u8>, TooLarge> {
    let mut packet = Vec::with_capacity(captured.bytes.len() + sip_call_id.len() + 160);
    packet.extend(MAGIC);
    // The length, known at the end.
    packet.extend([0, 0]);
    addresses(&mut packet, captured)?;
    let micros = u64::try_from(captured.at.as_unix_micros()).unwrap_or(0);
    let seconds = u32::try_from(micros / 1_000_000).unwrap_or(u32::MAX);
    let micros = u32::try_from(micros % 1_000_000).unwrap_or(0);
    put(&mut packet, chunk::SECONDS, &seconds.to_be_bytes())?;
    put(&mut packet, chunk::MICROSECONDS, &micros.to_be_bytes())?;
    put(&mut packet, chunk::PAYLOAD_KIND, &[PAYLOAD_SIP])?;
    put(&mut packet, chunk::CAPTURE_AGENT, &agent.capture_id.to_be_bytes())?;
    if let Some(password) = &agent.password {
        put(&mut packet, chunk::AUTHENTICATION_KEY, password.expose().as_bytes())?;
    }
    if !sip_call_id.is_empty() {
        put(&mut packet, chunk::CORRELATION_ID, sip_call_id.as_bytes())?;
    }
    put(&mut packet, chunk::PAYLOAD, &captured.bytes)?;
    let length = u16::try_from(packet.len()).map_err(|_| TooLarge)?;
    packet[MAGIC.len()..MAGIC.len() + 2].copy_from_slice(&length.to_be_bytes());
    if packet.len() > PACKET_MAX { Err(TooLarge) } else { Ok(packet) }
}

fn addresses(packet: &mut Vec<u8>, captured: &Captured) -> Result<(), TooLarge> {
    let (source, destination) = (captured.source(), captured.destination());
    let protocol = match captured.flow.transport {
        Transport::Udp => PROTOCOL_UDP,
        Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => PROTOCOL_TCP,
    };
    match (source.ip().to_canonical(), destination.ip().to_canonical()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            put(packet, chunk::FAMILY, &[FAMILY_IPV4])?;
            put(packet, chunk::PROTOCOL, &[protocol])?;
            put(packet, chunk::IPV4_SOURCE, &from.octets())?;
            put(packet, chunk::IPV4_DESTINATION, &to.octets())?;
        }
        (from, to) => {
            put(packet, chunk::FAMILY, &[FAMILY_IPV6])?;
            put(packet, chunk::PROTOCOL, &[protocol])?;
            put(packet, chunk::IPV6_SOURCE, &octets(from))?;
            put(packet, chunk::IPV6_DESTINATION, &octets(to))?;
        }
    }
    put(packet, chunk::SOURCE_PORT, &source.port().to_be_bytes())?;
    put(packet, chunk::DESTINATION_PORT, &destination.port().to_be_bytes())
}

const fn octets(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

fn put(packet: &mut Vec<u8>, kind: u16, value: &[u8]) -> Result<(), TooLarge> {
    let length = u16::try_from(CHUNK_HEADER + value.len()).map_err(|_| TooLarge)?;
    packet.extend(GENERIC_VENDOR.to_be_bytes());
    packet.extend(kind.to_be_bytes());
    packet.extend(length.to_be_bytes());
    packet.extend(value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use bytes::Bytes;
    use hotline_base::WallTime;
    use hotline_sip::Flow;

    use super::*;
    use crate::captured::Way;

    fn captured(transport: Transport, local: &str, remote: &str, bytes: &'static [u8]) -> Captured {
        let flow = Flow { transport, local: local.parse().unwrap(), remote: remote.parse().unwrap() };
        let at = WallTime(1_433_719_443_000_979);
        Captured { seq: 1, at, way: Way::Received, flow, bytes: Bytes::from_static(bytes), repeated: false }
    }

    fn agent() -> Agent {
        Agent { capture_id: 2001, password: Some("myHep".into()) }
    }

    /// Reads a packet as a collector does: magic, length, then chunks to the end, none twice.
    fn read(packet: &[u8]) -> BTreeMap<(u16, u16), Vec<u8>> {
        let word = |at: usize| u16::from_be_bytes(packet[at..at + 2].try_into().unwrap());
        assert_eq!((&packet[..4], usize::from(word(4))), (&b"HEP3"[..], packet.len()));
        let (mut chunks, mut at) = (BTreeMap::new(), 6);
        while at < packet.len() {
            let length = usize::from(word(at + 4));
            let before = chunks.insert((word(at), word(at + 2)), packet[at + 6..at + length].to_vec());
            assert_eq!(before, None);
            at += length;
        }
        assert_eq!(at, packet.len());
        chunks
    }

    #[test]
    fn an_ipv4_message_is_laid_out_as_the_specification_says() {
        let message = captured(Transport::Udp, "192.168.1.23:5060", "192.168.100.1:5070", b"ACK");
        let packet = encode(&message, "a@b", &agent()).unwrap();
        let mut expected = b"HEP3\x00\x7a".to_vec();
        for chunk in [
            &b"\x00\x00\x00\x01\x00\x07\x02"[..],
            b"\x00\x00\x00\x02\x00\x07\x11",
            b"\x00\x00\x00\x03\x00\x0a\xc0\xa8\x64\x01",
            b"\x00\x00\x00\x04\x00\x0a\xc0\xa8\x01\x17",
            b"\x00\x00\x00\x07\x00\x08\x13\xce",
            b"\x00\x00\x00\x08\x00\x08\x13\xc4",
            b"\x00\x00\x00\x09\x00\x0a\x55\x74\xd2\x93",
            b"\x00\x00\x00\x0a\x00\x0a\x00\x00\x03\xd3",
            b"\x00\x00\x00\x0b\x00\x07\x01",
            b"\x00\x00\x00\x0c\x00\x0a\x00\x00\x07\xd1",
            b"\x00\x00\x00\x0e\x00\x0bmyHep",
            b"\x00\x00\x00\x11\x00\x09a@b",
            b"\x00\x00\x00\x0f\x00\x09ACK",
        ] {
            expected.extend(chunk);
        }
        assert_eq!(packet, expected);
    }

    #[test]
    fn an_ipv6_message_over_tls_has_sixteen_byte_addresses_and_is_tcp() {
        let message = captured(Transport::Tls, "[2001:db8::1]:5061", "[2001:db8::2]:40000", b"BYE");
        let chunks = read(&encode(&message, "", &Agent { password: None, ..agent() }).unwrap());
        assert_eq!((&chunks[&(0, 1)], &chunks[&(0, 2)]), (&vec![10], &vec![6]));
        let (from, to) = (&chunks[&(0, 5)], &chunks[&(0, 6)]);
        assert_eq!((from.len(), from[15], to.len(), to[15]), (16, 2, 16, 1));
        assert_eq!(chunks[&(0, 0x0f)], b"BYE");
        for absent in [3, 4, 0x0e, 0x11] {
            assert!(!chunks.contains_key(&(0, absent)), "{absent}");
        }
    }

    #[test]
    fn what_does_not_fit_into_a_datagram_is_refused() {
        static LONG: [u8; 65_535] = [b'x'; 65_535];
        let message = |length: usize| captured(Transport::Tcp, "10.0.0.1:1", "10.0.0.2:2", &LONG[..length]);
        let room = PACKET_MAX - encode(&message(0), "a@b", &agent()).unwrap().len();
        assert_eq!(encode(&message(room), "a@b", &agent()).unwrap().len(), PACKET_MAX);
        for length in [room + 1, 65_530, 65_535] {
            assert_eq!(encode(&message(length), "a@b", &agent()), Err(TooLarge));
        }
    }
}
