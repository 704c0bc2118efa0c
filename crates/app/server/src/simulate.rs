//! `hotline simulate`: a day of the center in seconds, through the real core.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use hotline_base::WallTime;
use hotline_call::{CallRecord, Center};
use hotline_config::{ConfigError, Configuration, Mistakes, load_with_flows};
use hotline_hours::Zone;
use hotline_simulate::{
    Caller, Level, Scenario, Simulation, Tally, callers, callers_of, comparison, parse, report,
};
use hotline_store::{CALL_PAGE_MAX, CallFilter, Store};
use hotline_yaml::Source;
use nix::time::{ClockId, clock_gettime};

use crate::banner;
use crate::cli;

/// Bytes of the journal: the day of a large center has hundreds of megabytes, which cost the system far less in large pieces.
const WRITTEN_AT_ONCE: usize = 256 * 1024;
/// The day that is simulated without another.
const SHIPPED: &str = include_str!("../../../../docs/examples/simulate.yaml");

/// Simulates a day, prints its figures and writes its journal.
pub(crate) fn run(
    configuration: &Configuration,
    options: &cli::Simulate,
    runtime: impl FnOnce() -> Result<tokio::runtime::Runtime>,
) -> Result<()> {
    let center = &configuration.center;
    let mut scenario = scenario(options, center)?;
    if let Some(seed) = options.seed {
        scenario.seed = seed;
    }
    let crowd: Arc<[Caller]> = match &options.from_records {
        Some(day) => {
            scenario.midnight = midnight(center, day)?;
            let url = &configuration.server.storage.database;
            let day = scenario.midnight..center.zone.day_after(scenario.midnight);
            let records = runtime()?.block_on(records(url, day))?;
            callers_of(&records, scenario.midnight, scenario.seed)
        }
        None => callers(&scenario).into(),
    };
    let one = Run { options, scenario: &scenario, callers: &crowd };
    let (tally, simulation) = one.pass(center, Some(&options.journal))?;
    let rules = simulation.rules();
    banner::print(&report(&rules, &tally));
    if let Some(other) = &options.with {
        let other_center = load_with_flows(other, None)?.center;
        let (other_tally, _) = one.pass(&other_center, None)?;
        let here = configuration.server.storage.center.display().to_string();
        let (ours, theirs) = ((here.as_str(), &tally), (&*other.display().to_string(), &other_tally));
        banner::print(&comparison(&rules, ours, theirs));
    }
    Ok(())
}

/// One day under one configuration after the other.
struct Run<'r> {
    options: &'r cli::Simulate,
    scenario: &'r Scenario,
    callers: &'r Arc<[Caller]>,
}

impl<'r> Run<'r> {
    fn pass(&self, center: &'r Center, journal: Option<&Path>) -> Result<(Tally, Simulation<'r>)> {
        let level = match self.options.level {
            cli::SimulationLevel::Sip => Level::Sip,
            cli::SimulationLevel::Acd => Level::Acd,
        };
        let simulation =
            Simulation { level, center, scenario: self.scenario, callers: Arc::clone(self.callers) };
        let mut file = journal.map(create).transpose()?;
        let began = processor_time()?;
        let tally = simulation.run(file.as_mut().map(|file| file as &mut dyn Write));
        let tally = tally.context("writing the journal")?;
        let took = processor_time()?.saturating_sub(began).as_secs_f64();
        banner::print(&format!(
            "{} calls and {} events of one day in {took:.2} s of processor time: {:.0} calls a second, seed {}{}.\n",
            tally.calls,
            tally.events,
            tally.calls as f64 / took.max(1e-6),
            self.scenario.seed,
            journal.map(|path| format!(", journal in {}", path.display())).unwrap_or_default(),
        ));
        Ok((tally, simulation))
    }
}

fn scenario(options: &cli::Simulate, center: &Center) -> Result<Scenario> {
    let source = match &options.scenario {
        Some(path) => {
            let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
            Source::new(&path.display().to_string(), &text)
        }
        None => Source::new("docs/examples/simulate.yaml", SHIPPED),
    };
    parse(&source, center).map_err(|mistakes| ConfigError::Mistakes(Mistakes(mistakes)).into())
}

/// The midnight of a date, or of yesterday, where the center is.
fn midnight(center: &Center, day: &str) -> Result<WallTime> {
    if day == cli::YESTERDAY {
        let now = time::OffsetDateTime::now_utc();
        let micros = i64::try_from(now.unix_timestamp_nanos() / 1000).context("the clock")?;
        return yesterday(&center.zone, WallTime(micros)).context("the clock");
    }
    let wrong = || format!("`{day}` is no date such as 2026-03-02");
    let parts: Vec<&str> = day.split('-').collect();
    let [year, month, date] = parts[..] else { bail!(wrong()) };
    let (year, month, date) = (
        year.parse().with_context(wrong)?,
        month.parse().with_context(wrong)?,
        date.parse().with_context(wrong)?,
    );
    center.zone.midnight(year, month, date).with_context(|| format!("the calendar has no day `{day}`"))
}

/// The midnight of the day before. Days are as long as clocks make them: 24 hours before now may be two days ago.
fn yesterday(zone: &Zone, now: WallTime) -> Option<WallTime> {
    let midnight_of = |wall: WallTime| {
        let shown = zone.local(wall);
        zone.midnight(shown.year, i8::try_from(shown.month).ok()?, i8::try_from(shown.day).ok()?)
    };
    midnight_of(WallTime(midnight_of(now)?.0 - 1))
}

/// All records of calls that began on the day.
async fn records(url: &str, day: Range<WallTime>) -> Result<Vec<CallRecord>> {
    let store = Store::open_for_reading(url).await?;
    let filter = CallFilter { since: Some(day.start), until: Some(day.end), ..CallFilter::default() };
    let (mut records, mut cursor) = (Vec::new(), None);
    loop {
        let page = store.list_calls(&filter, cursor, CALL_PAGE_MAX).await?;
        records.extend(page.calls);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    if records.is_empty() {
        bail!("the database has no calls of that day: {url}");
    }
    Ok(records)
}

fn create(path: &Path) -> Result<BufWriter<File>> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    let file = File::create(path).with_context(|| path.display().to_string())?;
    Ok(BufWriter::with_capacity(WRITTEN_AT_ONCE, file))
}

/// What this process has used of the processors.
fn processor_time() -> Result<Duration> {
    let used = clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).context("reading the processor's time")?;
    Ok(used.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yesterday_is_the_day_before_also_when_clocks_are_changed() {
        let zone = Zone::named("Europe/Berlin").expect("a zone");
        let midnight = |month, day| zone.midnight(2026, month, day).expect("a day");
        // 29 March has 23 hours, 25 October 25.
        for (month, day, hours) in [(3, 28, 24), (3, 29, 23), (10, 24, 24), (10, 25, 25)] {
            let next = midnight(month, day + 1);
            assert_eq!(zone.day_after(midnight(month, day)), next);
            assert_eq!(next.since(midnight(month, day)), Duration::from_secs(hours * 3600));
            for minutes in [0, 30, 23 * 60 - 1] {
                let now = next + Duration::from_secs(minutes * 60);
                assert_eq!(yesterday(&zone, now), Some(midnight(month, day)), "{minutes} minutes after");
            }
        }
    }
}
