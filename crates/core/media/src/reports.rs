//! When a leg reports to its peer, and what the peer reported (RFC 3550 §6).

use core::net::SocketAddr;
use core::time::Duration;

use hotline_base::{Now, Rng, Time};
use hotline_rtp::{PeerReport, REPORT_LEN_MAX, Reception, Report, SenderInfo};
use serde::{Deserialize, Serialize};

use crate::streams::Heard;
use crate::{LegStats, Remote};

/// The mean time between two reports (RFC 3550 §6.2). Each waits between half and three halves of it, so that those of many
/// calls do not come together; the first one waits half as long.
const INTERVAL: Duration = Duration::from_secs(5);
/// From 1900, where NTP begins, to 1970 in seconds.
const NTP_TO_UNIX: u64 = 2_208_988_800;
/// Own reports that an answer may still be about.
const SENT_MAX: usize = 4;
/// A longer way there and back is taken for nonsense.
const ROUND_TRIP_MAX: Duration = Duration::from_secs(10);

/// The reports of one leg. There are none before the first answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Reports {
    name: u64,
    rng: Rng,
    has_begun: bool,
    /// Where they go; `None` if the peer has no place for them.
    destination: Option<SocketAddr>,
    is_muxed: bool,
    next: Time,
    /// The newest ones: what the peer repeats of each, and when it left.
    sent: [Option<(u32, Time)>; SENT_MAX],
    /// The peer's newest report on its own stream: what we repeat of it, and when it came.
    of_peer: Option<(u32, Time)>,
    /// What had been heard of which stream, and sent, at the report before.
    heard_before: Heard,
    packets_before: u64,
    /// What was sent in streams before this one.
    packets_base: u64,
    bytes_base: u64,
    round_trips: RoundTrips,
    /// What the peer said last of our stream.
    reception: Option<Reception>,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct RoundTrips {
    count: u32,
    sum: Duration,
}

/// What a report is made of beside its own history.
pub(crate) struct Occasion<'a> {
    /// Our stream, and its timestamp now on its own clock.
    pub(crate) ssrc: u32,
    pub(crate) timestamp: u32,
    /// The stream that is heard.
    pub(crate) heard: Option<Heard>,
    /// How much faster the clocks of both run than 8 kHz.
    pub(crate) clock_factor: u32,
    pub(crate) stats: &'a LegStats,
    pub(crate) bye: bool,
}

/// A report that is to be sent.
pub(crate) struct Outgoing {
    pub(crate) to: SocketAddr,
    pub(crate) is_muxed: bool,
    pub(crate) length: usize,
}

impl Reports {
    pub(crate) fn new(rng: &mut Rng) -> Self {
        Self {
            name: u64::from(rng.next_u32()) << 32 | u64::from(rng.next_u32()),
            rng: rng.fork(),
            has_begun: false,
            destination: None,
            is_muxed: false,
            next: Time::ZERO,
            sent: [None; SENT_MAX],
            of_peer: None,
            heard_before: Heard::default(),
            packets_before: 0,
            packets_base: 0,
            bytes_base: 0,
            round_trips: RoundTrips::default(),
            reception: None,
        }
    }

    /// Takes an answer.
    pub(crate) fn set_remote(&mut self, now: Time, remote: &Remote) {
        let is_first = self.destination.is_none();
        self.destination = remote.rtcp;
        self.is_muxed = remote.rtcp_mux;
        if is_first {
            self.next = now + self.wait() / 2;
        }
    }

    /// Another stream begins toward the peer: what was reported of the one before says nothing of it.
    pub(crate) fn change_stream(&mut self, stats: &LegStats) {
        (self.packets_base, self.bytes_base) = (stats.packets_sent, stats.bytes_sent);
        self.sent = [None; SENT_MAX];
        self.reception = None;
    }

    /// True if [`Reports::make`] is due.
    pub(crate) fn is_due(&self, now: Time) -> bool {
        self.destination.is_some() && now >= self.next
    }

