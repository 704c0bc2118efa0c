//! Agents control their calls from the page, and supervisors listen in: proved by what every phone hears.

use anyhow::{Context, Result};
use hotline_api_client::Client;
use hotline_api_types::{AgentState, AuditPage, EndKind, Part, Party, Record, RecordedMarkKind};
use hotline_phone::{Phone, PhoneEvent, Speech};
use hotline_sdp::Codec;
use hotline_tests::{
    Center, DeskPhone, Hotline, PATIENCE, Watch, eventually, field, hears, listen, rings, takes,
    wait_until_heard,
};
use serde_json::json;

const CALLER: &str = "+15550100123";
/// What the caller, the agent and the third say.
const TONES: [f64; 3] = [440.0, 1000.0, 1600.0];
/// A third of a second: long enough to tell who is heard.
const SAMPLES: usize = 2800;

/// A caller and 1001 talk; 1003, whose user is an admin, is there too.
struct Scene {
    hotline: Hotline,
    watch: Watch,
    desk: Client,
    phones: [Phone; 3],
    call: String,
}

/// With what all of them talk.
#[derive(Clone, Copy, Debug)]
enum With {
    Phones,
    /// Each with another codec.
    Browsers,
}

impl With {
    async fn phones(self, hotline: &Hotline) -> Result<[Phone; 3]> {
        match self {
            Self::Phones => Ok([
                hotline.caller(CALLER).await?,
                hotline.registered("1001").await?,
                hotline.registered("1003").await?,
            ]),
            Self::Browsers => Ok([
                hotline.visitor("4100", "In blue?", Codec::Opus).await?,
                hotline.browser_of("1001", Codec::Pcmu).await?,
                hotline.browser_of("1003", Codec::G722).await?,
            ]),
        }
    }

    const fn caller(self) -> &'static str {
        match self {
            Self::Phones => CALLER,
            Self::Browsers => "anonymous",
        }
    }
}

impl Scene {
    async fn begin(with: With) -> Result<Self> {
        let leads = ("role: agent, agent: \"1003\"", "role: admin, agent: \"1003\"");
        let center = Center::new()
            .sales(|queue| queue.members(&["1001"]))
            .edit("config/center.yaml", "queues:\n", "web: {numbers: [\"4100\"]}\nqueues:\n")
            .edit("config/center.yaml", leads.0, leads.1);
        let hotline = center.start().await?;
        let mut watch = hotline.watch().await?;
        let [mut caller, mut agent, third] = with.phones(&hotline).await?;
        for agent in ["1001", "1003"] {
            hotline.set_state(agent, "ready").await?;
        }
        caller.dial("4100").await?;
        takes(&mut agent).await?;
        caller.expect(&PhoneEvent::Up, PATIENCE).await?;
        watch.agent("1001", AgentState::Talking).await?;
        let call = watch.call_of(with.caller()).await?;
        let phones = [caller, agent, third];
        for (phone, tone) in phones.iter().zip(TONES) {
            phone.say(Speech::tone(tone)).await?;
        }
        let desk = hotline.desk("1001").await?;
        let mut scene = Self { hotline, watch, desk, phones, call };
        scene.until([[false, true, false], [true, false, false], [false; 3]]).await?;
        Ok(scene)
    }

    fn path(&self, what: &str) -> String {
        format!("/api/v1/calls/{}/{what}", self.call)
    }

    async fn acts(&self, what: &str) -> Result<()> {
        self.desk.post(&self.path(what), &json!({})).await.with_context(|| what.to_owned())?;
        Ok(())
    }

    /// Waits until each of the phones hears exactly those of the others that it is to hear.
    async fn until(&mut self, expected: [[bool; 3]; 3]) -> Result<()> {
        for (phone, heard) in self.phones.iter().zip(expected) {
            phone.forget_heard();
            for (tone, is_heard) in TONES.iter().zip(heard) {
                if is_heard {
                    wait_until_heard(phone, *tone).await?;
                }
            }
        }
        // From here on there is nothing else.
        let looks = expected.iter().position(|heard| heard.contains(&true)).context("somebody hears")?;
        let begins = self.phones.each_ref().map(|phone| phone.heard().len());
        eventually("a third of a second", async || {
            Ok((self.phones[looks].heard().len() >= begins[looks] + SAMPLES).then_some(()))
        })
        .await?;
        let mut begins = begins.into_iter();
        let heard = self.phones.each_ref().map(|phone| {
            let samples = phone.heard();
            let later = begins.next().and_then(|begin| samples.get(begin..)).unwrap_or_default();
            TONES.map(|tone| later.len() >= 400 && hears(later, tone))
        });
        assert_eq!(heard, expected);
        Ok(())
    }

