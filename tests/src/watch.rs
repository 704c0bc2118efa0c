//! The live stream as a page sees it: a snapshot and the events after it, folded into the present state.

mod fold;

use anyhow::{Context, Result, bail};
use hotline_api_client::{Client, Events};
use hotline_api_types::{Agent, AgentState, Event, Live, Record, What};

use crate::record::record_of;
use crate::wait::{eventually, within};

/// A page that watches everything.
#[derive(Debug)]
pub struct Watch {
    client: Client,
    events: Events,
    live: Live,
    log: Vec<Event>,
    since: usize,
}

impl Watch {
    /// Opens the stream of `client`'s user and reads its snapshot.
    ///
    /// # Errors
    /// The stream does not begin with a snapshot.
    pub async fn open(client: Client) -> Result<Self> {
        let mut events = client.events().await?;
        let first =
            within("the snapshot", async { events.next().await?.context("no snapshot came") }).await?;
        if first.name != "snapshot" {
            bail!("the stream begins with {first:?}");
        }
        let live = serde_json::from_value(first.data)?;
        Ok(Self { client, events, live, log: Vec::new(), since: 0 })
    }

    /// The API, as the same user.
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// The state as folded so far.
    #[must_use]
    pub const fn live(&self) -> &Live {
        &self.live
    }

    /// The events read so far.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.log
    }

    /// Later waits look only at events after those read so far.
    pub const fn from_here(&mut self) {
        self.since = self.log.len();
    }

    /// The first event that `wanted` takes, of those already read or to come.
    ///
    /// # Errors
    /// It does not come in time; the events that did are listed.
    pub async fn event(&mut self, what: &str, wanted: impl Fn(&Event) -> bool) -> Result<Event> {
        let mut next = self.since;
        loop {
            if let Some(found) = self.log[next..].iter().find(|event| wanted(event)) {
                return Ok(found.clone());
            }
            next = self.log.len();
            self.read(what).await?;
        }
    }

    /// Reads on until the state is as `wanted` says.
    ///
    /// # Errors
    /// It does not become so in time.
    pub async fn state(&mut self, what: &str, wanted: impl Fn(&Live) -> bool) -> Result<()> {
        while !wanted(&self.live) {
            self.read(what).await?;
        }
        Ok(())
    }

    /// Reads on until the agent is in `state`.
    ///
    /// # Errors
    /// It does not get there in time.
    pub async fn agent(&mut self, id: &str, state: AgentState) -> Result<Agent> {
        let is =
            |live: &Live| live.agents.iter().find(|agent| agent.id == id && agent.state == state).cloned();
        self.state(&format!("{id} to be {state:?}"), |live| is(live).is_some()).await?;
        is(&self.live).context("the agent was there a moment ago")
    }

    /// The call of this caller, once it has begun.
    ///
    /// # Errors
    /// It does not begin in time.
    pub async fn call_of(&mut self, number: &str) -> Result<String> {
        let began =
            |event: &Event| matches!(&event.what, What::CallStarted { caller, .. } if caller == number);
        let event = self.event(&format!("the call of {number}"), began).await?;
        event.call.context("a call that began has an id")
    }

    /// Reads on until the call of this caller waits in a queue, and gives its id.
    ///
    /// # Errors
    /// It does not get there in time.
    pub async fn queued(&mut self, number: &str) -> Result<String> {
        let call = self.call_of(number).await?;
        self.event(&format!("{number} in a queue"), |event| {
            event.call.as_ref() == Some(&call) && matches!(event.what, What::CallQueued { .. })
        })
        .await?;
        Ok(call)
    }

    /// Reads on until nothing is left of the call: ended, its recording closed, its record kept.
    ///
    /// # Errors
    /// It does not end in time.
    pub async fn over(&mut self, call: &str) -> Result<Record> {
        let is_end = |event: &Event| {
            event.call.as_deref() == Some(call) && matches!(event.what, What::CallEnded { .. })
        };
        self.event(&format!("the end of call {call}"), is_end).await?;
        self.state(&format!("call {call} to be gone"), |live| {
            live.calls.iter().all(|other| other.id != call)
        })
        .await?;
        record_of(&self.client, call).await
    }

    /// Asks for `/live` and holds the folded events to it: a page that follows the stream must see what a page
    /// that asks anew is told.
    ///
    /// # Errors
    /// The two differ.
    pub async fn agrees_with_live(&mut self) -> Result<()> {
        let mut asked: Live = serde_json::from_value(self.client.get("/api/v1/live").await?)?;
        while self.live.seq < asked.seq {
            self.read(&format!("event {}", asked.seq)).await?;
        }
        if self.live.seq > asked.seq {
            asked = eventually("a quiet moment", async || {
                let asked: Live = serde_json::from_value(self.client.get("/api/v1/live").await?)?;
                Ok((asked.seq >= self.live.seq).then_some(asked))
            })
            .await?;
            while self.live.seq < asked.seq {
                self.read(&format!("event {}", asked.seq)).await?;
            }
        }
        let told = fold::comparable(&asked);
        let folded = fold::comparable(&self.live);
        if told != folded {
            bail!("/live says\n{told:#}\nand the events say\n{folded:#}");
        }
        Ok(())
    }

    async fn read(&mut self, what: &str) -> Result<()> {
        let events = &mut self.events;
        let next = within(what, async { events.next().await?.context("the server ended the stream") }).await;
        let next = next.with_context(|| self.told())?;
        if next.name == "snapshot" {
            self.live = serde_json::from_value(next.data)?;
            return Ok(());
        }
        let event: Event = serde_json::from_value(next.data)?;
        fold::apply(&mut self.live, &self.log, &event);
        self.log.push(event);
        Ok(())
    }

    fn told(&self) -> String {
        let lines =
            self.log.iter().map(|event| format!("  {} {:?} {:?}\n", event.seq, event.call, event.what));
        format!("the events so far:\n{}", lines.collect::<String>())
    }
}
