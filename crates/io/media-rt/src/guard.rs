//! Encrypts a leg's packets on their way (SRTP), so that the engine sees them plain.

use hotline_media::Srtp;
use hotline_srtp::{OVERHEAD_MAX, Receiver, Refusal, Sender};

use crate::thread::DATAGRAM_MAX;

/// The payload types of RTCP where both share a port (RFC 5761 §4).
const RTCP: core::ops::RangeInclusive<u8> = 192..=223;

/// What both sides encrypt with.
pub(crate) struct Guard {
    agreed: Srtp,
    sender: Sender,
    /// Absent if the peer's keys are of no use: nothing of it is taken then.
    receiver: Option<Receiver>,
}

impl Guard {
    pub(crate) fn new(agreed: &Srtp) -> Self {
        let (sender, receiver) = (Sender::new(&agreed.ours), Receiver::new(&agreed.theirs));
        Self { agreed: agreed.clone(), sender, receiver }
    }

    /// Goes on with what a new answer settled. A key that stays goes on where it is: with the numbers from the beginning the same
    /// key would encrypt twice alike, and what was heard could be played again.
    pub(crate) fn renew(&mut self, agreed: &Srtp) {
        if agreed.ours != self.agreed.ours {
            self.sender = Sender::new(&agreed.ours);
        }
        if agreed.theirs != self.agreed.theirs {
            self.receiver = Receiver::new(&agreed.theirs);
        }
        self.agreed = agreed.clone();
    }

    /// Opens a packet of the peer in its place; gives its length then.
    pub(crate) fn open(&mut self, packet: &mut [u8]) -> Result<usize, Refusal> {
        let receiver = self.receiver.as_mut().ok_or(Refusal::UnknownKey)?;
        if is_rtcp(packet) { receiver.open_rtcp(packet) } else { receiver.open_rtp(packet) }
    }

    /// Writes a packet of ours, encrypted, into `room`; `None` if it must not be sent.
    pub(crate) fn protect<'a>(
        &mut self,
        packet: &[u8],
        room: &'a mut [u8; DATAGRAM_MAX + OVERHEAD_MAX],
    ) -> Option<&'a [u8]> {
        room.get_mut(..packet.len())?.copy_from_slice(packet);
        let length = if is_rtcp(packet) {
            self.sender.protect_rtcp(room, packet.len())?
        } else {
            self.sender.protect_rtp(room, packet.len())?
        };
        Some(&room[..length])
    }
}

fn is_rtcp(packet: &[u8]) -> bool {
    packet.get(1).is_some_and(|kind| RTCP.contains(kind))
}

#[cfg(test)]
mod tests {
    use hotline_media::srtp::{MasterKey, PeerKey, Suite};

    use super::*;

    fn agreed(ours: u8, theirs: u8) -> Srtp {
        let key = |byte: u8| MasterKey::new(Suite::AeadAes128Gcm, &[byte; 16], &[byte; 12]).unwrap();
        Srtp { ours: key(ours), theirs: vec![PeerKey { key: key(theirs), mki: None }] }
    }

    fn rtp(sequence: u8) -> Vec<u8> {
        let mut packet = vec![0x80, 0, 0, sequence, 0, 0, 0, 0, 0, 0, 0, 1];
        packet.extend([0x55; 160]);
        packet
    }

    #[test]
    fn an_answer_with_the_same_keys_begins_nothing_anew_and_one_with_others_does() {
        let (mut here, mut there) = (Guard::new(&agreed(1, 2)), Guard::new(&agreed(2, 1)));
        let mut room = [0; DATAGRAM_MAX + OVERHEAD_MAX];
        let sent = here.protect(&rtp(1), &mut room).unwrap().to_vec();
        assert_eq!(there.open(&mut sent.clone()), Ok(172));
        here.renew(&agreed(1, 2));
        there.renew(&agreed(2, 1));
        assert_eq!(here.protect(&rtp(1), &mut room), None, "a number is used once");
        assert_eq!(there.open(&mut sent.clone()), Err(Refusal::Replayed));
        here.renew(&agreed(3, 2));
        there.renew(&agreed(2, 3));
        let sent = here.protect(&rtp(1), &mut room).unwrap().to_vec();
        assert_eq!(there.open(&mut sent.clone()), Ok(172));
        let report = [0x80, 200, 0, 1, 0, 0, 0, 1];
        let sent = here.protect(&report, &mut room).unwrap().to_vec();
        assert_eq!(there.open(&mut sent.clone()), Ok(report.len()));
        assert_eq!(there.open(&mut rtp(9)), Err(Refusal::NotAuthentic), "plain packets are not taken");
    }
}