    async fn over(mut self) -> Result<(Hotline, Record)> {
        let call = self.call.clone();
        Ok((self.hotline, self.watch.over(&call).await?))
    }
}

/// Caller and agent hear each other, and nobody else hears anything.
const TWO: [[bool; 3]; 3] = [[false, true, false], [true, false, false], [false; 3]];

#[tokio::test]
async fn an_agent_holds_is_muted_presses_keys_and_hangs_up_from_the_page() -> Result<()> {
    holds_is_muted_presses_keys_and_hangs_up(With::Phones).await
}

#[tokio::test]
async fn an_agent_in_a_browser_holds_a_visitor_is_muted_presses_keys_and_hangs_up() -> Result<()> {
    holds_is_muted_presses_keys_and_hangs_up(With::Browsers).await
}

async fn holds_is_muted_presses_keys_and_hangs_up(with: With) -> Result<()> {
    let mut scene = Scene::begin(with).await?;
    scene.acts("mute").await?;
    scene.acts("mute").await?;
    wait_for_silence(&scene.phones[0], TONES[1]).await?;
    scene.phones[1].forget_heard();
    wait_until_heard(&scene.phones[1], TONES[0]).await?;
    scene.acts("unmute").await?;
    scene.until(TWO).await?;
    scene.acts("hold").await?;
    scene.watch.agent("1001", AgentState::Hold).await?;
    wait_for_silence(&scene.phones[0], TONES[1]).await?;
    scene.phones[0].forget_heard();
    eventually("music", async || {
        let heard = scene.phones[0].heard();
        Ok((heard.len() > SAMPLES && hotline_tests::loudness(&heard) > -50.0).then_some(()))
    })
    .await?;
    scene.acts("retrieve").await?;
    scene.until(TWO).await?;
    let keys = scene.desk.post(&scene.path("dtmf"), &json!({ "digits": "4x" })).await;
    assert!(keys.is_err_and(|error| error.to_string().contains("1 to 32 of 0-9")));
    scene.desk.post(&scene.path("dtmf"), &json!({ "digits": "42#" })).await?;
    eventually("the keys", async || Ok((scene.phones[0].keys_heard() == "42#").then_some(()))).await?;
    let other = scene.hotline.desk("1002").await?;
    assert!(other.post(&scene.path("hold"), &json!({})).await.is_err(), "only who talks may");
    scene.acts("hangup").await?;
    for phone in &mut scene.phones[..2] {
        phone.expect(&PhoneEvent::Ended, PATIENCE).await?;
    }
    let (_, record) = scene.over().await?;
    let kind = record.cause.context("a cause")?.kind;
    assert_eq!((record.ended_by, kind), (Some(Party::Agent), EndKind::Completed));
    if let With::Browsers = with {
        let visitor = record.visitor.context("what the visitor said")?;
        let said = (record.caller_name.as_deref(), visitor.page.as_deref(), visitor.question.as_deref());
        assert_eq!(said, (Some("Grace"), Some("https://shop.example/7"), Some("In blue?")));
    }
    Ok(())
}

async fn wait_for_silence(phone: &Phone, tone: f64) -> Result<()> {
    eventually("the tone to be gone", async || {
        let heard = phone.heard();
        let last = &heard[heard.len().saturating_sub(1600)..];
        Ok((last.len() == 1600 && hotline_tests::level(last, tone) < -40.0).then_some(()))
    })
    .await
}

#[tokio::test]
async fn a_colleague_is_asked_joins_in_and_takes_the_customer_over() -> Result<()> {
    asks_confers_and_hands_over(With::Phones).await
}

#[tokio::test]
async fn a_colleague_in_a_browser_is_asked_joins_in_and_takes_a_visitor_over() -> Result<()> {
    asks_confers_and_hands_over(With::Browsers).await
}

