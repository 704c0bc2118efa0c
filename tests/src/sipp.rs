//! SIPp as carrier or phone: a scenario of `tests/tests/sipp`, run for one call. What it saw is shown when it fails.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::addresses::{accepts, free_port, is_bound};
use crate::center::root;
use crate::desk::sip_password;
use crate::relay::TlsRelay;
use crate::server::Hotline;
use crate::wait::eventually;

const SCENARIOS: &str = "tests/tests/sipp";
/// How long SIPp may take before it ends with a word about what it waited for.
const TIMEOUT: Duration = Duration::from_secs(25);
/// What it is given beyond that to end.
const LEAD: Duration = Duration::from_secs(5);

/// A scenario to be run.
#[derive(Clone, Debug)]
pub struct Sipp {
    scenario: String,
    address: IpAddr,
    port: Option<u16>,
    timeout: Duration,
    calls: u32,
    relay: Option<SocketAddr>,
    arguments: Vec<String>,
    replacements: Vec<(String, String)>,
}

impl Sipp {
    /// A scenario, played from the trunk's address.
    #[must_use]
    pub fn carrier(hotline: &Hotline, scenario: &str) -> Self {
        Self::at(hotline.addresses().carrier(), scenario)
    }

    /// A scenario, played from this address.
    #[must_use]
    pub fn at(address: IpAddr, scenario: &str) -> Self {
        Self {
            scenario: scenario.to_owned(),
            address,
            port: None,
            timeout: TIMEOUT,
            calls: 1,
            relay: None,
            arguments: Vec::new(),
            replacements: Vec::new(),
        }
    }

    /// An agent's phone: registers with MD5 digest from a port, on which the scenario then waits for calls.
    ///
    /// # Errors
    /// The registration fails.
    pub async fn agent(hotline: &Hotline, agent: &str, scenario: &str) -> Result<Self> {
        let address = hotline.addresses().phones();
        let register = Self::at(address, "register.xml").port(free_port(address)?).user(agent);
        register.start(hotline)?.passed().await?;
        let port = register.port.context("the port was chosen above")?;
        Ok(Self::at(address, scenario).port(port).user(agent))
    }

    /// The number that is dialled: `[service]` in the scenario.
    #[must_use]
    pub fn dialling(self, number: &str) -> Self {
        self.argument("-s").argument(number)
    }

    /// Over one TCP connection.
    #[must_use]
    pub fn over_tcp(self) -> Self {
        self.argument("-t").argument("t1")
    }

    /// Over TLS, which Debian's SIPp was built without: over TCP to `relay`.
    #[must_use]
    pub fn over_tls(self, relay: &TlsRelay) -> Self {
        let sipp = self.over_tcp().replace("[transport]", "TLS");
        Self { relay: Some(relay.address()), ..sipp }
    }

    /// A keyword of the scenario: `[name]`.
    #[must_use]
    pub fn key(self, name: &str, value: &str) -> Self {
        self.argument("-key").argument(name).argument(value)
    }

    /// Puts `to` for `@name@` where the scenario's text may have no keyword, as in a status line.
    #[must_use]
    pub fn put(self, name: &str, to: &str) -> Self {
        self.replace(&format!("@{name}@"), to)
    }

    fn replace(mut self, from: &str, to: &str) -> Self {
        self.replacements.push((from.to_owned(), to.to_owned()));
        self
    }

    /// The user and password that `[authentication]` answers with, also `[user]`.
    #[must_use]
    pub fn user(self, user: &str) -> Self {
        let password = sip_password(user);
        self.argument("-au").argument(user).argument("-ap").argument(&password).key("user", user)
    }

    /// One more argument.
    #[must_use]
    pub fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// So many calls in place of one.
    #[must_use]
    pub const fn calls(mut self, calls: u32) -> Self {
        self.calls = calls;
        self
    }

    /// Loses so many of a hundred datagrams, of those that it sends and of those that come.
    #[must_use]
    pub fn losing(self, percent: u32) -> Self {
        self.argument("-lost").argument(&percent.to_string())
    }

