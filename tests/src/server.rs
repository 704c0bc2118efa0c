//! The built binary as a process: started, killed, started again, told to stop.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, anyhow, bail};
use hotline_api_client::Client;
use hotline_api_types::Agent;
use hotline_base::Rng;
use hotline_phone::{Phone, PhoneConfig, Speech};
use hotline_sdp::Codec;
use hotline_sip::uri::Host;
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

use crate::addresses::{Addresses, Protocol, sockets};
use crate::desk::{ADMIN, ADMIN_PASSWORD, desk_password, sip_password};
use crate::wait::within;
use crate::watch::Watch;

/// Lines of output that are kept and shown when a test fails.
const LOG_LINES: usize = 400;
/// The ports for RTP of every test center.
const MEDIA_PORTS: std::ops::RangeInclusive<u16> = 20_000..=20_999;
/// Lines that may wait for the reader of the banner.
const LINES_MAX: usize = 256;

/// A running server. Dropping it kills it and removes its directory.
#[derive(Debug)]
pub struct Hotline {
    child: Child,
    directory: TempDir,
    addresses: Addresses,
    domain: String,
    sip: Vec<(SocketAddr, String)>,
    http: SocketAddr,
    log: Log,
}

/// The last lines of the server's output: written by the tasks that read it, read when the test ends.
type Log = Arc<Mutex<VecDeque<String>>>;

impl Hotline {
    pub(crate) async fn start(directory: TempDir, addresses: Addresses, domain: &str) -> Result<Self> {
        let log = Log::default();
        let (child, sip, http) = launch(directory.path(), &log).await?;
        let hotline = Self { child, directory, addresses, domain: domain.to_owned(), sip, http, log };
        hotline.keep_ports()?;
        Ok(hotline)
    }

    /// Where SIP is listened on over UDP. The same after a restart.
    ///
    /// # Panics
    /// If the center does not listen for UDP.
    #[must_use]
    pub fn sip(&self) -> SocketAddr {
        self.sip_over("UDP").expect("a center that listens for UDP")
    }

    /// Where SIP is listened on over this transport, as the server says at its start.
    #[must_use]
    pub fn sip_over(&self, transport: &str) -> Option<SocketAddr> {
        let speaks = |transports: &str| transports.split(", ").any(|one| one == transport);
        self.sip.iter().find(|(_, transports)| speaks(transports)).map(|(address, _)| *address)
    }

    /// Where HTTP is listened on. The same after a restart.
    #[must_use]
    pub const fn http(&self) -> SocketAddr {
        self.http
    }

    /// The server's working directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Where recordings are written.
    #[must_use]
    pub fn recordings(&self) -> PathBuf {
        self.directory().join("recordings")
    }

    /// Who is where.
    #[must_use]
    pub const fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// The ports of the server that are open for RTP at this moment, as the system lists them.
    ///
    /// # Errors
    /// The system does not list them.
    pub fn media_ports(&self) -> Result<Vec<u16>> {
        let ours =
            sockets(Protocol::Udp)?.into_iter().filter(|socket| socket.ip() == self.addresses.server());
        let ports = ours.map(|socket| socket.port());
        Ok(ports.filter(|port| MEDIA_PORTS.contains(port)).collect())
    }

    /// The process.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// What the server has written to its terminal so far; the oldest lines go first.
    #[must_use]
    pub fn output(&self) -> String {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.iter().map(|line| format!("{line}\n")).collect()
    }

    /// `kill -9`, and waits until the process is gone.
    ///
    /// # Errors
    /// There is no process any more.
    pub async fn kill(&mut self) -> Result<()> {
        self.child.kill().await.context("killing the server")
    }

    /// Starts the server again in the same directory, at the same addresses.
    ///
    /// # Errors
    /// It does not start.
    pub async fn restart(&mut self) -> Result<()> {
        (self.child, self.sip, self.http) = launch(self.directory.path(), &self.log).await?;
        Ok(())
    }

    /// SIGTERM.
    ///
    /// # Errors
    /// There is no process any more.
    #[expect(unsafe_code, reason = "a signal can be sent only through libc")]
    pub fn terminate(&self) -> Result<()> {
        let pid = libc::pid_t::try_from(self.pid().context("the server has ended")?)?;
        // SAFETY: `kill` takes two numbers, and the child is not yet waited for, so the id is still its own.
        if unsafe { libc::kill(pid, libc::SIGTERM) } != 0 {
            bail!("SIGTERM: {}", std::io::Error::last_os_error());
        }
        Ok(())
    }

    /// Waits for the process to end by itself.
    ///
    /// # Errors
    /// It does not.
    pub async fn ended(&mut self) -> Result<ExitStatus> {
        within("the server to end", async { Ok(self.child.wait().await?) }).await
    }

