//! Seeing SIP: the ladder of a call, its file as Wireshark reads it, the operator's command, a HEP collector, and the
//! counts of messages.

use std::collections::BTreeMap;
use std::process::Output;

use anyhow::{Context, Result, ensure};
use hotline_api_client::Client;
use hotline_api_types::{SipDirection, SipLadder, SipRole, What};
use hotline_phone::PhoneEvent;
use hotline_tests::{
    ADMIN, ADMIN_PASSWORD, Center, Hotline, PATIENCE, Sipp, Watch, binary, eventually, within,
};
use tokio::io::AsyncWriteExt;
use tokio::net::UdpSocket;
use tokio::process::Command;

const CALLER: &str = "+15550100123";

/// A call that an agent takes and the caller ends, from INVITE to record.
async fn whole_call(hotline: &Hotline, watch: &mut Watch) -> Result<String> {
    let mut agent = hotline.ready("1001").await?;
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4100").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    let call = watch.queued(CALLER).await?;
    agent.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    agent.ring().await?;
    agent.answer().await?;
    agent.expect(&PhoneEvent::Up, PATIENCE).await?;
    watch.event("the conversation", |event| matches!(event.what, What::CallConnected { .. })).await?;
    caller.hang_up().await?;
    agent.expect(&PhoneEvent::Ended, PATIENCE).await?;
    watch.over(&call).await?;
    Ok(call)
}

/// The ladder, once both phones have confirmed the end.
async fn ladder(client: &Client, call: &str) -> Result<SipLadder> {
    eventually("the last word of both phones", async || {
        let ladder: SipLadder =
            serde_json::from_value(client.get(&format!("/api/v1/calls/{call}/sip")).await?)?;
        let byes = legs(&ladder)
            .into_values()
            .filter(|leg| leg.last().is_some_and(|last| last.ends_with("200 BYE")));
        Ok((byes.count() == 2).then_some(ladder))
    })
    .await
}

/// What passed on each leg, without repetitions: `< INVITE` came, `> 200 INVITE` left.
fn legs(ladder: &SipLadder) -> BTreeMap<String, Vec<String>> {
    let mut legs: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for message in ladder.messages.iter().filter(|message| !message.repeated) {
        let method = message.method.clone().unwrap_or_default();
        let what = message.status.map_or_else(|| method.clone(), |status| format!("{status} {method}"));
        let (arrow, peer) = match message.direction {
            SipDirection::Received => ("<", &message.from),
            SipDirection::Sent => (">", &message.to),
        };
        legs.entry(peer.clone()).or_default().push(format!("{arrow} {what}"));
    }
    legs
}

#[tokio::test]
async fn a_call_is_a_ladder_with_both_legs_in_order() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let call = whole_call(&hotline, &mut watch).await?;
    let ladder = ladder(watch.client(), &call).await?;
    assert_eq!((ladder.call.as_deref(), ladder.living, ladder.omitted), (Some(call.as_str()), false, 0));
    let columns: Vec<_> = ladder.participants.iter().map(|one| (one.id.as_str(), one.role)).collect();
    let expected =
        [("caller", SipRole::Caller), ("hotline", SipRole::Server), ("agent 1001", SipRole::Agent)];
    assert_eq!(columns, expected);
    let legs = legs(&ladder);
    assert_eq!(legs["caller"], ["< INVITE", "> 100 INVITE", "> 200 INVITE", "< ACK", "< BYE", "> 200 BYE"]);
    assert_eq!(
        legs["agent 1001"],
        ["> INVITE", "< 100 INVITE", "< 180 INVITE", "< 200 INVITE", "> ACK", "> BYE", "< 200 BYE"]
    );
    let answer = ladder.messages.iter().find(|message| message.status == Some(200)).context("an answer")?;
    let media = answer.sdp.first().context("a session description")?;
    assert_eq!((media.kind.as_str(), media.direction.as_str()), ("audio", "sendrecv"));
    assert_eq!(media.address.as_deref(), Some(hotline.sip().ip().to_string().as_str()));
    assert!(ladder.messages.is_sorted_by_key(|message| (message.seq, message.offset_us)));
    Ok(())
}

#[tokio::test]
async fn wireshark_reads_the_file_of_a_call_as_sip_with_right_checksums() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let call = whole_call(&hotline, &mut watch).await?;
    let ladder = ladder(watch.client(), &call).await?;
    let file = hotline.directory().join("call.pcap");
    std::fs::write(&file, watch.client().get_bytes(&format!("/api/v1/calls/{call}/sip.pcap")).await?)?;
    let fields =
        ["ip.checksum.status", "udp.checksum.status", "sip.Call-ID", "sip.Method", "sip.Status-Code"];
    let mut tshark = Command::new("tshark");
    tshark
        .args(["-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-T", "fields", "-r"])
        .arg(&file);
    for field in fields {
        tshark.args(["-e", field]);
    }
    let read =
        within("tshark", async { Ok(tshark.output().await?) }).await.context("is tshark installed?")?;
    let text = String::from_utf8(read.stdout)?;
    ensure!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    // 1 is good.
    let row = |message: &hotline_api_types::SipMessage| {
        let status = message.status.map(|status| status.to_string());
        let method = if status.is_some() { None } else { message.method.clone() };
        format!(
            "1\t1\t{}\t{}\t{}",
            message.sip_call_id,
            method.unwrap_or_default(),
            status.unwrap_or_default()
        )
    };
    let expected: Vec<String> = ladder.messages.iter().map(row).collect();
    assert_eq!(
        text.lines().map(str::trim_end).collect::<Vec<_>>(),
        expected.iter().map(|row| row.trim_end()).collect::<Vec<_>>()
    );
    Ok(())
}

