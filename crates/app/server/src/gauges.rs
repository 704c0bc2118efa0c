//! Counters that others keep, brought to the metrics every few seconds.

use std::time::Duration;

use hotline_call::TrunkCounters;
use hotline_media::ConnectFailure;
use hotline_media_rt::{BeatsByLateness, HandshakeCounters, LATENESS_BOUNDS, MediaHandle, TcpCounters};
use hotline_record_io::RecorderGauge;
use hotline_shard::{Handle, HandleError};
use hotline_telemetry::{CoreCounters, Metric, Metrics};
use tokio::time::{MissedTickBehavior, interval};

const EVERY: Duration = Duration::from_secs(2);

/// Runs until the shard is gone.
pub(crate) async fn collect(shard: Handle, media: MediaHandle, recorder: RecorderGauge, metrics: Metrics) {
    let mut core = CoreCounters::default();
    let mut beats = BeatsByLateness::default();
    let mut beat = interval(EVERY);
    beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        beat.tick().await;
        show_trunks(&shard).await;
        match shard.counters().await {
            Ok(counters) => core.show(counters),
            Err(HandleError::Stopped) => return,
            // The other numbers are of use all the more.
            Err(HandleError::Busy | HandleError::Refused(_)) => {}
        }
        #[expect(clippy::cast_precision_loss, reason = "there are far fewer ports than 2^52")]
        Metric::MediaPortsInUse.set(media.ports_in_use() as f64);
        let counters = media.counters();
        Metric::MediaCommandsRefused.reach(counters.commands_refused);
        Metric::MediaBeatsLate.reach(counters.beats_late);
        Metric::MediaBeatsSkipped.reach(counters.beats_skipped);
        Metric::MediaAddedPromptBytes.set(counters.added_prompt_bytes as f64);
        Metric::MediaAddedPromptsEvicted.reach(counters.added_prompts_evicted);
        Metric::MediaAddedPromptsRefused.reach(counters.added_prompts_refused);
        show_beats(&mut beats, counters.beats_by_lateness);
        Metric::MediaSendErrors.reach(counters.send_errors);
        Metric::MediaPacketsRefused.reach(counters.packets_refused);
        show_handshakes(counters.handshakes);
        show_tcp(counters.tcp);
        Metric::MediaEventsLost.reach(counters.digits_refused);
        Metric::MediaPanics.reach(counters.panics);
        let counters = recorder.read();
        #[expect(clippy::cast_precision_loss, reason = "there are far fewer recordings than 2^52")]
        Metric::RecordingsOpen.set(counters.open as f64);
        Metric::RecordingsFailed.reach(counters.failed);
        Metric::RecordingsCut.reach(counters.cut);
        Metric::RecordingRefused.reach(counters.refused_ms);
        Metric::RecordingSyncsSkipped.reach(counters.syncs_skipped);
        metrics.upkeep();
    }
}

/// Each beat that is new counts for the bound that it did not exceed.
fn show_beats(known: &mut BeatsByLateness, beats: BeatsByLateness) {
    let histogram = Metric::MediaBeatLateness.histogram();
    let beyond = LATENESS_BOUNDS.last().map(|bound| *bound * 2);
    for ((bound, count), known) in LATENESS_BOUNDS.into_iter().chain(beyond).zip(beats).zip(known) {
        histogram.record_many(bound, usize::try_from(count - *known).unwrap_or(usize::MAX));
        *known = count;
    }
}

fn show_handshakes(handshakes: HandshakeCounters) {
    Metric::MediaHandshakes.counter_for(["done"]).absolute(handshakes.done);
    for (cause, count) in ConnectFailure::ALL.iter().zip(handshakes.failed) {
        Metric::MediaHandshakes.counter_for([cause.name()]).absolute(count);
    }
    Metric::MediaHandshakeDatagramsDropped.reach(handshakes.dropped);
}

fn show_tcp(tcp: TcpCounters) {
    Metric::MediaTcpConnections.set(tcp.open as f64);
    for (outcome, count) in
        [("proved", tcp.proved), ("unproved", tcp.unproved), ("turned_away", tcp.turned_away)]
    {
        Metric::MediaTcp.counter_for([outcome]).absolute(count);
    }
    Metric::MediaTcpPacketsDropped.reach(tcp.dropped);
}

