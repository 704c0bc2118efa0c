//! The fixed RTP header, read from and written into a datagram in place.

use core::ops::Range;

use rtp_rs::{RtpPacketBuilder, RtpReader, Seq};

/// Bytes of a header without contributing sources and extension (RFC 3550 §5.1).
pub const HEADER_LEN: usize = 12;

/// The second byte of RTCP packets that share a port with RTP (RFC 5761 §4).
const RTCP_PACKET_TYPES: core::ops::RangeInclusive<u8> = 192..=223;

/// What the fixed header says (RFC 3550 §5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// First packet after a silence (RFC 3551 §4.1), or of a telephone-event.
    pub marker: bool,
    /// 7 bits.
    pub payload_type: u8,
    /// Counts packets; wraps.
    pub sequence: u16,
    /// Counts samples; wraps.
    pub timestamp: u32,
    /// The stream.
    pub ssrc: u32,
}

/// Why a datagram is not taken as RTP. The peer's fault, all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// RTCP on the RTP port (RFC 5761).
    #[error("RTCP")]
    Rtcp,
    /// Too short, another version, or lengths that do not fit.
    #[error("not an RTP packet")]
    Malformed,
}

impl Header {
    /// Reads a datagram: its header, and where its payload is. Contributing sources, extension and padding are
    /// skipped.
    ///
    /// # Errors
    /// [`ParseError`]; never panics.
    pub fn parse(datagram: &[u8]) -> Result<(Self, Range<usize>), ParseError> {
        if Self::is_report(datagram) {
            return Err(ParseError::Rtcp);
        }
        let reader = RtpReader::new(datagram).map_err(|_| ParseError::Malformed)?;
        let start = reader.payload_offset();
        let header = Self {
            marker: reader.mark(),
            payload_type: reader.payload_type(),
            sequence: reader.sequence_number().into(),
            timestamp: reader.timestamp(),
            ssrc: reader.ssrc(),
        };
        Ok((header, start..start + reader.payload().len()))
    }

    /// True if a datagram is RTCP, which may share a port with RTP (RFC 5761 §4).
    #[must_use]
    pub fn is_report(datagram: &[u8]) -> bool {
        matches!(datagram, [first, kind, ..] if first >> 6 == 2 && RTCP_PACKET_TYPES.contains(kind))
    }

    /// Writes the header into the twelve bytes before a payload.
    pub fn write(&self, target: &mut [u8; HEADER_LEN]) {
        RtpPacketBuilder::new()
            .marked(self.marker)
            .payload_type(self.payload_type & 0x7f)
            .sequence(Seq::from(self.sequence))
            .timestamp(self.timestamp)
            .ssrc(self.ssrc)
            .build_into(target)
            .expect("a header without sources, extension and payload takes twelve bytes");
    }

    /// A whole packet, for phones and tests.
    #[must_use]
    pub fn packet(&self, payload: &[u8]) -> Vec<u8> {
        let mut header = [0; HEADER_LEN];
        self.write(&mut header);
        [&header, payload].concat()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn skips_sources_extension_and_padding() {
        let mut datagram = vec![0x80 | 0x20 | 0x10 | 2, 0x80, 0, 7, 0, 0, 0, 9, 0, 0, 0, 5];
        datagram.extend([1; 8]);
        datagram.extend([0xbe, 0xde, 0, 1, 2, 2, 2, 2]);
        datagram.extend(b"payload");
        datagram.extend([0, 0, 3]);
        let (header, payload) = Header::parse(&datagram).unwrap();
        assert_eq!(header, Header { marker: true, payload_type: 0, sequence: 7, timestamp: 9, ssrc: 5 });
        assert_eq!(&datagram[payload], b"payload");
    }

    #[test]
    fn tells_rtcp_and_garbage_apart() {
        let receiver_report = [0x80, 201, 0, 1, 0, 0, 0, 1];
        assert_eq!(Header::parse(&receiver_report), Err(ParseError::Rtcp));
        for garbage in [&b""[..], b"hello", &[0; 12], &[0x9f; 12], &[0xa0; 12]] {
            assert_eq!(Header::parse(garbage), Err(ParseError::Malformed));
        }
    }

    proptest! {
        #[test]
        fn reads_what_it_wrote(
            marker: bool, payload_type in 0..64_u8, sequence: u16, timestamp: u32, ssrc: u32,
            payload in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let header = Header { marker, payload_type, sequence, timestamp, ssrc };
            let datagram = header.packet(&payload);
            let (read, range) = Header::parse(&datagram).unwrap();
            prop_assert_eq!(read, header);
            prop_assert_eq!(&datagram[range], &payload[..]);
        }

        #[test]
        fn takes_any_bytes_without_panic(mut datagram in proptest::collection::vec(any::<u8>(), 0..100)) {
            if let Some(first) = datagram.first_mut() {
                *first = *first & 0x3f | 0x80;
            }
            if let Ok((_, payload)) = Header::parse(&datagram) {
                prop_assert!(payload.start >= HEADER_LEN && payload.end <= datagram.len());
            }
        }
    }
}
