//! The agents: registered, ready, some with a page open. And what the server says of itself.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use hotline_api_client::{Client, Events};
use hotline_api_types::{AgentState, Live};
use hotline_base::{Now, Pii, Rng, Time, WallTime};
use hotline_sip::{Datagram, Endpoint, EndpointConfig, Event, Flow, Login, Register};
use serde_json::json;

use super::load::Sockets;
use super::socket::{StampedSocket, wait};
use super::stage::{ABSENT, ADMIN, Cast, DOMAIN, PASSWORD, Stage};

/// Longer than any measurement, so that nobody registers again meanwhile.
const REGISTRATION: Duration = Duration::from_secs(24 * 3600);
const REGISTERED_WITHIN: Duration = Duration::from_secs(60);
/// How often the server is asked whether it is at rest.
const LOOK: Duration = Duration::from_millis(250);
/// Reader and writer of requests take turns so often.
const TURN: Duration = Duration::from_millis(50);

/// Everyone but the server.
pub(super) struct Crowd {
    sockets: Option<Sockets>,
    admin: Client,
    /// They read what the server sends them until the crowd goes home.
    _pages: Vec<Page>,
}

struct Page(tokio::task::JoinHandle<()>);

/// What the server lost, by its own counters.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Losses {
    pub(super) journal: u64,
    pub(super) recordings: u64,
}

impl Losses {
    pub(super) const fn since(self, before: Self) -> Self {
        Self { journal: self.journal - before.journal, recordings: self.recordings - before.recordings }
    }

    pub(super) const fn is_none(self) -> bool {
        self.journal == 0 && self.recordings == 0
    }
}

impl Crowd {
    pub(super) async fn gather(stage: &Stage, cast: &Cast) -> Result<Self> {
        let carrier = StampedSocket::connect(stage.carrier(), stage.sip)?;
        let phones = StampedSocket::connect(stage.phones(), stage.sip)?;
        let (agents, server) = (cast.agents.clone(), stage.sip);
        let register = {
            let agents = agents.clone();
            move || register(phones, server, &agents)
        };
        let phones = tokio::task::spawn_blocking(register).await.context("registering")??;
        let admin = Client::sign_in(stage.http, ADMIN, PASSWORD).await?;
        for agent in &agents {
            admin.put(&format!("/api/v1/agents/{agent}/state"), &json!({"state": "ready"})).await?;
        }
        let mut pages = Vec::new();
        for agent in agents.iter().take(cast.pages) {
            let desk = Client::sign_in(stage.http, &format!("desk{agent}"), PASSWORD).await?;
            pages.push(Page(tokio::spawn(read(desk.events().await?))));
        }
        Ok(Self { sockets: Some(Sockets { carrier, phones }), admin, _pages: pages })
    }

    /// Lends the sockets for a run.
    pub(super) fn take_sockets(&mut self) -> Result<Sockets> {
        self.sockets.take().context("the sockets of a run that has not ended")
    }

    pub(super) fn give_sockets(&mut self, sockets: Sockets) {
        self.sockets = Some(sockets);
    }

    /// Waits until no call is left and every agent is ready; false if that takes longer than `time`.
    pub(super) async fn is_calm_within(&self, time: Duration) -> Result<bool> {
        let deadline = Instant::now() + time;
        loop {
            let live: Live = serde_json::from_value(self.admin.get("/api/v1/live").await?)?;
            let mut agents = live.agents.iter().filter(|agent| agent.id != ABSENT);
            if live.calls.is_empty() && agents.all(|agent| agent.state == AgentState::Ready) {
                return Ok(true);
            }
            if Instant::now() > deadline {
                return Ok(false);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// What the server says of itself, for Prometheus.
    pub(super) async fn metrics(&self) -> Result<String> {
        let metrics = self.admin.get_bytes("/metrics").await?;
        Ok(String::from_utf8_lossy(&metrics).into_owned())
    }

    pub(super) async fn losses(&self) -> Result<Losses> {
        let metrics = self.metrics().await?;
        Ok(Losses {
            journal: counter(&metrics, "hotline_journal_lost_total"),
            recordings: counter(&metrics, "hotline_recordings_failed_total"),
        })
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Reads as a browser would: what comes is taken at once.
async fn read(mut events: Events) {
    while let Ok(Some(_)) = events.next().await {}
}

/// A counter without labels of the Prometheus text format; absent is zero.
fn counter(metrics: &str, name: &str) -> u64 {
    let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.and_then(|value| value.trim().parse().ok()).unwrap_or(0)
}

/// Registers every agent from the one socket that answers for all of them.
fn register(mut socket: StampedSocket, server: SocketAddr, agents: &[String]) -> Result<StampedSocket> {
    let local = socket.local();
    let mut config = EndpointConfig::new(DOMAIN, local);
    // More agents than a server has trunks.
    config.limits.registrations = config.limits.registrations.max(agents.len());
    let mut endpoint = Endpoint::new(config, Rng::from_number(1), [1; 32]);
    let started = Instant::now();
    let now = || Now {
        mono: Time(u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX)),
        wall: WallTime(0),
    };
    for (done, agent) in agents.iter().enumerate() {
        let register = Register {
            flow: Flow::udp(local, server),
            user: Pii::new(agent.clone()),
            domain: DOMAIN.to_owned(),
            credentials: Some(Login {
                username: Pii::new(agent.clone()),
                password: Pii::new(PASSWORD.to_owned()),
            }),
            expires: REGISTRATION,
        };
        endpoint.register(now(), register).context("room for a registration")?;
        loop {
            while let Some(transmit) = endpoint.poll_transmit() {
                socket.send(&transmit.bytes)?;
            }
            match endpoint.poll_event() {
                Some(Event::RegistrationSucceeded { .. }) => break,
                Some(event) => bail!("agent {agent}: {event:?}"),
                None => {}
            }
            ensure!(started.elapsed() < REGISTERED_WITHIN, "only {done} agents are registered");
            wait([&socket, &socket], TURN)?;
            while let Some((bytes, _)) = socket.receive()? {
                endpoint.handle_datagram(now(), Datagram { flow: Flow::udp(local, server), bytes });
            }
            endpoint.handle_timeout(now());
        }
    }
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_found_by_its_whole_name() {
        let text = "# HELP a_total A.\n# TYPE a_total counter\na_total_of_others 7\na_total 5\n";
        assert_eq!(counter(text, "a_total"), 5);
        assert_eq!(counter(text, "b_total"), 0);
    }
}
