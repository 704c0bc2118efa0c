//! Counters that others keep, brought to the metrics every few seconds.

use std::time::Duration;

use hotline_media_rt::MediaHandle;
use hotline_shard::Handle;
use hotline_telemetry::Metrics;
use metrics::{counter, gauge};
use tokio::time::{MissedTickBehavior, interval};

const EVERY: Duration = Duration::from_secs(2);

/// Runs until the shard is gone.
pub(crate) async fn collect(shard: Handle, media: MediaHandle, metrics: Metrics) {
    let mut beat = interval(EVERY);
    beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        beat.tick().await;
        let Ok(counters) = shard.counters().await else { return };
        for (name, value) in counters {
            counter!(format!("hotline_{name}_total")).absolute(value);
        }
        #[expect(clippy::cast_precision_loss, reason = "there are far fewer ports than 2^52")]
        gauge!("hotline_media_ports_in_use").set(media.ports_in_use() as f64);
        let counters = media.counters();
        counter!("hotline_media_commands_refused_total").absolute(counters.commands_refused);
        counter!("hotline_media_beats_late_total").absolute(counters.beats_late);
        counter!("hotline_media_beats_skipped_total").absolute(counters.beats_skipped);
        counter!("hotline_media_send_errors_total").absolute(counters.send_errors);
        counter!("hotline_media_panics_total").absolute(counters.panics);
        metrics.upkeep();
    }
}
