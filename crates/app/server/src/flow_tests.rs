//! `hotline test`: the tests beside the flows, and what they have not reached.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use hotline_base::{HoursId, WallTime};
use hotline_config::{Configuration, flow_suite};
use hotline_flow_test::{Center, Coverage, Outcome, junit, run};
use hotline_hours::{Schedule, State, Zone};
use hotline_ivr::{Flows, HoursExit, Language, LocalTime, PromptName};

use crate::banner;
use crate::cli::FlowTests;

/// Runs the tests of a folder. The configuration, if there is a good one, says opening hours that tests do not, and how
/// long prompts take.
///
/// # Errors
/// A file has mistakes, a test fails, or less is reached than was demanded.
pub(crate) fn test(configuration: Option<&Configuration>, options: &FlowTests) -> Result<()> {
    let directory = match (&options.directory, configuration) {
        (Some(directory), _) => directory.clone(),
        (None, Some(configuration)) => configuration.server.storage.flows.clone(),
        (None, None) => PathBuf::from("ivr-flows"),
    };
    let suite = flow_suite(&directory)?;
    let center = Known::of(configuration, &suite.flows);
    let began = Instant::now();
    let (mut suites, mut coverage) = (Vec::new(), Coverage::new(&suite.flows));
    for file in &suite.tests {
        let chosen = file.tests().iter().filter(|test| {
            options
                .filter
                .as_ref()
                .is_none_or(|part| format!("{} {}", file.flow(), test.name()).contains(part))
        });
        let outcomes: Vec<Outcome> = chosen.map(|test| run(&suite.flows, file, test, &center)).collect();
        outcomes.iter().for_each(|outcome| coverage.add(outcome));
        suites.push((file.file().to_owned(), outcomes));
    }
    let took = began.elapsed();
    if let Some(file) = &options.junit {
        write(file, &junit(&suites))?;
    }
    report(&suites, took);
    if options.coverage {
        report_coverage(&coverage);
    }
    judge(&suites, &coverage, options)
}

fn write(file: &Path, text: &str) -> Result<()> {
    std::fs::write(file, text).with_context(|| format!("writing {}", file.display()))
}

fn report(suites: &[(String, Vec<Outcome>)], took: Duration) {
    for (file, outcomes) in suites.iter().filter(|(_, outcomes)| !outcomes.is_empty()) {
        for failure in outcomes.iter().filter_map(|outcome| outcome.failure.as_ref()) {
            banner::print(&format!("{failure}\n"));
        }
        let failed = outcomes.iter().filter(|outcome| outcome.failure.is_some()).count();
        let verdict = if failed == 0 { "all pass".to_owned() } else { format!("{failed} fail") };
        banner::print(&format!("{file}: {} tests, {verdict}", outcomes.len()));
    }
    let tests: usize = suites.iter().map(|(_, outcomes)| outcomes.len()).sum();
    let calls: Duration =
        suites.iter().flat_map(|(_, outcomes)| outcomes).map(|outcome| outcome.duration).sum();
    banner::print(&format!(
        "{tests} tests, {} s of calls in {:.1} ms.",
        calls.as_secs(),
        took.as_secs_f64() * 1000.0
    ));
}

fn report_coverage(coverage: &Coverage) {
    for (name, flow) in coverage.flows() {
        let ((steps, all_steps), (exits, all_exits)) = (flow.steps(), flow.exits());
        banner::print(&format!(
            "\n{name}: {} % ({steps} of {all_steps} steps, {exits} of {all_exits} exits)",
            flow.percent()
        ));
        for missed in flow.unreached() {
            banner::print(&format!("  no test reaches {missed}"));
        }
    }
}

fn judge(suites: &[(String, Vec<Outcome>)], coverage: &Coverage, options: &FlowTests) -> Result<()> {
    let all = || suites.iter().flat_map(|(_, outcomes)| outcomes);
    if all().next().is_none() {
        bail!("no test was found; tests stand beside the flows, in NAME.test.yaml (docs/flow-tests.md)");
    }
    let failed = all().filter(|outcome| outcome.failure.is_some()).count();
    if failed > 0 {
        bail!("{failed} of {} tests fail", all().count());
    }
    match options.min_coverage {
        Some(wanted) if coverage.percent() < wanted => {
            bail!(
                "the tests reach {} % of all steps and exits and not {wanted} %; `--coverage` lists the others",
                coverage.percent()
            )
        }
        Some(_) | None => Ok(()),
    }
}

