//! The task of one webhook.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use futures_util::StreamExt as _;
use futures_util::stream;
use hotline_base::{CallId, WallTime};
use hotline_call::{Event, EventKind};
use hotline_store::{ParkedEvent, Store, StoreError};
use hotline_telemetry::Metric;
use hotline_web_client::{Body, Client, Failure, Method, Request};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::lane::{GIVE_UP, Lanes, PARKED_MAX, pause};
use super::{Standing, Webhook, sign};
use crate::hub::Hub;

/// Events that are looked at together.
const BATCH: usize = 64;
/// Calls of a batch that are sent side by side.
const SIDE_BY_SIDE: usize = 8;
/// How long the newest events may wait for the journal's writer, and how often it is looked at without being woken.
const LOOK: Duration = Duration::from_secs(1);
/// After a failure of the database.
const STORE_PAUSE: Duration = Duration::from_secs(5);
/// The most of an answer that is read, in bytes; nothing is made of it.
const ANSWER_MAX: usize = 64 * 1024;

/// What all webhooks share.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) store: Store,
    pub(crate) hub: Arc<Hub>,
    pub(crate) client: Client,
    pub(crate) closing: CancellationToken,
}

struct Worker {
    parts: Parts,
    hook: Webhook,
    standing: Arc<Mutex<Standing>>,
    place: u64,
    lanes: Lanes,
}

/// What became of sending one event.
enum Sent {
    Taken,
    /// The receiver does not want it now.
    Refused,
    /// It is none that this receiver wants, or has no shape for programs outside.
    Unwanted,
}

/// Runs until the server stops.
pub(super) async fn run(
    parts: Parts,
    hook: Webhook,
    standing: Arc<Mutex<Standing>>,
    mut rewinds: mpsc::Receiver<u64>,
) {
    let closing = parts.closing.clone();
    let work = async {
        loop {
            let (name, begun) = (hook.name.clone(), Worker::begin(&parts, &hook, &standing).await);
            let outcome = match begun {
                Ok(mut worker) => worker.work(&mut rewinds).await,
                Err(error) => Err(error),
            };
            if let Err(error) = outcome {
                tracing::warn!(webhook = name, %error, "a webhook waits for the database");
                tokio::time::sleep(STORE_PAUSE).await;
            }
        }
    };
    closing.run_until_cancelled(work).await;
}

/// How far a webhook has been told; a new one is told what happens from here on.
pub(super) async fn place(store: &Store, webhook: &str) -> Result<u64, StoreError> {
    if let Some(place) = store.webhook_place(webhook).await? {
        return Ok(place);
    }
    let newest = store.last_seq().await?;
    store.rewind_webhook(webhook, newest).await?;
    Ok(newest)
}

impl Worker {
    async fn begin(
        parts: &Parts,
        hook: &Webhook,
        standing: &Arc<Mutex<Standing>>,
    ) -> Result<Self, StoreError> {
        let place = place(&parts.store, &hook.name).await?;
        let lanes = Lanes::new(parts.store.parked_events(&hook.name).await?);
        let worker =
            Self { parts: parts.clone(), hook: hook.clone(), standing: Arc::clone(standing), place, lanes };
        worker.tell(|_| {});
        Ok(worker)
    }

    /// Sends whatever there is, as long as the database answers.
    async fn work(&mut self, rewinds: &mut mpsc::Receiver<u64>) -> Result<(), StoreError> {
        let mut newest = self.parts.hub.watch();
        loop {
            newest.mark_unchanged();
            while let Some(event) = self.lanes.due(now()) {
                self.try_again(event).await?;
            }
            let is_behind = self.lanes.len() < PARKED_MAX && self.go_on().await?;
            if is_behind && rewinds.is_empty() {
                continue;
            }
            let due = self.lanes.next_at().map_or(LOOK, |at| at.since(now()).min(LOOK));
            tokio::select! {
                biased;
                order = rewinds.recv() => match order {
                    Some(place) => self.rewind(place).await?,
                    None => return Ok(()),
                },
                changed = newest.changed() => if changed.is_err() {
                    return Ok(());
                },
                () = tokio::time::sleep(due) => {}
            }
        }
    }

    async fn rewind(&mut self, place: u64) -> Result<(), StoreError> {
        self.parts.store.rewind_webhook(&self.hook.name, place).await?;
        self.lanes = Lanes::new(self.parts.store.parked_events(&self.hook.name).await?);
        self.place = place;
        self.tell(|_| {});
        Ok(())
    }

