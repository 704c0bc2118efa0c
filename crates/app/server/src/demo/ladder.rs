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

/// Prints until every phone is gone.
pub(super) async fn print(mut entries: mpsc::Receiver<LadderEntry>) {
    let began = SystemTime::now();
    banner::print(&format!(
        "\n{:>9}  {CALLER:<width$}hotline{:>width$}{AGENT}",
        "seconds",
        "",
        width = WIDTH + 2
    ));
    while let Some(entry) = entries.recv().await {
        let seconds = entry.at.duration_since(began).unwrap_or_default().as_secs_f64();
        banner::print(&format!("{seconds:>9.3}  {}", rung(&entry)));
    }
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
