//! Sends spans in batches, beside everything else.

use std::time::Duration;

use hotline_telemetry::Metric;
use hotline_web_client::{Body, Client, Failure, Method, Request};
use prost::Message as _;
use tokio::sync::mpsc::Receiver;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::encode::encode;
use crate::span::Span;
use crate::traces::Settings;

/// Spans of one request: some 100 KiB.
const BATCH_MAX: usize = 256;
/// How long a batch waits for more.
const PAUSE: Duration = Duration::from_secs(2);
/// How long the collector may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How often a batch is tried, and how long between. Meanwhile further spans wait in the queue.
const TRIES: u32 = 3;
const BETWEEN_TRIES: Duration = Duration::from_secs(5);
/// How long the last spans may take when the server stops.
const LAST: Duration = Duration::from_secs(2);

pub(crate) async fn export(
    settings: Settings,
    client: Client,
    mut waiting: Receiver<Span>,
    stop: CancellationToken,
) {
    while let Some(batch) = next_batch(&mut waiting, &stop).await {
        send(&settings, &client, &batch, &stop).await;
    }
    waiting.close();
    let mut last = Vec::new();
    while let Ok(span) = waiting.try_recv() {
        last.push(span);
    }
    for batch in last.chunks(BATCH_MAX) {
        let sent = timeout(LAST, once(&settings, &client, batch)).await;
        count(batch, if matches!(sent, Ok(Ok(()))) { "exported" } else { "failed" });
    }
}

/// `None` when it is time to stop. What was taken from the queue by then is lost to nobody: it is a batch.
async fn next_batch(waiting: &mut Receiver<Span>, stop: &CancellationToken) -> Option<Vec<Span>> {
    let mut batch = Vec::new();
    let first = stop.run_until_cancelled(waiting.recv()).await??;
    batch.push(first);
    let more = async {
        while batch.len() < BATCH_MAX
            && let Some(span) = waiting.recv().await
        {
            batch.push(span);
        }
    };
    // Whether it is full, its time is over, or the server stops: it is sent.
    let _ended = stop.run_until_cancelled(timeout(PAUSE, more)).await;
    Some(batch)
}

async fn send(settings: &Settings, client: &Client, batch: &[Span], stop: &CancellationToken) {
    for tried in 1..=TRIES {
        let failure = match once(settings, client, batch).await {
            Ok(()) => return count(batch, "exported"),
            Err(failure) => failure,
        };
        let is_last = tried == TRIES || !may_help(&failure) || stop.is_cancelled();
        if is_last {
            tracing::warn!(%failure, spans = batch.len(), "the collector of traces does not take them");
            return count(batch, "failed");
        }
        stop.run_until_cancelled(sleep(BETWEEN_TRIES)).await.unwrap_or_default();
    }
}

/// Whether another try may help: not if the collector says that what it got is wrong.
fn may_help(failure: &Failure) -> bool {
    !matches!(failure, Failure::Status(400..=428 | 430..=499) | Failure::BadRequest | Failure::BadUrl)
}

async fn once(settings: &Settings, client: &Client, batch: &[Span]) -> Result<(), Failure> {
    let body = encode(&settings.service, batch).encode_to_vec();
    let request = Request {
        headers: settings.headers.clone(),
        body: Body::Bytes("application/x-protobuf", body.into()),
        ..Request::new(Method::Post, settings.endpoint.clone(), TIMEOUT)
    };
    client.request(&request).await.map(drop)
}

fn count(batch: &[Span], outcome: &'static str) {
    Metric::OtlpSpans.counter_for([outcome]).increment(batch.len() as u64);
}
