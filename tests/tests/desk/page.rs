//! The real page in Chromium, worked by the driver `web/e2e/desk.mjs`: one JSON object a line in each direction.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result, bail, ensure};
use hotline_tests::{DOMAIN, Hotline, binary, root, sip_password, within};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

const DRIVER: &str = "web/e2e/desk.mjs";
const PHONE_DRIVER: &str = "web/e2e/phone.mjs";
const VISITOR_DRIVER: &str = "web/e2e/visitor.mjs";

/// Who opens which page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seat<'s> {
    /// The user.
    pub(crate) user: &'s str,
    /// The password.
    pub(crate) password: &'s str,
    /// Whether the driver presses the ready key at once.
    pub(crate) ready: bool,
    /// The browser's language.
    pub(crate) locale: &'s str,
    /// Whether the system is dark.
    pub(crate) dark: bool,
}

/// A browser with one page. Dropping it kills the driver, and with it the browser.
pub(crate) struct Page {
    orders: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    reports: Vec<Value>,
    /// Cards and states before this report have been waited for.
    next: usize,
    /// The same of what the page's phone does, which has no order with those.
    next_phone: usize,
    _driver: Child,
}

impl Page {
    /// Opens the page and signs in. Screenshots go to `screenshots/<folder>` of the target directory.
    pub(crate) async fn open(hotline: &Hotline, seat: Seat<'_>, folder: &str) -> Result<Self> {
        Self::start(hotline, Self::desk(seat, folder)?).await
    }

    /// The same with the page's own phone, which hears a tone in its microphone.
    pub(crate) async fn with_phone(
        hotline: &Hotline,
        seat: Seat<'_>,
        folder: &str,
        tone_hz: f64,
    ) -> Result<Self> {
        let mut command = Self::desk(seat, folder)?;
        command.env("TONE_HZ", tone_hz.to_string());
        Self::start(hotline, command).await
    }

    /// The page for visitors, whose microphone hears a tone.
    pub(crate) async fn visitor(hotline: &Hotline, locale: &str, folder: &str, tone_hz: f64) -> Result<Self> {
        let mut command = Command::new("node");
        command
            .arg(root().join(VISITOR_DRIVER))
            .env("LOCALE", locale)
            .env("TONE_HZ", tone_hz.to_string())
            .env("SCREENSHOTS", screenshots()?.join(folder));
        Self::start(hotline, command).await
    }

    fn desk(seat: Seat<'_>, folder: &str) -> Result<Command> {
        let mut command = Command::new("node");
        command
            .arg(root().join(DRIVER))
            .env("USER_NAME", seat.user)
            .env("PASSWORD", seat.password)
            .env("READY", if seat.ready { "1" } else { "0" })
            .env("LOCALE", seat.locale)
            .env("DARK", if seat.dark { "1" } else { "0" })
            .env("SCREENSHOTS", screenshots()?.join(folder));
        Ok(command)
    }

    /// A bare page with a phone, registered as this agent over the server's WebSocket, that hears a tone in its microphone.
    pub(crate) async fn phone(hotline: &Hotline, agent: &str, tone_hz: f64) -> Result<Self> {
        let address = hotline.sip_over("WS").context("the server listens for WebSockets")?;
        let mut command = Command::new("node");
        command
            .arg(root().join(PHONE_DRIVER))
            .env("SIP_URL", format!("ws://{address}/sip"))
            .env("SIP_USER", agent)
            .env("SIP_DOMAIN", DOMAIN)
            .env("SIP_PASSWORD", sip_password(agent))
            .env("TONE_HZ", tone_hz.to_string());
        Self::start(hotline, command).await
    }

    async fn start(hotline: &Hotline, mut command: Command) -> Result<Self> {
        let mut driver = command
            .env("BASE_URL", format!("http://{}", hotline.http()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("node cannot be started; are nodejs and chromium installed?")?;
        let orders = driver.stdin.take().context("stdin is a pipe")?;
        let lines = BufReader::new(driver.stdout.take().context("stdout is a pipe")?).lines();
        let mut page = Self { orders, lines, reports: Vec::new(), next: 0, next_phone: 0, _driver: driver };
        page.report(0, "the page to be signed in", |report| report.get("ready").is_some()).await?;
        Ok(page)
    }

    /// The card of a caller, when it is shown; `at` is the time in milliseconds since 1970.
    pub(crate) async fn pop(&mut self) -> Result<Value> {
        let at = self.report(self.next, "a card", |report| report.get("pop").is_some()).await?;
        self.next = at + 1;
        Ok(self.reports[at]["pop"].clone())
    }

    /// Waits until the page shows the agent, or the phone its call, in this state.
    pub(crate) async fn state(&mut self, state: &str) -> Result<()> {
        let is = |report: &Value| report["state"] == state;
        self.next = self.report(self.next, &format!("the state {state}"), is).await? + 1;
        Ok(())
    }

    /// Waits until the phone of the page stands so with its call: `ringing`, `up`, `none`.
    pub(crate) async fn phone_is(&mut self, phase: &str) -> Result<()> {
        let is = |report: &Value| report["phone"] == phase;
        self.next_phone = self.report(self.next_phone, &format!("the phone to be {phase}"), is).await? + 1;
        Ok(())
    }

    /// Clicks on the button, link or menu item of this name.
    pub(crate) async fn click(&mut self, role: &str, name: &str) -> Result<()> {
        self.order("click", json!({"role": role, "name": name})).await.map(drop)
    }

    /// Waits until the text stands on the page.
    pub(crate) async fn see(&mut self, text: &str) -> Result<()> {
        self.order("see", json!({"text": text})).await.map(drop)
    }

    /// Nothing on the page is in the way of those who do not see it or use no mouse.
    pub(crate) async fn is_accessible(&mut self) -> Result<()> {
        let found = self.order("axe", json!({})).await?;
        ensure!(found["violations"].as_array().is_some_and(Vec::is_empty), "{:#}", found["violations"]);
        Ok(())
    }

    /// Has the driver do something, and gives what it answers.
    pub(crate) async fn order(&mut self, what: &str, mut with: Value) -> Result<Value> {
        with["do"] = what.into();
        let from = self.reports.len();
        self.orders.write_all(format!("{with}\n").as_bytes()).await?;
        let over = |report: &Value| report["done"] == what || report["failed"] == what;
        let at = self.report(from, &format!("`{with}` to be done"), over).await?;
        let report = &self.reports[at];
        ensure!(report["failed"].is_null(), "{with}: {}", report["problem"]);
        Ok(report.clone())
    }

    /// Where the first report is that `wanted` takes, of those from `from` on; a mistake in the page's script ends
    /// the test.
    async fn report(&mut self, from: usize, what: &str, wanted: impl Fn(&Value) -> bool) -> Result<usize> {
        let Self { lines, reports, .. } = self;
        let found = within(what, async {
            for at in from.. {
                if at == reports.len() {
                    let line = lines.next_line().await?.context("the driver has ended")?;
                    reports.push(serde_json::from_str(&line).with_context(|| line.clone())?);
                }
                let report = &reports[at];
                ensure!(report.get("page_error").is_none(), "the page's script failed: {report}");
                if wanted(report) {
                    return Ok(at);
                }
            }
            bail!("more reports than can be counted")
        });
        found.await.with_context(|| format!("the page reported {reports:#?}"))
    }
}

/// `screenshots` in the target directory.
fn screenshots() -> Result<PathBuf> {
    let program = binary()?;
    let target = program.parent().and_then(|profile| profile.parent());
    Ok(target.context("the program lies in the target directory")?.join("screenshots"))
}
