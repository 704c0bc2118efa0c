//! What we send.

use crate::STREAMS_MAX;
use crate::index::Progress;
use crate::master::MasterKey;
use crate::packet::{RTCP_HEAD, rtcp_sender, rtp_head};
use crate::session::{Place, Sessions};
use crate::suite::Suite;

/// The flag before the number of an RTCP packet: it is encrypted (RFC 3711 §3.4).
const ENCRYPTED: u32 = 1 << 31;

/// Protects packets with one master key. Keep it for as long as the key is used: a number that is used twice gives both packets away.
pub struct Sender {
    suite: Suite,
    sessions: Sessions,
    streams: Vec<(u32, Progress)>,
    /// Of the next RTCP packet.
    rtcp_index: u32,
}

impl Sender {
    /// With a master key of ours.
    #[must_use]
    pub fn new(key: &MasterKey) -> Self {
        let streams = Vec::with_capacity(STREAMS_MAX);
        Self { suite: key.suite(), sessions: Sessions::of(key), streams, rtcp_index: 0 }
    }

    /// Encrypts the RTP packet of `length` bytes in `buffer`; gives its new length. `None`, and the packet must not be sent, if it is no RTP, if
    /// there is no room for [`OVERHEAD_MAX`](crate::OVERHEAD_MAX) bytes behind it, or if its number was used or more than
    /// [`STREAMS_MAX`] streams would be sent.
    pub fn protect_rtp(&mut self, buffer: &mut [u8], length: usize) -> Option<usize> {
        let head = rtp_head(buffer.get(..length)?)?;
        let end = length + self.suite.rtp_tag_len();
        if buffer.len() < end {
            return None;
        }
        let index = self.next_index(head.ssrc, head.sequence)?;
        let rollovers = ((index >> 16) as u32).to_be_bytes();
        // An AEAD has them in its nonce.
        let tail = if self.suite.is_aead() { &[][..] } else { &rollovers };
        let (header, rest) = buffer[..end].split_at_mut(head.length);
        let (body, tag) = rest.split_at_mut(length - head.length);
        self.sessions.rtp.seal(Place { ssrc: head.ssrc, index }, header, body, tail, tag);
        Some(end)
    }

    fn next_index(&mut self, ssrc: u32, sequence: u16) -> Option<u64> {
        if let Some((_, progress)) = self.streams.iter_mut().find(|(known, _)| *known == ssrc) {
            let index = progress.estimate(sequence);
            if progress.has_seen(index) {
                return None;
            }
            progress.note(index);
            return Some(index);
        }
        if self.streams.len() >= STREAMS_MAX {
            return None;
        }
        let index = u64::from(sequence);
        self.streams.push((ssrc, Progress::begin(index)));
        Some(index)
    }

    /// The same for an RTCP packet. `None` also after 2^31 packets.
    pub fn protect_rtcp(&mut self, buffer: &mut [u8], length: usize) -> Option<usize> {
        let ssrc = rtcp_sender(buffer.get(..length)?)?;
        let (tag_len, index) = (self.suite.rtcp_tag_len(), self.rtcp_index);
        let end = length + tag_len + 4;
        if buffer.len() < end || index >= ENCRYPTED {
            return None;
        }
        self.rtcp_index += 1;
        let word = (ENCRYPTED | index).to_be_bytes();
        let (head, rest) = buffer[..end].split_at_mut(RTCP_HEAD);
        let (body, rest) = rest.split_at_mut(length - RTCP_HEAD);
        // The number stands before the tag of counter mode (RFC 3711 §3.4) and behind that of an AEAD (RFC 7714 §9.2).
        let (tag, number) = if self.suite.is_aead() {
            rest.split_at_mut(tag_len)
        } else {
            let (number, tag) = rest.split_at_mut(4);
            (tag, number)
        };
        number.copy_from_slice(&word);
        self.sessions.rtcp.seal(Place { ssrc, index: index.into() }, head, body, &word, tag);
        Some(end)
    }
}
