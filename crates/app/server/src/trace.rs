//! `hotline trace`: what the running server keeps of a call's SIP messages, in the terminal or in a file.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use hotline_api_client::{Client, ClientError};
use hotline_api_types::{SipLadder, SipMedia, SipMessage, SipParticipant, SipRole, Source};
use hotline_config::Configuration;
use tokio::time::Instant;

use crate::ladder::Ladder;
use crate::visit::Visit;
use crate::{banner, cli};

/// How often a living call is asked for.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// A call that is over and silent for so long has said its last word: a BYE is sent again after 0.5 s and 1.5 s.
const SILENCE: Duration = Duration::from_secs(2);

/// Shows or saves the messages.
pub(crate) async fn run(configuration: &Configuration, options: &cli::Trace) -> Result<()> {
    let visit = Visit::begin(Some(configuration), &options.visitor).await?;
    let outcome = match &options.pcap {
        Some(file) => save(&visit.client, options, file).await,
        None => show(&visit.client, options).await,
    };
    visit.end().await?;
    outcome
}

async fn save(client: &Client, options: &cli::Trace, file: &Path) -> Result<()> {
    let path = format!("{}.pcap?redact={}", path_of(&options.call), u8::from(options.redact));
    let bytes = client.get_bytes(&path).await.map_err(|error| explain(error, &options.call))?;
    if file == Path::new("-") {
        return std::io::stdout().write_all(&bytes).context("writing to standard output");
    }
    std::fs::write(file, &bytes).with_context(|| file.display().to_string())?;
    banner::print(&format!("{} bytes in {}", bytes.len(), file.display()));
    Ok(())
}

async fn show(client: &Client, options: &cli::Trace) -> Result<()> {
    let first = ladder(client, options, &options.call, 0).await?;
    // `last` may be another call a moment later.
    let leg = first.legs.first().map(|leg| leg.sip_call_id.clone());
    let call = first.call.clone().or(leg).unwrap_or_else(|| options.call.clone());
    banner::print(&about(&first));
    let mut drawing = Drawing::default();
    drawing.draw(&first);
    if !options.follow {
        return Ok(());
    }
    let (mut next, mut heard) = (first.next, Instant::now());
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            interrupted = tokio::signal::ctrl_c() => return Ok(interrupted?),
        }
        let later = ladder(client, options, &call, next).await?;
        if !later.messages.is_empty() {
            (next, heard) = (later.next, Instant::now());
            drawing.draw(&later);
        }
        if later.call.is_some() && !later.living && heard.elapsed() >= SILENCE {
            return Ok(());
        }
    }
}

async fn ladder(client: &Client, options: &cli::Trace, call: &str, after: u64) -> Result<SipLadder> {
    let (full, redact) = (u8::from(options.full), u8::from(options.redact));
    let path = format!("{}?full={full}&redact={redact}&after={after}", path_of(call));
    let answer = client.get(&path).await.map_err(|error| explain(error, call))?;
    serde_json::from_value(answer).context("the server's answer is of another version")
}

