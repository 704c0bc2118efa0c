//! Busy lamps and the lamp of the mailbox, as a desk phone has them.

use std::time::Duration;

use anyhow::{Context, Result};
use hotline_base::{CallId, Rng, VoiceMessageId, WallTime};
use hotline_phone::PhoneEvent;
use hotline_store::{Store, StoredMessage};
use hotline_tests::{Center, DeskPhone, Hotline, PATIENCE, field, status};

const CALLER: &str = "+15550100123";

/// The states of calls in a NOTIFY about them.
fn states(notify: &str) -> Vec<&str> {
    let (_, body) = notify.split_once("\r\n\r\n").unwrap_or_default();
    body.lines()
        .filter_map(|line| line.split_once("<state>"))
        .filter_map(|(_, rest)| rest.split_once("</state>"))
        .map(|(state, _)| state)
        .collect()
}

/// Waits for the NOTIFY that tells `wanted`; what comes before is the way there.
async fn until(phone: &DeskPhone, wanted: &[&str]) -> Result<String> {
    loop {
        let notify = phone.told("NOTIFY").await?;
        if states(&notify) == wanted {
            return Ok(notify);
        }
    }
}

/// The watching phone of agent 1003.
async fn watching(hotline: &Hotline, extension: &str) -> Result<DeskPhone> {
    let mut phone = DeskPhone::register(hotline, "1003").await?;
    let granted = phone.subscribe(extension, "dialog", 600).await?;
    assert_eq!((status(&granted), field(&granted, "Expires")), (Some(200), Some("600")), "{granted}");
    let first = phone.told("NOTIFY").await?;
    assert_eq!(field(&first, "Content-Type"), Some("application/dialog-info+xml"));
    assert!(states(&first).is_empty(), "{first}");
    Ok(phone)
}

#[tokio::test]
async fn a_lamp_follows_a_call_of_another_agent() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut agent = hotline.ready("1001").await?;
    let lamp = watching(&hotline, "1001").await?;
    let caller = hotline.caller(CALLER).await?;
    caller.dial("4100").await?;
    agent.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    agent.ring().await?;
    let early = until(&lamp, &["early"]).await?;
    assert!(early.contains("direction=\"recipient\"") && !early.contains(CALLER), "{early}");
    agent.answer().await?;
    until(&lamp, &["confirmed"]).await?;
    caller.hang_up().await?;
    until(&lamp, &["terminated"]).await?;
    agent.expect(&PhoneEvent::Up, PATIENCE).await?;
    agent.expect(&PhoneEvent::Ended, PATIENCE).await?;

    // And one that the agent makes, to the watching agent's colleague.
    let mut colleague = hotline.ready("1002").await?;
    agent.dial("1002").await?;
    colleague.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    colleague.answer().await?;
    let talk = until(&lamp, &["confirmed"]).await?;
    assert!(talk.contains("direction=\"initiator\""), "{talk}");
    agent.hang_up().await?;
    until(&lamp, &["terminated"]).await?;
    Ok(())
}

#[tokio::test]
async fn a_mailbox_has_no_messages_and_is_its_owner_s() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut phone = DeskPhone::register(&hotline, "1001").await?;
    let granted = phone.subscribe("1001", "message-summary", 600).await?;
    assert_eq!(status(&granted), Some(200), "{granted}");
    let notify = phone.told("NOTIFY").await?;
    let (_, body) = notify.split_once("\r\n\r\n").context("a body")?;
    assert!(body.starts_with("Messages-Waiting: no\r\n") && body.contains("Voice-Message: 0/0"), "{body}");
    assert_eq!(status(&phone.subscribe("1002", "message-summary", 600).await?), Some(403));
    let refused = phone.subscribe("1002", "presence", 600).await?;
    assert_eq!(
        (status(&refused), field(&refused, "Allow-Events")),
        (Some(489), Some("dialog, message-summary"))
    );
    assert_eq!(status(&phone.subscribe("1002", "dialog", 10).await?), Some(423));
    assert_eq!(status(&phone.subscribe("9999", "dialog", 600).await?), Some(404));
    Ok(())
}

/// The next NOTIFY about a mailbox: whether something is new, and what is in it.
async fn mailbox(phone: &DeskPhone) -> Result<(bool, String)> {
    let notify = phone.told("NOTIFY").await?;
    let (_, body) = notify.split_once("\r\n\r\n").context("a body")?;
    let voice = body.lines().find_map(|line| line.strip_prefix("Voice-Message: ")).context("a count")?;
    Ok((body.starts_with("Messages-Waiting: yes\r\n"), voice.to_owned()))
}

#[tokio::test]
async fn the_lamp_of_a_mailbox_is_lit_while_a_message_is_new() -> Result<()> {
    let mut hotline = Center::new().start().await?;
    let url = format!("sqlite://{}", hotline.directory().join("data/hotline.db").display());
    let store = Store::open(&url).await?;
    let (at, mut rng) = (WallTime(1_795_415_400_000_000), Rng::from_number(1));
    let message = StoredMessage {
        id: VoiceMessageId::generate(at, &mut rng),
        call: CallId::generate(at, &mut rng),
        mailbox: Some("1001".to_owned()),
        caller: CALLER.into(),
        path: "messages/2026/11/23/a.wav".to_owned(),
        started_at: at,
        duration: Duration::from_secs(3),
        heard: None,
    };
    store.add_message(&message).await?;
    store.close().await;
    hotline.kill().await?;
    hotline.restart().await?;
    let mut phone = DeskPhone::register(&hotline, "1001").await?;
    let granted = phone.subscribe("1001", "message-summary", 600).await?;
    assert_eq!(status(&granted), Some(200), "{granted}");
    assert_eq!(mailbox(&phone).await?, (true, "1/0".to_owned()));
    let desk = hotline.desk("1001").await?;
    let path = format!("/api/v1/messages/{}", message.id);
    desk.put(&path, &serde_json::json!({ "heard": true })).await?;
    assert_eq!(mailbox(&phone).await?, (false, "0/1".to_owned()));
    desk.delete(&path).await?;
    assert_eq!(mailbox(&phone).await?, (false, "0/0".to_owned()));
    Ok(())
}

#[tokio::test]
async fn lamps_go_out_when_the_server_stops() -> Result<()> {
    let mut hotline = Center::new().start().await?;
    let lamp = watching(&hotline, "1001").await?;
    hotline.terminate()?;
    let last = lamp.told("NOTIFY").await?;
    assert_eq!(field(&last, "Subscription-State"), Some("terminated;reason=deactivated"));
    assert!(hotline.ended().await?.success());
    Ok(())
}
