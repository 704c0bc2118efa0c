//! `hotline doctor`: whether this machine and this center can serve, and what to do where they cannot. It changes nothing, and
//! may run beside the server.

mod certificates;
mod database;
mod finding;
mod network;
mod phones;
mod system;

use std::sync::Arc;

use anyhow::{Result, bail};
use hotline_api_client::Client;
use hotline_api_types::{self as api, Found, Looked};
use hotline_config::{Configuration, Kept, QueueRetention};

use self::finding::{Finding, Verdict};
use crate::banner;
use crate::cli::Doctor;
use crate::in_force::InForce;

/// Looks at everything and says what it found.
///
/// # Errors
/// Something is wrong, or with `--health` the server does not answer or is not well.
pub(crate) async fn run(configuration: &Configuration, options: &Doctor) -> Result<()> {
    let server = running(configuration).await;
    if options.health {
        return match server {
            Running::Well => Ok(()),
            Running::Ill(words) => bail!("the server is not well: {}", words.join(", ")),
            Running::No => bail!("no server answers at {}", configuration.server.http.listen),
        };
    }
    tell(&examine(configuration, &server).await, options.json)
}

/// Looks at everything.
async fn examine(configuration: &Configuration, server: &Running) -> Vec<Finding> {
    let mut findings = vec![of_server(configuration, server)];
    let runs = !matches!(server, Running::No);
    findings.extend(network::look(configuration, runs).await);
    findings.extend(system::look(configuration).await);
    findings.extend(certificates::look(&configuration.server));
    findings.extend(database::look(configuration).await);
    findings.extend(phones::look(configuration).await);
    findings
}

/// The same for the pages of the running server.
pub(crate) fn port(in_force: InForce) -> hotline_api::Doctor {
    Arc::new(move || {
        let configuration = in_force.configuration();
        Box::pin(async move {
            let server = running(&configuration).await;
            let findings = examine(&configuration, &server).await;
            api::Checkup {
                findings: findings.into_iter().map(Finding::told).collect(),
                retention: retention(&configuration),
            }
        })
    })
}

fn retention(configuration: &Configuration) -> api::Retention {
    let Kept { retention, queues } = &configuration.kept;
    let of = |queue: &QueueRetention| api::QueueRetention {
        messages_days: queue.messages_days,
        recordings_days: queue.recordings_days,
        calls_days: queue.calls_days,
    };
    api::Retention {
        messages_days: retention.messages_days,
        recordings_days: retention.recordings_days,
        calls_days: retention.calls_days,
        flow_figures_days: retention.flow_figures_days,
        queues: queues.iter().map(|(queue, kept)| (queue.to_string(), of(kept))).collect(),
    }
}

/// What the server says of itself.
enum Running {
    No,
    Well,
    /// With the words of `/healthz`.
    Ill(Vec<String>),
}

async fn running(configuration: &Configuration) -> Running {
    let client = Client::new(configuration.server.http.listen);
    match client.get_bytes("/healthz").await {
        Ok(_) => Running::Well,
        Err(hotline_api_client::ClientError::Refused { body, .. }) => {
            Running::Ill(body.lines().map(str::to_owned).collect())
        }
        Err(_) => Running::No,
    }
}

fn of_server(configuration: &Configuration, server: &Running) -> Finding {
    let at = configuration.server.http.listen;
    let address = at.to_string();
    match server {
        Running::No => Finding::good(
            Looked::Server,
            Found::NotRunning { address },
            format!("none runs at {at}; what follows is about starting one"),
        ),
        Running::Well => {
            Finding::good(Looked::Server, Found::Well { address }, format!("runs at {at} and is well"))
        }
        Running::Ill(words) => Finding::bad(
            Looked::Server,
            Found::Unwell { address, alarms: words.clone() },
            format!("runs at {at} and is not well: {}", words.join(", ")),
            "look at the alarms on the live board and at the log",
        ),
    }
}

fn tell(findings: &[Finding], json: bool) -> Result<()> {
    if json {
        banner::print(&serde_json::to_string_pretty(findings)?);
    } else {
        for finding in findings {
            banner::print(&finding.to_string());
        }
    }
    let count = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    let (doubtful, bad) = (count(Verdict::Doubtful), count(Verdict::Bad));
    if bad > 0 {
        bail!("{bad} things are wrong, {doubtful} are doubtful");
    }
    if !json {
        let text = match doubtful {
            0 => "\nEverything is well.".to_owned(),
            count => format!("\nNothing is wrong; {count} things are doubtful."),
        };
        banner::print(&text);
    }
    Ok(())
}