/// A shard that is busy or gone is seen by whoever asks it next.
async fn show_trunks(shard: &Handle) {
    for view in shard.trunks().await.unwrap_or_default() {
        let (trunk, counters) = (view.id.as_str(), view.counters);
        Metric::SipTrunkCallsUp.gauge_for([trunk]).set(view.calls as f64);
        Metric::SipTrunkUsable.gauge_for([trunk]).set(if view.fault.is_none() { 1.0 } else { 0.0 });
        Metric::SipTrunkCallsOut.counter_for([trunk]).absolute(counters.calls_out);
        Metric::SipTrunkCalls.counter_for([trunk]).absolute(counters.calls);
        for (class, count) in TrunkCounters::CLASSES.iter().zip(counters.failures) {
            Metric::SipTrunkFailures.counter_for([trunk, class]).absolute(count);
        }
        for (class, count) in TrunkCounters::CLASSES.iter().zip(counters.failures_out) {
            Metric::SipTrunkFailuresOut.counter_for([trunk, class]).absolute(count);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use hotline_api_client::Client;
    use hotline_config::{Sip, load};
    use hotline_telemetry::CORE_PREFIX;
    use tokio::time::timeout;

    use super::*;
    use crate::server::Server;

    const PATIENCE: Duration = Duration::from_secs(60);

    #[tokio::test(flavor = "multi_thread")]
    async fn a_scrape_of_the_running_server_is_well_formed_and_names_and_explains_everything() {
        // The shipped configuration names its files from the repository's root.
        std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../..")).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let mut configuration = load(Path::new("config/hotline.yaml")).unwrap();
        configuration.server.sip = Sip::at("127.0.0.1:0".parse().unwrap());
        configuration.server.http.listen.set_port(0);
        configuration.server.storage.database = format!("sqlite://{}/test.db", directory.path().display());
        configuration.server.storage.recordings = directory.path().join("recordings");
        let server = Server::start(&configuration, Path::new("config/hotline.yaml")).await.unwrap();

        let client = Client::new(server.at.http);
        let scrape = async {
            loop {
                let text = String::from_utf8(client.get_bytes("/metrics").await.unwrap().to_vec()).unwrap();
                // The core is asked soon after the start; the first request is counted when it was answered.
                if text.contains(CORE_PREFIX) && text.contains(Metric::ApiRequests.name()) {
                    return text;
                }
            }
        };
        let text = timeout(PATIENCE, scrape).await.expect("the core's counters in time");
        let families = read(&text);
        for metric in Metric::ALL.iter().filter(|metric| metric.labels().is_empty()) {
            let help = families.get(metric.name()).map(|family| family.help);
            assert!(help == Some(metric.help()) || text.matches(metric.name()).count() == 0, "{metric:?}");
        }
        for name in ["hotline_core_calls_started_total", "hotline_core_sip_malformed_total"] {
            assert_eq!((families[name].kind, families[name].samples), ("counter", 1), "{name}");
        }
        assert!(
            text.contains("hotline_api_requests_total{method=\"GET\",route=\"/metrics\",status=\"200\"} ")
        );
        server.stop(std::future::pending()).await;
    }

    #[derive(Default)]
    struct Family<'a> {
        help: &'a str,
        kind: &'a str,
        samples: usize,
    }

    /// Reads Prometheus's text format 0.0.4 as strictly as its description.
    fn read(text: &str) -> BTreeMap<&str, Family<'_>> {
        let mut families: BTreeMap<&str, Family<'_>> = BTreeMap::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').expect(line);
                assert!(
                    families.insert(name, Family { help, ..Family::default() }).is_none(),
                    "twice: {line}"
                );
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').expect(line);
                let family = families.get_mut(name).expect(line);
                assert!(family.kind.is_empty() && family.samples == 0, "{line}");
                family.kind = kind;
            } else {
                let (sample, value) = line.rsplit_once(' ').expect(line);
                assert!(value.parse::<f64>().is_ok(), "{line}");
                let (name, labels) = sample.split_once('{').unwrap_or((sample, "}"));
                assert!(labels.ends_with('}'), "{line}");
                assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{line}");
                let of_histogram =
                    ["_bucket", "_sum", "_count"].iter().find_map(|part| name.strip_suffix(part));
                let name = of_histogram.filter(|name| families.contains_key(name)).unwrap_or(name);
                assert!(
                    Metric::ALL.iter().any(|metric| metric.name() == name) || name.starts_with(CORE_PREFIX),
                    "in no table: {line}"
                );
                let family = families.get_mut(name).unwrap_or_else(|| panic!("without help: {line}"));
                assert!(!family.help.is_empty() && !family.kind.is_empty(), "{line}");
                family.samples += 1;
            }
        }
        families
    }
}
