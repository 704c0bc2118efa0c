//! Instant messages: from phone to phone, and from an administrator to a phone.

use anyhow::{Context, Result};
use hotline_tests::{Center, DeskPhone, Hotline, field, status};
use serde_json::{Value, json};
use tokio::join;

const TEXT: &str = "back at five, grüße";

/// What a phone is told while it is read from.
async fn received(phone: &DeskPhone) -> Result<String> {
    let message = phone.told("MESSAGE").await?;
    let (_, body) = message.split_once("\r\n\r\n").context("a body")?;
    Ok(format!("{} {body}", field(&message, "From").context("From")?))
}

async fn send(hotline: &Hotline, agent: &str, text: &str) -> Result<Value> {
    let admin = hotline.admin().await?;
    Ok(admin.post(&format!("/api/v1/agents/{agent}/messages"), &json!({ "text": text })).await?)
}

#[tokio::test]
async fn one_phone_writes_to_another() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut sender = DeskPhone::register(&hotline, "1001").await?;
    let receiver = DeskPhone::register(&hotline, "1002").await?;
    let (answer, message) = join!(sender.write("1002", TEXT), received(&receiver));
    let (answer, message) = (answer?, message?);
    assert_eq!(status(&answer), Some(200), "{answer}");
    assert!(message.starts_with("<sip:1001@hotline.test>") && message.ends_with(TEXT), "{message}");
    assert_eq!(status(&sender.write("1003", TEXT).await?), Some(480), "nobody is there");
    assert_eq!(status(&sender.write("9999", TEXT).await?), Some(404));
    assert_eq!(status(&sender.write("1002", &"x".repeat(1301)).await?), Some(413));
    assert!(!hotline.output().contains("back at five"), "it is in no log");
    Ok(())
}

#[tokio::test]
async fn an_administrator_writes_to_a_phone_and_hears_whether_it_has_it() -> Result<()> {
    let hotline = Center::new().start().await?;
    let phone = DeskPhone::register(&hotline, "1002").await?;
    let (answer, message) = join!(send(&hotline, "1002", TEXT), received(&phone));
    assert_eq!(answer?, json!({ "taken": true }));
    let message = message?;
    assert!(message.contains("<sip:hotline.test>") && message.ends_with(TEXT), "{message}");
    let refused = send(&hotline, "1001", TEXT).await.unwrap_err().to_string();
    assert!(refused.contains("no phone of the agent is registered"), "{refused}");
    assert!(!hotline.output().contains("back at five"), "it is in no log");
    Ok(())
}
