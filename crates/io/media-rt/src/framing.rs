//! Packets in a stream of bytes, each behind its length in two bytes (RFC 4571 §2).

use crate::thread::DATAGRAM_MAX;

/// Bytes before each packet.
pub(crate) const HEADER: usize = 2;
/// Room for two of the longest packets: one that is complete, and the beginning of the next.
const ROOM: usize = 2 * (HEADER + DATAGRAM_MAX);

/// A packet that is longer than any of a call. Where the next one begins is not looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

/// What came of a stream and was not taken yet.
pub(crate) struct Inbox {
    bytes: [u8; ROOM],
    start: usize,
    end: usize,
}

impl Inbox {
    pub(crate) fn new() -> Box<Self> {
        Box::new(Self { bytes: [0; ROOM], start: 0, end: 0 })
    }

    /// Where what comes next is to be written. It is empty only while there is a whole packet.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        self.bytes.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        &mut self.bytes[self.end..]
    }

    /// So much was written there.
    pub(crate) fn fill(&mut self, length: usize) {
        self.end = (self.end + length).min(ROOM);
    }

    /// The next packet, if it is whole.
    pub(crate) fn packet(&self) -> Result<Option<&[u8]>, TooLong> {
        let waiting = &self.bytes[self.start..self.end];
        let Some((header, rest)) = waiting.split_first_chunk::<HEADER>() else { return Ok(None) };
        let length = usize::from(u16::from_be_bytes(*header));
        if length > DATAGRAM_MAX {
            return Err(TooLong);
        }
        Ok(rest.get(..length))
    }

    /// It was taken.
    pub(crate) fn take(&mut self) {
        let length = self.packet().ok().flatten().map_or(0, |packet| HEADER + packet.len());
        self.start += length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(packets: &[Vec<u8>]) -> Vec<u8> {
        let mut stream = Vec::new();
        for packet in packets {
            stream.extend(u16::try_from(packet.len()).unwrap().to_be_bytes());
            stream.extend(packet);
        }
        stream
    }

    #[test]
    fn packets_come_out_as_they_went_in_however_the_stream_is_cut() {
        let lengths = [0, 1, 20, 172, DATAGRAM_MAX, DATAGRAM_MAX, 3, 0, 0, 1500];
        let packets: Vec<Vec<u8>> = lengths.iter().map(|length| vec![0xA5; *length]).collect();
        let stream = framed(&packets);
        for piece in [1, 2, 3, 100, 1460, 4096] {
            let (mut inbox, mut out, mut rest) = (Inbox::new(), Vec::new(), &stream[..]);
            while !rest.is_empty() {
                let room = inbox.room();
                let length = piece.min(room.len()).min(rest.len());
                assert!(length > 0, "there is room unless a packet is whole");
                room[..length].copy_from_slice(&rest[..length]);
                inbox.fill(length);
                rest = &rest[length..];
                while let Some(packet) = inbox.packet().unwrap() {
                    out.push(packet.to_vec());
                    inbox.take();
                }
            }
            assert_eq!(out, packets, "pieces of {piece}");
        }
    }

    #[test]
    fn a_packet_longer_than_any_of_a_call_ends_the_stream() {
        let mut inbox = Inbox::new();
        let length = u16::try_from(DATAGRAM_MAX + 1).unwrap().to_be_bytes();
        inbox.room()[..2].copy_from_slice(&length);
        inbox.fill(2);
        assert_eq!(inbox.packet(), Err(TooLong));
        inbox.take();
        assert_eq!(inbox.packet(), Err(TooLong), "nothing after it is believed");
    }
}
