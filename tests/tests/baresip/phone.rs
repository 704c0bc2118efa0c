//! A real baresip with a voice: speaks a tone from a file, writes what it hears to another, is worked by its keys.

use std::net::IpAddr;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result};
use hotline_audio::{SAMPLE_RATE_HZ, Tone, g722};
use hotline_tests::{Hotline, eventually, sip_password, within};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc;

/// What every baresip speaks.
pub(crate) const VOICE_HZ: f64 = 1000.0;
/// How long it can speak; no test talks for so long.
const VOICE_S: usize = 120;
/// Of an account that encrypts audio with keys in its descriptions, and refuses calls without.
const ENCRYPTED: &str = ";mediaenc=srtp-mand";
/// Lines that may wait to be read.
const LINES_MAX: usize = 4096;

/// A running baresip. Dropping it kills it, as if its battery were pulled.
pub(crate) struct Baresip {
    directory: TempDir,
    band: Band,
    keys: ChildStdin,
    lines: mpsc::Receiver<String>,
    seen: Vec<String>,
    _process: Child,
}

/// What it speaks: G.711, or nothing but G.722, or nothing but Opus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Band {
    Narrow,
    Wide,
    Full,
}

impl Band {
    const fn sample_rate_hz(self) -> u32 {
        match self {
            Self::Narrow => SAMPLE_RATE_HZ,
            Self::Wide => g722::SAMPLE_RATE_HZ,
            Self::Full => 48_000,
        }
    }

    /// Its Opus takes two.
    const fn channels(self) -> u16 {
        match self {
            Self::Narrow | Self::Wide => 1,
            Self::Full => 2,
        }
    }
}

impl Baresip {
    /// An agent's phone, registered.
    pub(crate) async fn agent(hotline: &Hotline, agent: &str) -> Result<Self> {
        Self::agent_over(hotline, agent, "UDP", None).await
    }

    /// An agent's phone, registered over this transport; `authority` is in PEM.
    pub(crate) async fn agent_over(
        hotline: &Hotline,
        agent: &str,
        transport: &str,
        authority: Option<&str>,
    ) -> Result<Self> {
        Self::registered(hotline, agent, (transport, authority), Band::Narrow, "").await
    }

    /// An agent's phone that speaks G.722 alone, registered.
    pub(crate) async fn wide_band_agent(hotline: &Hotline, agent: &str) -> Result<Self> {
        Self::registered(hotline, agent, ("UDP", None), Band::Wide, "").await
    }

    /// An agent's phone that speaks Opus alone, registered.
    pub(crate) async fn full_band_agent(hotline: &Hotline, agent: &str) -> Result<Self> {
        Self::registered(hotline, agent, ("UDP", None), Band::Full, "").await
    }

    /// An agent's phone that sends and takes nothing but encrypted audio, registered.
    pub(crate) async fn encrypted_agent(hotline: &Hotline, agent: &str) -> Result<Self> {
        Self::registered(hotline, agent, ("UDP", None), Band::Narrow, ENCRYPTED).await
    }

    async fn registered(
        hotline: &Hotline,
        agent: &str,
        (transport, authority): (&str, Option<&str>),
        band: Band,
        more: &str,
    ) -> Result<Self> {
        let server = hotline.sip_over(transport).with_context(|| format!("the center has no {transport}"))?;
        let (password, transport) = (sip_password(agent), transport.to_ascii_lowercase());
        let account = format!(
            "<sip:{agent}@hotline.test;transport={transport}>;auth_user={agent};auth_pass={password};\
             outbound=\"sip:{server};transport={transport}\";regint=60;answermode=manual{more}"
        );
        let mut phone = Self::start(hotline.addresses().phones(), &account, authority, band)?;
        phone.says("[1 binding]").await?;
        Ok(phone)
    }

    /// A phone behind the trunk, which does not register, and sends and takes nothing but encrypted audio.
    pub(crate) async fn encrypted_caller(hotline: &Hotline, number: &str) -> Result<Self> {
        let server = hotline.sip();
        let account = format!(
            "<sip:{number}@hotline.test;transport=udp>;outbound=\"sip:{server}\";regint=0{ENCRYPTED}"
        );
        let mut phone = Self::start(hotline.addresses().carrier(), &account, None, Band::Narrow)?;
        phone.says("baresip is ready").await?;
        Ok(phone)
    }

