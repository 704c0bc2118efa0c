//! How a conversation sounds to a listener, estimated from what the network did to it (ITU-T G.107, the E-model).

use crate::LegStats;

/// Fewer packets say nothing: a second of 20 ms packets.
const PACKETS_MIN: u64 = 50;
/// The rating of a call without loss or delay, with every other parameter of the model at its default (G.107 table 2).
const R_BEST: f64 = 93.2;
/// How well the listener's phone conceals random loss: G.711 with concealment (G.113 appendix I).
const LOSS_ROBUSTNESS: f64 = 25.1;
/// What a phone adds at least, in milliseconds: a packet, and as much in its jitter buffer.
const DELAY_MS: f64 = 40.0;
/// Beyond it delay begins to be in the way of talking, in milliseconds (G.107 annex B).
const DELAY_KNEE_MS: f64 = 177.3;

/// The mean opinion score of what a leg received, in hundredths: 100 for bad to 450 for the best there is. `None` if too
/// little came. The network's own delay is in it if the peer reports.
#[must_use]
pub fn mos_hundredths(stats: &LegStats) -> Option<u16> {
    if stats.packets_received < PACKETS_MIN {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "a call has far fewer packets than 2^52")]
    let (received, lost) = (stats.packets_received as f64, stats.packets_lost.max(0) as f64);
    let loss_percent = 100.0 * lost / (received + lost);
    // A phone's jitter buffer holds about twice the jitter, and the network takes half of the way there and back.
    let network_ms = f64::from(stats.round_trip_us.unwrap_or(0)) / 2000.0;
    let delay_ms = DELAY_MS + network_ms + 2.0 * f64::from(stats.jitter_mean_us) / 1000.0;
    let rating = R_BEST - of_delay(delay_ms) - of_loss(loss_percent);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 100 and 450")]
    Some((100.0 * score(rating)).round() as u16)
}

/// Id, as the model's short form has it.
fn of_delay(ms: f64) -> f64 {
    0.024 * ms + 0.11 * (ms - DELAY_KNEE_MS).max(0.0)
}

/// Ie-eff of random loss (G.107 §3.5).
fn of_loss(percent: f64) -> f64 {
    95.0 * percent / (percent + LOSS_ROBUSTNESS)
}

/// MOS of a rating R (G.107 annex B).
fn score(rating: f64) -> f64 {
    let r = rating.clamp(0.0, 100.0);
    (1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mos(received: u64, lost: i64, jitter_mean_us: u32) -> Option<u16> {
        mos_hundredths(&LegStats {
            packets_received: received,
            packets_lost: lost,
            jitter_mean_us,
            ..LegStats::default()
        })
    }

    #[test]
    fn the_ratings_of_the_recommendation_have_its_scores() {
        // G.107 table B.1: R and MOS.
        for (rating, expected) in [(90.0, 4.34), (80.0, 4.03), (70.0, 3.60), (60.0, 3.10), (50.0, 2.58)] {
            assert!((score(rating) - expected).abs() < 0.01, "R {rating} is {}", score(rating));
        }
        assert!((score(-5.0) - 1.0).abs() < 1e-9 && (score(120.0) - 4.5).abs() < 1e-9);
    }

    #[test]
    fn loss_and_jitter_cost() {
        assert_eq!(mos(1000, 0, 0), Some(439));
        assert_eq!(mos(1000, -3, 0), Some(439), "more than expected is no merit");
        let three_percent = mos(970, 30, 0).unwrap();
        assert!((390..425).contains(&three_percent), "{three_percent}");
        assert!(mos(900, 100, 0) < mos(970, 30, 0) && mos(500, 500, 0) < Some(200));
        assert!(mos(1000, 0, 200_000) < mos(1000, 0, 20_000));
        assert_eq!(mos(49, 0, 0), None);
        assert!(mos(50, i64::MAX / 2, u32::MAX) >= Some(100));
    }
}
