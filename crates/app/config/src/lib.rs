//! `config/` and `ivr-flows/`: files to a checked configuration, every mistake at once with file, line and column.
//!
//! Must never know: sockets, databases, what runs. Start reading at [`load`].

mod acme;
mod agents;
mod center;
mod crm;
mod flow_suite;
mod flow_world;
mod flows;
mod format;
mod groups;
mod http;
mod keepalive;
mod queues;
mod recordings;
mod retention;
mod screening;
mod secrets;
mod server;
mod services;
mod sip;
mod speech;
mod staffing;
mod telemetry;
mod trace;
mod trunks;
mod turn;
mod voice;
mod web;
mod webhooks;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use hotline_base::{Pii, QueueId};
use hotline_call::Center;
use hotline_media::PromptId;
use hotline_sip::{TrunkConfig, UserConfig};
use hotline_yaml::{Diagnostic, Source, place_at};

pub use center::SECTIONS;
pub use flow_suite::{FlowSuite, flow_suite};
pub use flow_world::FlowWorld;
pub use flows::{FLOWS_MAX, FlowText, Prompts, read_flows, read_prompts};
pub use format::{center_schema, section_schema};
pub use http::{CertificateSource, Http, Https};
pub use recordings::Recordings;
pub use retention::{Kept, QueueRetention, Retention};
pub use secrets::{MASK, Unknown, mask, mask_beside, unmask};
pub use server::{LogFormat, Media, MediaTcp, Server, Storage, TextToSpeech, TtsEngine};
pub use services::{SERVICES_MAX, Services};
pub use sip::{LISTENERS_MAX, Sip, SipListener};
pub use telemetry::Otlp;
pub use trace::{Hep, SipTrace};
pub use turn::{Turn, TurnAccess};
pub use webhooks::{WEBHOOKS_MAX, Webhook};

/// A checked configuration.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// This server: addresses, paths.
    pub server: Server,
    /// The center: numbers, queues, agents, flows.
    pub center: Center,
    /// The country whose tones callers hear, one of [`hotline_audio::country_tones`].
    pub country: String,
    /// Where calls may come from without a password.
    pub trunks: Vec<TrunkConfig>,
    /// Who may register, by SIP user.
    pub sip_users: BTreeMap<String, UserConfig>,
    /// Present in a demonstration center only: people with published passwords.
    pub demo: Option<Demo>,
    /// The flow files as they were read.
    pub flows: Vec<FlowText>,
    /// What flows are checked against that come while the server runs.
    pub flow_world: FlowWorld,
    /// The queues whose callers' numbers are for those only who may read all numbers.
    pub masked_queues: BTreeSet<QueueId>,
    /// How long things are kept: as the center's file says, else as the server's does.
    pub kept: Kept,
    /// What agents are to say in talks of queues that have a script.
    pub scripts: BTreeMap<QueueId, String>,
    /// Every prompt that the center may play.
    pub prompts: BTreeSet<PromptId>,
}

/// What a demonstration center has and a real one must not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demo {
    /// People who can sign in at once.
    pub users: Vec<DemoUser>,
    /// SIP passwords of the agents, to be shown at start.
    pub sip_passwords: BTreeMap<String, Pii<String>>,
    /// True if the center may be reached from elsewhere in spite of its published passwords.
    pub allow_anywhere: bool,
}

/// A person of the demonstration center.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoUser {
    /// The name to sign in with.
    pub user: String,
    /// Shown name.
    pub name: String,
    /// The published password.
    pub password: Pii<String>,
    /// The name of the role, one of those that every center has.
    pub role: String,
    /// The teams that this person oversees.
    pub teams: Vec<String>,
    /// The agent this person is.
    pub agent: Option<String>,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file or directory cannot be read.
    #[error("{path}: {error}{from}", path = path.display(), from = seen_from(path))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        error: io::Error,
    },
    /// Files have mistakes.
    #[error("{0}")]
    Mistakes(Mistakes),
    /// A demonstration center would be reachable from elsewhere.
    #[error(
        "{file} is a demonstration center with published passwords, and {setting} in {server_file} is not a loopback \
         address ({address}): give the center real passwords and remove `demo:`, or listen on 127.0.0.1, or say \
         `allow_anywhere: true` in `demo:` if everybody may sign in"
    )]
    DemoExposed {
        /// The center's file.
        file: String,
        /// The server's file.
        server_file: String,
        /// Which setting.
        setting: &'static str,
        /// Its value.
        address: String,
    },
}

/// All mistakes of all files.
#[derive(Debug)]
pub struct Mistakes(pub Vec<Diagnostic>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for mistake in &self.0 {
            writeln!(f, "{mistake}\n")?;
        }
        match self.0.len() {
            1 => f.write_str("1 mistake"),
            count => write!(f, "{count} mistakes"),
        }
    }
}

/// Reads the server's file and everything that it names. Relative paths are taken from the working directory.
///
/// # Errors
/// [`ConfigError`], with every mistake of every file.
pub fn load(server_file: &Path) -> Result<Configuration, ConfigError> {
    load_with_flows(server_file, None)
}

