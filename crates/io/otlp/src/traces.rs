//! Where spans are given, and what is known before one is made.

use std::sync::Arc;

use hotline_telemetry::Metric;
use hotline_web_client::Client;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::export::export;
use crate::span::{Span, TraceId};

/// Spans that wait to be sent; beyond it they are dropped and counted.
pub const QUEUE_MAX: usize = 8192;

/// What an administrator may change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where traces are sent, with its path.
    pub endpoint: String,
    /// Header fields of each request.
    pub headers: Vec<(String, String)>,
    /// What this server is called there.
    pub service: String,
    /// How many of a hundred traces are kept.
    pub sample_percent: u8,
}

/// Takes spans; cheap to clone. The default takes none.
#[derive(Clone, Default)]
pub struct Traces(Option<Arc<Open>>);

struct Open {
    queue: mpsc::Sender<Span>,
    sample_percent: u8,
}

impl Traces {
    /// Begins to send spans, within the runtime, until `stop`; the future ends when the last ones are sent or given up.
    pub fn start(
        settings: Settings,
        client: Client,
        stop: CancellationToken,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (queue, waiting) = mpsc::channel(QUEUE_MAX);
        let open = Open { queue, sample_percent: settings.sample_percent };
        (Self(Some(Arc::new(open))), export(settings, client, waiting, stop))
    }

    /// Whether anything is traced at all.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Whether the spans of a trace are kept: all of them or none.
    #[must_use]
    pub fn keeps(&self, trace: TraceId) -> bool {
        let Some(open) = &self.0 else { return false };
        // The low bits are as good as random in a trace's id, also in that of a call.
        (trace.0 & 0xFFFF_FFFF) * 100 < u128::from(open.sample_percent) << 32
    }

    /// Sends a span a while later. Never waits.
    pub fn push(&self, span: Span) {
        let Some(open) = &self.0 else { return };
        if open.queue.try_send(span).is_err() {
            Metric::OtlpSpans.increment_for(["dropped"]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_share_of_all_traces_is_kept_and_each_as_a_whole() {
        let client = Client::new(&hotline_web_client::ClientConfig::default()).unwrap();
        let traces = |sample_percent| {
            let settings = Settings {
                endpoint: "http://127.0.0.1:9/v1/traces".to_owned(),
                headers: Vec::new(),
                service: "hotline".to_owned(),
                sample_percent,
            };
            Traces::start(settings, client.clone(), CancellationToken::new()).0
        };
        let kept = |traces: &Traces| {
            let ids =
                (0..10_000_u128).map(|number| number.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (number << 64));
            ids.filter(|id| traces.keeps(TraceId(*id))).count()
        };
        assert_eq!(kept(&traces(100)), 10_000);
        assert!((2_000..3_000).contains(&kept(&traces(25))));
        assert_eq!(kept(&Traces::default()), 0);
    }
}
