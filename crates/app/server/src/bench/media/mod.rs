//! `hotline bench media`: what bridged, recorded, translated and waiting calls cost, beside what the kernel alone takes for
//! the same packets in the same run.
//!
//! `scene.rs` says what there is, `trial.rs` measures one, `voices.rs` is the load, `goals.rs` what is required.

mod beats;
mod bursts;
mod forwarder;
mod goals;
mod libopus;
mod page;
mod pin;
mod report;
mod scene;
mod search;
mod seconds;
mod speech;
mod trial;
mod voices;

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use hotline_config::Configuration;

use crate::banner;
use crate::bench::tell;
use crate::cli::{BenchMedia, MediaPart};
use crate::server::Signals;
use goals::CALLS_REQUIRED;
use report::{Report, Tried};
use scene::Scene;
use search::Search;
use trial::{Measured, Trial};

pub(crate) use forwarder::forward;

/// Of 3000 beats three may be later than what is said of 99.9 % of them.
const BEATS_SECONDS: u32 = 60;
/// How often a number of calls may fail to be clean: other guests of the machine come and go.
const TRIES: u32 = 2;

/// Measures what was asked for, says what was found, writes it down, and fails if that was asked for.
pub(crate) async fn media(configuration: &Configuration, options: &BenchMedia) -> Result<()> {
    if options.require && !is_all_measured(options) {
        bail!(
            "what is required is required of all parts, at {CALLS_REQUIRED} calls; --calls or --only leaves something out"
        );
    }
    let page = options
        .write
        .as_deref()
        .map(|path| fs::read_to_string(path).with_context(|| path.display().to_string()));
    let page = page.transpose()?;
    if let Some(page) = &page {
        page::check(page)?;
    }
    let mut signals = Signals::listen()?;
    let report = tokio::select! {
        measured = measure(configuration, options) => measured?,
        () = signals.next() => bail!("interrupted"),
    };
    if options.json {
        banner::print(&format!("{:#}", report.json()));
    } else {
        report.print_end();
    }
    if let (Some(path), Some(page)) = (&options.write, page) {
        fs::write(path, page::replace(&page, &report)?).with_context(|| path.display().to_string())?;
    }
    if options.require && !report.verdicts().iter().all(goals::Verdict::is_met) {
        bail!("the required figures are not met");
    }
    Ok(())
}

fn is_all_measured(options: &BenchMedia) -> bool {
    options.calls.contains(&CALLS_REQUIRED) && MediaPart::ALL.iter().all(|part| options.only.contains(part))
}

async fn measure(configuration: &Configuration, options: &BenchMedia) -> Result<Report> {
    let mut report = Report::new(options.seconds);
    if options.only.contains(&MediaPart::Opus) {
        report.libopus_ms = Some(libopus::cost_ms());
    }
    if !options.json {
        report.print_begin();
    }
    for _ in 0..options.repeats {
        for calls in &options.calls {
            for scene in scenes(options).into_iter().filter(|scene| *calls <= scene.calls_max()) {
                let trial = trial(options, scene, *calls);
                show(&mut report, options, trial.run(configuration).await?);
            }
        }
    }
    if options.only.contains(&MediaPart::Limit) {
        report.limit = Some(limit(configuration, options).await?);
    }
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    if options.only.contains(&MediaPart::Beats) && cores < 2 {
        tell("the beats are not looked at: server and load would need a processor each");
    } else if options.only.contains(&MediaPart::Beats) {
        // Half of what was found to be the most, or of what is required.
        let most = report.limit.as_ref().and_then(|tried| tried.greatest);
        let calls = most.map_or(CALLS_REQUIRED, |most| most / 2);
        let seconds = options.seconds.max(BEATS_SECONDS);
        let apart = Trial { is_pinned: true, seconds, ..trial(options, Scene::Recorded, calls) };
        report.apart = Some(apart.run(configuration).await?);
    }
    Ok(report)
}

fn trial(options: &BenchMedia, scene: Scene, calls: u32) -> Trial {
    let settle = Duration::from_secs(options.settle.into());
    Trial { scene, calls, seconds: options.seconds, settle, is_pinned: false }
}

/// What was asked for, with what it is compared with.
fn scenes(options: &BenchMedia) -> Vec<Scene> {
    let asked = |scene: Scene| match scene {
        Scene::Relay => options.only.contains(&MediaPart::Relay),
        Scene::Recorded => options.only.contains(&MediaPart::Recorded),
        Scene::Transcoded => options.only.contains(&MediaPart::Transcoded),
        Scene::Opus => options.only.contains(&MediaPart::Opus),
        Scene::Browser | Scene::BrowserOpus => options.only.contains(&MediaPart::Browsers),
        Scene::Waiting => options.only.contains(&MediaPart::Music),
        Scene::Forwarder | Scene::Sender => false,
    };
    let is_floor = |floor| Scene::ALL.into_iter().any(|scene| asked(scene) && scene.floor() == Some(floor));
    Scene::ALL.into_iter().filter(|scene| asked(*scene) || is_floor(*scene)).collect()
}

fn show(report: &mut Report, options: &BenchMedia, measured: Measured) {
    if !options.json {
        report.print_row(&measured);
    }
    report.add(measured);
}

/// Looks for the greatest number of recorded calls that is clean.
async fn limit(configuration: &Configuration, options: &BenchMedia) -> Result<Tried> {
    let (mut search, mut runs) = (Search::default(), Vec::new());
    while let Some(calls) = search.next() {
        let mut is_clean = false;
        for _ in 0..TRIES {
            let measured = trial(options, Scene::Recorded, calls).run(configuration).await?;
            let faults = measured.faults();
            let what = if faults.is_empty() { "clean".to_owned() } else { faults.join(", ") };
            tell(&format!("{calls} recorded calls: {what}"));
            is_clean = faults.is_empty();
            runs.push(measured);
            if is_clean {
                break;
            }
        }
        search.learn(calls, is_clean);
    }
    Ok(Tried { runs, greatest: search.greatest() })
}