/// Reads the server's file alone.
///
/// # Errors
/// [`ConfigError`], with every mistake of the file.
pub fn read_server(server_file: &Path) -> Result<Server, ConfigError> {
    server::parse(&read(server_file)?).map_err(|mistakes| ConfigError::Mistakes(Mistakes(mistakes)))
}

/// The same with the flows of another directory in place of the configured one.
///
/// # Errors
/// [`ConfigError`], with every mistake of every file.
pub fn load_with_flows(server_file: &Path, flows: Option<&Path>) -> Result<Configuration, ConfigError> {
    let mut server = read_server(server_file)?;
    if let Some(flows) = flows {
        server.storage.flows = flows.to_owned();
    }
    let center_source = read(&server.storage.center)?;
    let flow_texts = read_flows(&server.storage.flows)?;
    let sounds = flows::prompts(&server.storage.sounds)?;
    // Drafts in a folder of their own need not have what the center's numbers lead to.
    let configuration = join(server, &center_source, flow_texts, &sounds, flows.is_none())?;
    refuse_exposed_demo(&configuration, server_file)?;
    Ok(configuration)
}

/// Another text of the center's file for a server that runs with `running`, judged together with these flows and prompts. What it
/// says of mistakes shows no password.
///
/// # Errors
/// [`ConfigError`], with every mistake of center and flows.
pub fn reread(
    running: &Configuration,
    server_file: &Path,
    text: &str,
    flows: &[FlowText],
    prompts: &Prompts,
) -> Result<Configuration, ConfigError> {
    let server = running.server.clone();
    let source = Source::new(&server.storage.center.display().to_string(), text);
    let sounds = flows::prompts(&server.storage.sounds)?;
    let sounds = flows::Sounds { prompts: prompts.clone(), ..sounds };
    let judged = join(server, &source, flows.to_vec(), &sounds, true).and_then(|configuration| {
        refuse_exposed_demo(&configuration, server_file)?;
        if configuration.center.domain != running.center.domain {
            let remedy =
                "it is the realm of all phones' passwords: stop the server, change it, and start the server";
            let problem = format!("the server runs with the domain `{}`", running.center.domain);
            let mistake =
                source.diagnostic(place_at(source.text(), &["domain"]).unwrap_or_default(), problem, remedy);
            return Err(ConfigError::Mistakes(Mistakes(vec![mistake])));
        }
        Ok(configuration)
    });
    judged.map_err(|error| secrets::hide(error, &source))
}

fn join(
    server: Server,
    center_source: &Source,
    flow_texts: Vec<FlowText>,
    sounds: &flows::Sounds,
    judges_numbers: bool,
) -> Result<Configuration, ConfigError> {
    let mut mistakes = Vec::new();
    let parsed_flows = flows::parse_all(&flow_texts, &mut mistakes);
    let written = flow_texts.iter().map(|text| text.flow.clone()).collect();
    let unread = flow_world::unread(&parsed_flows, &written);
    let judged = judges_numbers.then_some(&written);
    let draft = center::parse(center_source, &parsed_flows, &unread, judged, sounds, &mut mistakes);
    flows::sort(&flow_texts, &mut mistakes);
    let Some(draft) = draft.filter(|_| mistakes.is_empty()) else {
        return Err(ConfigError::Mistakes(Mistakes(mistakes)));
    };
    Ok(draft.into_configuration(server, center_source, parsed_flows, flow_texts, sounds))
}

impl Configuration {
    /// The sections of the center that differ from those of `started` and count only once the server is started again.
    #[must_use]
    pub fn needs_restart(&self, started: &Self) -> Vec<&'static str> {
        let users = |configuration: &Self| configuration.demo.as_ref().map(|demo| demo.users.clone());
        let mut sections = Vec::new();
        if self.country != started.country {
            sections.push("country");
        }
        if users(self) != users(started) {
            sections.push("demo");
        }
        sections
    }
}

fn refuse_exposed_demo(configuration: &Configuration, server_file: &Path) -> Result<(), ConfigError> {
    if configuration.demo.as_ref().is_none_or(|demo| demo.allow_anywhere) {
        return Ok(());
    }
    let server = &configuration.server;
    let sip = server.sip.listen.iter().map(|listener| ("sip.listen", listener.address));
    let https = server.http.https.iter().map(|https| ("http.https.listen", https.listen));
    let mut listening = sip.chain([("http.listen", server.http.listen)]).chain(https);
    match listening.find(|(_, address)| !address.ip().is_loopback()) {
        None => Ok(()),
        Some((setting, address)) => Err(ConfigError::DemoExposed {
            file: server.storage.center.display().to_string(),
            server_file: server_file.display().to_string(),
            setting,
            address: address.to_string(),
        }),
    }
}

/// Where a relative path was looked for.
fn seen_from(path: &Path) -> String {
    match std::env::current_dir() {
        Ok(directory) if path.is_relative() => format!(", seen from {}", directory.display()),
        Ok(_) | Err(_) => String::new(),
    }
}

fn read(path: &Path) -> Result<Source, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| ConfigError::Unreadable { path: path.to_owned(), error })?;
    Ok(Source::new(&path.display().to_string(), &text))
}
