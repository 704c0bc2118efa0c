//! How a leg sounded, for the record.

use hotline_base::{AgentId, CallId, LegId};
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

/// How the line of an agent who talks has sounded in the last few seconds. It is told to the agent's page and kept nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineQuality {
    /// The agent.
    pub agent: AgentId,
    /// The call.
    pub call: CallId,
    /// Of the packets that the phone has sent, how many in a thousand did not come.
    pub lost_permille: u16,
    /// Of the packets sent to the phone since the call began, how many in a thousand it said to miss; absent if it reported none.
    pub peer_lost_permille: Option<u16>,
    /// Interarrival jitter of what came, microseconds.
    pub jitter_us: u32,
    /// The mean of the way there and back, microseconds; absent if the phone reported none.
    pub round_trip_us: Option<u32>,
    /// The mean opinion score of what came, in hundredths (see [`media::mos_hundredths`]); absent if too little came.
    pub mos_hundredths: Option<u16>,
}

/// What a leg had counted when it told of itself before.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Measured {
    received: u64,
    lost: i64,
}

impl LineQuality {
    /// What has come since `before`, which is brought up to date.
    pub(crate) fn since(before: &mut Measured, stats: &LegStats, (agent, call): (AgentId, CallId)) -> Self {
        let Measured { received, lost } = *before;
        *before = Measured { received: stats.packets_received, lost: stats.packets_lost };
        let recent = LegStats {
            packets_received: stats.packets_received.saturating_sub(received),
            // Packets that came late after all make up for others.
            packets_lost: stats.packets_lost.saturating_sub(lost).max(0),
            jitter_mean_us: stats.jitter_us,
            ..*stats
        };
        let came_not = u64::try_from(recent.packets_lost).unwrap_or(0);
        let peer_lost = stats.peer_lost.map(|lost| u64::try_from(lost).unwrap_or(0));
        Self {
            agent,
            call,
            lost_permille: permille(came_not, recent.packets_received + came_not),
            peer_lost_permille: peer_lost.map(|lost| permille(lost, stats.packets_sent)),
            jitter_us: stats.jitter_us,
            round_trip_us: stats.round_trip_us,
            mos_hundredths: media::mos_hundredths(&recent),
        }
    }
}

/// At most all; nothing of nothing.
fn permille(part: u64, of: u64) -> u16 {
    let parts = part.saturating_mul(1000).checked_div(of).unwrap_or(0).min(1000);
    u16::try_from(parts).unwrap_or(1000)
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
    use hotline_base::{Rng, WallTime};

    use super::*;

    fn stats(packets_received: u64, packets_lost: i64) -> LegStats {
        LegStats {
            packets_received,
            packets_lost,
            packets_sent: 1000,
            peer_lost: Some(25),
            ..LegStats::default()
        }
    }

    #[test]
    fn a_line_is_judged_by_what_came_lately() {
        let mut before = Measured::default();
        let call = CallId::generate(WallTime(0), &mut Rng::from_number(1));
        let whose = || (AgentId::from("1001"), call);
        let good = LineQuality::since(&mut before, &stats(200, 0), whose());
        assert_eq!((good.lost_permille, good.peer_lost_permille), (0, Some(25)));
        let bad = LineQuality::since(&mut before, &stats(380, 20), whose());
        assert_eq!(bad.lost_permille, 100);
        assert!(bad.mos_hundredths < good.mos_hundredths, "{bad:?}");
        let again = LineQuality::since(&mut before, &stats(580, 18), whose());
        assert_eq!((again.lost_permille, again.mos_hundredths), (0, good.mos_hundredths));
        let silent = LineQuality::since(&mut before, &stats(580, 18), whose());
        assert_eq!((silent.lost_permille, silent.mos_hundredths), (0, None));
    }

    /// Records are kept for years.
    #[test]
    fn what_a_version_before_wrote_can_be_read() {
        let before = r#"{"codec":"Pcmu","packets_received":970,"packets_lost":30,"packets_reordered":0,"packets_sent":1000,
            "jitter_us":2345,"jitter_max_us":5000,"mos_hundredths":408}"#;
        let sound: Sound = serde_json::from_str(before).unwrap();
        assert_eq!((sound.packets_lost, sound.concealed_ms, sound.round_trip_us), (30, 0, None));
    }
}
