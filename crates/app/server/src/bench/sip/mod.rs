//! `hotline bench sip`: how many calls a second a server sets up, and what each costs; media is not sent.

mod report;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use hotline_config::Configuration;

use super::crowd::Crowd;
use super::load::{Load, Plan, Progress};
use super::message::{NO_SOUND_PORT, Sound};
use super::process::Usage;
use super::stage::{Cast, Line, Stage};
use super::{tell, tell_again};
use crate::server::Signals;
use crate::{banner, cli};
use report::{Measured, Report};

/// After the last call the server's work is still counted for so long: records, recordings.
const SETTLE: Duration = Duration::from_secs(1);
/// How long a server may take until nothing is left of a run. Beyond it no further rate is tried.
const CALM_MAX: Duration = Duration::from_secs(60);
const PROGRESS: Duration = Duration::from_secs(1);

/// Measures every rate in turn with the same server, says what was found, and fails if that was asked for.
pub(crate) async fn sip(configuration: &Configuration, options: &cli::BenchSip) -> Result<()> {
    if options.require && !options.rate.contains(&report::REQUIRED.rate) {
        bail!(
            "what is required is required at {} calls a second; --rate leaves that out",
            report::REQUIRED.rate
        );
    }
    let mut signals = Signals::listen()?;
    tokio::select! {
        measured = measure(configuration, options) => measured,
        () = signals.next() => bail!("interrupted"),
    }
}

async fn measure(configuration: &Configuration, options: &cli::BenchSip) -> Result<()> {
    tell("starting a server of its own");
    let cast = Cast::new(options.agents, options.pages);
    let mut stage = Stage::start(configuration, &cast).await?;
    let measured = perform(&stage, &cast, options).await;
    let ended = stage.stop().await;
    let report = measured.map_err(|error| stage.explain(error))?;
    ended?;
    if options.json {
        banner::print(&format!("{:#}", report.json()));
    } else {
        report.print_end();
    }
    if options.require && !report.is_required_met() {
        bail!("the required figures are not met");
    }
    Ok(())
}

async fn perform(stage: &Stage, cast: &Cast, options: &cli::BenchSip) -> Result<Report> {
    tell(&format!("registering {} agents", cast.agents.len()));
    let mut crowd = Crowd::gather(stage, cast).await?;
    let mut report = Report::new(stage, options);
    if !options.json {
        report.print_begin();
    }
    let mut first = 0;
    for rate in &options.rate {
        let plan = Plan {
            line: Line::Recorded,
            a_minute: *rate * 60,
            calls: u64::from(*rate) * u64::from(options.seconds),
            talk: Duration::from_millis(options.talk_ms),
            first,
        };
        first += plan.calls;
        let measured = run(stage, &mut crowd, plan).await?;
        if !options.json {
            report::print_row(&measured);
        }
        report.add(measured);
        if !crowd.is_calm_within(CALM_MAX).await? {
            tell("the server has not come to rest: no further rate is tried");
            break;
        }
    }
    Ok(report)
}

/// One rate.
async fn run(stage: &Stage, crowd: &mut Crowd, plan: Plan) -> Result<Measured> {
    let losses = crowd.losses().await?;
    let (began, before) = (Instant::now(), Usage::of(stage.pid())?);
    let progress = Arc::new(Progress::default());
    let sounds = [stage.carrier(), stage.phones()].map(|ip| Sound::pcmu((ip, NO_SOUND_PORT).into()));
    let load = Load::new(crowd.take_sockets()?, stage.sip, plan, sounds, Arc::clone(&progress));
    let mut running = tokio::task::spawn_blocking(move || load.run());
    let (sockets, tally) = loop {
        match tokio::time::timeout(PROGRESS, &mut running).await {
            Ok(ended) => break ended.context("the load generator")??,
            Err(_) => tell_again(&progress.text(plan)),
        }
    };
    crowd.give_sockets(sockets);
    tokio::time::sleep(SETTLE).await;
    let used = Usage::of(stage.pid())?.since(before, began.elapsed());
    tell_again("");
    let losses = crowd.losses().await?.since(losses);
    Ok(Measured { plan, tally, used, losses })
}
