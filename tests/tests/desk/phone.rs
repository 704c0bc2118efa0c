//! A phone in a real browser: encrypted audio both ways with phones that know nothing of it.

use anyhow::{Context, Result};
use hotline_api_types::{AgentState, EndKind, Event, What};
use hotline_phone::{PhoneEvent, Speech};
use hotline_tests::{Center, Hotline, PATIENCE, eventually, hears};
use serde_json::json;

use crate::page::Page;
use crate::voices::{BROWSER_HZ, CALLER, OTHER_HZ, hear_each_other, is_recorded};

/// One of the two of the United States.
const RINGBACK_HZ: f64 = 440.0;

async fn start() -> Result<Hotline> {
    let both = "listen:\n  - HERE:0\n  - {transport: ws, address: HERE:0}";
    Center::new().sip(both).start().await
}

#[tokio::test]
async fn an_agent_in_a_browser_takes_a_call_holds_it_and_keeps_it_over_a_reload() -> Result<()> {
    let hotline = start().await?;
    let mut watch = hotline.watch().await?;
    let mut page = Page::phone(&hotline, "1001", BROWSER_HZ).await?;
    hotline.set_state("1001", "ready").await?;
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4100").await?;
    page.state("ringing").await?;
    page.order("answer", json!({})).await?;
    page.state("up").await?;
    watch.agent("1001", AgentState::Talking).await?;
    caller.say(Speech::tone(OTHER_HZ)).await?;
    hear_each_other(&mut page, &caller).await?;

    page.order("hold", json!({})).await?;
    watch.event("the hold", |event| matches!(event.what, What::CallHeld { .. })).await?;
    page.order("retrieve", json!({})).await?;
    watch.event("its end", |event| matches!(event.what, What::CallRetrieved { .. })).await?;
    page.order("hear", json!({"hz": OTHER_HZ})).await?;

    // Another connection, another certificate, other keys, and the same call.
    page.order("reload", json!({})).await?;
    page.state("up").await?;
    hear_each_other(&mut page, &caller).await?;
    let call = watch.call_of(CALLER).await?;
    page.order("hang_up", json!({})).await?;
    caller.wait_for("the end", PATIENCE, |event| *event == PhoneEvent::Ended).await?;

    is_recorded(&mut watch, &call).await
}

#[tokio::test]
async fn a_browser_calls_in_hears_the_ringing_and_one_with_another_certificate_is_heard_by_nobody()
-> Result<()> {
    let hotline = start().await?;
    let mut watch = hotline.watch().await?;
    let mut other = hotline.registered("1002").await?;
    let mut page = Page::phone(&hotline, "1001", BROWSER_HZ).await?;
    let is_over = |event: &Event| matches!(event.what, What::CallEnded { .. });
    other.say(Speech::tone(OTHER_HZ)).await?;
    for codec in ["opus", "G722"] {
        page.order("prefer", json!({"codec": codec})).await?;
        other.forget_heard();
        page.order("dial", json!({"to": "1002"})).await?;
        other.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
        other.ring().await?;
        page.order("hear", json!({"hz": RINGBACK_HZ})).await.context("a page that is not answered yet")?;
        other.answer().await?;
        page.state("up").await?;
        hear_each_other(&mut page, &other).await?;
        let stats = page.order("stats", json!({})).await?;
        assert_eq!(
            (&stats["dtls"], &stats["codec"]),
            (&json!("connected"), &json!(format!("audio/{codec}")))
        );
        page.order("hang_up", json!({})).await?;
        other.wait_for("the end", PATIENCE, |event| *event == PhoneEvent::Ended).await?;
        watch.event("the end of the call", is_over).await?;
        watch.from_here();
    }

    page.order("forge", json!({})).await?;
    other.forget_heard();
    page.order("dial", json!({"to": "1002"})).await?;
    other.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    other.answer().await?;
    other.wait_for("the end", PATIENCE, |event| *event == PhoneEvent::Ended).await?;
    page.state("over").await?;
    assert!(!hears(&other.heard(), BROWSER_HZ), "nothing of an unknown browser is passed");
    let failed = "hotline_media_handshakes_total{outcome=\"wrong_certificate\"} 1";
    let admin = hotline.admin().await?;
    eventually("the handshake to be counted", async || {
        let text = String::from_utf8(admin.get_bytes("/metrics").await?.to_vec())?;
        Ok(text.contains(failed).then_some(()))
    })
    .await?;
    let call = watch.event("the end of the second", is_over).await?.call;
    let cause = watch.over(&call.expect("a call")).await?.cause.expect("a cause");
    assert_eq!((cause.kind, cause.q850), (EndKind::MediaLost, 58));
    Ok(())
}

#[tokio::test]
async fn a_browser_whose_network_lets_no_udp_out_talks_by_tcp() -> Result<()> {
    let center = Center::new().sip("listen:\n  - HERE:0\n  - {transport: ws, address: HERE:0}");
    let media = format!("media:\n  tcp: {{listen: \"{}:0\"}}\n", center.addresses().server());
    let hotline = center.edit("config/hotline.yaml", "media:\n", &media).start().await?;
    let admin = hotline.admin().await?;
    // A browser may make more connections than one, one of them for each of its networks.
    let metric = async |name: &str, is_meant: fn(f64) -> bool| {
        eventually(name, async || {
            let text = String::from_utf8(admin.get_bytes("/metrics").await?.to_vec())?;
            let values = text.lines().filter_map(|line| line.strip_prefix(name)?.trim().parse::<f64>().ok());
            Ok(values.map(is_meant).next().unwrap_or_default().then_some(()))
        })
        .await
    };
    let mut other = hotline.registered("1002").await?;
    let mut page = Page::phone(&hotline, "1001", BROWSER_HZ).await?;
    page.order("without_udp", json!({})).await?;

    // It is called: the server offers. Then it calls: the server answers.
    hotline.set_state("1001", "ready").await?;
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4100").await?;
    page.state("ringing").await?;
    page.order("answer", json!({})).await?;
    page.state("up").await?;
    caller.say(Speech::tone(OTHER_HZ)).await?;
    hear_each_other(&mut page, &caller).await?;
    assert_eq!(page.order("stats", json!({})).await?["way"], "tcp");
    metric("hotline_media_tcp_connections", |open| open >= 1.0).await?;
    page.order("hang_up", json!({})).await?;
    caller.wait_for("the end", PATIENCE, |event| *event == PhoneEvent::Ended).await?;
    metric("hotline_media_tcp_connections", |open| open == 0.0).await?;

    page.order("dial", json!({"to": "1002"})).await?;
    other.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    other.answer().await?;
    page.state("up").await?;
    other.say(Speech::tone(OTHER_HZ)).await?;
    hear_each_other(&mut page, &other).await?;
    let stats = page.order("stats", json!({})).await?;
    assert_eq!((&stats["way"], &stats["dtls"]), (&json!("tcp"), &json!("connected")), "{stats:#}");
    metric("hotline_media_tcp_total{outcome=\"proved\"}", |proved| proved >= 2.0).await?;
    page.order("hang_up", json!({})).await?;
    other.wait_for("the end", PATIENCE, |event| *event == PhoneEvent::Ended).await?;
    Ok(())
}
