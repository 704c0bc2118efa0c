//! Traces for a collector, if one is configured.

use std::sync::Arc;

use hotline_config::Configuration;
use hotline_otlp::{CallTraces, Settings, Traces};
use hotline_shard::Live;
use hotline_web_client::Client;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use crate::supervision::Supervision;

/// Begins to send traces of calls; gives where those of requests go.
pub(crate) fn start(
    configuration: &Configuration,
    client: Client,
    live: Receiver<Arc<Live>>,
    (parts, stop): (&Supervision, &CancellationToken),
) -> Traces {
    let Some(otlp) = &configuration.server.otlp else { return Traces::default() };
    let settings = Settings {
        endpoint: otlp.endpoint.clone(),
        headers: otlp.headers.iter().map(|(name, value)| (name.clone(), value.expose().clone())).collect(),
        service: otlp.service.clone(),
        sample_percent: otlp.sample_percent,
    };
    let (traces, exporting) = Traces::start(settings, client, stop.clone());
    parts.watch("the export of traces", exporting);
    parts.watch("the traces of calls", follow(CallTraces::new(traces.clone()), live, stop.clone()));
    traces
}

/// Listens beside call processing, which does not wait for it.
async fn follow(mut calls: CallTraces, mut live: Receiver<Arc<Live>>, stop: CancellationToken) {
    while let Some(next) = stop.run_until_cancelled(live.recv()).await {
        match next {
            Ok(live) => calls.note(&live.event),
            Err(RecvError::Lagged(_)) => calls.missed(),
            Err(RecvError::Closed) => return,
        }
    }
}
