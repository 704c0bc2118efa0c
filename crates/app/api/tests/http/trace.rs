//! The SIP messages of calls: the ladder, the file, who may read them, and what is hidden.

use std::time::Duration;

use bytes::Bytes;
use hotline_base::{CallId, Now, WallTime};
use hotline_call::{LegEnd, SipLeg, Source};
use hotline_sip::Flow;
use hotline_sip_trace::Way;
use serde_json::{Value, json};

use crate::server::{Server, call_id, detail};

const SDP: &str = "v=0\r\no=carrier 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\n\
                   m=audio 4000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n";

fn request(method: &str, call_id: &str) -> String {
    format!(
        "{method} sip:+4930901820@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK1\r\n\
         From: \"Ada\" <sip:+15550100123@carrier.example>;tag=1\r\nTo: <sip:+4930901820@192.0.2.1>\r\n\
         Call-ID: {call_id}\r\nCSeq: 1 {method}\r\nMax-Forwards: 70\r\n"
    )
}

fn response(status: &str, call_id: &str) -> String {
    format!("SIP/2.0 {status}\r\nCall-ID: {call_id}\r\nCSeq: 1 INVITE\r\n\r\n")
}

/// Messages pass one millisecond after another.
struct Wire<'a> {
    server: &'a mut Server,
    now: Now,
}

impl Wire<'_> {
    fn pass(&mut self, way: Way, remote: &str, text: &str) {
        self.now = self.now + Duration::from_millis(1);
        let flow = Flow::udp("192.0.2.1:5060".parse().unwrap(), remote.parse().unwrap());
        self.server.trace.message(self.now, way, flow, &Bytes::copy_from_slice(text.as_bytes()));
    }
}

/// A call from a trunk to an agent, which is up.
fn call(server: &mut Server) -> CallId {
    let (call, carrier, phone) = (call_id(7), "198.51.100.7:5060", "192.0.2.11:5070");
    let now = Now { wall: WallTime(1_700_000_000_000_250), ..Now::default() };
    let mut wire = Wire { server, now };
    let invite = request("INVITE", "caller@carrier")
        + &format!("Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{SDP}", SDP.len());
    wire.pass(Way::Received, carrier, &invite);
    wire.pass(Way::Received, carrier, &invite);
    let leg = |end, id: &str| SipLeg { call, end, sip_call_id: id.to_owned() };
    wire.server.trace.leg(leg(LegEnd::Caller(Source::Trunk("carrier".into())), "caller@carrier"));
    wire.pass(Way::Sent, carrier, &response("100 Trying", "caller@carrier"));
    wire.server.trace.leg(leg(LegEnd::Agent("1001".into()), "agent/1@hotline"));
    wire.pass(Way::Sent, phone, &(request("INVITE", "agent/1@hotline") + "\r\n"));
    let secret = "Authorization: Digest username=\"1001\", response=\"5ec4e7\"\r\n\r\n";
    wire.pass(Way::Received, phone, &(request("BYE", "agent/1@hotline") + secret));
    call
}

fn rung(message: &Value) -> String {
    let text = |key: &str| message[key].as_str().unwrap_or_default().to_owned();
    let what = message["status"].as_u64().map_or_else(|| text("method"), |status| status.to_string());
    let again = if message["repeated"] == true { " again" } else { "" };
    format!("{} > {}: {what}{again}", text("from"), text("to"))
}

fn rungs(ladder: &Value) -> Vec<String> {
    ladder["messages"].as_array().unwrap().iter().map(rung).collect()
}