fn path_of(call: &str) -> String {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let escape =
        |byte: u8| if unreserved(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    format!("/api/v1/calls/{}/sip", call.bytes().map(escape).collect::<String>())
}

fn explain(error: ClientError, call: &str) -> anyhow::Error {
    match error {
        ClientError::Refused { status, .. } if status.as_u16() == 404 => anyhow!(
            "no SIP messages are kept of `{call}`: there was no such call or Call-ID since the server started, or its \
             messages gave way to later ones (`sip.trace` says how many are kept)"
        ),
        ClientError::Refused { status, .. } if status.as_u16() == 403 => {
            anyhow!("only those with the permission `trace.see` may see SIP messages")
        }
        error @ (ClientError::Unreachable { .. }
        | ClientError::Protocol(_)
        | ClientError::Refused { .. }
        | ClientError::Json(_)) => error.into(),
    }
}

/// What is known of the call beside its messages.
fn about(ladder: &SipLadder) -> String {
    let mut lines = vec![match &ladder.call {
        Some(call) if ladder.living => format!("Call {call}, living"),
        Some(call) => format!("Call {call}"),
        None => "No call".to_owned(),
    }];
    for leg in &ladder.legs {
        let name = match (&leg.agent, leg.role) {
            (Some(agent), _) => format!("agent {agent}"),
            (None, SipRole::Caller | SipRole::Server | SipRole::Agent) => "caller".to_owned(),
            (None, SipRole::Callee) => "outside".to_owned(),
            (None, SipRole::Stranger) => "dialog".to_owned(),
        };
        lines.push(format!("  {name:<12} Call-ID {}", printable(&leg.sip_call_id)));
    }
    for participant in &ladder.participants {
        lines.extend(place_of(participant));
    }
    if ladder.omitted > 0 {
        lines.push(format!("  {} more messages are not kept", ladder.omitted));
    }
    lines.join("\n") + "\n"
}

fn place_of(participant: &SipParticipant) -> Option<String> {
    let address = participant.address.as_ref()?;
    let from = match &participant.source {
        Some(Source::Trunk(trunk)) => format!(", trunk {trunk}"),
        Some(Source::Agent(agent)) => format!(", agent {agent}"),
        Some(Source::Queue(queue)) => format!(", for the queue {queue}"),
        None => String::new(),
    };
    Some(format!("  {:<12} at {address}{from}", participant.id))
}

/// The ladder as far as it is drawn.
#[derive(Default)]
struct Drawing {
    columns: Vec<String>,
}

impl Drawing {
    fn draw(&mut self, ladder: &SipLadder) {
        for line in self.lines(ladder) {
            banner::print(&line);
        }
    }

    fn lines(&mut self, ladder: &SipLadder) -> Vec<String> {
        let columns: Vec<String> = ladder.participants.iter().map(|one| one.id.clone()).collect();
        let drawing = Ladder::new(columns.clone());
        let mut lines = Vec::new();
        // Somebody has joined: the columns have moved.
        if columns != self.columns {
            lines.push(drawing.head());
            self.columns = columns;
        }
        for message in &ladder.messages {
            lines.extend(self.rung(&drawing, message));
            let text = message.text.iter().flat_map(|text| text.lines());
            lines.extend(text.map(|line| format!("    {}", printable(line)).trim_end().to_owned()));
        }
        lines
    }

    fn rung(&self, drawing: &Ladder, message: &SipMessage) -> Option<String> {
        let place = |id: &str| self.columns.iter().position(|column| column == id);
        let mut label = printable(&hotline_phone::label(message.start_line.as_bytes()));
        if message.repeated {
            label.push_str(" (again)");
        }
        let beside: Vec<String> = message.sdp.iter().map(media).collect();
        #[expect(clippy::cast_precision_loss, reason = "for people: 2^52 microseconds are 142 years")]
        let seconds = message.offset_us as f64 / 1e6;
        Some(drawing.rung(seconds, place(&message.from)?, place(&message.to)?, &label, &beside.join(", ")))
    }
}

fn media(media: &SipMedia) -> String {
    let address = media.address.as_deref().unwrap_or("nowhere");
    let address = if address.contains(':') { format!("[{address}]") } else { address.to_owned() };
    printable(&format!(
        "{} {address}:{} {} {}",
        media.kind,
        media.port,
        media.codecs.join(" "),
        media.direction
    ))
}

/// What a peer wrote, without what a terminal would take for a command.
fn printable(text: &str) -> String {
    text.chars()
        .map(|character| if character.is_control() && character != '\t' { '\u{fffd}' } else { character })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn message(from: &str, to: &str, start_line: &str, offset_us: u64) -> Value {
        json!({
            "seq": offset_us + 1, "at": "2026-01-31T09:05:07.042Z", "offset_us": offset_us, "direction": "received",
            "from": from, "to": to, "transport": "UDP", "local": "192.0.2.1:5060", "remote": "192.0.2.2:5060",
            "sip_call_id": "a@b", "start_line": start_line, "method": "INVITE", "status": null, "cseq": null,
            "repeated": false, "bytes": 500, "sdp": [], "text": null
        })
    }

    fn ladder(participants: &[&str], messages: &[Value]) -> SipLadder {
        let column = |id: &&str| {
            let (role, address) =
                if *id == "hotline" { ("server", None) } else { ("agent", Some("192.0.2.2:5060")) };
            json!({ "id": id, "role": role, "source": null, "agent": null, "address": address })
        };
        let participants: Vec<Value> = participants.iter().map(column).collect();
        serde_json::from_value(json!({
            "call": "019ab4c2-7b3e-7000-8000-123456789012", "living": true,
            "legs": [{ "sip_call_id": "a@b", "role": "caller", "agent": null, "messages": 2 }],
            "participants": participants, "messages": messages, "omitted": 3, "next": 9
        }))
        .unwrap()
    }

    #[test]
    fn the_ladder_is_drawn_and_its_columns_again_when_somebody_joins() {
        let mut drawing = Drawing::default();
        let mut again = message("caller", "hotline", "INVITE sip:4000@h SIP/2.0", 500);
        again["repeated"] = json!(true);
        let mut invite = message("caller", "hotline", "INVITE sip:4000@h SIP/2.0", 0);
        let sdp = json!({ "kind": "audio", "address": "::1", "port": 4000, "codecs": ["PCMU"], "direction": "sendrecv" });
        invite["sdp"] = json!([sdp]);
        invite["text"] = json!("INVITE sip:4000@h SIP/2.0\r\nTo: \u{1b}[2J\r\n\r\n");
        let lines = drawing.lines(&ladder(&["caller", "hotline"], &[invite, again]));
        assert_eq!(
            lines,
            [
                "  seconds  caller                     hotline",
                "    0.000  │─INVITE──────────────────▶│ audio [::1]:4000 PCMU sendrecv",
                "    INVITE sip:4000@h SIP/2.0",
                "    To: \u{fffd}[2J",
                "",
                "    0.001  │─INVITE (again)──────────▶│",
            ]
        );
        let ok = message("agent 1001", "hotline", "SIP/2.0 200 OK", 2_000_000);
        let lines = drawing.lines(&ladder(&["caller", "hotline", "agent 1001"], &[ok]));
        assert!(lines[0].ends_with("agent 1001") && lines[1].contains("◀─200 OK"), "{lines:?}");
    }

    #[test]
    fn what_is_known_of_the_call_stands_before_the_ladder() {
        let text = about(&ladder(&["caller", "hotline"], &[]));
        assert_eq!(
            text,
            "Call 019ab4c2-7b3e-7000-8000-123456789012, living\n  caller       Call-ID a@b\n  \
             caller       at 192.0.2.2:5060\n  3 more messages are not kept\n"
        );
    }

    #[test]
    fn a_call_id_with_reserved_characters_is_one_part_of_the_path() {
        assert_eq!(path_of("a/b?c%@192.0.2.1"), "/api/v1/calls/a%2Fb%3Fc%25%40192.0.2.1/sip");
        assert_eq!(path_of("last"), "/api/v1/calls/last/sip");
    }
}
