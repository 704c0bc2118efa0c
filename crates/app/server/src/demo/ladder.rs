//! Prints the SIP ladder as it happens: caller, server, agent.

use std::time::SystemTime;

use hotline_phone::{LadderEntry, Way};
use tokio::sync::mpsc;

use crate::banner;

/// The caller's name in the ladder.
pub(super) const CALLER: &str = "caller";
/// The agent's name in the ladder.
pub(super) const AGENT: &str = "agent";
/// Room for the label between two columns.
const WIDTH: usize = 26;

/// Prints until every phone is gone. `notes` say what no SIP message shows.
pub(super) async fn print(mut entries: mpsc::Receiver<LadderEntry>, mut notes: mpsc::Receiver<String>) {
    let began = SystemTime::now();
    banner::print(&format!(
        "\n{:>9}  {CALLER:<width$}hotline{:>width$}{AGENT}",
        "seconds",
        "",
        width = WIDTH + 2
    ));
    let seconds_at = |at: SystemTime| at.duration_since(began).unwrap_or_default().as_secs_f64();
    loop {
        let (at, line) = tokio::select! {
            biased;
            entry = entries.recv() => match entry {
                Some(entry) => (entry.at, rung(&entry)),
                None => return,
            },
            Some(note) = notes.recv() => (SystemTime::now(), side_note(&note)),
        };
        banner::print(&format!("{:>9.3}  {line}", seconds_at(at)));
    }
}

/// What happens in the server, beside its line.
fn side_note(text: &str) -> String {
    let gap = " ".repeat(WIDTH);
    format!("│{gap}│ {text}")
}

fn rung(entry: &LadderEntry) -> String {
    let caller = entry.phone == CALLER;
    // The caller stands left of the server, the agent right of it.
    let rightward = caller == (entry.way == Way::ToServer);
    let label: String = entry.label.chars().take(WIDTH - 4).collect();
    let line = format!("─{label}{}", "─".repeat(WIDTH - 2 - label.chars().count()));
    let arrow = if rightward { format!("│{line}▶│") } else { format!("│◀{line}│") };
    let gap = " ".repeat(WIDTH);
    if caller { format!("{arrow}{gap}│") } else { format!("│{gap}{arrow}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(phone: &str, way: Way) -> LadderEntry {
        LadderEntry { at: SystemTime::UNIX_EPOCH, phone: phone.to_owned(), way, label: "INVITE".to_owned() }
    }

    #[test]
    fn every_rung_is_as_wide_as_every_other() {
        let all = [
            (CALLER, Way::ToServer),
            (CALLER, Way::FromServer),
            (AGENT, Way::ToServer),
            (AGENT, Way::FromServer),
        ];
        for (phone, way) in all {
            assert_eq!(rung(&entry(phone, way)).chars().count(), 2 * WIDTH + 3, "{phone} {way:?}");
        }
    }

    #[test]
    fn arrows_point_where_the_message_goes() {
        assert!(rung(&entry(CALLER, Way::ToServer)).contains('▶'));
        assert!(rung(&entry(AGENT, Way::ToServer)).contains('◀'));
    }
}
