//! The caller in the menu: wrong keys, no keys, another language.

use anyhow::{Context, Result};
use hotline_api_types::{EndKind, Party, What};
use hotline_phone::PhoneEvent;
use hotline_tests::{Center, PATIENCE, wait_until_told};

const CALLER: &str = "+15550100123";

#[tokio::test]
async fn a_wrong_key_is_said_to_be_wrong_and_the_right_one_still_counts() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4300").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    wait_until_told(&caller, "en/menu").await?;
    caller.press('5').await?;
    wait_until_told(&caller, "en/invalid").await?;
    caller.press('1').await?;
    let call = watch.queued(CALLER).await?;
    caller.hang_up().await?;
    let record = watch.over(&call).await?;
    let menu = record.path.iter().find(|step| step.step == "menu").context("the menu")?;
    assert!(menu.input.as_deref().is_some_and(|keys| keys.ends_with('1')), "{:?}", menu.input);
    Ok(())
}

#[tokio::test]
async fn a_caller_who_presses_nothing_is_reminded_and_then_bid_goodbye() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4300").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    wait_until_told(&caller, "en/no_input").await?;
    caller.expect(&PhoneEvent::Ended, PATIENCE).await?;
    let call = watch.call_of(CALLER).await?;
    let record = watch.over(&call).await?;
    assert_eq!(record.ended_by, Some(Party::System));
    assert_eq!(record.cause.as_ref().context("a cause")?.kind, EndKind::FlowEnded);
    assert!(record.queues.is_empty() && record.offers.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_key_is_heard_during_the_prompt_and_stops_it() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4300").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    caller.press('1').await?;
    let call = watch.queued(CALLER).await?;
    caller.hang_up().await?;
    let record = watch.over(&call).await?;
    let menu = record.path.iter().find(|step| step.step == "menu").context("the menu")?;
    let lasted = menu.left_at.as_unix_millis() - menu.entered_at.as_unix_millis();
    assert!(lasted < 4000, "the prompt of 4.8 s was played for {lasted} ms");
    Ok(())
}

#[tokio::test]
async fn a_caller_who_chooses_chinese_is_spoken_to_in_chinese() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4000").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    wait_until_told(&caller, "en/greeting").await?;
    caller.press('9').await?;
    watch
        .event(
            "the language",
            |event| matches!(&event.what, What::CallLanguage { language } if language == "zh"),
        )
        .await?;
    wait_until_told(&caller, "zh/menu").await?;
    caller.press('1').await?;
    wait_until_told(&caller, "zh/you_are_next").await?;
    let call = watch.queued(CALLER).await?;
    caller.hang_up().await?;
    assert_eq!(watch.over(&call).await?.language, "zh");
    Ok(())
}
