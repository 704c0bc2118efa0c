//! The play: register, dial, press a key, wait, talk, hang up; then listen to what everyone heard.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use hotline_api_client::{Client, Events};
use hotline_base::Rng;
use hotline_config::{Configuration, Demo, DemoUser};
use hotline_phone::{LadderEntry, Phone, PhoneConfig, PhoneEvent, Speech};
use hotline_sdp::Codec;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::{Stage, ladder, listen, report};
use crate::{banner, cli};

/// A number of the kind that is reserved for fiction.
const CALLER_NUMBER: &str = "+15550100123";
const LADDER_MAX: usize = 1024;
const STEP: Duration = Duration::from_secs(20);
/// Silence before the first word, in samples: 200 ms.
const BREATH: usize = 1600;
/// Greeting and menu are listened to for so long before the key is pressed.
const LISTEN: Duration = Duration::from_millis(2500);

pub(super) async fn play(
    configuration: &Configuration,
    stage: &Stage,
    demo: &Demo,
    agent: &DemoUser,
    number: &str,
    options: &cli::Demo,
) -> Result<()> {
    let agent_id = agent.agent.as_deref().context("the demo user is an agent")?;
    let client = Client::sign_in(stage.http, &agent.user, agent.password.expose()).await?;
    let (ladder, entries) = mpsc::channel(LADDER_MAX);
    let printer = tokio::spawn(ladder::print(entries));
    let voices = Voices::load(configuration)?;
    let mut phones = Phones::start(configuration, stage, demo, agent_id, ladder, &voices).await?;

    phones.agent.register().await?;
    client.put(&format!("/api/v1/agents/{agent_id}/state"), &json!({"state": "ready"})).await?;
    let mut events = client.events().await?;
    let talked = phones.talk(number, options).await;
    let ended = wait_for_end(&mut events).await;
    let signed_out =
        client.put(&format!("/api/v1/agents/{agent_id}/state"), &json!({"state": "signed_out"})).await;
    let (heard_by_caller, heard_by_agent) = (phones.caller.heard(), phones.agent.heard());
    phones.agent.unregister().await?;
    // Switching the phones off ends the ladder.
    drop(phones);
    printer.await?;
    talked?;
    let call = ended?;
    signed_out?;

    let record = client.get(&format!("/api/v1/calls/{call}")).await?;
    report::record(&record);
    let path = record["recordings"][0]["path"].as_str().context("the call has no recording")?;
    let path = stage.recordings(configuration).join(path);
    let (customer, agent_channel) = report::channels(&path)?;
    report::recording(&path, &customer, &agent_channel);
    check(&voices, &heard_by_caller, &heard_by_agent, &customer, &agent_channel)
}

/// What the two say.
struct Voices {
    caller: Vec<i16>,
    agent: Vec<i16>,
}

impl Voices {
    fn load(configuration: &Configuration) -> Result<Self> {
        let folder = configuration.server.storage.sounds.join("demo");
        let load = |name: &str| -> Result<Vec<i16>> {
            let path = folder.join(name);
            let mut reader = hound::WavReader::open(&path).with_context(|| path.display().to_string())?;
            Ok(reader.samples::<i16>().collect::<Result<_, _>>()?)
        };
        Ok(Self { caller: load("caller.wav")?, agent: load("agent.wav")? })
    }
}

struct Phones {
    caller: Phone,
    agent: Phone,
    voices: (Vec<i16>, Vec<i16>),
}

impl Phones {
    async fn start(
        configuration: &Configuration,
        stage: &Stage,
        demo: &Demo,
        agent: &str,
        ladder: mpsc::Sender<LadderEntry>,
        voices: &Voices,
    ) -> Result<Self> {
        let phone = |name: &str, user: &str, password: Option<String>| PhoneConfig {
            name: name.to_owned(),
            user: user.to_owned(),
            display: None,
            domain: configuration.center.domain.clone(),
            server: stage.sip,
            bind: stage.sip.ip(),
            password,
            codecs: vec![Codec::Pcmu, Codec::Pcma],
            speech: Speech::Silence,
            ladder: Some(ladder.clone()),
        };
        let password = demo.sip_passwords.get(agent).map(|password| password.expose().clone());
        let caller = Phone::start(phone(ladder::CALLER, CALLER_NUMBER, None), seed()?).await?;
        let agent = Phone::start(phone(ladder::AGENT, agent, password), seed()?).await?;
        Ok(Self { caller, agent, voices: (voices.caller.clone(), voices.agent.clone()) })
    }