    /// True if the peer was ever sent a report.
    pub(crate) fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// Writes the next report into `out`.
    pub(crate) fn make(
        &mut self,
        now: Now,
        occasion: &Occasion<'_>,
        out: &mut [u8; REPORT_LEN_MAX],
    ) -> Option<Outgoing> {
        let to = self.destination?;
        self.has_begun = true;
        self.next = now.mono + self.wait();
        let stats = occasion.stats;
        let sender = (stats.packets_sent > self.packets_before).then(|| SenderInfo {
            ntp: ntp(now),
            timestamp: occasion.timestamp,
            // They wrap.
            packets: (stats.packets_sent - self.packets_base) as u32,
            bytes: (stats.bytes_sent - self.bytes_base) as u32,
        });
        self.packets_before = stats.packets_sent;
        if let Some(sender) = &sender {
            self.sent.rotate_right(1);
            self.sent[0] = Some((sender.middle(), now.mono));
        }
        let reception = occasion.heard.map(|heard| self.reception_of(now.mono, heard, occasion.clock_factor));
        let report = Report { ssrc: occasion.ssrc, name: self.name, sender, reception, bye: occasion.bye };
        Some(Outgoing { to, is_muxed: self.is_muxed, length: report.write(out) })
    }

    /// Takes what the peer reports, from where it sends it.
    pub(crate) fn handle(&mut self, now: Time, source: SocketAddr, report: &PeerReport) {
        if self.destination.is_some() {
            self.destination = Some(source);
        }
        if let Some(sender) = &report.sender {
            self.of_peer = Some((sender.middle(), now));
        }
        let Some(reception) = report.reception else { return };
        self.reception = Some(reception);
        let answered = self.sent.iter().flatten().find(|(middle, _)| *middle == reception.last_report);
        if let Some((_, left)) = answered
            && let Some(round_trip) = now.since(*left).checked_sub(of_short_ntp(reception.delay))
            && round_trip <= ROUND_TRIP_MAX
        {
            self.round_trips.count += 1;
            self.round_trips.sum += round_trip;
        }
    }

    /// How many packets in a hundred the peer misses, as far as it said.
    pub(crate) fn loss_percent(&self) -> u8 {
        let fraction = self.reception.map_or(0, |reception| u32::from(reception.fraction_lost));
        u8::try_from((fraction * 100).div_ceil(256)).expect("a hundred at most")
    }

    /// Adds what was reported.
    pub(crate) fn report(&self, clock_factor: u32, stats: &mut LegStats) {
        let mean = self.round_trips.sum.checked_div(self.round_trips.count);
        stats.round_trip_us = mean.map(|mean| u32::try_from(mean.as_micros()).unwrap_or(u32::MAX));
        stats.peer_lost = self.reception.map(|reception| reception.lost.into());
        stats.peer_jitter_us =
            self.reception.map(|reception| (reception.jitter / clock_factor).saturating_mul(125));
    }

    fn reception_of(&mut self, now: Time, heard: Heard, clock_factor: u32) -> Reception {
        let before = core::mem::replace(&mut self.heard_before, heard);
        let before = if before.ssrc == heard.ssrc { before } else { Heard::default() };
        let expected = heard.expected.saturating_sub(before.expected);
        let received = heard.received.saturating_sub(before.received);
        let lost = expected.saturating_sub(received);
        // Below 256, unless all were lost.
        let fraction = (lost * 256).checked_div(expected).unwrap_or(0).min(255);
        let (last_report, came) = self.of_peer.unwrap_or((0, now));
        Reception {
            ssrc: heard.ssrc,
            fraction_lost: fraction as u8,
            lost: i32::try_from(heard.expected.cast_signed() - heard.received.cast_signed())
                .unwrap_or(i32::MAX),
            highest: heard.highest,
            jitter: heard.jitter.saturating_mul(clock_factor),
            last_report,
            delay: short_ntp(now.since(came)),
        }
    }

    fn wait(&mut self) -> Duration {
        let half = INTERVAL / 2;
        half + Duration::from_millis(self.rng.below(INTERVAL.as_millis() as u64))
    }
}

/// Seconds since 1900 and their fraction.
fn ntp(now: Now) -> u64 {
    let micros = u64::try_from(now.wall.as_unix_micros()).unwrap_or(0);
    let (seconds, micros) = (micros / 1_000_000 + NTP_TO_UNIX, micros % 1_000_000);
    // The seconds wrap in 2036 (RFC 3550 §4).
    (seconds << 32) + (micros << 32) / 1_000_000
}

/// In 65 536ths of a second.
fn short_ntp(time: Duration) -> u32 {
    u32::try_from((time.as_micros() << 16) / 1_000_000).unwrap_or(u32::MAX)
}

fn of_short_ntp(units: u32) -> Duration {
    Duration::from_micros((u64::from(units) * 1_000_000) >> 16)
}
