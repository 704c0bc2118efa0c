//! `hotline demo`: a whole call, shown to someone who has no phone. Two scripted phones over real UDP, against
//! the running server or one of its own. Nothing is canned: it fails unless every expected sound is found.

mod ladder;
mod listen;
mod picture;
mod report;
mod script;
mod watch;

use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};
use hotline_api_client::Client;
use hotline_config::{Configuration, Demo, DemoUser, Recordings, Sip};
use tempfile::TempDir;

use crate::server::Server;
use crate::{banner, cli};

/// The server that the phones call.
struct Stage {
    sip: SocketAddr,
    http: SocketAddr,
    /// Present when the demonstration started it.
    own: Option<(Server, TempDir)>,
}

/// Runs the demonstration. An error means that something expected was not seen or not heard.
pub(crate) async fn run(configuration: Configuration, options: &cli::Demo) -> Result<()> {
    let Some(demo) = configuration.demo.clone() else {
        bail!(
            "{} has no section `demo:`, so there is no agent whose password is known; try it with the shipped center",
            configuration.server.storage.center.display()
        );
    };
    let agent = first_agent(&demo)?.clone();
    let number = match &options.number {
        Some(number) => number.clone(),
        None => first_number(&configuration)?,
    };
    let stage = prepare(&configuration, options).await?;
    let outcome = script::play(&configuration, &stage, &demo, &agent, &number, options).await;
    if let Some((server, directory)) = stage.own {
        server.stop(std::future::pending()).await;
        let kept = directory.keep();
        banner::print(&format!("\nThe demonstration's files are kept in {}", kept.display()));
    }
    outcome
}

fn first_agent(demo: &Demo) -> Result<&DemoUser> {
    demo.users.iter().find(|user| user.agent.is_some()).context("no demo user is an agent")
}

/// The first number in the order of the file's ids.
fn first_number(configuration: &Configuration) -> Result<String> {
    let numbers = configuration.center.numbers.values();
    numbers.map(|number| number.id.as_str().to_owned()).min().context("no number is configured")
}

/// Takes the running server, or starts one in a directory of its own on free ports.
async fn prepare(configuration: &Configuration, options: &cli::Demo) -> Result<Stage> {
    let settings = &configuration.server;
    let running = Client::new(settings.http.listen).get_bytes("/healthz").await.is_ok();
    if running && !options.alone {
        let is_heard = settings.recordings.format == Recordings::default().format;
        ensure!(
            is_heard,
            "the demonstration listens to stereo 16-bit recordings, and yours are not: add --alone"
        );
        let sip =
            settings.sip.udp().context("the phones of the demonstration speak UDP, and no listener does")?;
        banner::print(&format!("Calling the server that runs on {sip}."));
        return Ok(Stage { sip, http: settings.http.listen, own: None });
    }
    let directory = tempfile::Builder::new().prefix("hotline-demo-").tempdir()?;
    let mut own = configuration.clone();
    own.server.sip = Sip::at(SocketAddr::new(settings.http.listen.ip(), 0));
    own.server.http.listen.set_port(0);
    own.server.media.ports = 30_000..=30_999;
    own.server.storage.database = format!("sqlite://{}/hotline.db", directory.path().display());
    own.server.storage.recordings = directory.path().join("recordings");
    own.server.recordings = Recordings::default();
    banner::print("No server runs here: starting one for this demonstration.");
    let server = Server::start(&own, std::path::Path::new("config/hotline.yaml")).await?;
    Ok(Stage { sip: server.at.sip[0].local, http: server.at.http, own: Some((server, directory)) })
}

impl Stage {
    /// The directory of recordings of the server that took the call.
    fn recordings(&self, configuration: &Configuration) -> std::path::PathBuf {
        match &self.own {
            Some((_, directory)) => directory.path().join("recordings"),
            None => configuration.server.storage.recordings.clone(),
        }
    }
}