    /// For scenarios that wait for the timers of a standard.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// From this port, which must be free.
    #[must_use]
    pub const fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Starts SIPp.
    ///
    /// # Errors
    /// SIPp is not installed.
    pub fn start(&self, hotline: &Hotline) -> Result<SippRun> {
        let port = match self.port {
            Some(port) => port,
            None => free_port(self.address)?,
        };
        let files = tempfile::Builder::new().prefix("hotline-sipp-").tempdir()?;
        let scenario = files.path().join(&self.scenario);
        std::fs::write(&scenario, self.text()?)?;
        let child = Command::new("sipp")
            .arg(self.relay.unwrap_or_else(|| hotline.sip()).to_string())
            .arg("-sf")
            .arg(&scenario)
            .args(["-i", &self.address.to_string(), "-p", &port.to_string()])
            .args(["-mi", &self.address.to_string(), "-m", &self.calls.to_string(), "-nostdin"])
            .args(["-timeout", &format!("{}s", self.timeout.as_secs()), "-timeout_error"])
            .args(["-trace_err", "-error_file", "errors.log"])
            .args(["-trace_msg", "-message_file", "messages.log"])
            .args(&self.arguments)
            .current_dir(files.path())
            .env("TERM", "dumb")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(files.path().join("stderr.log"))?)
            .kill_on_drop(true)
            .spawn()
            .context("SIPp cannot be started; is the package sip-tester installed?")?;
        let address = SocketAddr::new(self.address, port);
        Ok(SippRun { scenario: self.scenario.clone(), address, timeout: self.timeout, child, files })
    }

    fn text(&self) -> Result<String> {
        let path = root().join(SCENARIOS).join(&self.scenario);
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        Ok(self.replacements.iter().fold(text, |text, (from, to)| text.replace(from, to)))
    }

    /// Starts SIPp and waits until it listens, for scenarios that wait for a call.
    ///
    /// # Errors
    /// It does not begin to listen.
    pub async fn listen(&self, hotline: &Hotline) -> Result<SippRun> {
        let run = self.start(hotline)?;
        let address = run.address;
        let listens = eventually("SIPp to listen", async || Ok(is_bound(address)?.then_some(()))).await;
        listens.with_context(|| run.errors())?;
        Ok(run)
    }

    /// Starts SIPp and waits until it listens for connections.
    ///
    /// # Errors
    /// It does not begin to listen.
    pub async fn accept(&self, hotline: &Hotline) -> Result<SippRun> {
        let run = self.start(hotline)?;
        let address = run.address;
        let listens = eventually("SIPp to listen", async || Ok(accepts(address)?.then_some(()))).await;
        listens.with_context(|| run.errors())?;
        Ok(run)
    }

    /// Runs the scenario to its end.
    ///
    /// # Errors
    /// It went otherwise than the scenario says.
    pub async fn run(&self, hotline: &Hotline) -> Result<()> {
        self.start(hotline)?.passed().await
    }
}

/// SIPp at work. Dropping it ends it at once, without a word to the peer.
#[derive(Debug)]
pub struct SippRun {
    scenario: String,
    address: SocketAddr,
    timeout: Duration,
    child: Child,
    files: TempDir,
}

impl SippRun {
    /// Where it sends from.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The messages that it sent and received so far.
    #[must_use]
    pub fn messages(&self) -> String {
        read(self.files.path(), "messages.log")
    }

    /// Waits for its end; everything must have gone as the scenario says.
    ///
    /// # Errors
    /// It did not; the messages are shown.
    pub async fn passed(&mut self) -> Result<()> {
        let status = self.ended().await?;
        if status.success() {
            return Ok(());
        }
        bail!("{}: SIPp ended with {status}\n{}\n{}", self.scenario, self.errors(), self.messages())
    }

    /// Waits for its end, however it went: for scenarios over a network that loses datagrams.
    ///
    /// # Errors
    /// It does not end.
    pub async fn ended(&mut self) -> Result<ExitStatus> {
        let patience = self.timeout + LEAD;
        let status = timeout(patience, self.child.wait()).await;
        Ok(status.with_context(|| format!("waited {patience:?} for {}", self.scenario))??)
    }

    fn errors(&self) -> String {
        read(self.files.path(), "errors.log") + &read(self.files.path(), "stderr.log")
    }
}

fn read(directory: &Path, file: &str) -> String {
    // SIPp makes the files with their first line.
    std::fs::read(directory.join(file))
        .map_or(String::new(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
}
