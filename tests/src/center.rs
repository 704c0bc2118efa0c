//! A center for one test: its files, in a directory that goes when the test ends.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::addresses::Addresses;
use crate::desk::{ADMIN, ADMIN_PASSWORD, DOMAIN, desk_password, sip_password};
use crate::server::Hotline;

/// The flows that come with the tests.
const FLOWS: &str = "tests/flows";
/// The flows that come with the product.
const SHIPPED_FLOWS: &str = "ivr-flows";

/// A queue of the center.
#[derive(Clone, Debug)]
pub struct Queue {
    id: String,
    ring_timeout_s: u32,
    wrap_up_s: u32,
    wait_max_s: u32,
    announce_position: bool,
    members: Option<String>,
    keys: String,
}

impl Queue {
    /// A queue in which all agents serve, with short times.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            ring_timeout_s: 10,
            wrap_up_s: 1,
            wait_max_s: 300,
            announce_position: true,
            members: None,
            keys: String::new(),
        }
    }

    /// How long an agent's phone rings; 3 s at least.
    #[must_use]
    pub const fn ring_timeout_s(mut self, seconds: u32) -> Self {
        self.ring_timeout_s = seconds;
        self
    }

    /// How long agents are in wrap-up.
    #[must_use]
    pub const fn wrap_up_s(mut self, seconds: u32) -> Self {
        self.wrap_up_s = seconds;
        self
    }

    /// How long callers wait at most.
    #[must_use]
    pub const fn wait_max_s(mut self, seconds: u32) -> Self {
        self.wait_max_s = seconds;
        self
    }

    /// Nobody is told the position: callers hear music only.
    #[must_use]
    pub const fn music_only(mut self) -> Self {
        self.announce_position = false;
        self
    }

    /// Who serves.
    #[must_use]
    pub fn members(mut self, members: &[&str]) -> Self {
        self.members = Some(format!("{members:?}"));
        self
    }

    /// Who serves, as it is written: `[{agent: "1001", tier: 2}]`.
    #[must_use]
    pub fn served_by(mut self, members: &str) -> Self {
        self.members = Some(members.to_owned());
        self
    }

    /// Further keys, as they are written: `strategy: ring_all, weight: 2`.
    #[must_use]
    pub fn keys(mut self, keys: &str) -> Self {
        self.keys = format!("{}{keys}, ", self.keys);
        self
    }
}

/// What a center is made of. The numbers are `4000` (the shipped `main`), `4100` (answered, then straight into the
/// queue `sales`), `4200` (straight into `support`), `4300` (a short menu: 1 leads to `sales`, 9 hangs up), `4400` (transferred to
/// extension 1001).
#[derive(Debug)]
pub struct Center {
    addresses: Addresses,
    agents: Vec<String>,
    sales: Queue,
    support: Queue,
    database: String,
    files: Vec<(String, String)>,
    edits: Vec<(String, String, String)>,
    domain: String,
    sip: String,
}

impl Default for Center {
    fn default() -> Self {
        Self::new()
    }
}

impl Center {
    /// Three agents (`1001` to `1003`), the queues `sales` and `support`, an embedded database.
    #[must_use]
    pub fn new() -> Self {
        Self {
            addresses: Addresses::take(),
            agents: ["1001", "1002", "1003"].map(str::to_owned).to_vec(),
            sales: Queue::new("sales"),
            support: Queue::new("support"),
            database: "sqlite://data/hotline.db".to_owned(),
            files: Vec::new(),
            edits: Vec::new(),
            domain: DOMAIN.to_owned(),
            sip: "listen: HERE:0".to_owned(),
        }
    }

    /// So many agents, `1001` and those after it.
    #[must_use]
    pub fn agents(mut self, count: usize) -> Self {
        self.agents = (1001..).take(count).map(|agent: u32| agent.to_string()).collect();
        self
    }

    /// Other times or members for `sales`.
    #[must_use]
    pub fn sales(mut self, change: impl FnOnce(Queue) -> Queue) -> Self {
        self.sales = change(self.sales);
        self
    }

    /// Other times or members for `support`.
    #[must_use]
    pub fn support(mut self, change: impl FnOnce(Queue) -> Queue) -> Self {
        self.support = change(self.support);
        self
    }

    /// Another database.
    #[must_use]
    pub fn database(mut self, url: &str) -> Self {
        url.clone_into(&mut self.database);
        self
    }

    /// Another SIP domain, also the realm: for phones that must be given an address.
    #[must_use]
    pub fn domain(mut self, domain: &str) -> Self {
        domain.clone_into(&mut self.domain);
        self
    }

    /// Another section `sip` of the server's file, in which `HERE` stands for the server's host.
    #[must_use]
    pub fn sip(mut self, section: &str) -> Self {
        section.clone_into(&mut self.sip);
        self
    }

    /// One more file, or another text for one of the center's own.
    #[must_use]
    pub fn file(mut self, path: &str, text: &str) -> Self {
        self.files.push((path.to_owned(), text.to_owned()));
        self
    }

    /// Replaces `from` in one of the center's own files, which must contain it.
    #[must_use]
    pub fn edit(mut self, path: &str, from: &str, to: &str) -> Self {
        self.edits.push((path.to_owned(), from.to_owned(), to.to_owned()));
        self
    }