#[tokio::test]
async fn a_living_call_and_one_that_is_over_are_shown_as_a_ladder() {
    let mut server = Server::start().await;
    let boss = server.token("boss").await;
    let call = call(&mut server);
    let ladder = server.get(&format!("/api/v1/calls/{call}/sip"), &boss).await.json();
    assert_eq!(
        rungs(&ladder),
        [
            "caller > hotline: INVITE",
            "caller > hotline: INVITE again",
            "hotline > caller: 100",
            "hotline > agent 1001: INVITE",
            "agent 1001 > hotline: BYE",
        ]
    );
    assert_eq!((&ladder["call"], &ladder["living"]), (&json!(call.to_string()), &json!(true)));
    assert_eq!(
        ladder["participants"],
        json!([
            { "id": "caller", "role": "caller", "source": { "trunk": "carrier" }, "agent": null,
              "address": "198.51.100.7:5060" },
            { "id": "hotline", "role": "server", "source": null, "agent": null, "address": null },
            { "id": "agent 1001", "role": "agent", "source": null, "agent": "1001", "address": "192.0.2.11:5070" },
        ])
    );
    assert_eq!(
        ladder["legs"],
        json!([
            { "sip_call_id": "caller@carrier", "role": "caller", "agent": null, "messages": 3 },
            { "sip_call_id": "agent/1@hotline", "role": "agent", "agent": "1001", "messages": 2 },
        ])
    );
    let first = &ladder["messages"][0];
    assert_eq!(first["start_line"], "INVITE sip:+4930901820@192.0.2.1 SIP/2.0");
    assert_eq!((&first["at"], &first["offset_us"]), (&json!("2023-11-14T22:13:20.001Z"), &json!(0)));
    assert_eq!(ladder["messages"][3]["offset_us"], 3000);
    assert_eq!(
        (&first["cseq"], &first["direction"], &first["transport"]),
        (&json!("1 INVITE"), &json!("received"), &json!("UDP"))
    );
    assert_eq!(
        first["sdp"],
        json!([{ "kind": "audio", "address": "198.51.100.7", "port": 4000, "codecs": ["PCMA", "telephone-event"],
                 "direction": "sendrecv" }])
    );
    assert_eq!((&first["text"], &ladder["omitted"]), (&json!(null), &json!(0)));

    server.trace.over(call);
    for path in ["last".to_owned(), "agent%2F1@hotline".to_owned(), call.to_string()] {
        let again = server.get(&format!("/api/v1/calls/{path}/sip"), &boss).await.json();
        assert_eq!((&again["messages"], &again["living"]), (&ladder["messages"], &json!(false)), "{path}");
    }
}

#[tokio::test]
async fn a_follower_gets_what_is_new_and_is_audited_for_what_it_got() {
    let mut server = Server::start().await;
    let boss = server.token("boss").await;
    let call = call(&mut server);
    let ladder = server.get("/api/v1/calls/last/sip", &boss).await.json();
    let path = format!("/api/v1/calls/last/sip?after={}", ladder["next"]);
    for _ in 0..3 {
        let nothing = server.get(&path, &boss).await.json();
        assert_eq!((&nothing["messages"], &nothing["next"]), (&json!([]), &ladder["next"]));
    }
    let now = Now { wall: WallTime(1_700_000_000_100_000), ..Now::default() };
    Wire { server: &mut server, now }.pass(
        Way::Sent,
        "198.51.100.7:5060",
        &response("200 OK", "caller@carrier"),
    );
    let later = server.get(&path, &boss).await.json();
    assert_eq!(rungs(&later), ["hotline > caller: 200"]);
    let log = server.get("/api/v1/audit", &boss).await.json();
    let read: Vec<&Value> =
        log["entries"].as_array().unwrap().iter().filter(|entry| entry["action"] == "sip.read").collect();
    assert_eq!(read.len(), 2, "what gave nothing away is no reading: {read:?}");
    assert_eq!((&read[1]["actor"], &read[1]["subject"]), (&json!("boss"), &json!(call.to_string())));
    assert_eq!(detail(read[1]), json!({ "as": "ladder", "messages": 5, "full": false, "redact": false }));
}

#[tokio::test]
async fn secrets_are_masked_always_and_people_if_asked_for() {
    let mut server = Server::start().await;
    let boss = server.token("boss").await;
    call(&mut server);
    let full = server.get("/api/v1/calls/last/sip?full=1", &boss).await.json();
    let bye = full["messages"][4]["text"].as_str().unwrap();
    assert!(bye.contains("username=\"1001\", response=\"***\"") && !bye.contains("5ec4e7"), "{bye}");
    let redacted = server.get("/api/v1/calls/last/sip?full=true&redact=1", &boss).await.json().to_string();
    for person in ["15550100123", "4930901820", "Ada"] {
        assert!(!redacted.contains(person) && full.to_string().contains(person), "{person}");
    }
    assert_eq!(server.get("/api/v1/calls/last/sip?full=yes", &boss).await.status, 400);
    assert_eq!(server.get("/api/v1/calls/last/sip?fall=1", &boss).await.status, 400);
}

