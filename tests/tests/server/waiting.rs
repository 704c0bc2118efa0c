//! What callers hear while they wait, how they leave, and the place they have when they come again.

use anyhow::{Context, Result};
use hotline_api_types::{AgentState, EndKind, QueueOutcome, Record, Timestamp};
use hotline_audio::{SAMPLE_RATE_HZ, Tone, tone_dbfs};
use hotline_phone::{Phone, PhoneEvent};
use hotline_tests::{
    ADMIN, Center, Hotline, PATIENCE, Watch, copied_sounds, eventually, put_sound, root, takes, tells,
    wait_until_told,
};
use serde_json::json;

const CALLER: &str = "+15550100123";
const OTHER: &str = "+15550100124";
const OVERRIDE: &str = "/api/v1/hours/office/override";

/// A flow that says by which exit a caller left the queue.
const EXITS: &str = r#"flow: exits
languages: [en]
start: answer
steps:
  answer: {answer: {then: wait}}
  wait:
    queue:
      name: sales
      keys: {9: key, "42": key}
      exits: {full: bye, timeout: bye, no_agents: nobody, closed: closed}
  key: {say: {prompts: [goodbye], then: bye}}
  nobody: {say: {prompts: [no_agents], then: bye}}
  closed: {say: {prompts: [invalid], then: bye}}
  bye: {hangup: {cause: normal}}
"#;

fn center(keys: &str) -> Center {
    Center::new().sales(|queue| queue.keys(keys)).flow("4500", "exits", EXITS)
}

/// Whose opening hours never come, but by hand.
fn with_hours() -> Center {
    center("hours: office").edit(
        "config/center.yaml",
        "queues:\n",
        "hours: {office: {zone: UTC, weekly: {}}}\nqueues:\n",
    )
}

async fn dials(hotline: &Hotline, caller: &str) -> Result<Phone> {
    let mut phone = hotline.caller(caller).await?;
    phone.dial("4500").await?;
    phone.expect(&PhoneEvent::Up, PATIENCE).await?;
    Ok(phone)
}

/// By which exit the caller left the queue, once the call is over.
async fn exit(watch: &mut Watch, caller: &str) -> Result<(String, Record)> {
    let call = watch.call_of(caller).await?;
    let record = watch.over(&call).await?;
    let step = record.path.iter().find(|step| step.step == "wait").context("the queue")?;
    Ok((step.exit.clone(), record))
}

#[tokio::test]
async fn callers_are_told_their_place_and_a_range_of_minutes_and_both_again() -> Result<()> {
    let hotline = center("announce: {wait: true, interval_s: 1, repeat_s: 10}").start().await?;
    let mut busy = hotline.ready("1001").await?;
    let _talks = dials(&hotline, "+15550100001").await?;
    takes(&mut busy).await?;
    let caller = dials(&hotline, CALLER).await?;
    for _ in 0..2 {
        let place = wait_until_told(&caller, "en/you_are_next").await?;
        let from = wait_until_told(&caller, "en/wait_from").await?;
        let to = wait_until_told(&caller, "en/wait_to").await?;
        let minutes = wait_until_told(&caller, "en/duration_minutes").await?;
        assert!([place, from, to, minutes].is_sorted(), "{place} {from} {to} {minutes}");
        caller.forget_heard();
    }
    Ok(())
}

/// Music and the place in line as tones, so that each is heard behind the other.
const MUSIC_HZ: f64 = 400.0;
const PLACE_HZ: f64 = 1000.0;
const LEVEL_DBFS: f64 = -12.0;
/// 50 ms, in which both tones are told apart.
const PIECE: usize = 400;

/// What a waiting caller hears of music and place, in each piece, until the music is as loud as before the place was told.
async fn hears_its_place(keys: &str) -> Result<Vec<(f64, f64)>> {
    let sounds = copied_sounds()?;
    for (name, hz, seconds) in [("music/waiting", MUSIC_HZ, 2), ("en/you_are_next", PLACE_HZ, 1)] {
        let samples = Tone::new(hz, LEVEL_DBFS, SAMPLE_RATE_HZ).take(seconds * SAMPLE_RATE_HZ as usize);
        put_sound(sounds.path(), name, samples)?;
    }
    let shipped = root().join("sounds").display().to_string();
    let own = sounds.path().display().to_string();
    let hotline = center(keys).edit("config/hotline.yaml", &shipped, &own).start().await?;
    let caller = dials(&hotline, CALLER).await?;
    let is_loud = |level: f64| level > LEVEL_DBFS - 1.0;
    eventually("the place, and then the music again", async || {
        let level = |piece: &[i16], hz| tone_dbfs(piece, hz, SAMPLE_RATE_HZ);
        let heard = caller.heard();
        let pieces: Vec<(f64, f64)> =
            heard.chunks_exact(PIECE).map(|piece| (level(piece, MUSIC_HZ), level(piece, PLACE_HZ))).collect();
        let told = pieces.iter().rposition(|(_, place)| is_loud(*place));
        let after = told.and_then(|told| pieces.get(told + 5..)).unwrap_or_default();
        Ok(after.iter().any(|(music, _)| is_loud(*music)).then_some(pieces))
    })
    .await
}

