//! A real linphone (linphonec) without a sound card: worked by its commands, speaks from a file and records what it hears.

use std::net::IpAddr;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result};
use hotline_audio::{SAMPLE_RATE_HZ, Tone};
use hotline_tests::{DOMAIN, Hotline, eventually, sip_password, within};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc;

/// What every linphone speaks.
pub(crate) const VOICE_HZ: f64 = 1000.0;
/// How long it can speak; no test talks for so long.
const VOICE_S: usize = 120;
/// Lines that may wait to be read.
const LINES_MAX: usize = 4096;

/// A running linphone. Dropping it kills it, as if its battery were pulled.
pub(crate) struct Linphone {
    directory: TempDir,
    commands: ChildStdin,
    lines: mpsc::Receiver<String>,
    seen: Vec<String>,
    _process: Child,
}

impl Linphone {
    /// An agent's phone, registered, that sends digits by INFO.
    pub(crate) async fn agent(hotline: &Hotline, agent: &str) -> Result<Self> {
        let server = format!("<sip:{};transport=udp;lr>", hotline.sip());
        let account = format!(
            "[auth_info_0]\nusername={agent}\npasswd={}\nrealm={DOMAIN}\n[proxy_0]\nreg_proxy={server}\n\
             reg_route={server}\nreg_identity=sip:{agent}@{DOMAIN}\nreg_expires=300\nreg_sendregister=1\npublish=0\n",
            sip_password(agent)
        );
        let mut phone = Self::start(hotline.addresses().phones(), &account)?;
        phone.command("soundcard use files").await?;
        phone.says("Using wav files").await?;
        phone.is_registered().await?;
        phone.command(&format!("play {}/voice.wav", phone.directory.path().display())).await?;
        phone.command(&format!("record {}/heard.wav", phone.directory.path().display())).await?;
        Ok(phone)
    }

    fn start(address: IpAddr, account: &str) -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("hotline-linphone-").tempdir()?;
        let path = directory.path();
        // Where it keeps its database.
        std::fs::create_dir_all(path.join(".local/share/linphone"))?;
        std::fs::write(path.join("linphonerc"), config(address) + account)?;
        speak_into(&path.join("voice.wav"))?;
        let mut process = Command::new("linphonec")
            .args(["-d", "5", "-l", "log", "-c"])
            .arg(path.join("linphonerc"))
            .current_dir(path)
            .env("HOME", path)
            .env_remove("XDG_DATA_HOME")
            .env_remove("XDG_CONFIG_HOME")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("linphonec cannot be started; is the package linphone-cli installed?")?;
        let commands = process.stdin.take().context("stdin is a pipe")?;
        let (sender, lines) = mpsc::channel(LINES_MAX);
        tokio::spawn(read(process.stdout.take().context("stdout is a pipe")?, sender));
        Ok(Self { directory, commands, lines, seen: Vec::new(), _process: process })
    }

    /// It says so only when it is asked.
    async fn is_registered(&mut self) -> Result<()> {
        eventually("linphone to be registered", async || {
            self.command("status register").await?;
            self.says("registered").await?;
            Ok(self.seen.last().is_some_and(|line| line.contains("identity=")).then_some(()))
        })
        .await
    }

    /// Calls a number of the center.
    pub(crate) async fn dial(&mut self, number: &str) -> Result<()> {
        self.command(&format!("call {number}")).await
    }

    /// Takes the call that rings, and waits until it is up.
    pub(crate) async fn answer(&mut self) -> Result<()> {
        self.says("Receiving new incoming call").await?;
        self.command("answer").await?;
        self.says("Media streams established").await
    }

    /// Types a command, as `pause` or `transfer 1 sip:1003@hotline.test`. In a call digits alone are pressed keys.
    pub(crate) async fn command(&mut self, command: &str) -> Result<()> {
        self.commands.write_all(format!("{command}\n").as_bytes()).await?;
        Ok(self.commands.flush().await?)
    }

    /// Reads on until linphone has written this; what was read before does not count again.
    pub(crate) async fn says(&mut self, text: &str) -> Result<()> {
        let Self { lines, seen, .. } = self;
        let what = format!("linphone to say `{text}`");
        let found = within(&what, async {
            loop {
                let line = lines.recv().await.context("linphone has ended")?;
                let found = line.contains(text);
                seen.push(line);
                if found {
                    return Ok(());
                }
            }
        });
        found.await.with_context(|| self.seen.join("\n"))
    }

    /// Its log so far, with every SIP message.
    pub(crate) fn log(&self) -> Result<String> {
        Ok(String::from_utf8_lossy(&std::fs::read(self.directory.path().join("log"))?).into_owned())
    }

    /// What it heard.
    pub(crate) fn heard(&self) -> Vec<i16> {
        // The file is there from the first sound on.
        let wav = std::fs::read(self.directory.path().join("heard.wav")).unwrap_or_default();
        samples(&wav)
    }
}

/// A file that is still written has no length in its header yet, so the header is only skipped.
fn samples(wav: &[u8]) -> Vec<i16> {
    const HEADER: usize = 44;
    let sound = wav.get(HEADER..).unwrap_or_default();
    sound.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

fn config(address: IpAddr) -> String {
    format!(
        "[sip]\nsip_port=-1\nsip_tcp_port=0\nsip_tls_port=0\nbind_address={address}\nguess_hostname=0\ndefault_proxy=0\n\
         use_info=1\nuse_rfc2833=0\nregister_only_when_network_is_up=0\n[rtp]\naudio_rtp_port=-1\n[sound]\n\
         echocancellation=0\n"
    )
}

fn speak_into(path: &Path) -> Result<()> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: SAMPLE_RATE_HZ,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = hound::WavWriter::create(path, spec)?;
    for sample in Tone::new(VOICE_HZ, -12.0, SAMPLE_RATE_HZ).take(VOICE_S * SAMPLE_RATE_HZ as usize) {
        file.write_sample(sample)?;
    }
    Ok(file.finalize()?)
}

async fn read(stdout: ChildStdout, lines: mpsc::Sender<String>) {
    let mut pieces = BufReader::new(stdout).split(b'\n');
    while let Ok(Some(piece)) = pieces.next_segment().await {
        let line = String::from_utf8_lossy(&piece).trim().to_owned();
        if !line.is_empty() && lines.send(line).await.is_err() {
            return;
        }
    }
}