/// What the center knows.
pub(crate) struct Known {
    /// None without a configuration: then tests say all hours.
    hours: BTreeMap<HoursId, Schedule>,
    zone: Zone,
    lengths: BTreeMap<(Language, PromptName), Duration>,
}

impl Known {
    /// Reads how long the prompts of these flows take.
    pub(crate) fn of(configuration: Option<&Configuration>, flows: &Flows) -> Self {
        let (mut hours, mut zone, mut lengths) = (BTreeMap::new(), Zone::utc(), BTreeMap::new());
        if let Some(configuration) = configuration {
            hours.clone_from(&configuration.center.hours);
            zone = configuration.center.zone.clone();
            let languages: std::collections::BTreeSet<&Language> =
                flows.iter().flat_map(|(_, flow)| flow.languages()).collect();
            for language in languages {
                let folder = configuration.server.storage.sounds.join(language.as_str());
                lengths.extend(prompts(&folder).map(|(name, length)| ((language.clone(), name), length)));
            }
        }
        Self { hours, zone, lengths }
    }
}

/// The prompts of a folder and how long each takes. What cannot be read takes what a test assumes.
fn prompts(folder: &Path) -> impl Iterator<Item = (PromptName, Duration)> + use<> {
    let files = std::fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    files.filter_map(|path| {
        let name = path.file_name()?.to_str()?.strip_suffix(".wav")?;
        let reader = hound::WavReader::open(&path).ok()?;
        let rate = f64::from(reader.spec().sample_rate.max(1));
        Some((PromptName::from(name), Duration::from_secs_f64(f64::from(reader.duration()) / rate)))
    })
}

impl Center for Known {
    fn prompt_length(&self, language: &Language, prompt: &PromptName) -> Option<Duration> {
        self.lengths.get(&(language.clone(), prompt.clone())).copied()
    }

    fn hours(&self, schedule: &str, time: LocalTime) -> Option<HoursExit> {
        let schedule = self.hours.get(&HoursId::from(schedule))?;
        let state = schedule.at(wall(time, &self.zone), None).state;
        Some(match state {
            State::Open => HoursExit::Open,
            State::Closed => HoursExit::Closed,
            State::Holiday(_) => HoursExit::Holiday,
        })
    }
}

/// When clocks of the zone show this. Of an hour that is there twice, the one that two steps lead to; an hour that is
/// not there is the one after.
fn wall(time: LocalTime, zone: &hotline_hours::Zone) -> WallTime {
    let wanted = minutes(time.year, time.month, time.day, time.hour, time.minute);
    let mut guess = wanted;
    for _ in 0..2 {
        let shown = zone.local(WallTime(guess * MINUTE_US));
        guess += wanted - minutes(shown.year, shown.month, shown.day, shown.hour, shown.minute);
    }
    WallTime(guess * MINUTE_US)
}

const MINUTE_US: i64 = 60_000_000;

/// Minutes since 1970-01-01 00:00 in the Gregorian calendar, years counted from March.
fn minutes(year: i16, month: u8, day: u8, hour: u8, minute: u8) -> i64 {
    let (month, day) = (i64::from(month), i64::from(day));
    let year = i64::from(year) - i64::from(month <= 2);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days =
        year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year - 719_468;
    (days * 24 + i64::from(hour)) * 60 + i64::from(minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_time_finds_its_moment_in_winter_and_summer() {
        let zone = hotline_hours::Zone::named("Europe/Berlin").unwrap();
        for (month, day, hour, unix) in [(11, 30, 9, 1_796_025_600), (7, 1, 9, 1_782_889_200)] {
            let time = LocalTime { year: 2026, month, day, weekday: 1, hour, minute: 0 };
            assert_eq!(wall(time, &zone).as_unix_seconds(), unix, "{month}");
        }
    }
}
