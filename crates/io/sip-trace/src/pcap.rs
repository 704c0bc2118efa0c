//! Messages as a pcap file that Wireshark and tshark read: IP packets (`LINKTYPE_RAW`) with UDP headers made for
//! them. What travelled over a stream is shown as UDP too, since only what was said in it is known.

use core::net::{IpAddr, Ipv6Addr, SocketAddr};

use crate::captured::Captured;

/// Microseconds, written in the order of a little-endian machine.
const MAGIC: u32 = 0xa1b2_c3d4;
const VERSION: (u16, u16) = (2, 4);
/// IPv4 or IPv6 packets without a link layer.
const LINKTYPE_RAW: u32 = 101;
/// No packet is longer.
const SNAPSHOT_LENGTH: u32 = 65_575;
const UDP: u8 = 17;
const HOPS: u8 = 64;
const UDP_HEADER: usize = 8;
const IPV4_HEADER: usize = 20;
const IPV6_HEADER: usize = 40;
/// The most that the length fields of UDP and IPv4 can say. What a stream carried beyond it is cut off.
const PAYLOAD_MAX: usize = u16::MAX as usize - UDP_HEADER - IPV4_HEADER;

/// What a pcap file begins with.
#[must_use]
pub fn file_header() -> Vec<u8> {
    let mut header = Vec::with_capacity(24);
    header.extend(MAGIC.to_le_bytes());
    header.extend(VERSION.0.to_le_bytes());
    header.extend(VERSION.1.to_le_bytes());
    // The times are UTC and exact.
    header.extend([0; 8]);
    header.extend(SNAPSHOT_LENGTH.to_le_bytes());
    header.extend(LINKTYPE_RAW.to_le_bytes());
    header
}

/// One message as a record of the file, with `payload` for what it says.
#[must_use]
pub fn record(captured: &Captured, payload: &[u8]) -> Vec<u8> {
    let cut = &payload[..payload.len().min(PAYLOAD_MAX)];
    let missing = payload.len() - cut.len();
    let identification = u16::try_from(captured.seq % 0x1_0000).unwrap_or(0);
    let packet = packet(captured.source(), captured.destination(), identification, cut);
    let micros = u64::try_from(captured.at.as_unix_micros()).unwrap_or(0);
    let (seconds, micros) = (micros / 1_000_000, micros % 1_000_000);
    let mut record = Vec::with_capacity(16 + packet.len());
    for field in [seconds, micros, packet.len() as u64, (packet.len() + missing) as u64] {
        record.extend(u32::try_from(field).unwrap_or(u32::MAX).to_le_bytes());
    }
    record.extend(packet);
    record
}

fn packet(source: SocketAddr, destination: SocketAddr, identification: u16, payload: &[u8]) -> Vec<u8> {
    match (source.ip().to_canonical(), destination.ip().to_canonical()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let (from, to) = (from.octets(), to.octets());
            let udp = udp(&from, &to, source.port(), destination.port(), payload);
            let mut packet = vec![0x45, 0];
            packet.extend(length_of(IPV4_HEADER + udp.len()).to_be_bytes());
            packet.extend(identification.to_be_bytes());
            packet.extend([0, 0, HOPS, UDP, 0, 0]);
            packet.extend(from);
            packet.extend(to);
            let sum = checksum(0, &packet);
            packet[10..12].copy_from_slice(&sum.to_be_bytes());
            packet.extend(udp);
            packet
        }
        (from, to) => {
            let (from, to) = (mapped(from).octets(), mapped(to).octets());
            let udp = udp(&from, &to, source.port(), destination.port(), payload);
            let mut packet = Vec::with_capacity(IPV6_HEADER + udp.len());
            packet.extend([0x60, 0, 0, 0]);
            packet.extend(length_of(udp.len()).to_be_bytes());
            packet.extend([UDP, HOPS]);
            packet.extend(from);
            packet.extend(to);
            packet.extend(udp);
            packet
        }
    }
}

/// Both ends of a packet are of one family.
const fn mapped(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
}

/// Header and payload, with the checksum over both and the addresses (RFC 768, RFC 8200 §8.1).
fn udp(from: &[u8], to: &[u8], source_port: u16, destination_port: u16, payload: &[u8]) -> Vec<u8> {
    let length = length_of(UDP_HEADER + payload.len());
    let mut udp = Vec::with_capacity(UDP_HEADER + payload.len());
    udp.extend(source_port.to_be_bytes());
    udp.extend(destination_port.to_be_bytes());
    udp.extend(length.to_be_bytes());
    udp.extend([0, 0]);
    udp.extend(payload);
    let pseudo = sum(from) + sum(to) + u64::from(UDP) + u64::from(length);
    // A sum of 0 is sent as all ones: 0 means that there is none.
    let checksum = match checksum(pseudo, &udp) {
        0 => u16::MAX,
        sum => sum,
    };
    udp[6..8].copy_from_slice(&checksum.to_be_bytes());
    udp
}