/// Runs `hotline trace` beside the server, with this on its standard input.
async fn trace(hotline: &Hotline, arguments: &[&str], input: &str) -> Result<Output> {
    let mut command = Command::new(binary()?);
    command.arg("trace").args(arguments).current_dir(hotline.directory());
    command.env_remove("HOTLINE_CONFIG").env_remove("HOTLINE_TOKEN").kill_on_drop(true);
    command.stdin(std::process::Stdio::piped());
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn()?;
    let mut stdin = child.stdin.take().context("stdin is a pipe")?;
    stdin.write_all(input.as_bytes()).await?;
    drop(stdin);
    within("the command to end", async { Ok(child.wait_with_output().await?) }).await
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[tokio::test]
async fn the_operators_command_draws_the_ladder_and_writes_the_file() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let nothing = trace(&hotline, &["last"], "").await?;
    assert!(!nothing.status.success() && said(&nothing).contains("no SIP messages are kept of `last`"));
    let call = whole_call(&hotline, &mut watch).await?;
    let ladder = ladder(watch.client(), &call).await?;

    let text = said(&trace(&hotline, &["last"], "").await?);
    assert!(text.contains(&format!("Call {call}\n")), "{text}");
    for line in ["│─INVITE──", "│◀─200 OK──", "─ACK──", "─BYE──"] {
        assert!(text.contains(line), "no {line} in\n{text}");
    }
    assert!(text.contains("caller                     hotline                    agent 1001"), "{text}");
    // The call is over: following it ends by itself.
    let followed = trace(&hotline, &[&call, "--follow", "--full", "--redact"], "").await?;
    let text = said(&followed);
    assert!(followed.status.success() && text.contains("Max-Forwards: ") && !text.contains(CALLER), "{text}");

    let leg = &ladder.legs[1].sip_call_id;
    let file = hotline.directory().join("leg.pcap");
    let path = file.to_string_lossy().into_owned();
    let written =
        trace(&hotline, &[leg, "--pcap", &path, "--user", ADMIN], &format!("{ADMIN_PASSWORD}\n")).await?;
    assert!(written.status.success(), "{}", said(&written));
    let piped = trace(&hotline, &["last", "--pcap", "-"], "").await?;
    assert_eq!(piped.stdout, std::fs::read(&file)?);

    let wrong = trace(&hotline, &["last", "--user", "desk1001"], "desk-password-1001\n").await?;
    assert!(said(&wrong).contains("only those with the permission"), "{}", said(&wrong));
    let log = watch.client().get("/api/v1/audit?limit=1000").await?.to_string();
    assert_eq!(log.matches("\"sip.read\"").count(), log.matches("sip.read").count());
    assert!(log.matches("sip.read").count() >= 5, "{log}");
    Ok(())
}

#[tokio::test]
async fn keys_and_passwords_are_in_no_trace() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut agent = hotline.ready("1001").await?;
    let carrier = Sipp::carrier(&hotline, "carrier_presses_info.xml").key("caller", CALLER).dialling("4000");
    let mut run = carrier.start(&hotline)?;
    agent.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    agent.answer().await?;
    agent.expect(&PhoneEvent::Up, PATIENCE).await?;
    agent.hang_up().await?;
    run.passed().await?;
    let call = watch.call_of(CALLER).await?;
    let text = watch.client().get(&format!("/api/v1/calls/{call}/sip?full=1")).await?.to_string();
    assert!(text.contains("Signal=*") && !text.contains("Signal=1"), "{text}");
    Ok(())
}

#[tokio::test]
async fn a_hep_collector_is_sent_every_message() -> Result<()> {
    let center = Center::new();
    let collector = UdpSocket::bind((center.addresses().stranger(), 0)).await?;
    let hep = format!(
        "sip:\n  hep: {{collector: \"{}\", capture_id: 2001, password: secret}}\n",
        collector.local_addr()?
    );
    let hotline = center.edit("config/hotline.yaml", "sip:\n", &hep).start().await?;
    hotline.registered("1001").await?;
    let packet = within("a packet", async {
        let mut buffer = vec![0; 65_536];
        let length = collector.recv(&mut buffer).await?;
        Ok(buffer[..length].to_vec())
    })
    .await?;
    let text = String::from_utf8_lossy(&packet);
    assert!(text.starts_with("HEP3") && text.contains("REGISTER sip:") && text.contains("secret"), "{text}");
    Ok(())
}

#[tokio::test]
async fn messages_and_trunks_are_counted() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    whole_call(&hotline, &mut watch).await?;
    let mut lost = hotline.caller(CALLER).await?;
    lost.dial("4999").await?;
    lost.expect(&PhoneEvent::Failed(404), PATIENCE).await?;
    eventually("the counts", async || {
        let metrics = watch.client().get_bytes("/metrics").await?;
        let metrics = String::from_utf8_lossy(&metrics).into_owned();
        let all = [
            "hotline_sip_requests_total{method=\"INVITE\",direction=\"received\",transport=\"udp\"} 2",
            "hotline_sip_requests_total{method=\"INVITE\",direction=\"sent\",transport=\"udp\"} 1",
            "hotline_sip_responses_total{class=\"4xx\",method=\"INVITE\",direction=\"sent\",transport=\"udp\"} 1",
            "hotline_sip_trunk_calls_total{trunk=\"carrier\"} 2",
            "hotline_sip_trunk_failures_total{trunk=\"carrier\",class=\"4xx\"} 1",
            "hotline_sip_trunk_failures_total{trunk=\"carrier\",class=\"5xx\"} 0",
        ];
        let there = all.iter().all(|line| metrics.lines().any(|shown| shown == *line));
        Ok(there.then_some(()))
    })
    .await
}
