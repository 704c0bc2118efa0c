//! What a server forgets by itself, and what it keeps.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use hotline_base::{CallId, FlowId, NumberId, Pii, QueueId, RecordingId, Rng, TrunkId, WallTime};
use hotline_call::{CallEvent, CallRecord, EndCause, EndKind, Entry, Party, RecordingIndex, Source};
use hotline_store::{LegalHold, Store};
use hotline_tests::{Center, eventually};
use serde_json::{Value, json};

/// A call of so many days ago, in this queue, with a recording whose file is there.
fn recorded(recordings: &Path, days: i64, queue: &str) -> Result<CallRecord> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros();
    let at = WallTime(i64::try_from(now)? - days * 86_400_000_000);
    let mut rng = Rng::from_number(days.unsigned_abs());
    let (call, recording) = (CallId::generate(at, &mut rng), RecordingId::generate(at, &mut rng));
    let started = CallEvent::Started {
        caller: Pii::from("+15550100123"),
        caller_name: None,
        called: "4100".into(),
        entry: Entry::Number { number: NumberId::from("4100"), flow: FlowId::from("main") },
        source: Source::Trunk(TrunkId::from("demo")),
        sip_call_id: format!("{days}@trunk"),
        language: "en".to_owned(),
        diversion: None,
    };
    let path = format!("2020/01/01/{days}.wav");
    let file = recordings.join(&path);
    std::fs::create_dir_all(file.parent().context("a directory")?)?;
    std::fs::write(&file, b"RIFF")?;
    let mut record = CallRecord::begin(call, at, &started).context("a call")?;
    let cause = EndCause { kind: EndKind::Completed, sip_status: Some(200), q850: 16 };
    let (duration, gap, index) = (Duration::from_secs(1), Duration::ZERO, RecordingIndex::default());
    for what in [
        CallEvent::Queued { queue: QueueId::from(queue) },
        CallEvent::RecordingStarted { recording, path },
        CallEvent::RecordingFinished { recording, duration, gap, bytes: 4, index },
        CallEvent::Ended { by: Party::Caller, cause },
    ] {
        record.apply(at, &what);
    }
    Ok(record)
}

#[tokio::test]
async fn recordings_that_are_too_old_are_erased_by_queue_and_held_ones_are_kept() -> Result<()> {
    let mut hotline = Center::new()
        .sales(|queue| queue.keys("recordings_days: 300").keys("calls_days: 1000"))
        .edit(
            "config/hotline.yaml",
            "storage:",
            "retention: {recordings_days: 30, calls_days: 900}\nstorage:",
        )
        .start()
        .await?;
    hotline.kill().await?;
    let url = format!("sqlite://{}", hotline.directory().join("data/hotline.db").display());
    let store = Store::open(&url).await?;
    let mut records = Vec::new();
    for (days, queue) in [
        (29, "support"),
        (31, "support"),
        (32, "support"),
        (33, "sales"),
        (301, "sales"),
        (901, "support"),
        (902, "sales"),
    ] {
        records.push(recorded(&hotline.recordings(), days, queue)?);
    }
    store.save_records(&records).await?;
    let held = records[2].call;
    let hold =
        LegalHold { call: held, at: WallTime(0), by: "lawyer".to_owned(), reason: "case 7".to_owned() };
    store.put_hold(&hold).await?;
    store.close().await;
    hotline.restart().await?;

    let admin = hotline.admin().await?;
    let deleted = eventually("the sweep", async || {
        let log = admin.get("/api/v1/audit?action=retention.delete").await?;
        Ok(log["entries"]
            .get(0)
            .filter(|entry| entry["subject"] == "calls")
            .map(|entry| entry["detail"].clone()))
    });
    assert_eq!(deleted.await?, json!({ "deleted": 1 }));
    let erased = &admin.get("/api/v1/audit?action=retention.delete").await?["entries"][1];
    assert_eq!((&erased["subject"], &erased["detail"]), (&json!("recordings"), &json!({ "erased": 4 })));
    for (record, is_kept) in records.iter().zip([true, false, true, true, false]) {
        let call = admin.get(&format!("/api/v1/calls/{}", record.call)).await?;
        let recording: &Value = &call["recordings"][0];
        assert_eq!(recording["state"], if is_kept { "finished" } else { "erased" }, "{recording}");
        let file = hotline.recordings().join(recording["path"].as_str().context("a path")?);
        assert_eq!(file.exists(), is_kept, "{recording}");
        assert_eq!(recording["erased_at"].is_string(), !is_kept, "{recording}");
        let heard = admin.get_bytes(&format!("/api/v1/calls/{}/recording", record.call)).await;
        assert_eq!(heard.is_ok(), is_kept, "{recording}");
    }

    // One record is too old, also for reports of single calls; the other queue keeps its own for longer.
    let gone = admin.get(&format!("/api/v1/calls/{}", records[5].call)).await;
    assert!(gone.expect_err("it is forgotten").to_string().contains("404"));
    let kept = admin.get(&format!("/api/v1/calls/{}", records[6].call)).await?;
    assert_eq!(kept["recordings"][0]["state"], "erased");

    // By hand neither, until the hold ends.
    let recording = format!("/api/v1/calls/{held}/recording");
    let refused = admin.delete(&recording).await.expect_err("it is held").to_string();
    assert!(refused.contains("legal hold"), "{refused}");
    let hold = admin.get(&format!("/api/v1/calls/{held}/legal-hold")).await?;
    assert_eq!((&hold["by"], &hold["reason"]), (&json!("lawyer"), &json!("case 7")));
    admin.delete(&format!("/api/v1/calls/{held}/legal-hold")).await?;
    admin.delete(&recording).await?;
    assert!(!hotline.recordings().join(&records[2].recordings[0].path).exists());
    let log = admin.get("/api/v1/audit?action=recording.").await?;
    let done: Vec<&Value> =
        log["entries"].as_array().into_iter().flatten().map(|entry| &entry["action"]).collect();
    assert_eq!(done[..2], [&json!("recording.erase"), &json!("recording.release")], "{log}");
    Ok(())
}
