//! What both ends of a measured call say, packet by packet.

use anyhow::Result;
use hotline_audio::{SAMPLE_RATE_HZ, Tone};
use hotline_media::{Codec, Opus};

use super::libopus::{FULL_BAND_HZ, full_band};
use crate::bench::socket::Stamp;

/// Packets of 20 ms: what G.711 and G.722 have of it.
const PAYLOAD: usize = 160;
pub(super) const HEADER: usize = 12;
/// What a stamped payload begins with: [`MAGIC`], stream, number, time of sending.
pub(super) const STAMP: usize = 20;
const MAGIC: u32 = 0x4854_4c4e;
/// RTP payload types that are RTCP in truth (RFC 5761 §4).
const RTCP: std::ops::RangeInclusive<u8> = 72..=76;
/// A second of packets, which is said again and again.
const CYCLE: usize = 50;
/// The packets of it, from the first on, that are a burst.
const BURST: usize = 4;
/// What is said all the time, and a burst: hertz, and decibels of full scale.
const QUIET: (f64, f64) = (440.0, -20.0);
const LOUD: (f64, f64) = (1000.0, -3.0);

/// What both ends say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Speech {
    /// Of callers and of phones.
    pub(super) codecs: [Codec; 2],
    pub(super) says: Says,
    /// Whether the callers' Opus has all that can be heard, as that of browsers has.
    pub(super) is_full_band: bool,
}

/// By what the other end knows what it hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    /// Payloads say what they are, and must arrive bit for bit.
    Stamps,
    /// A burst each second; of payloads nothing is known, since codecs make them anew.
    Bursts,
    /// Packets are counted only.
    Anything,
}

impl Speech {
    /// What callers (0) or phones (1) say, over and over.
    pub(super) fn packets(self, end: usize) -> Result<Vec<Vec<u8>>> {
        let codec = self.codecs[end];
        if self.says != Says::Bursts {
            let sound = tone(QUIET, SAMPLE_RATE_HZ, PAYLOAD);
            return Ok(vec![packet(codec, &codec.encoder(Opus::default()).payload(&sound))]);
        }
        if codec == Codec::Opus && end == 0 && self.is_full_band {
            let payloads = full_band(&cycle(FULL_BAND_HZ))?;
            return Ok(payloads.iter().map(|payload| packet(codec, payload)).collect());
        }
        let (sound, mut encoder) = (cycle(SAMPLE_RATE_HZ), codec.encoder(Opus::default()));
        let mut said = || -> Vec<Vec<u8>> {
            sound.chunks_exact(PAYLOAD).map(|sound| packet(codec, &encoder.payload(sound))).collect()
        };
        // The second time the encoder knows what came before.
        drop(said());
        Ok(said())
    }
}

/// A second that begins with a burst.
fn cycle(rate_hz: u32) -> Vec<i16> {
    let packet = rate_hz as usize / CYCLE;
    let mut sound = tone(LOUD, rate_hz, BURST * packet);
    sound.extend(tone(QUIET, rate_hz, (CYCLE - BURST) * packet));
    sound
}

fn tone((hz, dbfs): (f64, f64), rate_hz: u32, samples: usize) -> Vec<i16> {
    Tone::new(hz, dbfs, rate_hz).take(samples).collect()
}

fn packet(codec: Codec, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0; HEADER];
    // RFC 3550 §5.1: version 2, no padding, no extension, no contributing sources.
    (packet[0], packet[1]) = (0x80, codec.usual_payload_type());
    packet.extend_from_slice(payload);
    packet
}

/// Sequence number, timestamp and source of the `sent`th packet of a stream.
pub(super) fn number(packet: &mut [u8], sent: u32, stream: u32, codec: Codec) {
    let [_, _, high, low] = sent.to_be_bytes();
    (packet[2], packet[3]) = (high, low);
    packet[4..8].copy_from_slice(&sent.wrapping_mul(PAYLOAD as u32 * codec.clock_factor()).to_be_bytes());
    packet[8..12].copy_from_slice(&(0x5000_0000 + stream).to_be_bytes());
}

/// Writes down which packet this is, and when it goes.
pub(super) fn stamp(payload: &mut [u8], sent: u32, stream: u32) {
    payload[..4].copy_from_slice(&MAGIC.to_be_bytes());
    payload[4..8].copy_from_slice(&stream.to_be_bytes());
    payload[8..12].copy_from_slice(&sent.to_be_bytes());
    payload[12..STAMP].copy_from_slice(&Stamp::now().nanos().to_be_bytes());
}

/// Number, stream and time of a stamped packet.
pub(super) fn read_stamp(payload: &[u8]) -> Option<(u32, u32, Stamp)> {
    let word = |at: usize| Some(u32::from_be_bytes(*payload.get(at..)?.first_chunk()?));
    let nanos = u64::from_be_bytes(*payload.get(12..)?.first_chunk()?);
    (word(0)? == MAGIC).then_some((word(8)?, word(4)?, Stamp::of_nanos(nanos)))
}

/// The audio of an RTP packet.
pub(super) fn payload(datagram: &[u8]) -> Option<&[u8]> {
    let is_rtcp = RTCP.contains(&(datagram.get(1)? & 0x7f));
    datagram.get(HEADER..).filter(|payload| !is_rtcp && payload.len() >= STAMP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_into_a_packet_is_read_again() {
        let before = Stamp::now();
        let speech = Speech { codecs: [Codec::Pcmu; 2], says: Says::Stamps, is_full_band: false };
        let mut packet = speech.packets(0).unwrap().remove(0);
        number(&mut packet, 70_000, 9, Codec::Pcmu);
        stamp(&mut packet[HEADER..], 70_000, 9);
        assert_eq!(packet[..4], [0x80, 0, 0x11, 0x70]);
        let (sent, stream, at) = read_stamp(payload(&packet).unwrap()).unwrap();
        assert_eq!((sent, stream), (70_000, 9));
        assert!(before <= at && at <= Stamp::now());
        packet[HEADER] ^= 1;
        assert!(read_stamp(payload(&packet).unwrap()).is_none());
        packet[1] = 73;
        assert!(payload(&packet).is_none() && payload(&packet[..HEADER + 4]).is_none());
    }
}
