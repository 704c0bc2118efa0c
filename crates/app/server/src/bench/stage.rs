//! The server that is measured: this program once more, as a process with files, ports and addresses of its own.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Error, Result, anyhow, bail};
use hotline_config::Configuration;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

pub(super) const DOMAIN: &str = "bench.example";
pub(super) const ADMIN: &str = "admin";
pub(super) const PASSWORD: &str = "bench-password";
/// An agent who is never there.
pub(super) const ABSENT: &str = "1000";
/// The server's log.
const LOG: &str = "server.log";
/// Lines of the log that are shown when something goes wrong.
const LOG_LINES: usize = 20;
const STARTED_WITHIN: Duration = Duration::from_secs(30);
/// For glibc: greater pieces than a mebibyte, as checking a password takes, go back to the system when they are given back.
/// Otherwise calls would find them, and take less memory than they need.
const MALLOC_MMAP_THRESHOLD: &str = "1048576";
/// The server drains for half a minute if calls are left.
const STOPPED_WITHIN: Duration = Duration::from_secs(60);
/// How long a server that was killed may take to be gone, and how often that is looked at.
const KILLED_WITHIN: Duration = Duration::from_secs(2);
const KILLED_POLL: Duration = Duration::from_millis(2);

/// A number that the carrier dials. It is answered and leads into a queue at once, which has its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// To all agents.
    Recorded,
    /// To all agents, and nothing is recorded.
    Unrecorded,
    /// To nobody: callers wait.
    Waiting,
}

impl Line {
    const ALL: [Self; 3] = [Self::Recorded, Self::Unrecorded, Self::Waiting];

    pub(super) const fn number(self) -> &'static str {
        match self {
            Self::Recorded => "4100",
            Self::Unrecorded => "4101",
            Self::Waiting => "4102",
        }
    }

    const fn queue(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Unrecorded => "unrecorded",
            Self::Waiting => "waiting",
        }
    }

    /// Whether an agent takes the calls.
    pub(super) const fn is_answered(self) -> bool {
        match self {
            Self::Recorded | Self::Unrecorded => true,
            Self::Waiting => false,
        }
    }
}

/// Who works in the center that is measured.
#[derive(Clone, Debug)]
pub(super) struct Cast {
    pub(super) agents: Vec<String>,
    /// How many of them have their page open.
    pub(super) pages: usize,
}

impl Cast {
    pub(super) fn new(agents: u32, pages: usize) -> Self {
        Self { agents: (0..agents).map(|agent| (1001 + agent).to_string()).collect(), pages }
    }
}

/// A running server. Dropping it kills it and removes its files.
pub(super) struct Stage {
    child: Child,
    pid: u32,
    /// Read, so that the server never waits for it.
    _output: Lines<BufReader<ChildStdout>>,
    directory: TempDir,
    addresses: Addresses,
    pub(super) sip: SocketAddr,
    pub(super) http: SocketAddr,
}

/// Loopback addresses that hardly anybody else uses, so that all ports are free.
#[derive(Clone, Copy, Debug)]
pub(super) struct Addresses([u8; 3]);

impl Addresses {
    pub(super) fn of_this_process() -> Self {
        let [_, high, middle, low] = std::process::id().to_be_bytes();
        Self([127, 128 + (high.wrapping_mul(32) ^ middle) % 126, low])
    }

    pub(super) fn nth(self, last: u8) -> IpAddr {
        let Self([a, b, c]) = self;
        Ipv4Addr::new(a, b, c, last).into()
    }
}

impl Stage {
    pub(super) async fn start(configuration: &Configuration, cast: &Cast) -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("hotline-bench-").tempdir()?;
        let addresses = Addresses::of_this_process();
        let sounds = std::path::absolute(&configuration.server.storage.sounds)?;
        write(directory.path(), "config/hotline.yaml", &server_yaml(addresses, &sounds))?;
        write(directory.path(), "config/center.yaml", &center_yaml(addresses, cast))?;
        write_flows(directory.path())?;
        let log = File::create(directory.path().join(LOG))?;
        let mut child = Command::new(std::env::current_exe().context("this program")?)
            .args(["--config", "config/hotline.yaml", "--log", "warn", "run"])
            .current_dir(directory.path())
            .env("MALLOC_MMAP_THRESHOLD_", MALLOC_MMAP_THRESHOLD)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .context("starting a server")?;
        let pid = child.id().context("the server runs")?;
        let mut output = BufReader::new(child.stdout.take().context("stdout is a pipe")?).lines();
        let said = tokio::time::timeout(STARTED_WITHIN, read_banner(&mut output)).await;
        match said.context("the server does not say where it listens").flatten() {
            Ok((sip, http)) => Ok(Self { child, pid, _output: output, directory, addresses, sip, http }),
            Err(error) => Err(explained(error, directory.path())),
        }
    }

    pub(super) const fn pid(&self) -> u32 {
        self.pid
    }

    /// Where calls come from.
    pub(super) fn carrier(&self) -> IpAddr {
        self.addresses.nth(2)
    }

    /// Where phones are.
    pub(super) fn phones(&self) -> IpAddr {
        self.addresses.nth(3)
    }

    /// Where the files are, as long as it runs.
    pub(super) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// An error, with what the server said last.
    pub(super) fn explain(&self, error: Error) -> Error {
        explained(error, self.directory.path())
    }

    /// Lets the server end in order.
    pub(super) async fn stop(&mut self) -> Result<()> {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw).context("the server's id")?;
        if self.child.try_wait()?.is_none() {
            kill_process(pid, Signal::TERM).context("telling the server to end")?;
        }
        let ended = tokio::time::timeout(STOPPED_WITHIN, self.child.wait()).await;
        let status: ExitStatus = ended.context("the server does not end")??;
        if !status.success() {
            return Err(self.explain(anyhow!("the server ended with {status}")));
        }
        Ok(())
    }
}

