//! The demonstration's own call as the administrator's live stream tells it; other calls may run beside it.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use hotline_api_client::{Client, ClientError, Events};
use hotline_config::DemoUser;
use serde_json::Value;
use tokio::time::timeout;

use super::script::{CALLER_NUMBER, STEP};

/// How often a record that is being written is asked for.
const RECORD_POLL: Duration = Duration::from_millis(50);

/// The stream, and the call once it is known.
pub(super) struct Watch {
    client: Client,
    events: Events,
    call: Option<String>,
    language: String,
}

/// Where the caller stands.
pub(super) struct Place {
    pub(super) queue: String,
    pub(super) position: u32,
    pub(super) waiting: u64,
    pub(super) language: String,
}

impl Watch {
    pub(super) async fn open(http: SocketAddr, admin: &DemoUser) -> Result<Self> {
        let client = Client::sign_in(http, &admin.user, admin.password.expose()).await?;
        let events = client.events().await?;
        Ok(Self { client, events, call: None, language: String::new() })
    }

    /// Waits until the call is in line.
    pub(super) async fn place_in_line(&mut self) -> Result<Place> {
        let event = self.wait_for(&["call.position", "call.offered", "call.ended"]).await;
        let event = event.context("the call never waited in a queue: does the key lead to one?")?;
        ensure!(event["type"] == "call.position", "the call does not wait: is another agent ready?");
        let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
        let position = event["position"].as_u64().and_then(|position| u32::try_from(position).ok());
        Ok(Place {
            queue: text("queue"),
            position: position.context("a place in line has a number")?,
            waiting: event["waiting"].as_u64().unwrap_or_default(),
            language: self.language.clone(),
        })
    }

    /// Waits until the recording is complete.
    pub(super) async fn recording_closed(&mut self) -> Result<()> {
        let event = self.wait_for(&["recording.finished", "recording.failed"]).await;
        let event = event.context("the recording was never closed")?;
        ensure!(event["type"] == "recording.finished", "the recording failed: {}", event["problem"]);
        Ok(())
    }

    /// The record of the call, which is written a moment after its end.
    pub(super) async fn record(&self) -> Result<Value> {
        let call = self.call.as_deref().context("no call was seen")?;
        let path = format!("/api/v1/calls/{call}");
        let written = async {
            loop {
                match self.client.get(&path).await {
                    Ok(record) if !record["ended_at"].is_null() => return Ok(record),
                    Ok(_) => {}
                    Err(ClientError::Refused { status, .. }) if status.as_u16() == 404 => {}
                    Err(error) => return Err(error),
                }
                tokio::time::sleep(RECORD_POLL).await;
            }
        };
        Ok(timeout(STEP, written).await.context("the record was not written in time")??)
    }

    /// Waits for an event of our call whose type is among `types`.
    async fn wait_for(&mut self, types: &[&str]) -> Result<Value> {
        let found = async {
            loop {
                let Some(event) = self.events.next().await? else {
                    bail!("the server ended the live stream")
                };
                let data = event.data;
                if self.is_ours(&data) && data["type"].as_str().is_some_and(|kind| types.contains(&kind)) {
                    return Ok(data);
                }
            }
        };
        timeout(STEP, found).await.context("not in time")?
    }

    /// Ours is the first call from our number that begins while we look.
    fn is_ours(&mut self, event: &Value) -> bool {
        let kind = event["type"].as_str().unwrap_or_default();
        if self.call.is_none() && kind == "call.started" && event["caller"] == CALLER_NUMBER {
            self.call = event["call"].as_str().map(str::to_owned);
        }
        let ours = self.call.is_some() && event["call"].as_str() == self.call.as_deref();
        if ours
            && matches!(kind, "call.started" | "call.language")
            && let Some(language) = event["language"].as_str()
        {
            language.clone_into(&mut self.language);
        }
        ours
    }
}