async fn asks_confers_and_hands_over(with: With) -> Result<()> {
    let mut scene = Scene::begin(with).await?;
    let to = json!({ "to": "1003" });
    scene.desk.post(&scene.path("consult"), &to).await?;
    takes(&mut scene.phones[2]).await?;
    let aside = [[false; 3], [false, false, true], [false, true, false]];
    wait_for_silence(&scene.phones[0], TONES[1]).await?;
    // The customer hears music, which is no tone of anybody.
    for (phone, tone) in [(1, 2), (2, 1)] {
        scene.phones[phone].forget_heard();
        wait_until_heard(&scene.phones[phone], TONES[tone]).await?;
        assert!(!hears(&scene.phones[phone].heard(), TONES[0]), "{aside:?}");
    }
    scene.acts("swap").await?;
    scene.phones[1].forget_heard();
    wait_until_heard(&scene.phones[1], TONES[0]).await?;
    scene.acts("conference").await?;
    scene.until([[false, true, true], [true, false, true], [true, true, false]]).await?;
    scene.acts("hangup").await?;
    scene.phones[1].expect(&PhoneEvent::Ended, PATIENCE).await?;
    scene.until([[false, false, true], [false; 3], [true, false, false]]).await?;
    scene.watch.agent("1001", AgentState::WrapUp).await?;
    scene.phones[0].hang_up().await?;
    let (hotline, record) = scene.over().await?;
    assert_eq!(record.agent.as_deref(), Some("1003"));
    let parts: Vec<Part> = record.attendances.iter().map(|one| one.attendee.part).collect();
    assert_eq!(parts, [Part::Consulted, Part::Conference]);
    assert_eq!(record.recordings.len(), 1, "one conversation, one recording");
    let sound = listen(&hotline.admin().await?, &record.id).await?;
    assert!(hears(&sound.customer, TONES[0]) && !hears(&sound.customer, TONES[2]));
    assert!(hears(&sound.agent, TONES[1]) && hears(&sound.agent, TONES[2]));
    Ok(())
}

#[tokio::test]
async fn when_the_customer_hangs_up_agent_and_colleague_talk_on() -> Result<()> {
    let mut scene = Scene::begin(With::Phones).await?;
    scene.desk.post(&scene.path("consult"), &json!({ "to": "1003" })).await?;
    takes(&mut scene.phones[2]).await?;
    scene.phones[1].forget_heard();
    wait_until_heard(&scene.phones[1], TONES[2]).await?;
    scene.acts("conference").await?;
    scene.until([[false, true, true], [true, false, true], [true, true, false]]).await?;
    scene.phones[0].hang_up().await?;
    let colleagues = [[false; 3], [false, false, true], [false, true, false]];
    scene.until(colleagues).await?;
    let live = scene.desk.get("/api/v1/live").await?;
    let call = live["calls"].as_array().and_then(|calls| calls.first()).context("the call goes on")?;
    assert_eq!((&call["customer_left"], call["attendees"].as_array().map(Vec::len)), (&json!(true), Some(1)));
    scene.acts("hold").await?;
    wait_for_silence(&scene.phones[2], TONES[1]).await?;
    scene.acts("retrieve").await?;
    scene.until(colleagues).await?;
    let leg = call["attendees"][0]["leg"].as_u64().context("a leg")?;
    scene.desk.delete(&scene.path(&format!("parties/{leg}"))).await?;
    for phone in &mut scene.phones[1..] {
        phone.expect(&PhoneEvent::Ended, PATIENCE).await?;
    }
    scene.watch.agent("1001", AgentState::WrapUp).await?;
    let (hotline, record) = scene.over().await?;
    assert!(record.customer_left_at.context("it is known when")? < record.ended_at.context("it is over")?);
    assert_eq!((record.ended_by, record.recordings.len()), (Some(Party::Agent), 1));
    let sound = listen(&hotline.admin().await?, &record.id).await?;
    let last = &sound.agent[sound.agent.len() - SAMPLES..];
    assert!(TONES[1..].iter().any(|tone| hears(last, *tone)), "recorded to the end");
    Ok(())
}

#[tokio::test]
async fn a_supervisor_who_follows_the_agent_hears_what_is_asked_aside() -> Result<()> {
    let mut scene = Scene::begin(With::Phones).await?;
    let mut second = scene.hotline.ready("1002").await?;
    second.say(Speech::tone(2200.0)).await?;
    let lead = scene.hotline.desk("1003").await?;
    lead.put(&scene.path("monitor"), &json!({ "mode": "listen", "follow": "agent" })).await?;
    takes(&mut scene.phones[2]).await?;
    scene.until([[false, true, false], [true, false, false], [true, true, false]]).await?;
    scene.desk.post(&scene.path("consult"), &json!({ "to": "1002" })).await?;
    takes(&mut second).await?;
    for tone in [TONES[1], 2200.0] {
        scene.phones[2].forget_heard();
        wait_until_heard(&scene.phones[2], tone).await?;
    }
    wait_for_silence(&scene.phones[2], TONES[0]).await?;
    assert!(!hears(&second.heard(), TONES[2]) && !hears(&scene.phones[0].heard(), TONES[2]));
    scene.acts("complete").await?;
    for phone in &mut scene.phones[1..] {
        phone.expect(&PhoneEvent::Ended, PATIENCE).await?;
    }
    scene.phones[0].forget_heard();
    wait_until_heard(&scene.phones[0], 2200.0).await?;
    scene.phones[0].hang_up().await?;
    scene.over().await?;
    Ok(())
}