/// The middle one of the levels that the music has while the place is told.
fn behind(pieces: &[(f64, f64)]) -> Result<f64> {
    let mut levels: Vec<f64> =
        pieces.iter().filter(|(_, place)| *place > LEVEL_DBFS - 1.0).map(|(music, _)| *music).collect();
    levels.sort_by(f64::total_cmp);
    levels.get(levels.len() / 2).copied().context("the place was told")
}

#[tokio::test]
async fn the_place_is_told_over_the_music_which_goes_on_softly() -> Result<()> {
    let pieces = hears_its_place("announce: {after_s: 1}").await?;
    let begins = pieces.iter().position(|(music, _)| *music > LEVEL_DBFS - 1.0);
    let told = pieces.iter().position(|(_, place)| *place > LEVEL_DBFS - 1.0);
    assert!(begins.is_some() && begins < told, "music comes first: {pieces:?}");
    let behind = behind(&pieces)?;
    assert!((behind - (LEVEL_DBFS - 15.0)).abs() < 1.0, "{behind} dBFS: {pieces:?}");
    Ok(())
}

#[tokio::test]
async fn the_place_cuts_the_music_off_where_a_queue_wants_it() -> Result<()> {
    let pieces = hears_its_place("announce: {after_s: 1, over_music: false}").await?;
    let behind = behind(&pieces)?;
    assert!(behind < -45.0, "{behind} dBFS: {pieces:?}");
    Ok(())
}

#[tokio::test]
async fn where_nobody_works_no_wait_is_promised() -> Result<()> {
    let hotline = center("announce: {wait: true, interval_s: 1}").start().await?;
    let first = dials(&hotline, CALLER).await?;
    let second = dials(&hotline, OTHER).await?;
    wait_until_told(&second, "en/number_2").await?;
    first.hang_up().await?;
    wait_until_told(&second, "en/you_are_next").await?;
    assert!(!tells(&second.heard(), "en/wait_from")? && !tells(&second.heard(), "en/wait_short")?);
    Ok(())
}

#[tokio::test]
async fn comfort_messages_take_turns_and_keys_lead_out_in_the_middle_of_one() -> Result<()> {
    let keys = "comfort: {prompts: [thank_you_waiting, agents_busy], every_s: 5}";
    let hotline = center(keys).start().await?;
    let mut watch = hotline.watch().await?;
    let mut caller = dials(&hotline, CALLER).await?;
    let first = wait_until_told(&caller, "en/thank_you_waiting").await?;
    let second = wait_until_told(&caller, "en/agents_busy").await?;
    assert!(second - first >= 5 * 8000, "so long apart: {first} {second}");
    caller.press('4').await?;
    caller.press('2').await?;
    wait_until_told(&caller, "en/goodbye").await?;
    caller.expect(&PhoneEvent::Ended, PATIENCE).await?;
    let (exit, record) = exit(&mut watch, CALLER).await?;
    assert_eq!((exit.as_str(), record.queues[0].outcome), ("choice 42", Some(QueueOutcome::Left)));
    Ok(())
}

#[tokio::test]
async fn a_closed_queue_takes_nobody_and_closes_by_hand_for_who_waits() -> Result<()> {
    let hotline = with_hours().start().await?;
    let admin = hotline.admin().await?;
    let mut watch = hotline.watch().await?;
    let mut early = dials(&hotline, CALLER).await?;
    wait_until_told(&early, "en/invalid").await.context("it is closed")?;
    early.expect(&PhoneEvent::Ended, PATIENCE).await?;
    let (left, record) = exit(&mut watch, CALLER).await?;
    assert_eq!((left.as_str(), record.queues.len()), ("closed", 0), "it never waited");

    admin.put(OVERRIDE, &json!({ "open": true, "until": null })).await?;
    let mut waits = dials(&hotline, OTHER).await?;
    watch.queued(OTHER).await?;
    admin.put(OVERRIDE, &json!({ "open": false, "until": null })).await?;
    wait_until_told(&waits, "en/invalid").await?;
    waits.expect(&PhoneEvent::Ended, PATIENCE).await?;
    let (left, record) = exit(&mut watch, OTHER).await?;
    assert_eq!((left.as_str(), record.queues[0].outcome), ("closed", Some(QueueOutcome::Left)));
    let audit = admin.get("/api/v1/audit?limit=1").await?;
    assert_eq!(audit["entries"][0]["actor"], ADMIN, "{audit}");
    Ok(())
}