    /// One more flow, dialled by this number.
    #[must_use]
    pub fn flow(self, number: &str, name: &str, text: &str) -> Self {
        let line = format!("numbers:\n  \"{number}\": {{flow: {name}}}\n");
        self.file(&format!("ivr-flows/{name}.yaml"), text).edit("config/center.yaml", "numbers:\n", &line)
    }

    /// Further keys of an agent, as they are written: `skills: {french: 3}`.
    #[must_use]
    pub fn agent(self, agent: &str, keys: &str) -> Self {
        let name = format!("{{name: Agent {agent}, sip_password");
        self.edit("config/center.yaml", &name, &format!("{{name: Agent {agent}, {keys}, sip_password"))
    }

    /// The addresses that server, carrier and phones will have.
    #[must_use]
    pub const fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// Writes the files and starts the server.
    ///
    /// # Errors
    /// The server did not start; its output is shown.
    pub async fn start(&self) -> Result<Hotline> {
        Hotline::start(self.write()?, self.addresses, &self.domain).await
    }

    /// Writes the files into a new directory.
    ///
    /// # Errors
    /// A file cannot be written, or an edit does not fit.
    pub fn write(&self) -> Result<TempDir> {
        let directory = tempfile::Builder::new().prefix("hotline-test-").tempdir()?;
        let path = directory.path();
        copy_flows(SHIPPED_FLOWS, path)?;
        copy_flows(FLOWS, path)?;
        write(path, "config/hotline.yaml", &self.server_yaml())?;
        write(path, "config/center.yaml", &self.center_yaml())?;
        for (file, text) in &self.files {
            write(path, file, text)?;
        }
        for (file, from, to) in &self.edits {
            let text = std::fs::read_to_string(path.join(file)).with_context(|| file.clone())?;
            anyhow::ensure!(text.contains(from), "{file} does not contain `{from}`:\n{text}");
            write(path, file, &text.replace(from, to))?;
        }
        Ok(directory)
    }

    fn server_yaml(&self) -> String {
        let (address, sounds) = (self.addresses.server(), root().join("sounds"));
        let sip = self.sip.replace("HERE", &address.to_string()).replace('\n', "\n  ");
        format!(
            "sip:\n  {sip}\nmedia:\n  listen: {address}\n  ports: 20000-20999\n  timeout_s: 10\n\
             http:\n  listen: {address}:0\nstorage:\n  database: {}\n  recordings: recordings\n  sounds: {}\n  \
             flows: ivr-flows\n  center: config/center.yaml\n",
            self.database,
            sounds.display()
        )
    }

    fn center_yaml(&self) -> String {
        let mut text = format!(
            "domain: {}\nlanguage: en\ndial_plan:\n  country: \"1\"\n  national_prefix: \"\"\n  \
             international_prefix: \"011\"\nnumbers:\n",
            self.domain
        );
        for (number, flow) in [
            ("4000", "main"),
            ("4100", "straight"),
            ("4200", "second"),
            ("4300", "short_menu"),
            ("4400", "operator"),
        ] {
            line(&mut text, &format!("  \"{number}\": {{flow: {flow}}}"));
        }
        line(&mut text, "queues:");
        for queue in [&self.sales, &self.support] {
            self.queue_yaml(&mut text, queue);
        }
        line(&mut text, "agents:");
        for agent in &self.agents {
            let password = sip_password(agent);
            line(
                &mut text,
                &format!(
                    "  \"{agent}\": {{name: Agent {agent}, sip_password: {password}, digest: [MD5, SHA-256]}}"
                ),
            );
        }
        let peers: Vec<IpAddr> = vec![self.addresses.carrier(), self.addresses.other_carrier()];
        line(&mut text, &format!("trunks:\n  carrier:\n    peers: {peers:?}\ndemo:"));
        line(
            &mut text,
            &format!("  {ADMIN}: {{name: Administrator, password: {ADMIN_PASSWORD}, role: admin}}"),
        );
        for agent in &self.agents {
            let password = desk_password(agent);
            line(
                &mut text,
                &format!(
                    "  desk{agent}: {{name: Agent {agent}, password: {password}, role: agent, agent: \"{agent}\"}}"
                ),
            );
        }
        text
    }

    fn queue_yaml(&self, text: &mut String, queue: &Queue) {
        let Queue { id, ring_timeout_s, wrap_up_s, wait_max_s, announce_position, members, keys } = queue;
        let members = members.clone().unwrap_or_else(|| format!("{:?}", self.agents));
        line(
            text,
            &format!(
                "  {id}: {{name: {id}, ring_timeout_s: {ring_timeout_s}, wrap_up_s: {wrap_up_s}, wait_max_s: \
                 {wait_max_s}, announce_position: {announce_position}, {keys}members: {members}}}"
            ),
        );
    }
}

/// The top of the repository.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}

fn copy_flows(from: &str, to: &Path) -> Result<()> {
    let directory = root().join(from);
    for entry in std::fs::read_dir(&directory).with_context(|| directory.display().to_string())? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with(".yaml") && !name.ends_with(".test.yaml") {
            write(to, &format!("ivr-flows/{name}"), &std::fs::read_to_string(&path)?)?;
        }
    }
    Ok(())
}

fn write(directory: &Path, file: &str, text: &str) -> Result<()> {
    let path = directory.join(file);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    std::fs::write(&path, text).with_context(|| path.display().to_string())
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a String takes everything");
}