#[tokio::test]
async fn a_supervisor_listens_whispers_barges_in_by_key_and_takes_over() -> Result<()> {
    listens_whispers_barges_in_and_takes_over(With::Phones).await
}

#[tokio::test]
async fn a_supervisor_in_a_browser_listens_whispers_barges_in_by_key_and_takes_over() -> Result<()> {
    listens_whispers_barges_in_and_takes_over(With::Browsers).await
}

async fn listens_whispers_barges_in_and_takes_over(with: With) -> Result<()> {
    let mut scene = Scene::begin(with).await?;
    let lead = scene.hotline.desk("1003").await?;
    let path = scene.path("monitor");
    assert!(scene.desk.put(&path, &json!({ "mode": "listen" })).await.is_err(), "agents may not");
    lead.put(&path, &json!({ "mode": "listen" })).await?;
    takes(&mut scene.phones[2]).await?;
    let listens = [[false, true, false], [true, false, false], [true, true, false]];
    let whispers = [[false, true, false], [true, false, true], [true, true, false]];
    let barges = [[false, true, true], [true, false, true], [true, true, false]];
    scene.until(listens).await?;
    let seen = scene.desk.get("/api/v1/live").await?.to_string();
    assert!(!seen.contains("\"listen\""), "the agent does not know: {seen}");
    lead.put(&path, &json!({ "mode": "whisper" })).await?;
    scene.until(whispers).await?;
    lead.put(&path, &json!({ "mode": "private_whisper" })).await?;
    scene.until([[false, true, false], [true, false, true], [false; 3]]).await?;
    for (key, expected) in [('6', barges), ('4', listens), ('5', whispers)] {
        scene.phones[2].press(key).await?;
        scene.until(expected).await.with_context(|| format!("key {key}"))?;
    }
    lead.post(&scene.path("recording/mark"), &json!({ "note": "well done" })).await?;
    lead.put(&path, &json!({ "mode": "take_over" })).await?;
    scene.phones[1].expect(&PhoneEvent::Ended, PATIENCE).await?;
    scene.until([[false, false, true], [false; 3], [true, false, false]]).await?;
    scene.watch.agent("1001", AgentState::WrapUp).await?;
    scene.phones[0].hang_up().await?;
    let (hotline, record) = scene.over().await?;
    assert_eq!(record.agent.as_deref(), Some("1003"));
    let [recording] = &record.recordings[..] else { panic!("{:?}", record.recordings) };
    let noted = recording.marks.iter().find(|mark| mark.kind == RecordedMarkKind::Noted);
    assert_eq!(noted.context("a mark")?.reason.as_deref(), Some("well done"));
    let admin = hotline.admin().await?;
    let audit: AuditPage = serde_json::from_value(admin.get("/api/v1/audit?limit=50").await?)?;
    let listened = audit.entries.iter().filter(|entry| entry.action == "call.monitor");
    assert_eq!(listened.count(), 4, "each act is audited");
    eventually("each way of listening to be audited as it took place", async || {
        let audit: AuditPage = serde_json::from_value(admin.get("/api/v1/audit?limit=100").await?)?;
        let of = |action: &str| audit.entries.iter().filter(|entry| entry.action == action).count();
        Ok((of("call.listen_begin") == 1 && of("call.listen_mode") >= 2).then_some(()))
    })
    .await?;
    let sound = listen(&admin, &record.id).await?;
    assert!(!hears(&sound.customer, TONES[2]), "nothing of the supervisor is on the customer's side");
    Ok(())
}

#[tokio::test]
async fn a_supervisor_ends_and_sends_on_calls_of_others() -> Result<()> {
    sends_on_and_ends(With::Phones).await
}

#[tokio::test]
async fn a_supervisor_ends_and_sends_on_calls_between_browsers() -> Result<()> {
    sends_on_and_ends(With::Browsers).await
}

async fn sends_on_and_ends(with: With) -> Result<()> {
    let mut scene = Scene::begin(with).await?;
    let lead = scene.hotline.desk("1003").await?;
    lead.post(&scene.path("transfer"), &json!({ "to": "1003" })).await?;
    rings(&mut scene.phones[2]).await?;
    scene.phones[2].answer().await?;
    scene.until([[false, false, true], [false; 3], [true, false, false]]).await?;
    let admin = scene.hotline.admin().await?;
    admin.post(&scene.path("hangup"), &json!({})).await?;
    scene.phones[0].expect(&PhoneEvent::Ended, PATIENCE).await?;
    let (hotline, record) = scene.over().await?;
    assert_eq!(record.ended_by, Some(Party::System));
    let audit: AuditPage =
        serde_json::from_value(hotline.admin().await?.get("/api/v1/audit?limit=50").await?)?;
    let acts: Vec<&str> = audit.entries.iter().map(|entry| entry.action.as_str()).collect();
    assert!(acts.contains(&"call.force_transfer") && acts.contains(&"call.force_hangup"), "{acts:?}");
    Ok(())
}

