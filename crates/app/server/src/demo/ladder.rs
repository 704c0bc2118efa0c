//! Prints the SIP ladder as it happens: caller, server, agent.

use std::time::SystemTime;

use hotline_phone::{LadderEntry, Way};
use tokio::sync::mpsc;

use crate::banner;
use crate::ladder::Ladder;

/// The caller's name in the ladder.
pub(super) const CALLER: &str = "caller";
/// The agent's name in the ladder.
pub(super) const AGENT: &str = "agent";
/// The caller stands left of the server, the agent right of it.
const COLUMNS: [&str; 3] = [CALLER, "hotline", AGENT];
const SERVER: usize = 1;

/// Prints until every phone is gone. `notes` say what no SIP message shows.
pub(super) async fn print(mut entries: mpsc::Receiver<LadderEntry>, mut notes: mpsc::Receiver<String>) {
    let began = SystemTime::now();
    let seconds_at = |at: SystemTime| at.duration_since(began).unwrap_or_default().as_secs_f64();
    let ladder = Ladder::new(COLUMNS);
    banner::print(&format!("\n{}", ladder.head()));
    loop {
        let line = tokio::select! {
            biased;
            entry = entries.recv() => match entry {
                Some(entry) => {
                    let (from, to) = ends(&entry);
                    ladder.rung(seconds_at(entry.at), from, to, &entry.label, "")
                }
                None => return,
            },
            Some(note) = notes.recv() => ladder.note(seconds_at(SystemTime::now()), &note),
        };
        banner::print(&line);
    }
}

/// The columns between which a message goes.
fn ends(entry: &LadderEntry) -> (usize, usize) {
    let phone = if entry.phone == CALLER { 0 } else { 2 };
    match entry.way {
        Way::ToServer => (phone, SERVER),
        Way::FromServer => (SERVER, phone),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_go_between_a_phone_and_the_server() {
        let entry = |phone: &str, way| LadderEntry {
            at: SystemTime::UNIX_EPOCH,
            phone: phone.to_owned(),
            way,
            label: "INVITE".to_owned(),
        };
        assert_eq!(ends(&entry(CALLER, Way::ToServer)), (0, 1));
        assert_eq!(ends(&entry(AGENT, Way::FromServer)), (1, 2));
        assert_eq!(ends(&entry(AGENT, Way::ToServer)), (2, 1));
    }
}