#[tokio::test]
async fn who_waits_leaves_when_the_opening_hours_are_over() -> Result<()> {
    let hotline = with_hours().start().await?;
    let admin = hotline.admin().await?;
    let mut watch = hotline.watch().await?;
    let live = admin.get("/api/v1/live").await?;
    let now: Timestamp = serde_json::from_value(live["at"].clone())?;
    let closes = Timestamp::from_unix_millis(now.as_unix_millis() + 3000);
    admin.put(OVERRIDE, &json!({ "open": true, "until": closes })).await?;
    let caller = dials(&hotline, CALLER).await?;
    watch.queued(CALLER).await?;
    wait_until_told(&caller, "en/invalid").await?;
    let (left, record) = exit(&mut watch, CALLER).await?;
    assert_eq!(left, "closed");
    let left_at = record.queues[0].left_at.context("the end of the wait")?;
    assert!(left_at >= closes, "{left_at:?}, not before {closes:?}");
    Ok(())
}

#[tokio::test]
async fn nobody_waits_long_where_nobody_works_any_more_and_nobody_joins() -> Result<()> {
    let hotline = center("unstaffed_max_s: 1, join: working").start().await?;
    let mut watch = hotline.watch().await?;
    let mut agent = hotline.ready("1001").await?;
    let talks = dials(&hotline, "+15550100001").await?;
    takes(&mut agent).await?;
    let mut caller = dials(&hotline, CALLER).await?;
    watch.queued(CALLER).await?;
    hotline.set_state("1001", "signed_out").await?;
    talks.hang_up().await?;
    wait_until_told(&caller, "en/no_agents").await?;
    caller.expect(&PhoneEvent::Ended, PATIENCE).await?;
    let (left, record) = exit(&mut watch, CALLER).await?;
    assert_eq!((left.as_str(), record.queues.len()), ("no_agents", 1));
    watch.agent("1001", AgentState::LoggedOut).await?;
    let other = dials(&hotline, OTHER).await?;
    wait_until_told(&other, "en/no_agents").await?;
    let (left, record) = exit(&mut watch, OTHER).await?;
    assert_eq!((left.as_str(), record.queues.len()), ("no_agents", 0), "it did not even join");
    Ok(())
}

#[tokio::test]
async fn a_caller_who_was_cut_off_and_calls_again_has_the_old_place() -> Result<()> {
    let hotline = center("place_kept_s: 60").start().await?;
    let mut watch = hotline.watch().await?;
    let first = dials(&hotline, CALLER).await?;
    let call = watch.queued(CALLER).await?;
    let second = dials(&hotline, OTHER).await?;
    wait_until_told(&second, "en/number_2").await?;
    first.hang_up().await?;
    let record = watch.over(&call).await?;
    assert_eq!(record.cause.context("a cause")?.kind, EndKind::Abandoned);
    watch.from_here();
    let first = dials(&hotline, CALLER).await?;
    wait_until_told(&first, "en/you_are_next").await?;
    let again = watch.queued(CALLER).await?;
    let position = async |call: &str| {
        let live = watch.client().get("/api/v1/live").await?;
        let calls = live["calls"].as_array().context("calls")?;
        let found = calls.iter().find(|one| one["id"] == call);
        Ok(found.map(|one| one["position"].clone()))
    };
    eventually("the old place", async || {
        let position: Result<_> = position(&again).await;
        Ok(position?.filter(|place| *place == 1))
    })
    .await?;
    Ok(())
}

#[tokio::test]
async fn a_flow_reads_how_long_the_wait_will_be() -> Result<()> {
    let flow = r#"flow: estimate
languages: [en]
start: answer
steps:
  answer: {answer: {then: long}}
  long: {condition: {if: queue.sales.estimated_wait_s > 0, then: wait, else: unknown}}
  wait: {say: {prompts: [thank_you_waiting, {number: queue.sales.estimated_wait_s}], then: bye}}
  unknown: {condition: {if: queue.sales.estimated_wait_s == -1, then: nobody, else: bye}}
  nobody: {say: {prompts: [no_agents], then: bye}}
  bye: {hangup: {cause: normal}}
"#;
    let hotline = center("music: waiting").flow("4600", "estimate", flow).start().await?;
    let mut watch = hotline.watch().await?;
    let nobody = hotline.caller(OTHER).await?;
    nobody.dial("4600").await?;
    wait_until_told(&nobody, "en/no_agents").await.context("nobody works")?;
    let mut agent = hotline.ready("1001").await?;
    let _talks = dials(&hotline, "+15550100001").await?;
    takes(&mut agent).await?;
    let _waits = dials(&hotline, CALLER).await?;
    watch.queued(CALLER).await?;
    let mut asks = hotline.caller("+15550100002").await?;
    asks.dial("4600").await?;
    wait_until_told(&asks, "en/thank_you_waiting").await?;
    asks.wait_for("the end", PATIENCE, |event| *event == PhoneEvent::Ended).await?;
    Ok(())
}
