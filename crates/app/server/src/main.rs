//! The binary `hotline`: configuration, construction, supervision, drain. The only crate that sees all others.
//!
//! Start reading at `server.rs`, which builds the server from its configuration.

mod apply;
mod audit;
mod backup;
mod banner;
mod bench;
mod certificate;
mod check;
mod cli;
mod demo;
mod doctor;
mod files;
mod flow_tests;
mod gauges;
mod https;
mod in_force;
mod ladder;
mod lock;
mod recording_days;
mod recording_keys;
mod recordings;
mod records;
mod reports;
mod retention;
mod server;
mod simulate;
mod sounds;
mod supervision;
mod trace;
mod traces;
mod users;
mod visit;

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use hotline_config::{ConfigError, Configuration, LogFormat, load, load_with_flows, read_server};
use hotline_telemetry::install_logs;
use tokio::runtime::Runtime;

use crate::apply::Applied;
use crate::cli::{
    Audit, AuditTask, Bench, Cli, Command, Described, Measurement, Recordings, RecordingsTask, Reports,
    ReportsTask, Schema, Visitor,
};

/// Exit code for a configuration with mistakes: a supervisor must not restart into the same mistakes.
const EXIT_CONFIG: u8 = 2;
/// Exit code of `apply --dry-run` if something would change.
const EXIT_WOULD_CHANGE: u8 = 3;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<Silent>() => {
            ExitCode::from(error.downcast_ref::<Silent>().map_or(1, |exit| exit.0))
        }
        Err(error) => {
            say(&format!("hotline: {error:#}"));
            let mistake = error.downcast_ref::<ConfigError>().is_some();
            if mistake { ExitCode::from(EXIT_CONFIG) } else { ExitCode::FAILURE }
        }
    }
}

/// An end that has said everything already.
#[derive(Debug, thiserror::Error)]
#[error("exit code {0}")]
struct Silent(u8);

/// What a crash left of a change of several files is ended before they are read.
fn finish_change(cli: &Cli) -> Result<()> {
    if !matches!(cli.command, None | Some(Command::Run)) {
        return Ok(());
    }
    // What is wrong with the server's file is told when all of it is read.
    let Ok(server) = read_server(&cli.config) else { return Ok(()) };
    hotline_flow_files::finish_change(&server.storage.center).context("ending a change that was interrupted")
}

/// The configuration of a running server as files, and back. Who says where the server is needs no configuration here.
async fn exchange(cli: &Cli) -> Result<()> {
    let local = |visitor: &Visitor| visitor.needs_configuration().then(|| load(&cli.config)).transpose();
    if let Some(Command::Export(options)) = &cli.command {
        return apply::export(local(&options.visitor)?.as_ref(), options).await;
    }
    let Some(Command::Apply(options)) = &cli.command else { return Ok(()) };
    match apply::apply(local(&options.visitor)?.as_ref(), options).await? {
        Applied::InForce => Ok(()),
        Applied::WouldChange => Err(Silent(EXIT_WOULD_CHANGE).into()),
        Applied::Mistaken => Err(Silent(EXIT_CONFIG).into()),
    }
}

