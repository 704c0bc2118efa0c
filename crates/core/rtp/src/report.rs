//! Reports of both sides on what they send and receive: RTCP (RFC 3550 §6).
//!
//! Read by `rtcp-types`; written here, since its builders allocate for each report.

use rtcp_types::{Compound, Packet, ReportBlock};
use serde::{Deserialize, Serialize};

/// The most bytes that [`Report::write`] makes.
pub const REPORT_LEN_MAX: usize = 28 + BLOCK_LEN + DESCRIPTION_LEN + BYE_LEN;

const BLOCK_LEN: usize = 24;
const BYE_LEN: usize = 8;
/// Bytes of a CNAME that is as long as ours: eight in hexadecimal.
const NAME_LEN: usize = 16;
/// Header, source, the item with its type and length, its end, and up to whole words.
const DESCRIPTION_LEN: usize = (4 + 4 + 2 + NAME_LEN + 1_usize).next_multiple_of(4);

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const BYE: u8 = 203;
const CNAME: u8 = 1;

/// What one side says of its own stream and of the one it hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// Who says it.
    pub ssrc: u32,
    /// Names the sender across its streams (RFC 7022 §4.2).
    pub name: u64,
    /// Of its own stream, if it sends one.
    pub sender: Option<SenderInfo>,
    /// Of the stream that it hears, if there is one.
    pub reception: Option<Reception>,
    /// It leaves.
    pub bye: bool,
}

/// What a sender says of its stream (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderInfo {
    /// When, as an NTP timestamp: seconds since 1900 and their fraction in 32 bits each.
    pub ntp: u64,
    /// The same moment on the stream's clock.
    pub timestamp: u32,
    /// Packets sent; wraps.
    pub packets: u32,
    /// Their payload bytes; wraps.
    pub bytes: u32,
}

/// What a listener says of a stream (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reception {
    /// The stream.
    pub ssrc: u32,
    /// Packets lost since the report before, in 256ths of those sent.
    pub fraction_lost: u8,
    /// Packets lost since the beginning; fewer than none if some came twice.
    pub lost: i32,
    /// The highest sequence number, with its wraps above it.
    pub highest: u32,
    /// Interarrival jitter in units of the stream's clock.
    pub jitter: u32,
    /// The middle of the NTP timestamp of the sender's newest report, 0 if none came.
    pub last_report: u32,
    /// How long ago that came, in 65 536ths of a second.
    pub delay: u32,
}

/// What is of use in the reports of a peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeerReport {
    /// Who reports.
    pub ssrc: u32,
    /// What it says of its own stream.
    pub sender: Option<SenderInfo>,
    /// What the peer says of our stream.
    pub reception: Option<Reception>,
    /// The peer leaves.
    pub bye: bool,
}

impl SenderInfo {
    /// What a [`Reception`] repeats of it.
    #[must_use]
    pub const fn middle(&self) -> u32 {
        // Those 32 bits are meant.
        (self.ntp >> 16) as u32
    }
}

impl Report {
    /// Writes a compound packet into `out`: a report, the sender's name, and its leave. Gives the length.
    pub fn write(&self, out: &mut [u8; REPORT_LEN_MAX]) -> usize {
        let mut writer = Writer { out, length: 0 };
        let blocks = u8::from(self.reception.is_some());
        match &self.sender {
            Some(sender) => {
                writer.header(SENDER_REPORT, blocks, 28 + usize::from(blocks) * BLOCK_LEN);
                writer.word(self.ssrc);
                writer.word((sender.ntp >> 32) as u32);
                writer.word(sender.ntp as u32);
                writer.word(sender.timestamp);
                writer.word(sender.packets);
                writer.word(sender.bytes);
            }
            None => {
                writer.header(RECEIVER_REPORT, blocks, 8 + usize::from(blocks) * BLOCK_LEN);
                writer.word(self.ssrc);
            }
        }
        if let Some(reception) = &self.reception {
            writer.reception(reception);
        }
        writer.description(self.ssrc, self.name);
        if self.bye {
            writer.header(BYE, 1, BYE_LEN);
            writer.word(self.ssrc);
        }
        writer.length
    }
}

impl PeerReport {
    /// Reads a compound packet: what it says of the stream `ours`, and of its sender. `None` for what is no RTCP.
    #[must_use]
    pub fn read(datagram: &[u8], ours: u32) -> Option<Self> {
        let mut read = Self::default();
        for packet in Compound::parse(datagram).ok()? {
            match packet.ok()? {
                Packet::Sr(report) => {
                    let info = SenderInfo {
                        ntp: report.ntp_timestamp(),
                        timestamp: report.rtp_timestamp(),
                        packets: report.packet_count(),
                        bytes: report.octet_count(),
                    };
                    (read.ssrc, read.sender) = (report.ssrc(), Some(info));
                    read.take_blocks(report.report_blocks(), ours);
                }
                Packet::Rr(report) => {
                    read.ssrc = report.ssrc();
                    read.take_blocks(report.report_blocks(), ours);
                }
                Packet::Bye(_) => read.bye = true,
                Packet::App(_)
                | Packet::Sdes(_)
                | Packet::TransportFeedback(_)
                | Packet::PayloadFeedback(_)
                | Packet::Xr(_)
                | Packet::Unknown(_) => {}
            }
        }
        Some(read)
    }