impl Drop for Stage {
    /// Its files are removed next, and it must not write others meanwhile.
    fn drop(&mut self) {
        // One that has ended is killed no more.
        drop(self.child.start_kill());
        let end = std::time::Instant::now() + KILLED_WITHIN;
        while matches!(self.child.try_wait(), Ok(None)) && std::time::Instant::now() < end {
            std::thread::sleep(KILLED_POLL);
        }
    }
}

/// The addresses that a started server prints.
async fn read_banner(output: &mut Lines<BufReader<ChildStdout>>) -> Result<(SocketAddr, SocketAddr)> {
    let mut sip = None;
    while let Some(line) = output.next_line().await? {
        if let Some(rest) = line.trim().strip_prefix("SIP ") {
            sip = rest.split_whitespace().next().map(str::parse).transpose()?;
        } else if let Some((_, http)) = line.split_once("http://") {
            return Ok((
                sip.context("the server does not say where it listens for SIP")?,
                http.trim().parse()?,
            ));
        }
    }
    bail!("the server ended before it was ready")
}

fn explained(error: Error, directory: &Path) -> Error {
    let log = fs::read_to_string(directory.join(LOG)).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    let last = lines[lines.len().saturating_sub(LOG_LINES)..].join("\n");
    if last.is_empty() { error } else { error.context(format!("the server said last:\n{last}")) }
}

fn server_yaml(addresses: Addresses, sounds: &Path) -> String {
    let address = addresses.nth(1);
    format!(
        "sip:\n  listen: {address}:0\nmedia:\n  listen: {address}\n  ports: 10000-31999\nhttp:\n  listen: {address}:0\n\
         storage:\n  database: sqlite://data/hotline.db\n  recordings: recordings\n  sounds: {sounds:?}\n  \
         flows: ivr-flows\n  center: config/center.yaml\n"
    )
}

fn center_yaml(addresses: Addresses, cast: &Cast) -> String {
    let Cast { agents, pages } = cast;
    let mut text = format!(
        "domain: {DOMAIN}\nlanguage: en\n\
         dial_plan: {{country: \"1\", national_prefix: \"\", international_prefix: \"011\"}}\nnumbers:\n"
    );
    for target in Line::ALL {
        line(&mut text, &format!("  \"{}\": {{flow: {}}}", target.number(), target.queue()));
    }
    line(&mut text, "queues:");
    for target in Line::ALL {
        let (members, record) = match target {
            Line::Recorded => (agents.as_slice(), true),
            Line::Unrecorded => (agents.as_slice(), false),
            Line::Waiting => (&[ABSENT.to_owned()][..], true),
        };
        let queue = format!("wrap_up_s: 0, waiting_max: 50000, record: {record}, members: {members:?}");
        line(&mut text, &format!("  {}: {{{queue}}}", target.queue()));
    }
    line(&mut text, "agents:");
    for agent in agents.iter().map(String::as_str).chain([ABSENT]) {
        line(&mut text, &format!("  \"{agent}\": {{name: Agent, sip_password: {PASSWORD}}}"));
    }
    line(&mut text, &format!("trunks:\n  carrier: {{peers: [{}]}}\ndemo:", addresses.nth(2)));
    line(&mut text, &format!("  {ADMIN}: {{name: Administrator, password: {PASSWORD}, role: admin}}"));
    for agent in agents.iter().take(*pages) {
        let person = format!("{{name: Agent, password: {PASSWORD}, role: agent, agent: \"{agent}\"}}");
        line(&mut text, &format!("  desk{agent}: {person}"));
    }
    text
}

fn write_flows(directory: &Path) -> Result<()> {
    for target in Line::ALL {
        let name = target.queue();
        let flow = format!(
            "flow: {name}\nlanguages: [en]\nstart: answer\nsteps:\n  answer:\n    answer: {{then: line}}\n  line:\n    \
             queue: {{name: {name}, exits: {{full: end, timeout: end, no_agents: end}}}}\n  end:\n    \
             hangup: {{cause: normal}}\n"
        );
        write(directory, &format!("ivr-flows/{name}.yaml"), &flow)?;
    }
    Ok(())
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a String takes everything");
}

fn write(directory: &Path, file: &str, text: &str) -> Result<()> {
    let path = directory.join(file);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(&path, text).with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_center_that_is_measured_has_no_mistake() {
        let directory = tempfile::tempdir().unwrap();
        let addresses = Addresses::of_this_process();
        let sounds = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../sounds"));
        let path = |file: &str| directory.path().join(file).display().to_string();
        let server = server_yaml(addresses, sounds)
            .replace("ivr-flows", &path("ivr-flows"))
            .replace("config/center.yaml", &path("config/center.yaml"));
        write(directory.path(), "config/hotline.yaml", &server).unwrap();
        write(directory.path(), "config/center.yaml", &center_yaml(addresses, &Cast::new(3, 2))).unwrap();
        write_flows(directory.path()).unwrap();
        let configuration = hotline_config::load(&directory.path().join("config/hotline.yaml")).unwrap();
        assert_eq!(configuration.center.agents.len(), 4);
        assert_eq!(configuration.demo.unwrap().users.len(), 3);
    }
}