/// The phone of 1002 rings and is not taken up; 1003 takes the call from there.
#[tokio::test]
async fn a_colleagues_ringing_call_is_picked_up() -> Result<()> {
    let hotline = Center::new().sales(|queue| queue.members(&["1002"])).start().await?;
    let mut watch = hotline.watch().await?;
    let (mut rung, mut other) = (hotline.ready("1002").await?, hotline.ready("1003").await?);
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4100").await?;
    rings(&mut rung).await?;
    let call = watch.call_of(CALLER).await?;
    let desk = hotline.desk("1003").await?;
    let answers = desk.post(&format!("/api/v1/calls/{call}/answer"), &json!({})).await;
    assert!(answers.is_err(), "it does not ring there");
    desk.post(&format!("/api/v1/calls/{call}/pickup"), &json!({})).await?;
    takes(&mut other).await?;
    rung.expect(&PhoneEvent::Ended, PATIENCE).await?;
    watch.agent("1002", AgentState::Ready).await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    caller.say(Speech::tone(440.0)).await?;
    wait_until_heard(&other, 440.0).await?;
    caller.hang_up().await?;
    let record = watch.over(&call).await?;
    assert_eq!(record.agent.as_deref(), Some("1003"));
    Ok(())
}

/// A phone that does not know that event is called anew, and told for which request.
#[tokio::test]
async fn a_phone_is_called_anew_for_the_request_that_is_in_the_record() -> Result<()> {
    let hotline = Center::new().sales(|queue| queue.members(&["1001"])).start().await?;
    let mut watch = hotline.watch().await?;
    let phone = DeskPhone::register(&hotline, "1001").await?;
    hotline.set_state("1001", "ready").await?;
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4100").await?;
    let call = watch.queued(CALLER).await?;
    let first = phone.rings().await?;
    assert_eq!(field(&first, "X-Request-Id"), None, "nobody asked for it: {first}");
    watch.agent("1001", AgentState::Ringing).await?;
    let desk = hotline.desk("1001").await?;
    desk.post(&format!("/api/v1/calls/{call}/answer"), &json!({})).await?;
    let again = phone.rings().await?;
    assert!(field(&again, "Call-Info").is_some_and(|info| info.ends_with("answer-after=0")), "{again}");
    let request = field(&again, "X-Request-Id").context("an id of the request")?.to_owned();
    phone.take(&again).await?;
    watch.agent("1001", AgentState::Talking).await?;
    caller.wait_for("the talk", PATIENCE, |event| *event == PhoneEvent::Up).await?;
    caller.hang_up().await?;
    let record = watch.over(&call).await?;
    let told: Vec<_> =
        record.requests.iter().map(|one| (one.what.as_str(), one.request_id.as_str())).collect();
    assert_eq!(told, [("answer", request.as_str())]);
    Ok(())
}

/// A desk phone that says that it knows the event `talk` takes the call when the page says so.
#[tokio::test]
async fn a_phone_that_can_be_told_so_takes_the_call_from_the_page() -> Result<()> {
    let hotline = Center::new().sales(|queue| queue.members(&["1001"])).start().await?;
    let mut watch = hotline.watch().await?;
    let phone = DeskPhone::register(&hotline, "1001").await?;
    hotline.set_state("1001", "ready").await?;
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4100").await?;
    let call = watch.queued(CALLER).await?;
    let invite = phone.rings_saying("Contact: <sip:1001@HERE>\nAllow-Events: talk, hold\n").await?;
    watch.agent("1001", AgentState::Ringing).await?;
    let desk = hotline.desk("1001").await?;
    desk.post(&format!("/api/v1/calls/{call}/answer"), &json!({})).await?;
    let notify = phone.told("NOTIFY").await?;
    assert_eq!(field(&notify, "Event"), Some("talk"), "{notify}");
    phone.take(&invite).await?;
    watch.agent("1001", AgentState::Talking).await?;
    desk.post(&format!("/api/v1/calls/{call}/hangup"), &json!({})).await?;
    phone.told("BYE").await?;
    caller.wait_for("the end", PATIENCE, |event| *event == PhoneEvent::Ended).await?;
    Ok(())
}