    fn take_blocks<'a>(&mut self, blocks: impl Iterator<Item = ReportBlock<'a>>, ours: u32) {
        for block in blocks.filter(|block| block.ssrc() == ours) {
            // 24 bits with a sign (RFC 3550 §6.4.1).
            let lost = (block.cumulative_lost() << 8).cast_signed() >> 8;
            self.reception = Some(Reception {
                ssrc: ours,
                fraction_lost: block.fraction_lost(),
                lost,
                highest: block.extended_sequence_number(),
                jitter: block.interarrival_jitter(),
                last_report: block.last_sender_report_timestamp(),
                delay: block.delay_since_last_sender_report_timestamp(),
            });
        }
    }
}

struct Writer<'a> {
    out: &'a mut [u8; REPORT_LEN_MAX],
    length: usize,
}

impl Writer<'_> {
    fn bytes(&mut self, bytes: &[u8]) {
        self.out[self.length..self.length + bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len();
    }

    fn word(&mut self, word: u32) {
        self.bytes(&word.to_be_bytes());
    }

    /// Of a packet of `length` bytes with `count` of what it consists of.
    fn header(&mut self, packet_type: u8, count: u8, length: usize) {
        let words = u16::try_from(length / 4 - 1).expect("a report is short");
        self.bytes(&[0x80 | count, packet_type]);
        self.bytes(&words.to_be_bytes());
    }

    fn reception(&mut self, reception: &Reception) {
        let lost = reception.lost.clamp(-0x80_0000, 0x7f_ffff).cast_unsigned() & 0xff_ffff;
        self.word(reception.ssrc);
        self.word(u32::from(reception.fraction_lost) << 24 | lost);
        self.word(reception.highest);
        self.word(reception.jitter);
        self.word(reception.last_report);
        self.word(reception.delay);
    }

    fn description(&mut self, ssrc: u32, name: u64) {
        let end = self.length + DESCRIPTION_LEN;
        self.header(SOURCE_DESCRIPTION, 1, DESCRIPTION_LEN);
        self.word(ssrc);
        self.bytes(&[CNAME, NAME_LEN as u8]);
        for digit in (0..NAME_LEN).rev() {
            let digit = (name >> (4 * digit) & 0xf) as u32;
            self.bytes(&[char::from_digit(digit, 16).expect("four bits") as u8]);
        }
        self.out[self.length..end].fill(0);
        self.length = end;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(report: &Report) -> Vec<u8> {
        let mut out = [0; REPORT_LEN_MAX];
        let length = report.write(&mut out);
        out[..length].to_vec()
    }

    #[test]
    fn the_whole_is_what_another_implementation_reads() {
        let sender = SenderInfo { ntp: 0x0102_0304_0506_0708, timestamp: 9, packets: 10, bytes: 1600 };
        let reception = Reception { ssrc: 7, lost: -3, fraction_lost: 12, ..Reception::default() };
        let report =
            Report { ssrc: 5, name: 0xab, sender: Some(sender), reception: Some(reception), bye: true };
        let bytes = written(&report);
        assert_eq!(bytes.len(), REPORT_LEN_MAX);
        let read = PeerReport::read(&bytes, 7).unwrap();
        assert_eq!(read, PeerReport { ssrc: 5, sender: Some(sender), reception: Some(reception), bye: true });
        assert_eq!(sender.middle(), 0x0304_0506);
        let names = Compound::parse(&bytes).unwrap().filter_map(|packet| {
            let Packet::Sdes(description) = packet.unwrap() else { return None };
            let name = description.chunks().next()?.items().next()?.get_value_string();
            Some(name.unwrap())
        });
        assert_eq!(names.collect::<Vec<_>>(), ["00000000000000ab"]);
    }

    proptest! {
        #[test]
        fn reads_what_it_wrote(
            ssrc: u32, name: u64, bye: bool, ours: u32, fraction_lost: u8, lost in -0x80_0000..0x80_0000_i32,
            words: [u32; 4], ntp: u64, sends: bool, hears: bool,
        ) {
            let [highest, jitter, last_report, delay] = words;
            let reception = Reception { ssrc: ours, fraction_lost, lost, highest, jitter, last_report, delay };
            let info = SenderInfo { ntp, timestamp: highest, packets: jitter, bytes: delay };
            let (sender, reception) = (sends.then_some(info), hears.then_some(reception));
            let bytes = written(&Report { ssrc, name, sender, reception, bye });
            let read = PeerReport::read(&bytes, ours).unwrap();
            prop_assert_eq!(read, PeerReport { ssrc, sender, reception, bye });
        }

        #[test]
        fn takes_any_bytes_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), ours: u32) {
            let read = PeerReport::read(&bytes, ours);
            prop_assert!(read.is_none_or(|read| read.reception.is_none_or(|block| block.ssrc == ours)));
        }
    }
}
