//! What the demonstration shows at its end: the call record, the recording's path and its picture.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::picture;
use crate::banner;

/// Prints the record in the order in which things happened.
pub(super) fn record(record: &Value) {
    let text = |key: &str| record[key].as_str().unwrap_or("–").to_owned();
    banner::print(&format!("\nCall record {}", text("id")));
    for key in [
        "caller",
        "called",
        "flow",
        "language",
        "started_at",
        "answered_at",
        "connected_at",
        "ended_at",
        "ended_by",
        "agent",
    ] {
        banner::print(&format!("  {key:<14} {}", text(key)));
    }
    banner::print(&format!("  {:<14} {}", "cause", record["cause"]));
    for step in array(&record["path"]) {
        banner::print(&format!(
            "  {:<14} {} → {}",
            "flow step",
            step["step"].as_str().unwrap_or("–"),
            step["exit"]
        ));
    }
    for visit in array(&record["queues"]) {
        let (queue, waited) = (visit["queue"].as_str().unwrap_or("–"), &visit["waited_ms"]);
        banner::print(&format!("  {:<14} {queue}, waited {waited} ms, {}", "queue", visit["outcome"]));
    }
    for offer in array(&record["offers"]) {
        let time = |key: &str| offer[key].as_str().unwrap_or("–").to_owned();
        banner::print(&format!(
            "  {:<14} to {}: offered {}, pop written {}, invited {}, rang {}, {}",
            "offer",
            offer["agent"].as_str().unwrap_or("–"),
            time("offered_at"),
            time("popped_at"),
            time("invited_at"),
            time("ringing_at"),
            offer["outcome"]
        ));
    }
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The two channels of a recording: customer, agent.
pub(super) fn channels(path: &Path) -> Result<(Vec<i16>, Vec<i16>)> {
    let mut reader = hound::WavReader::open(path).with_context(|| path.display().to_string())?;
    ensure!(reader.spec().channels == 2, "{} is not stereo", path.display());
    let samples: Vec<i16> = reader.samples::<i16>().collect::<Result<_, _>>()?;
    Ok((samples.iter().step_by(2).copied().collect(), samples.iter().skip(1).step_by(2).copied().collect()))
}

/// Prints where the recording is and what it looks like.
pub(super) fn recording(path: &Path, customer: &[i16], agent: &[i16]) {
    banner::print(&format!("\nRecording {} ({:.1} s)", path.display(), customer.len() as f64 / 8000.0));
    banner::print(&format!("  customer │{}│", picture::row(customer)));
    banner::print(&format!("  agent    │{}│", picture::row(agent)));
}