/// Within 65 535, since payloads are cut at [`PAYLOAD_MAX`].
fn length_of(bytes: usize) -> u16 {
    u16::try_from(bytes).expect("a payload is at most PAYLOAD_MAX bytes long")
}

/// RFC 1071, on top of `start`.
fn checksum(start: u64, bytes: &[u8]) -> u16 {
    let mut sum = start + sum(bytes);
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).expect("the carries were folded in above")
}

fn sum(bytes: &[u8]) -> u64 {
    let words = bytes.chunks(2).map(|pair| u64::from(pair[0]) << 8 | u64::from(*pair.get(1).unwrap_or(&0)));
    words.sum()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use hotline_base::WallTime;
    use hotline_sip::{Flow, Transport};
    use proptest::prelude::*;

    use super::*;
    use crate::captured::Way;

    fn captured(local: &str, remote: &str, way: Way, payload: &[u8]) -> Captured {
        let flow = Flow {
            transport: Transport::Udp,
            local: local.parse().unwrap(),
            remote: remote.parse().unwrap(),
        };
        let at = WallTime(1_700_000_000_123_456);
        Captured { seq: 0x1_0007, at, way, flow, bytes: Bytes::copy_from_slice(payload), repeated: false }
    }

    fn u32_at(bytes: &[u8], at: usize) -> u32 {
        u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
    }

    fn u16_at(bytes: &[u8], at: usize) -> u16 {
        u16::from_be_bytes(bytes[at..at + 2].try_into().unwrap())
    }

    /// Verifies as a receiver does: the sum over everything, the checksum included, is all ones.
    fn sums_up(pseudo: &[&[u8]], length: usize, udp: &[u8]) -> bool {
        let start = pseudo.iter().map(|part| sum(part)).sum::<u64>() + 17 + length as u64;
        checksum(start, udp) == 0
    }

    #[test]
    fn the_file_begins_as_its_format_says() {
        let header = file_header();
        assert_eq!((header.len(), u32_at(&header, 0), u32_at(&header, 20)), (24, 0xa1b2_c3d4, 101));
        assert_eq!(header[4..8], [2, 0, 4, 0]);
    }

    #[test]
    fn an_ipv4_packet_reads_back() {
        let message = captured("192.0.2.1:5060", "192.0.2.2:5070", Way::Received, b"OPTIONS");
        let record = record(&message, &message.bytes);
        assert_eq!((u32_at(&record, 0), u32_at(&record, 4)), (1_700_000_000, 123_456));
        assert_eq!((u32_at(&record, 8), u32_at(&record, 12)), (35, 35));
        let packet = &record[16..];
        assert_eq!((packet[0], u16_at(packet, 2), u16_at(packet, 4), packet[9]), (0x45, 35, 7, 17));
        assert_eq!(checksum(0, &packet[..20]), 0);
        assert_eq!((&packet[12..16], &packet[16..20]), (&[192, 0, 2, 2][..], &[192, 0, 2, 1][..]));
        let udp = &packet[20..];
        assert_eq!((u16_at(udp, 0), u16_at(udp, 2), u16_at(udp, 4)), (5070, 5060, 15));
        assert!(sums_up(&[&packet[12..20]], 15, udp));
        assert_eq!(&udp[8..], b"OPTIONS");
    }

    #[test]
    fn an_ipv6_packet_reads_back() {
        let message = captured("[2001:db8::1]:5060", "[2001:db8::2]:5070", Way::Sent, b"BYE");
        let record = record(&message, &message.bytes);
        let packet = &record[16..];
        assert_eq!((packet[0], u16_at(packet, 4), packet[6]), (0x60, 11, 17));
        assert_eq!((packet[23], packet[39]), (1, 2));
        let udp = &packet[40..];
        assert_eq!((u16_at(udp, 0), u16_at(udp, 2), &udp[8..]), (5060, 5070, &b"BYE"[..]));
        assert!(sums_up(&[&packet[8..40]], 11, udp));
    }

    #[test]
    fn what_is_too_long_for_a_packet_is_cut_and_said_to_be() {
        let message = captured("192.0.2.1:5060", "192.0.2.2:5070", Way::Sent, &[b'x'; 65_535]);
        let record = record(&message, &message.bytes);
        assert_eq!((u32_at(&record, 8), u32_at(&record, 12)), (65_535, 65_535 + 28));
    }

    proptest! {
        #[test]
        fn every_checksum_is_right(payload in prop::collection::vec(any::<u8>(), 0..64), six in any::<bool>()) {
            let (local, remote) = if six { ("[::1]:1", "[fe80::7]:65535") } else { ("10.0.0.1:1", "10.9.9.9:65535") };
            let message = captured(local, remote, Way::Received, &payload);
            let record = record(&message, &payload);
            let (addresses, udp) = if six { (24..56, &record[56..]) } else { (28..36, &record[36..]) };
            prop_assert!(u16_at(udp, 6) != 0);
            prop_assert!(sums_up(&[&record[addresses]], udp.len(), udp));
        }
    }
}