    /// Whether the process still runs.
    ///
    /// # Errors
    /// The system does not say.
    pub fn is_alive(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// The administrator's API.
    ///
    /// # Errors
    /// Signing in fails.
    pub async fn admin(&self) -> Result<Client> {
        Ok(Client::sign_in(self.http, ADMIN, ADMIN_PASSWORD).await?)
    }

    /// The API of an agent's page.
    ///
    /// # Errors
    /// Signing in fails.
    pub async fn desk(&self, agent: &str) -> Result<Client> {
        Ok(Client::sign_in(self.http, &format!("desk{agent}"), &desk_password(agent)).await?)
    }

    /// The live stream as the administrator sees it, from this moment on.
    ///
    /// # Errors
    /// Signing in fails.
    pub async fn watch(&self) -> Result<Watch> {
        Watch::open(self.admin().await?).await
    }

    /// A phone that calls from the trunk.
    ///
    /// # Errors
    /// A socket cannot be opened.
    pub async fn caller(&self, number: &str) -> Result<Phone> {
        self.phone(number, number, None, any(self.addresses.carrier()), Codec::ALL.to_vec()).await
    }

    /// A phone that calls from the trunk with one codec only.
    ///
    /// # Errors
    /// A socket cannot be opened.
    pub async fn caller_with(&self, number: &str, codec: Codec) -> Result<Phone> {
        self.phone(number, number, None, any(self.addresses.carrier()), vec![codec]).await
    }

    /// A phone of nobody, at an address that is no trunk.
    ///
    /// # Errors
    /// A socket cannot be opened.
    pub async fn stranger(&self, number: &str) -> Result<Phone> {
        self.phone(number, number, None, any(self.addresses.stranger()), Codec::ALL.to_vec()).await
    }

    /// A phone outside at this address, where a trunk leads. It answers no registration and takes what comes.
    ///
    /// # Errors
    /// The address is in use.
    pub async fn customer(&self, at: SocketAddr) -> Result<Phone> {
        self.phone("customer", "customer", None, at, Codec::ALL.to_vec()).await
    }

    /// An agent's phone, registered; the agent's state is left alone.
    ///
    /// # Errors
    /// The registration is refused.
    pub async fn registered(&self, agent: &str) -> Result<Phone> {
        let password = Some(sip_password(agent));
        let name = format!("agent {agent}");
        let mut phone =
            self.phone(&name, agent, password, any(self.addresses.phones()), Codec::ALL.to_vec()).await?;
        phone.register().await?;
        Ok(phone)
    }

    /// An agent's phone, registered, and the agent ready.
    ///
    /// # Errors
    /// The registration or the state is refused.
    pub async fn ready(&self, agent: &str) -> Result<Phone> {
        let phone = self.registered(agent).await?;
        self.set_state(agent, "ready").await?;
        Ok(phone)
    }

    /// The same with one codec only.
    ///
    /// # Errors
    /// The registration or the state is refused.
    pub async fn ready_with(&self, agent: &str, codec: Codec) -> Result<Phone> {
        let password = Some(sip_password(agent));
        let name = format!("agent {agent}");
        let mut phone = self.phone(&name, agent, password, any(self.addresses.phones()), vec![codec]).await?;
        phone.register().await?;
        self.set_state(agent, "ready").await?;
        Ok(phone)
    }

    /// Sets an agent's state as its page would.
    ///
    /// # Errors
    /// It is refused.
    pub async fn set_state(&self, agent: &str, state: &str) -> Result<Agent> {
        let path = format!("/api/v1/agents/{agent}/state");
        let answer = self.admin().await?.put(&path, &json!({"state": state})).await?;
        Ok(serde_json::from_value(answer)?)
    }

    /// An agent's phone in a browser, with one codec, registered; the agent's state is left alone.
    ///
    /// # Errors
    /// The registration is refused.
    pub async fn browser_of(&self, agent: &str, codec: Codec) -> Result<Phone> {
        let name = format!("browser of {agent}");
        let web = PhoneConfig {
            web: Some(self.http()),
            ..self.phone_config(&name, agent, any(self.addresses.phones()), vec![codec])?
        };
        let mut phone = switched_on(PhoneConfig { password: Some(sip_password(agent)), ..web }).await?;
        phone.register().await?;
        Ok(phone)
    }

    /// A visitor's browser, with one codec, that may call `number` once.
    ///
    /// # Errors
    /// Visitors may not call it.
    pub async fn visitor(&self, number: &str, question: &str, codec: Codec) -> Result<Phone> {
        let wish = json!({"number": number, "name": "Grace", "page": "https://shop.example/7", "question": question});
        let pass = self.admin().await?.post("/api/v1/guests", &wish).await?;
        let text = |name: &str| pass[name].as_str().map(str::to_owned).context("a pass");
        let config =
            self.phone_config("visitor", &text("user")?, any(self.addresses.stranger()), vec![codec])?;
        let password = Some(text("password")?);
        switched_on(PhoneConfig { web: Some(self.http()), password, ..config }).await
    }

    async fn phone(
        &self,
        name: &str,
        user: &str,
        password: Option<String>,
        bind: SocketAddr,
        codecs: Vec<Codec>,
    ) -> Result<Phone> {
        switched_on(PhoneConfig { password, ..self.phone_config(name, user, bind, codecs)? }).await
    }

    fn phone_config(
        &self,
        name: &str,
        user: &str,
        bind: SocketAddr,
        codecs: Vec<Codec>,
    ) -> Result<PhoneConfig> {
        let domain = Host::parse(&self.domain).map_err(|error| anyhow!("{}: {error}", self.domain))?;
        Ok(PhoneConfig {
            name: name.to_owned(),
            user: user.to_owned(),
            display: None,
            domain,
            server: self.sip(),
            bind,
            password: None,
            codecs,
            speech: Speech::Silence,
            web: None,
            ladder: None,
        })
    }

    /// Writes the ports that the system chose into the configuration, so that a restarted server has them again.
    fn keep_ports(&self) -> Result<()> {
        let path = self.directory().join("config/hotline.yaml");
        let text = std::fs::read_to_string(&path)?;
        let any = SocketAddr::new(self.addresses.server(), 0);
        let kept = |section: &str, address: Option<SocketAddr>| {
            let listen = |address: SocketAddr| format!("{section}:\n  listen: {address}\n");
            (listen(any), listen(address.unwrap_or(any)))
        };
        let (sip, http) = (kept("sip", self.sip_over("UDP")), kept("http", Some(self.http)));
        Ok(std::fs::write(path, text.replacen(&sip.0, &sip.1, 1).replacen(&http.0, &http.1, 1))?)
    }
}

impl Drop for Hotline {
    fn drop(&mut self) {
        // Test runners show this for failed tests only.
        eprintln!("--- the server's output ---\n{}---", self.output());
    }
}

async fn switched_on(config: PhoneConfig) -> Result<Phone> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)?;
    Ok(Phone::start(config, Rng::from_seed(seed)).await?)
}