#[tokio::test]
async fn the_file_holds_every_message_as_a_packet() {
    let mut server = Server::start().await;
    let boss = server.token("boss").await;
    let call = call(&mut server);
    let path = format!("/api/v1/calls/{call}/sip.pcap");
    let answer = server.get(&path, &boss).await;
    assert_eq!((answer.status, answer.field("content-type")), (200, Some("application/vnd.tcpdump.pcap")));
    let name = format!("attachment; filename=\"{call}.pcap\"");
    assert_eq!(answer.field("content-disposition"), Some(name.as_str()));
    let packets = packets(&unchunked(&answer.body));
    let lines: Vec<&str> = packets.iter().map(|packet| packet.lines().next().unwrap()).collect();
    assert_eq!(lines.len(), 5);
    assert!(lines[0].starts_with("INVITE sip:+4930901820") && lines[2] == "SIP/2.0 100 Trying", "{lines:?}");
    assert!(packets[4].contains("response=\"***\""));
    let redacted = server.get(&format!("{path}?redact=1"), &boss).await;
    assert!(!String::from_utf8_lossy(&redacted.body).contains("4930901820"));
    let log = server.get("/api/v1/audit?limit=1", &boss).await.json();
    assert_eq!(detail(&log["entries"][0]), json!({ "as": "pcap", "messages": 5, "redact": true }));
}

/// RFC 9112 §7.1.
fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    loop {
        let end = body.windows(2).position(|window| window == b"\r\n").unwrap();
        let size = usize::from_str_radix(std::str::from_utf8(&body[..end]).unwrap(), 16).unwrap();
        if size == 0 {
            return whole;
        }
        whole.extend_from_slice(&body[end + 2..end + 2 + size]);
        body = &body[end + 2 + size + 2..];
    }
}

/// What the packets of a file carry; all of them are UDP over IPv4.
fn packets(file: &[u8]) -> Vec<String> {
    let (mut packets, mut at) = (Vec::new(), 24);
    while at < file.len() {
        let length = u32::from_le_bytes(file[at + 8..at + 12].try_into().unwrap()) as usize;
        packets.push(String::from_utf8_lossy(&file[at + 16 + 28..at + 16 + length]).into_owned());
        at += 16 + length;
    }
    packets
}

#[tokio::test]
async fn agents_may_not_look_and_what_is_not_kept_is_not_found() {
    let mut server = Server::start().await;
    let (ann, boss) = (server.token("1001").await, server.token("boss").await);
    for path in ["/api/v1/calls/last/sip", "/api/v1/calls/last/sip.pcap"] {
        assert_eq!(server.get(path, &boss).await.status, 404, "nothing is kept yet");
    }
    let call = call(&mut server);
    for path in ["sip", "sip.pcap"] {
        assert_eq!(server.get(&format!("/api/v1/calls/{call}/{path}"), &ann).await.status, 403, "{path}");
        for unknown in [call_id(8).to_string(), "x".to_owned()] {
            assert_eq!(server.get(&format!("/api/v1/calls/{unknown}/{path}"), &boss).await.status, 404);
        }
    }
}

#[tokio::test]
async fn a_dialog_that_belongs_to_no_call_is_found_by_its_call_id() {
    let mut server = Server::start().await;
    let boss = server.token("boss").await;
    Wire { server: &mut server, now: Now::default() }.pass(
        Way::Received,
        "203.0.113.9:5060",
        &(request("OPTIONS", "0190b7a2-0000-7000-8000-000000000001") + "\r\n"),
    );
    let path = "/api/v1/calls/0190b7a2-0000-7000-8000-000000000001/sip";
    let ladder = server.get(path, &boss).await.json();
    assert_eq!(
        (&ladder["call"], rungs(&ladder)),
        (&json!(null), vec!["203.0.113.9:5060 > hotline: OPTIONS".to_owned()])
    );
    assert_eq!(ladder["participants"][1]["role"], "stranger");
    let log = server.get("/api/v1/audit?limit=1", &boss).await.json();
    assert_eq!(log["entries"][0]["subject"], "0190b7a2-0000-7000-8000-000000000001");
}
