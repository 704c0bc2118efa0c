//! What the peer sends.

use crate::STREAMS_MAX;
use crate::index::Progress;
use crate::master::{Mki, PeerKey};
use crate::packet::{RTCP_HEAD, rtcp_sender, rtp_head, word};
use crate::session::{Place, Sessions};
use crate::suite::Suite;

/// The flag before the number of an RTCP packet: it is encrypted (RFC 3711 §3.4).
const ENCRYPTED: u32 = 1 << 31;

/// Why a packet is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is cut, or something else.
    #[error("no encrypted packet")]
    Malformed,
    /// It names a key that the peer did not give.
    #[error("an unknown key")]
    UnknownKey,
    /// Somebody without the key made or changed it.
    #[error("not authentic")]
    NotAuthentic,
    /// It came before, or is too old to say.
    #[error("replayed")]
    Replayed,
}

/// Opens what is protected with a peer's master keys.
pub struct Receiver {
    suite: Suite,
    keys: Vec<(Option<Mki>, Sessions)>,
    /// The one heard last is the last.
    rtp: Streams,
    rtcp: Streams,
}

impl Receiver {
    /// With the keys that the peer gave, all for one suite; `None` if there are none or they are for several.
    #[must_use]
    pub fn new(keys: &[PeerKey]) -> Option<Self> {
        let suite = keys.first()?.key.suite();
        let same = keys.iter().all(|key| key.key.suite() == suite);
        let keys = keys.iter().map(|PeerKey { key, mki }| (*mki, Sessions::of(key))).collect();
        same.then(|| Self { suite, keys, rtp: Streams::new(), rtcp: Streams::new() })
    }

    /// Decrypts an RTP packet in its place; gives the length of what it was before it was protected.
    ///
    /// # Errors
    /// See [`Refusal`]. What then is in `packet` must not be used.
    pub fn open_rtp(&mut self, packet: &mut [u8]) -> Result<usize, Refusal> {
        let head = rtp_head(packet).ok_or(Refusal::Malformed)?;
        let tag_len = self.suite.rtp_tag_len();
        let trailer = tag_len + self.mki_len();
        let end = packet.len().checked_sub(trailer).filter(|end| *end >= head.length);
        let end = end.ok_or(Refusal::Malformed)?;
        let index = self.rtp.estimate(head.ssrc, head.sequence);
        self.rtp.check(head.ssrc, index)?;
        let is_aead = self.suite.is_aead();
        let sessions = self.sessions(&packet[end..], tag_len)?;
        let rollovers = ((index >> 16) as u32).to_be_bytes();
        let tail = if is_aead { &[][..] } else { &rollovers };
        let (header, rest) = packet.split_at_mut(head.length);
        let (body, trailer) = rest.split_at_mut(end - head.length);
        let tag = if is_aead { &trailer[..tag_len] } else { &trailer[trailer.len() - tag_len..] };
        if !sessions.rtp.open(Place { ssrc: head.ssrc, index }, header, body, tail, tag) {
            return Err(Refusal::NotAuthentic);
        }
        self.rtp.note(head.ssrc, index);
        Ok(end)
    }

    /// The same for an RTCP packet. One that is only authenticated is not taken: encryption was agreed on.
    ///
    /// # Errors
    /// See [`Refusal`]. What then is in `packet` must not be used.
    pub fn open_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, Refusal> {
        let ssrc = rtcp_sender(packet).ok_or(Refusal::Malformed)?;
        let (tag_len, mki_len) = (self.suite.rtcp_tag_len(), self.mki_len());
        let end = packet.len().checked_sub(tag_len + mki_len + 4).filter(|end| *end >= RTCP_HEAD);
        let end = end.ok_or(Refusal::Malformed)?;
        // Body, number, MKI, tag; of an AEAD body, tag, number, MKI.
        let is_aead = self.suite.is_aead();
        let (number_at, tag_at) = if is_aead { (end + tag_len, end) } else { (end, end + 4 + mki_len) };
        let number = word(packet, number_at).filter(|number| number & ENCRYPTED != 0);
        let number = number.ok_or(Refusal::Malformed)?;
        let index = u64::from(number & !ENCRYPTED);
        self.rtcp.check(ssrc, index)?;
        let mki = if is_aead { &packet[number_at + 4..] } else { &packet[end + 4..end + 4 + mki_len] };
        let sessions = self.named(mki)?;
        let (head, rest) = packet.split_at_mut(RTCP_HEAD);
        let (body, trailer) = rest.split_at_mut(end - RTCP_HEAD);
        let tag = &trailer[tag_at - end..tag_at - end + tag_len];
        if !sessions.rtcp.open(Place { ssrc, index }, head, body, &number.to_be_bytes(), tag) {
            return Err(Refusal::NotAuthentic);
        }
        self.rtcp.note(ssrc, index);
        Ok(end)
    }

    /// How many bytes of a packet name its key. The names of a peer are of one length.
    fn mki_len(&self) -> usize {
        self.keys.first().and_then(|(mki, _)| *mki).map_or(0, |mki| usize::from(mki.bytes))
    }

    /// The keys of an RTP packet that ends with `trailer`: MKI and tag, or tag and MKI of an AEAD (RFC 7714 §8.2).
    fn sessions(&self, trailer: &[u8], tag_len: usize) -> Result<&Sessions, Refusal> {
        let mki_len = self.mki_len();
        self.named(if self.suite.is_aead() { &trailer[tag_len..] } else { &trailer[..mki_len] })
    }

    fn named(&self, name: &[u8]) -> Result<&Sessions, Refusal> {
        let value = name.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
        let found = self.keys.iter().find(|(mki, _)| mki.is_none_or(|mki| mki.value == value));
        found.map(|(_, sessions)| sessions).ok_or(Refusal::UnknownKey)
    }
}

/// How far the streams of a peer are. Only authentic packets are noted, so a stranger fills nothing.
struct Streams(Vec<(u32, Progress)>);

impl Streams {
    fn new() -> Self {
        Self(Vec::with_capacity(STREAMS_MAX))
    }

    fn progress(&self, ssrc: u32) -> Option<&Progress> {
        self.0.iter().find(|(known, _)| *known == ssrc).map(|(_, progress)| progress)
    }

    fn estimate(&self, ssrc: u32, sequence: u16) -> u64 {
        self.progress(ssrc).map_or(u64::from(sequence), |progress| progress.estimate(sequence))
    }

    fn check(&self, ssrc: u32, index: u64) -> Result<(), Refusal> {
        let is_seen = self.progress(ssrc).is_some_and(|progress| progress.has_seen(index));
        if is_seen { Err(Refusal::Replayed) } else { Ok(()) }
    }

    fn note(&mut self, ssrc: u32, index: u64) {
        if let Some(place) = self.0.iter().position(|(known, _)| *known == ssrc) {
            self.0[place].1.note(index);
            self.0[place..].rotate_left(1);
            return;
        }
        if self.0.len() >= STREAMS_MAX {
            self.0.remove(0);
        }
        self.0.push((ssrc, Progress::begin(index)));
    }
}