fn run(cli: &Cli) -> Result<()> {
    if let Some(Command::Schema(Schema { of })) = &cli.command {
        return describe(of);
    }
    if let Some(Command::Bench(Bench { what: Measurement::Acd(options) })) = &cli.command {
        return bench::acd(options);
    }
    let runtime = || tokio::runtime::Builder::new_multi_thread().enable_all().build().context("starting");
    if let Some(Command::Bench(Bench { what: Measurement::Records(options) })) = &cli.command {
        return runtime()?.block_on(bench::records(options));
    }
    if let Some(Command::Recordings(Recordings { what: RecordingsTask::NewKey { file } })) = &cli.command {
        return recording_keys::new_key(file);
    }
    if let Some(Command::Restore(options)) = &cli.command {
        return runtime()?.block_on(backup::restore(&cli.config, options));
    }
    if matches!(cli.command, Some(Command::Export(_) | Command::Apply(_))) {
        return runtime()?.block_on(exchange(cli));
    }
    finish_change(cli)?;
    let flows =
        if let Some(Command::Check(options)) = &cli.command { options.directory.as_deref() } else { None };
    let configuration = match (load_with_flows(&cli.config, flows), &cli.command) {
        // Flows of another folder can be tested without a configuration.
        (Err(_), Some(Command::Test(options))) if options.directory.is_some() => {
            return flow_tests::test(None, options);
        }
        (loaded, _) => loaded?,
    };
    match &cli.command {
        None | Some(Command::Run) => {
            logs(&configuration, &cli.log)?;
            runtime()?.block_on(server::run(configuration, &cli.config))
        }
        Some(Command::Check(_)) => {
            check::report(&configuration);
            Ok(())
        }
        Some(Command::Schema(_) | Command::Restore(_) | Command::Export(_) | Command::Apply(_)) => Ok(()),
        Some(Command::Test(options)) => flow_tests::test(Some(&configuration), options),
        Some(Command::Demo(options)) => {
            logs(&configuration, "warn")?;
            runtime()?.block_on(demo::run(configuration, options))
        }
        Some(Command::Simulate(options)) => simulate::run(&configuration, options, runtime),
        Some(Command::Bench(Bench { what })) => measured(&configuration, what, runtime),
        Some(Command::Trace(options)) => runtime()?.block_on(trace::run(&configuration, options)),
        Some(Command::Recordings(Recordings { what })) => {
            if matches!(what, RecordingsTask::Repair) {
                logs(&configuration, &cli.log)?;
            }
            runtime()?.block_on(of_recordings(&configuration, what))
        }
        Some(Command::Audit(Audit { what: AuditTask::Verify })) => {
            runtime()?.block_on(audit::verify(&configuration))
        }
        Some(Command::Reports(Reports { what: ReportsTask::Recount(options) })) => {
            runtime()?.block_on(reports::run(&configuration, options, users::now()))
        }
        Some(Command::Doctor(options)) => runtime()?.block_on(doctor::run(&configuration, options)),
        Some(Command::Backup(options)) => {
            runtime()?.block_on(backup::backup(&configuration, &cli.config, options))
        }
        Some(Command::User(user)) => runtime()?.block_on(users::add(&configuration, user)),
    }
}

/// Prints a description of what others read or write.
fn describe(of: &Described) -> Result<()> {
    match of {
        Described::Ivr => banner::print(hotline_ivr::schema().trim_end()),
        Described::Config => {
            let schema = serde_json::to_string_pretty(&hotline_config::center_schema());
            banner::print(&schema.context("writing the schema")?);
        }
        Described::Api => banner::print(&hotline_api::description()),
    }
    Ok(())
}

async fn of_recordings(configuration: &Configuration, what: &RecordingsTask) -> Result<()> {
    match what {
        RecordingsTask::Verify => recordings::verify(configuration).await,
        RecordingsTask::Repair => recordings::repair(configuration).await,
        RecordingsTask::Rekey => recording_keys::rekey(configuration).await,
        RecordingsTask::Export { recording, file } => {
            recording_keys::export(configuration, recording, file).await
        }
        // Done before, as it needs no configuration.
        RecordingsTask::NewKey { .. } => Ok(()),
    }
}

/// What a server can bear. Those that need no configuration have been measured before.
fn measured(
    configuration: &Configuration,
    what: &Measurement,
    runtime: impl Fn() -> Result<Runtime>,
) -> Result<()> {
    match what {
        Measurement::Sip(options) => measure(runtime()?, bench::sip(configuration, options)),
        Measurement::Media(options) => measure(runtime()?, bench::media(configuration, options)),
        Measurement::Pages(options) => measure(runtime()?, bench::pages(configuration, options)),
        // Without a runtime, whose threads would be in the measured process too.
        Measurement::Forward(options) => bench::forward(options),
        Measurement::Acd(_) | Measurement::Records(_) => Ok(()),
    }
}

/// Measures, and ends when that is done or interrupted: the load of a row, which runs on a thread of its own, is not waited for.
fn measure(runtime: Runtime, measuring: impl Future<Output = Result<()>>) -> Result<()> {
    let measured = runtime.block_on(measuring);
    runtime.shutdown_background();
    measured
}

fn logs(configuration: &Configuration, filter: &str) -> Result<()> {
    let format = match configuration.server.log {
        LogFormat::Human => hotline_telemetry::LogFormat::Human,
        LogFormat::Json => hotline_telemetry::LogFormat::Json,
    };
    install_logs(filter, format)?;
    log_panics();
    Ok(())
}

/// Sends what a defect says at its end through the log, which masks personal data, and not to the terminal.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let text = panic.payload_as_str().unwrap_or("without words");
        let place = panic.location().map(ToString::to_string);
        let thread = std::thread::current();
        tracing::error!(panic = text, place, thread = thread.name(), "a defect in this program");
    }));
}

#[expect(
    clippy::print_stderr,
    reason = "the last word of a failed command goes to the terminal, not to the log"
)]
fn say(text: &str) {
    eprintln!("{text}");
}