    /// The call, from the first digit to the last word.
    async fn talk(&mut self, number: &str, options: &cli::Demo) -> Result<()> {
        self.caller.dial(number).await?;
        self.caller.expect(&PhoneEvent::Up, STEP).await?;
        tokio::time::sleep(LISTEN).await;
        ensure!(hotline_audio::rms_dbfs(&self.caller.heard()) > -50.0, "the caller hears no greeting");
        self.caller.press(options.key).await?;
        let rang =
            self.agent.wait_for("the call", STEP, |event| matches!(event, PhoneEvent::Incoming(_))).await;
        rang.context("no call reached the agent: is another agent ready, or does the key lead elsewhere?")?;
        self.agent.ring().await?;
        tokio::time::sleep(Duration::from_millis(800)).await;
        self.agent.answer().await?;
        self.agent.expect(&PhoneEvent::Up, STEP).await?;
        self.caller.say(after_a_breath(&self.voices.0)).await?;
        self.agent.say(after_a_breath(&self.voices.1)).await?;
        tokio::time::sleep(Duration::from_secs(options.talk_s)).await;
        self.caller.hang_up().await?;
        self.agent.expect(&PhoneEvent::Ended, STEP).await?;
        Ok(())
    }
}

/// People do not speak before they are connected.
fn after_a_breath(voice: &[i16]) -> Speech {
    Speech::samples([&[0; BREATH], voice].concat())
}

/// Reads the live stream until the call's recording is closed; gives the call's id.
async fn wait_for_end(events: &mut Events) -> Result<String> {
    let ended = timeout(STEP, async {
        loop {
            let Some(event) = events.next().await? else { bail!("the server ended the live stream") };
            let data: &Value = &event.data;
            if matches!(data["type"].as_str(), Some("recording.finished" | "recording.failed")) {
                return Ok(data["call"].as_str().unwrap_or_default().to_owned());
            }
        }
    });
    let call = ended.await.context("the recording was never closed")??;
    // The record is written in the same batch as the recording's last event.
    tokio::time::sleep(Duration::from_millis(200)).await;
    Ok(call)
}

/// Every leg and channel must hold the voice it should.
fn check(
    voices: &Voices,
    caller: &[i16],
    agent: &[i16],
    customer: &[i16],
    agent_channel: &[i16],
) -> Result<()> {
    banner::print("\nSound");
    let mut missing = Vec::new();
    let expected = [
        ("the agent hears the caller", &voices.caller, agent),
        ("the caller hears the agent", &voices.agent, caller),
        ("the left channel has the caller", &voices.caller, customer),
        ("the right channel has the agent", &voices.agent, agent_channel),
    ];
    for (what, speech, heard) in expected {
        match listen::find(speech, heard) {
            Some(found) => banner::print(&format!(
                "  ✓ {what}: after {:.2} s, {:.1} % alike",
                found.at_ms as f64 / 1000.0,
                found.likeness * 100.0
            )),
            None => {
                banner::print(&format!("  ✗ {what}: not found"));
                missing.push(what);
            }
        }
    }
    for (what, speech, heard) in [
        ("the left channel has only the caller", &voices.agent, customer),
        ("the right channel has only the agent", &voices.caller, agent_channel),
    ] {
        if listen::find(speech, heard).is_some() {
            missing.push(what);
        }
    }
    ensure!(missing.is_empty(), "expected, and not so: {}", missing.join("; "));
    Ok(())
}

fn seed() -> Result<Rng> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).context("the system gives no random numbers")?;
    Ok(Rng::from_seed(seed))
}
