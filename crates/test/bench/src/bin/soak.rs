//! Keeps the built server busy with people who abandon, reject, do not answer, talk, press and hang up at random; then
//! they all go home, and nothing of them may be left: no call, no port, no stuck agent, no memory, and one record
//! for each call.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use hotline_api_client::Client;
use hotline_api_types::{AgentState, Live, RecordPage};
use hotline_base::Rng;
use hotline_bench::{QUEUE_NUMBER, Usage, center};
use hotline_phone::{Phone, PhoneError, PhoneEvent};
use hotline_tests::{Center, Hotline, eventually};
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

/// How busy the server is kept, and what it may keep for itself.
#[derive(Clone, Debug, Parser)]
#[command(about)]
struct Options {
    /// How long new calls come in.
    #[arg(long, default_value_t = 120)]
    seconds: u64,
    /// Callers who call again and again.
    #[arg(long, default_value_t = 20)]
    callers: usize,
    /// Agents: fewer than callers, so that a queue forms.
    #[arg(long, default_value_t = 8)]
    agents: usize,
    /// How much the server's memory may grow after the first third of the time, in MiB.
    #[arg(long, default_value_t = 24)]
    growth_mib: u64,
    /// What everybody's behaviour follows from; the time of day unless given.
    #[arg(long)]
    seed: Option<u64>,
}

/// The longest anybody waits for an event.
const PATIENCE: Duration = Duration::from_secs(20);
/// Files and threads that may come with use, once.
const FILES_GROWTH_MAX: usize = 16;
/// Records on a page.
const PAGE: usize = 200;

