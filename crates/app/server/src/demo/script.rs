//! The play: register, dial, press a key, wait in the queue until an agent is ready, talk, hang up; then listen to
//! what everyone heard.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use hotline_api_client::Client;
use hotline_base::Rng;
use hotline_config::{Configuration, Demo, DemoUser};
use hotline_phone::{LadderEntry, Phone, PhoneConfig, PhoneEvent, Speech};
use hotline_sdp::Codec;
use serde_json::json;
use tokio::sync::mpsc;

use super::watch::Watch;
use super::{Stage, ladder, listen, report};
use crate::{banner, cli};

/// A number of the kind that is reserved for fiction.
pub(super) const CALLER_NUMBER: &str = "+15550100123";
/// The longest that anything may take.
pub(super) const STEP: Duration = Duration::from_secs(20);
const LADDER_MAX: usize = 1024;
const NOTES_MAX: usize = 16;
/// Silence before the first word, in samples: 200 ms.
const BREATH: usize = 1600;
/// Greeting and menu are listened to for so long before the key is pressed.
const LISTEN: Duration = Duration::from_millis(2500);
/// Quieter than this is nothing.
const SILENCE_DBFS: f64 = -50.0;
/// How often the caller's ear is asked.
const EAR: Duration = Duration::from_millis(200);
/// Music that must be heard after the announcement, in samples: one second.
const MUSIC: usize = 8000;

pub(super) async fn play(
    configuration: &Configuration,
    stage: &Stage,
    demo: &Demo,
    agent: &DemoUser,
    number: &str,
    options: &cli::Demo,
) -> Result<()> {
    let admin = demo
        .users
        .iter()
        .find(|user| user.role == hotline_access::ADMIN)
        .context("no demo user is an administrator")?;
    let mut watch = Watch::open(stage.http, admin).await?;
    let desk = Desk::open(stage, agent).await?;
    let (ladder, entries) = mpsc::channel(LADDER_MAX);
    let (note, notes) = mpsc::channel(NOTES_MAX);
    let printer = tokio::spawn(ladder::print(entries, notes));
    let voices = Voices::load(configuration)?;
    let mut phones = Phones::start(configuration, stage, demo, &desk.agent, ladder, &voices).await?;

    phones.agent.register().await?;
    // At the desk, so that the queue takes callers, and not ready, so that they wait.
    desk.set("not_ready").await?;
    let mut scene = Scene { configuration, watch: &mut watch, desk: &desk, note: &note };
    let talked = scene.play(&mut phones, number, options).await;
    let signed_out = desk.set("signed_out").await;
    let (heard_by_caller, heard_by_agent) = (phones.caller.heard(), phones.agent.heard());
    phones.agent.unregister().await?;
    // Switching the phones off ends the ladder.
    drop(phones);
    printer.await?;
    talked?;
    signed_out?;

    let record = watch.record().await?;
    report::record(&record);
    let path = record["recordings"][0]["path"].as_str().context("the call has no recording")?;
    let path = stage.recordings(configuration).join(path);
    let (customer, agent_channel) = report::channels(&path)?;
    report::recording(&path, &customer, &agent_channel);
    check(&voices, &heard_by_caller, &heard_by_agent, &customer, &agent_channel)
}

/// The agent's page.
struct Desk {
    client: Client,
    agent: String,
}

impl Desk {
    async fn open(stage: &Stage, user: &DemoUser) -> Result<Self> {
        let agent = user.agent.clone().context("the demo user is an agent")?;
        let client = Client::sign_in(stage.http, &user.user, user.password.expose()).await?;
        Ok(Self { client, agent })
    }

    async fn set(&self, state: &str) -> Result<()> {
        let path = format!("/api/v1/agents/{}/state", self.agent);
        self.client.put(&path, &json!({"state": state})).await?;
        Ok(())
    }
}

/// Who sees what happens and can do something about it.
struct Scene<'a> {
    configuration: &'a Configuration,
    watch: &'a mut Watch,
    desk: &'a Desk,
    note: &'a mpsc::Sender<String>,
}

impl Scene<'_> {
    /// The call, from the first digit to the closed recording.
    async fn play(&mut self, phones: &mut Phones, number: &str, options: &cli::Demo) -> Result<()> {
        phones.caller.dial(number).await?;
        phones.caller.expect(&PhoneEvent::Up, STEP).await?;
        tokio::time::sleep(LISTEN).await;
        ensure!(
            hotline_audio::rms_dbfs(&phones.caller.heard()) > SILENCE_DBFS,
            "the caller hears no greeting"
        );
        phones.caller.press(options.key).await?;
        self.wait_in_line(&phones.caller).await?;
        self.say(format!("agent {} gets ready", self.desk.agent)).await;
        self.desk.set("ready").await?;
        phones.talk(options).await?;
        self.watch.recording_closed().await
    }

    /// Nobody is ready: the caller is told the place in line and hears music.
    async fn wait_in_line(&mut self, caller: &Phone) -> Result<()> {
        let place = self.watch.place_in_line().await?;
        let queue = self.configuration.center.queues.get(&place.queue.as_str().into());
        let announced = queue.is_none_or(|queue| queue.announcements.position);
        if announced {
            let text = listen::announcement(self.configuration, &place.language, place.position)?;
            let heard = tokio::time::timeout(STEP, said_and_music(caller, &text)).await;
            heard.context("the caller does not hear the place in line, followed by music")?;
        }
        let said = if announced { "said, " } else { "" };
        self.say(format!(
            "queue {}: place {} of {}, {said}music",
            place.queue, place.position, place.waiting
        ))
        .await;
        Ok(())
    }

    async fn say(&self, text: String) {
        if self.note.send(text).await.is_err() {
            tracing::debug!("the ladder is over");
        }
    }
}

/// Returns when the caller has heard the announcement and then music.
async fn said_and_music(caller: &Phone, announcement: &[i16]) {
    loop {
        let heard = caller.heard();
        if let Some(found) = listen::find(announcement, &heard) {
            let after = heard.get(found.at_ms * 8 + announcement.len()..).unwrap_or_default();
            if after.len() >= MUSIC && hotline_audio::rms_dbfs(after) > SILENCE_DBFS {
                return;
            }
        }
        tokio::time::sleep(EAR).await;
    }
}

/// What the two say.
struct Voices {
    caller: Vec<i16>,
    agent: Vec<i16>,
}

impl Voices {
    fn load(configuration: &Configuration) -> Result<Self> {
        let folder = configuration.server.storage.sounds.join("demo");
        Ok(Self {
            caller: listen::load(&folder.join("caller.wav"))?,
            agent: listen::load(&folder.join("agent.wav"))?,
        })
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
            bind: SocketAddr::new(stage.sip.ip(), 0),
            password,
            codecs: vec![Codec::Pcmu, Codec::Pcma],
            speech: Speech::Silence,
            web: None,
            ladder: Some(ladder.clone()),
        };
        let password = demo.sip_passwords.get(agent).map(|password| password.expose().clone());
        let caller = Phone::start(phone(ladder::CALLER, CALLER_NUMBER, None), seed()?).await?;
        let agent = Phone::start(phone(ladder::AGENT, agent, password), seed()?).await?;
        Ok(Self { caller, agent, voices: (voices.caller.clone(), voices.agent.clone()) })
    }

    /// From the ringing of the agent's phone to the last word.
    async fn talk(&mut self, options: &cli::Demo) -> Result<()> {
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
