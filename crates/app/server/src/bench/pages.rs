//! `hotline bench pages`: what open pages cost the server, and how soon they know what has happened.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use hotline_api_client::{Client, Events};
use hotline_api_types::Timestamp;
use hotline_config::Configuration;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::crowd::Crowd;
use super::load::{Load, Plan, Progress};
use super::message::{NO_SOUND_PORT, Sound};
use super::process::{Usage, Used};
use super::stage::{ADMIN, Cast, Line, PASSWORD, Stage};
use super::{rounded, tell};
use crate::server::Signals;
use crate::{banner, cli};

/// Pages whose events are looked at; the others only read, so that this process does not become what is measured.
const WATCHERS: usize = 4;
const AGENTS: u32 = 50;
const TALK: Duration = Duration::from_secs(2);
/// What is required of 500 pages at 200 calls a minute: cores, and milliseconds at the 99th percentile.
const CORES_MAX: f64 = 0.1;
const DELAY_P99_MAX_MS: f64 = 50.0;

/// Measures without pages, then with them, and fails if that was asked for.
pub(crate) async fn pages(configuration: &Configuration, options: &cli::BenchPages) -> Result<()> {
    let mut signals = Signals::listen()?;
    tokio::select! {
        measured = measure(configuration, options) => measured,
        () = signals.next() => bail!("interrupted"),
    }
}

async fn measure(configuration: &Configuration, options: &cli::BenchPages) -> Result<()> {
    tell("starting a server of its own");
    let cast = Cast::new(AGENTS, 0);
    let mut stage = Stage::start(configuration, &cast).await?;
    let measured = perform(&stage, &cast, options).await;
    let ended = stage.stop().await;
    let report = measured.map_err(|error| stage.explain(error))?;
    ended?;
    report.print(options);
    if options.require && !report.is_met() {
        bail!("the required figures are not met");
    }
    Ok(())
}

async fn perform(stage: &Stage, cast: &Cast, options: &cli::BenchPages) -> Result<Report> {
    let mut crowd = Crowd::gather(stage, cast).await?;
    let client = Client::sign_in(stage.http, ADMIN, PASSWORD).await?;
    tell("calls without pages");
    let alone = run(stage, &mut crowd, options, 0).await?;
    tell(&format!("opening {} pages", options.pages));
    let read = Arc::new(AtomicU64::new(0));
    let (delays, mut told) = mpsc::unbounded_channel();
    let mut pages = JoinSet::new();
    for page in 0..options.pages {
        let events = client.events().await.with_context(|| format!("opening page {page}"))?;
        if page < WATCHERS {
            pages.spawn(watch(events, delays.clone()));
        } else {
            pages.spawn(drain(events, Arc::clone(&read)));
        }
    }
    drop(delays);
    tell("calls with them");
    let beside = run(stage, &mut crowd, options, 1).await?;
    let ended_early = pages.len() < options.pages;
    pages.abort_all();
    let mut delays = Vec::new();
    told.close();
    while let Some(delay) = told.recv().await {
        delays.push(delay);
    }
    if ended_early || delays.is_empty() {
        bail!("the server has ended pages, or told them nothing");
    }
    delays.sort_by(f64::total_cmp);
    Ok(Report { alone, beside, delays, bytes: read.load(Ordering::Relaxed) })
}

/// Calls at the rate that is asked for.
async fn run(stage: &Stage, crowd: &mut Crowd, options: &cli::BenchPages, nth: u64) -> Result<Used> {
    let calls = (u64::from(options.rate) * u64::from(options.seconds)).div_ceil(60);
    let plan = Plan { line: Line::Recorded, a_minute: options.rate, calls, talk: TALK, first: nth * calls };
    let sounds = [stage.carrier(), stage.phones()].map(|ip| Sound::pcmu((ip, NO_SOUND_PORT).into()));
    let (began, before) = (Instant::now(), Usage::of(stage.pid())?);
    let load = Load::new(crowd.take_sockets()?, stage.sip, plan, sounds, Arc::new(Progress::default()));
    let (sockets, tally) =
        tokio::task::spawn_blocking(move || load.run()).await.context("the load generator")??;
    crowd.give_sockets(sockets);
    if tally.completed != calls {
        bail!("{} of {calls} calls were completed", tally.completed);
    }
    Ok(Usage::of(stage.pid())?.since(before, began.elapsed()))
}

/// Tells of each event how long after it had happened it was here, in milliseconds.
async fn watch(mut events: Events, delays: mpsc::UnboundedSender<f64>) {
    while let Ok(Some(event)) = events.next().await {
        let at = event.data["at"].as_str().and_then(|text| text.parse::<Timestamp>().ok());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        if let Some(at) = at.filter(|_| event.name == "event") {
            let delay = now.as_secs_f64() * 1e3 - at.as_unix_millis() as f64;
            if delays.send(delay).is_err() {
                break;
            }
        }
    }
}

async fn drain(mut events: Events, read: Arc<AtomicU64>) {
    while let Ok(Some(bytes)) = events.skip().await {
        read.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

struct Report {
    alone: Used,
    beside: Used,
    /// Milliseconds, sorted.
    delays: Vec<f64>,
    bytes: u64,
}

impl Report {
    fn cores(used: &Used) -> f64 {
        used.server.as_secs_f64() / used.elapsed.as_secs_f64()
    }

    fn of_pages(&self) -> f64 {
        Self::cores(&self.beside) - Self::cores(&self.alone)
    }

    fn delay(&self, percent: usize) -> f64 {
        let place = (self.delays.len() * percent).div_ceil(100).max(1) - 1;
        self.delays[place]
    }

    fn is_met(&self) -> bool {
        self.of_pages() < CORES_MAX && self.delay(99) < DELAY_P99_MAX_MS
    }

    fn print(&self, options: &cli::BenchPages) {
        let (alone, beside) = (Self::cores(&self.alone), Self::cores(&self.beside));
        if options.json {
            let report = json!({
                "pages": options.pages, "calls_per_minute": options.rate, "events": self.delays.len() / WATCHERS,
                "cores_without": rounded(alone), "cores_with": rounded(beside), "cores_of_pages": rounded(self.of_pages()),
                "delay_p50_ms": rounded(self.delay(50)), "delay_p99_ms": rounded(self.delay(99)),
                "bytes": self.bytes, "steal": rounded(self.beside.steal),
            });
            return banner::print(&format!("{report:#}"));
        }
        banner::print(&format!(
            "{} pages at {} calls a minute, each told of everything: {:.1} % of a core ({:.1} % with them, {:.1} % without),\n\
             {} events to each, {:.1} MB in all. From what happened to the page: median {:.0} ms, 99 of 100 within {:.0} ms.\n\
             Times are of whole milliseconds; other guests took {:.1} % of the machine meanwhile.",
            options.pages,
            options.rate,
            100.0 * self.of_pages(),
            100.0 * beside,
            100.0 * alone,
            self.delays.len() / WATCHERS,
            self.bytes as f64 / 1e6,
            self.delay(50),
            self.delay(99),
            100.0 * self.beside.steal,
        ));
    }
}