#[tokio::main]
async fn main() -> ExitCode {
    match soak(&Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("soak: FAILED: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn soak(options: &Options) -> Result<()> {
    let seed = match options.seed {
        Some(seed) => seed,
        None => SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs(),
    };
    say(&format!("soak: {options:?}, seed {seed}"));
    let mut rng = Rng::from_number(seed);
    let agents: Vec<String> = (0..options.agents).map(|number| (1001 + number).to_string()).collect();
    let base = Center::new();
    let carrier = base.addresses().carrier();
    let hotline = Arc::new(center(base, carrier, &agents, 1).start().await?);
    let pid = hotline.pid().context("the server runs")?;
    let admin = hotline.admin().await?;

    let (closing, closed) = watch::channel(false);
    let mut staff = JoinSet::new();
    for agent in &agents {
        let phone = hotline.registered(agent).await?;
        staff.spawn(serve(phone, rng.fork(), closed.clone()));
    }
    staff.spawn(keep_ready(admin.clone(), closed));
    let fresh = Usage::of(pid)?;

    let mut crowd = JoinSet::new();
    let end = Instant::now() + Duration::from_secs(options.seconds);
    for number in 0..options.callers {
        let phone = hotline.caller(&format!("+1555{number:07}")).await?;
        crowd.spawn(call_again(phone, rng.fork(), end));
    }
    let warm = observe(pid, options.seconds).await?;
    let mut calls = 0;
    while let Some(made) = crowd.join_next().await {
        calls += made??;
    }
    let idle = wait_until_idle(&admin).await;
    closing.send_replace(true);
    while let Some(served) = staff.join_next().await {
        served??;
    }
    idle?;
    let last = Usage::of(pid)?;
    say(&format!("usage: fresh {fresh:?}, warm {warm:?}, in the end {last:?}"));
    check_records(&admin, calls).await?;
    check_metrics(&hotline).await?;
    let growth = last.rss_kib.saturating_sub(warm.rss_kib) / 1024;
    ensure!(growth <= options.growth_mib, "memory grew by {growth} MiB after the first third of the time");
    ensure!(last.files <= fresh.files + FILES_GROWTH_MAX, "files are left open: {fresh:?}, then {last:?}");
    say(&format!("soak: passed, {calls} calls"));
    Ok(())
}

/// Prints how the server does, and gives its usage after a third of the time.
async fn observe(pid: u32, seconds: u64) -> Result<Usage> {
    let mut warm = Usage::of(pid)?;
    for third in 1..=3 {
        sleep(Duration::from_secs(seconds) / 3).await;
        let usage = Usage::of(pid)?;
        say(&format!("after {} s: {usage:?}", seconds * third / 3));
        if third == 1 {
            warm = usage;
        }
    }
    Ok(warm)
}

/// One caller. Gives the number of calls made.
async fn call_again(mut phone: Phone, mut rng: Rng, end: Instant) -> Result<u64> {
    let mut calls = 0;
    while Instant::now() < end {
        pause(&mut rng, 1000).await;
        forget(&mut phone).await?;
        phone.forget_heard();
        calls += 1;
        match rng.below(10) {
            // Thinks better of it before the answer, or just as it comes.
            0 => {
                phone.dial(QUEUE_NUMBER).await?;
                pause(&mut rng, 20).await;
            }
            // Leaves the queue, or the call, soon.
            1 | 2 => {
                dial(&mut phone, QUEUE_NUMBER).await?;
                pause(&mut rng, 4000).await;
            }
            // Plays with the menu.
            3 => {
                dial(&mut phone, "4300").await?;
                for _ in 0..rng.below(3) {
                    pause(&mut rng, 1500).await;
                    let key = ['5', '*', '9', '1'][usize::try_from(rng.below(4))?];
                    phone.press(key).await?;
                }
                until_over(&mut phone, Duration::from_secs(8)).await?;
            }
            // Waits for an agent and talks.
            _ => {
                dial(&mut phone, QUEUE_NUMBER).await?;
                until_over(&mut phone, Duration::from_millis(2000 + rng.below(12_000))).await?;
            }
        }
        phone.hang_up().await?;
    }
    Ok(calls)
}

/// Dials and waits for the answer.
async fn dial(phone: &mut Phone, number: &str) -> Result<()> {
    phone.dial(number).await?;
    phone.expect(&PhoneEvent::Up, PATIENCE).await.context("every call is answered")
}

/// One agent, who mostly answers.
async fn serve(mut phone: Phone, mut rng: Rng, mut closed: watch::Receiver<bool>) -> Result<()> {
    loop {
        let event = tokio::select! {
            event = phone.next() => event?,
            changed = closed.wait_for(|closed| *closed) => {
                changed?;
                return Ok(());
            }
        };
        let PhoneEvent::Incoming(_) = event else { continue };
        match rng.below(10) {
            0 => {
                pause(&mut rng, 1000).await;
                phone.reject(486).await?;
            }
            // Does not hear it.
            1 => until_over(&mut phone, PATIENCE).await?,
            choice => {
                phone.ring().await?;
                pause(&mut rng, 1500).await;
                phone.answer().await?;
                let talk = if choice < 5 { Duration::from_millis(rng.below(6000)) } else { PATIENCE };
                until_over(&mut phone, talk).await?;
                phone.hang_up().await?;
            }
        }
    }
}

/// Whoever missed a call is ready again soon.
async fn keep_ready(admin: Client, mut closed: watch::Receiver<bool>) -> Result<()> {
    let mut rounds = interval(Duration::from_secs(1));
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !*closed.borrow_and_update() {
        rounds.tick().await;
        for agent in live(&admin).await?.agents {
            if matches!(agent.state, AgentState::NotReady | AgentState::LoggedOut) {
                let path = format!("/api/v1/agents/{}/state", agent.id);
                admin.put(&path, &json!({"state": "ready"})).await?;
            }
        }
    }
    Ok(())
}

/// Until the call is over, or the time is.
async fn until_over(phone: &mut Phone, time: Duration) -> Result<()> {
    let over = |event: &PhoneEvent| matches!(event, PhoneEvent::Ended | PhoneEvent::Failed(_));
    match phone.wait_for("the end", time, over).await {
        Ok(_) | Err(PhoneError::Timeout { .. }) => Ok(()),
        Err(
            error @ (PhoneError::Socket(_)
            | PhoneError::Unexpected { .. }
            | PhoneError::Identity(_)
            | PhoneError::Off),
        ) => Err(error.into()),
    }
}

/// Passes over what the last call still had to tell.
async fn forget(phone: &mut Phone) -> Result<()> {
    while let Ok(event) = timeout(Duration::ZERO, phone.next()).await {
        event?;
    }
    Ok(())
}

async fn pause(rng: &mut Rng, most_ms: u64) {
    sleep(Duration::from_millis(rng.below(most_ms))).await;
}

async fn live(admin: &Client) -> Result<Live> {
    Ok(serde_json::from_value(admin.get("/api/v1/live").await?)?)
}

/// Nobody calls, waits or talks, and every agent can take a call.
async fn wait_until_idle(admin: &Client) -> Result<()> {
    let mut last = None;
    let idle = eventually("the center to be idle", async || {
        let live = live(admin).await?;
        let free = live.agents.iter().all(|agent| agent.state == AgentState::Ready && agent.call.is_none());
        let idle = live.calls.is_empty() && live.queues.iter().all(|queue| queue.length == 0) && free;
        last = Some(live);
        Ok(idle.then_some(()))
    });
    let found = idle.await;
    let live = last.context("one look at least")?;
    if found.is_err() {
        say(&format!("left: calls {:#?}, agents {:#?}", live.calls, live.agents));
    }
    let grave =
        ["internal_error", "not_offered", "recording_failed", "store_unavailable", "reservation_expired"];
    for alarm in &live.alarms {
        ensure!(!grave.iter().any(|kind| alarm.kind.starts_with(kind)), "alarm: {alarm:?}");
    }
    found
}

/// Each call has one record, and each is over.
async fn check_records(admin: &Client, calls: u64) -> Result<()> {
    let (mut causes, mut cursor) = (BTreeMap::<String, u64>::new(), String::new());
    loop {
        let path = format!("/api/v1/calls?limit={PAGE}&cursor={cursor}");
        let page: RecordPage = serde_json::from_value(admin.get(&path).await?)?;
        for record in &page.calls {
            let cause = record.cause.as_ref().with_context(|| format!("{} has no end", record.id))?;
            *causes.entry(format!("{:?}", cause.kind)).or_default() += 1;
        }
        match page.next {
            Some(next) => cursor = next,
            None => break,
        }
    }
    let records: u64 = causes.values().sum();
    say(&format!("{calls} calls, {records} records: {causes:?}"));
    ensure!(records == calls, "{calls} calls left {records} records");
    Ok(())
}

/// No port is in use and nothing has panicked. The gauges are fresh every two seconds.
async fn check_metrics(hotline: &Hotline) -> Result<()> {
    let client = Client::new(hotline.http());
    eventually("all ports to be free", async || {
        let metrics = client.get_bytes("/metrics").await?;
        let metrics = String::from_utf8_lossy(&metrics).into_owned();
        let panics = value(&metrics, "hotline_media_panics_total").unwrap_or_default();
        ensure!(panics == 0.0, "{panics} panics in media threads");
        let ports = value(&metrics, "hotline_media_ports_in_use").context("ports are counted")?;
        Ok((ports == 0.0).then_some(()))
    })
    .await
}

/// A metric without labels.
fn value(metrics: &str, name: &str) -> Option<f64> {
    metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

#[expect(clippy::print_stdout, reason = "a program for the terminal")]
fn say(line: &str) {
    println!("{line}");
}