    /// Sends the next events of the journal; true if there may be more.
    async fn go_on(&mut self) -> Result<bool, StoreError> {
        let events = self.parts.store.events_after(self.place, BATCH).await?;
        let Some(last) = events.last().map(|event| event.seq) else { return Ok(false) };
        let is_full = events.len() == BATCH;
        let mut parked = Vec::new();
        let mut calls: BTreeMap<Option<CallId>, Vec<Event>> = BTreeMap::new();
        for event in events {
            let call = call_of(&event);
            if self.lanes.holds(call) {
                parked.extend(self.wanted(&event).map(|_| waiting(&event, 0, now())));
            } else {
                calls.entry(call).or_default().push(event);
            }
        }
        let worker = &*self;
        let lanes = stream::iter(calls.into_values()).map(|events| worker.send_in_order(events));
        let refused: Vec<Vec<ParkedEvent>> = lanes.buffer_unordered(SIDE_BY_SIDE).collect().await;
        parked.extend(refused.into_iter().flatten());
        parked.sort_by_key(|event| event.seq);
        self.parts.store.advance_webhook(&self.hook.name, last, &parked).await?;
        self.place = last;
        parked.into_iter().for_each(|event| self.lanes.push(event));
        self.tell(|_| {});
        Ok(is_full)
    }

    /// The events of one call; from the first that is refused on they are given back.
    async fn send_in_order(&self, events: Vec<Event>) -> Vec<ParkedEvent> {
        let mut parked = Vec::new();
        for event in events {
            if !parked.is_empty() {
                parked.extend(self.wanted(&event).map(|_| waiting(&event, 0, WallTime(0))));
                continue;
            }
            match self.send(&event).await {
                Sent::Taken | Sent::Unwanted => {}
                Sent::Refused => {
                    parked.push(waiting(&event, 1, now() + pause(1)));
                }
            }
        }
        parked
    }

    /// Sends a parked event once more.
    async fn try_again(&mut self, parked: ParkedEvent) -> Result<(), StoreError> {
        let found = self.parts.store.events_after(parked.seq.saturating_sub(1), 1).await?;
        let event = found.into_iter().find(|event| event.seq == parked.seq);
        let outcome = match &event {
            Some(event) => self.send(event).await,
            None => Sent::Unwanted,
        };
        let is_too_old = event.is_none_or(|event| now().since(event.at) > GIVE_UP);
        match outcome {
            Sent::Refused if !is_too_old => {
                let attempts = parked.attempts.saturating_add(1);
                let again = ParkedEvent { attempts, next_at: now() + pause(attempts), ..parked };
                self.parts.store.park_again(&self.hook.name, &again).await?;
                self.lanes.put_off(&again);
            }
            outcome @ (Sent::Taken | Sent::Unwanted | Sent::Refused) => {
                if matches!(outcome, Sent::Refused) {
                    tracing::error!(webhook = self.hook.name, seq = parked.seq, "an event was given up");
                    Metric::WebhookEvents.increment_for(["given_up"]);
                    self.tell(|standing| standing.given_up += 1);
                }
                self.parts.store.unpark_event(&self.hook.name, parked.seq).await?;
                self.lanes.pop(parked.call);
            }
        }
        self.tell(|_| {});
        Ok(())
    }

    /// The event as its receiver reads it; `None` if it does not want it.
    fn wanted(&self, event: &Event) -> Option<serde_json::Value> {
        let shape = serde_json::to_value(self.parts.hub.shape(event)).ok()?;
        let kind = shape.get("type")?.as_str()?.to_owned();
        let at = shape.get("at")?.clone();
        self.hook.wants(&kind).then(|| serde_json::json!({ "type": kind, "timestamp": at, "data": shape }))
    }

    async fn send(&self, event: &Event) -> Sent {
        let Some(body) = self.wanted(event) else { return Sent::Unwanted };
        let body = body.to_string();
        let headers = sign::headers(self.hook.key.expose(), event.seq, now(), &body);
        let request = Request {
            headers,
            body: Body::Text(body),
            response_max: ANSWER_MAX,
            ..Request::new(Method::Post, self.hook.url.clone(), self.hook.timeout)
        };
        match self.parts.client.request(&request).await {
            // Whatever else it says: it has it.
            Ok(_) | Err(Failure::TooLarge) => {
                Metric::WebhookEvents.increment_for(["taken"]);
                self.tell(|standing| {
                    standing.delivered += 1;
                    standing.failing = None;
                });
                Sent::Taken
            }
            Err(failure) => {
                Metric::WebhookEvents.increment_for(["refused"]);
                tracing::debug!(webhook = self.hook.name, seq = event.seq, %failure, "an event was not taken");
                self.tell(|standing| {
                    let since = standing.failing.take().map_or_else(now, |(since, _)| since);
                    standing.failing = Some((since, failure.to_string()));
                });
                Sent::Refused
            }
        }
    }

    fn tell(&self, change: impl FnOnce(&mut Standing)) {
        let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        (standing.place, standing.parked) = (self.place, self.lanes.len());
        change(&mut standing);
    }
}

fn waiting(event: &Event, attempts: u32, next_at: WallTime) -> ParkedEvent {
    ParkedEvent { seq: event.seq, call: call_of(event), attempts, next_at }
}

fn call_of(event: &Event) -> Option<CallId> {
    match &event.kind {
        EventKind::Call { call, .. } => Some(*call),
        EventKind::Agent { .. }
        | EventKind::AlarmRaised(_)
        | EventKind::AlarmCleared(_)
        | EventKind::CenterChanged
        | EventKind::AgentRemoved { .. }
        | EventKind::CallbacksChanged { .. } => None,
    }
}

fn now() -> WallTime {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    WallTime(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
