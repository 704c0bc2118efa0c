//! How a leg sounded, for the record.

use hotline_base::{AgentId, LegId};
use hotline_media::{self as media, LegStats};
use serde::{Deserialize, Serialize};

use crate::event::Party;

/// What came from a phone, and how much was sent to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sound {
    /// The codec that was agreed last.
    pub codec: media::Codec,
    /// RTP packets that came, without repetitions.
    pub packets_received: u64,
    /// Packets that never came (RFC 3550 §A.3).
    pub packets_lost: u64,
    /// Packets overtaken by a later one.
    pub packets_reordered: u64,
    /// Packets sent.
    pub packets_sent: u64,
    /// Interarrival jitter, mean of the newest stream, microseconds (RFC 3550 §6.4.1).
    pub jitter_us: u32,
    /// The worst interarrival jitter, microseconds.
    pub jitter_max_us: u32,
    /// Milliseconds made up for packets that were lost or late, while others heard this leg in a conference.
    #[serde(default)]
    pub concealed_ms: u64,
    /// Packets that came too late for a conference.
    #[serde(default)]
    pub packets_late: u64,
    /// How long its sound waited for late packets on average before it was mixed, in milliseconds; absent if it never was.
    #[serde(default)]
    pub buffered_ms: Option<u32>,
    /// The mean of the way there and back, microseconds; absent if the phone reported none (RFC 3550 §6.4.1).
    #[serde(default)]
    pub round_trip_us: Option<u32>,
    /// How many of the packets sent the phone said to miss; absent if it reported none.
    #[serde(default)]
    pub peer_lost: Option<u64>,
    /// The interarrival jitter that the phone said to see last, microseconds; absent if it reported none.
    #[serde(default)]
    pub peer_jitter_us: Option<u32>,
    /// The mean opinion score of what came, in hundredths (see [`media::mos_hundredths`]); absent if too little came.
    pub mos_hundredths: Option<u16>,
}

/// The sound of one leg of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegSound {
    /// The leg.
    pub leg: LegId,
    /// Whose phone.
    pub party: Party,
    /// The agent, if it is one's.
    pub agent: Option<AgentId>,
    /// How it sounded.
    pub sound: Sound,
}

impl Sound {
    /// `None` for a leg over which nothing was ever agreed.
    pub(crate) fn of(stats: &LegStats) -> Option<Self> {
        Some(Self {
            codec: stats.codec?,
            packets_received: stats.packets_received,
            packets_lost: u64::try_from(stats.packets_lost).unwrap_or(0),
            packets_reordered: stats.reordered,
            packets_sent: stats.packets_sent,
            jitter_us: stats.jitter_mean_us,
            jitter_max_us: stats.jitter_max_us,
            concealed_ms: stats.concealed_ms,
            packets_late: stats.late,
            buffered_ms: stats.buffered_ms,
            round_trip_us: stats.round_trip_us,
            peer_lost: stats.peer_lost.map(|lost| u64::try_from(lost).unwrap_or(0)),
            peer_jitter_us: stats.peer_jitter_us,
            mos_hundredths: media::mos_hundredths(stats),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Records are kept for years.
    #[test]
    fn what_a_version_before_wrote_can_be_read() {
        let before = r#"{"codec":"Pcmu","packets_received":970,"packets_lost":30,"packets_reordered":0,"packets_sent":1000,
            "jitter_us":2345,"jitter_max_us":5000,"mos_hundredths":408}"#;
        let sound: Sound = serde_json::from_str(before).unwrap();
        assert_eq!((sound.packets_lost, sound.concealed_ms, sound.round_trip_us), (30, 0, None));
    }
}