/// A free port of this address.
const fn any(address: IpAddr) -> SocketAddr {
    SocketAddr::new(address, 0)
}

/// The program under test, which is built beside the tests.
///
/// # Errors
/// It has not been built.
pub fn binary() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    // Programs lie in the profile's directory, tests one below it.
    let folders = program.ancestors().skip(1).take(2);
    let built = folders.map(|folder| folder.join("hotline")).find(|binary| binary.is_file());
    built.context("`hotline` is missing: run `cargo build -p hotline-server` with the same profile first")
}

/// Starts the program and waits for its banner.
async fn launch(directory: &Path, log: &Log) -> Result<(Child, Vec<(SocketAddr, String)>, SocketAddr)> {
    let mut child = Command::new(binary()?)
        .current_dir(directory)
        .env_remove("HOTLINE_CONFIG")
        .env("HOTLINE_LOG", "info,hotline_sip=debug,hotline_shard=debug")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let (lines, mut banner) = mpsc::channel(LINES_MAX);
    tokio::spawn(keep(child.stdout.take().context("stdout is a pipe")?, Arc::clone(log), Some(lines)));
    tokio::spawn(keep(child.stderr.take().context("stderr is a pipe")?, Arc::clone(log), None));
    let ready = within("the server's banner", async {
        let mut sip = Vec::new();
        while let Some(line) = banner.recv().await {
            let line: String = line;
            sip.extend(sip_line(&line));
            if let Some((_, address)) = line.split_once("http://") {
                return Ok((sip, address.trim().parse()?));
            }
        }
        bail!("the server ended before it was ready")
    });
    match ready.await {
        Ok((sip, http)) => Ok((child, sip, http)),
        Err(error) => {
            let log = log.lock().unwrap_or_else(PoisonError::into_inner);
            Err(error.context(log.iter().map(|line| format!("{line}\n")).collect::<String>()))
        }
    }
}

/// The address and transports of a line as `SIP    127.0.0.1:5060 (UDP, TCP)`.
fn sip_line(line: &str) -> Option<(SocketAddr, String)> {
    let (address, transports) = line.trim().strip_prefix("SIP ")?.trim().split_once(' ')?;
    Some((address.parse().ok()?, transports.trim_matches(['(', ')']).to_owned()))
}

/// Keeps what the server writes, and passes it on as long as somebody reads.
async fn keep(stream: impl AsyncRead + Unpin, log: Log, mut lines: Option<mpsc::Sender<String>>) {
    let mut reader = BufReader::new(stream).lines();
    while let Ok(Some(line)) = reader.next_line().await {
        let line: String = line;
        let gone = lines.as_ref().is_some_and(|lines| lines.try_send(line.clone()).is_err());
        if gone {
            lines = None;
        }
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        if log.len() == LOG_LINES {
            log.pop_front();
        }
        log.push_back(line);
    }
}
