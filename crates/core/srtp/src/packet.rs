//! What of a packet is read before it is opened.

/// SSRC and sequence number, and where the payload begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RtpHead {
    pub(crate) ssrc: u32,
    pub(crate) sequence: u16,
    pub(crate) length: usize,
}

/// The header of an RTP packet with its sources and its extension (RFC 3550 §5.1, §5.3.1); `None` if it is cut or not RTP.
pub(crate) fn rtp_head(packet: &[u8]) -> Option<RtpHead> {
    let first = *packet.first().filter(|first| **first >> 6 == 2)?;
    let mut length = 12 + 4 * usize::from(first & 0x0F);
    if first & 0x10 != 0 {
        let words = packet.get(length + 2..length + 4)?;
        length += 4 + 4 * usize::from(u16::from_be_bytes([words[0], words[1]]));
    }
    let sequence = u16::from_be_bytes([*packet.get(2)?, *packet.get(3)?]);
    let ssrc = word(packet, 8)?;
    (packet.len() >= length).then_some(RtpHead { ssrc, sequence, length })
}

/// How much of an RTCP packet is never encrypted: its first header and the SSRC of who sends it (RFC 3711 §3.4).
pub(crate) const RTCP_HEAD: usize = 8;

/// The SSRC of who sends an RTCP packet.
pub(crate) fn rtcp_sender(packet: &[u8]) -> Option<u32> {
    packet.first().filter(|first| **first >> 6 == 2)?;
    word(packet, 4)
}

/// Four bytes from `at` on.
pub(crate) fn word(packet: &[u8], at: usize) -> Option<u32> {
    packet.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_and_extension_belong_to_the_header() {
        let mut packet = vec![0x80, 0, 0x12, 0x34, 0, 0, 0, 0, 0, 0, 0, 7];
        assert_eq!(rtp_head(&packet), Some(RtpHead { ssrc: 7, sequence: 0x1234, length: 12 }));
        packet[0] = 0x92;
        packet.extend([0; 8]);
        assert_eq!(rtp_head(&packet), None, "the extension is missing");
        packet.extend([0xBE, 0xDE, 0, 1, 1, 2, 3, 4]);
        assert_eq!(rtp_head(&packet).map(|head| head.length), Some(28));
        assert_eq!(rtp_head(&packet[..27]), None);
        assert_eq!(rtp_head(&[0x40; 40]), None);
        assert_eq!(rtp_head(&[]), None);
    }
}