    fn start(address: IpAddr, account: &str, authority: Option<&str>, band: Band) -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("hotline-baresip-").tempdir()?;
        let path = directory.path();
        std::fs::write(path.join("accounts"), format!("{account}\n"))?;
        let mut config = config(path, address, band);
        if let Some(authority) = authority {
            std::fs::write(path.join("authority.pem"), authority)?;
            config += &format!("sip_cafile {}/authority.pem\n", path.display());
        }
        std::fs::write(path.join("config"), config)?;
        speak_into(&path.join("voice.wav"), band)?;
        let mut process = Command::new("baresip")
            .arg("-f")
            .arg(path)
            .arg("-s")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("baresip cannot be started; is the package baresip-core installed?")?;
        let keys = process.stdin.take().context("stdin is a pipe")?;
        let (sender, lines) = mpsc::channel(LINES_MAX);
        tokio::spawn(read(process.stdout.take().context("stdout is a pipe")?, sender));
        Ok(Self { directory, band, keys, lines, seen: Vec::new(), _process: process })
    }

    /// Dials a number of the center.
    pub(crate) async fn dial(&mut self, number: &str) -> Result<()> {
        self.press(&format!("/dial sip:{number}@hotline.test\n")).await
    }

    /// Takes the call that rings, and waits until it is up.
    pub(crate) async fn answer(&mut self) -> Result<()> {
        self.says("Incoming call from").await?;
        self.press("a").await?;
        self.says("Call established").await
    }

    /// Ends the call or refuses it.
    pub(crate) async fn hang_up(&mut self) -> Result<()> {
        self.press("b").await
    }

    /// Presses keys: `x` and `X` for hold and retrieve; in a call digits are sent as RFC 4733 events.
    pub(crate) async fn press(&mut self, keys: &str) -> Result<()> {
        self.keys.write_all(keys.as_bytes()).await?;
        Ok(self.keys.flush().await?)
    }

    /// Reads on until baresip has written this; what was read before does not count again.
    pub(crate) async fn says(&mut self, text: &str) -> Result<()> {
        let Self { lines, seen, .. } = self;
        let what = format!("baresip to say `{text}`");
        let found = within(&what, async {
            loop {
                let line = lines.recv().await.context("baresip has ended")?;
                let found = line.contains(text);
                seen.push(line);
                if found {
                    return Ok(());
                }
            }
        });
        found.await.with_context(|| self.seen.join("\n"))
    }

    /// What it heard in its only call so far, at 8 kHz.
    pub(crate) async fn heard(&self) -> Result<Vec<i16>> {
        eventually("baresip to open its recording", async || {
            for entry in std::fs::read_dir(self.directory.path())? {
                let path = entry?.path();
                if path.to_string_lossy().ends_with("-dec.wav") {
                    let every = (self.band.sample_rate_hz() / SAMPLE_RATE_HZ) as usize
                        * usize::from(self.band.channels());
                    return Ok(Some(samples(&std::fs::read(path)?).into_iter().step_by(every).collect()));
                }
            }
            Ok(None)
        })
        .await
    }
}

/// A file that is still written has no length in its header yet, so the header is only skipped.
fn samples(wav: &[u8]) -> Vec<i16> {
    const HEADER: usize = 44;
    wav.get(HEADER..)
        .unwrap_or_default()
        .chunks_exact(2)
        .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
        .collect()
}

fn config(path: &Path, address: IpAddr, band: Band) -> String {
    let path = path.display();
    let (rate, channels) = (band.sample_rate_hz(), band.channels());
    let codec = match band {
        Band::Narrow => "g711",
        Band::Wide => "g722",
        Band::Full => "opus",
    };
    format!(
        "module_path /usr/lib/baresip/modules\nmodule stdio.so\nmodule {codec}.so\nmodule srtp.so\nmodule aufile.so\nmodule sndfile.so\n\
         module_app account.so\nmodule_app menu.so\nsip_listen {address}:0\nnet_interface {address}\n\
         audio_source aufile,{path}/voice.wav\nsnd_path {path}\naudio_srate {rate}\naudio_channels {channels}\n"
    )
}

fn speak_into(path: &Path, band: Band) -> Result<()> {
    let rate = band.sample_rate_hz();
    let spec = hound::WavSpec {
        channels: band.channels(),
        sample_rate: rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = hound::WavWriter::create(path, spec)?;
    for sample in Tone::new(VOICE_HZ, -12.0, rate).take(VOICE_S * rate as usize) {
        for _ in 0..band.channels() {
            file.write_sample(sample)?;
        }
    }
    Ok(file.finalize()?)
}

/// Passes baresip's lines on. The running clock, which ends in a carriage return, is left out.
async fn read(stdout: ChildStdout, lines: mpsc::Sender<String>) {
    let mut pieces = BufReader::new(stdout).split(b'\n');
    while let Ok(Some(piece)) = pieces.next_segment().await {
        let text = String::from_utf8_lossy(&piece);
        let line = text.trim_end().rsplit('\r').next().unwrap_or_default();
        if !line.is_empty() && lines.send(line.to_owned()).await.is_err() {
            return;
        }
    }
}
