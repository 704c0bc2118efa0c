//! What no proper phone or carrier would send, and what it is told.

use anyhow::{Context, Result};
use hotline_api_types::EndKind;
use hotline_phone::PhoneEvent;
use hotline_sdp::Codec;
use hotline_tests::{Center, Hotline, PATIENCE, Wire, eventually, field, records, status};
use serde_json::Value;

const SDP: &str = "v=0\no=- 1 1 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 4000 RTP/AVP 0\n";

/// A well-formed INVITE for `number`; tests change what they are about.
fn invite(number: &str, sdp: &str) -> String {
    let sdp = sdp.replace('\n', "\r\n");
    format!(
        "INVITE sip:{number}@hotline.test SIP/2.0\nVia: SIP/2.0/UDP HERE;branch=z9hG4bK-one;rport\nMax-Forwards: 70\n\
         From: <sip:+15550100999@HERE>;tag=a\nTo: <sip:{number}@hotline.test>\nCall-ID: one@HERE\nCSeq: 1 INVITE\n\
         Contact: <sip:someone@HERE>\nContent-Type: application/sdp\nContent-Length: {}\n\n{sdp}",
        sdp.len()
    )
}

async fn counter(hotline: &Hotline, name: &str) -> Result<u64> {
    let live = hotline.admin().await?.get("/api/v1/live").await?;
    live["counters"][name].as_u64().with_context(|| format!("no counter {name} in {}", live["counters"]))
}

/// Sends one message from the trunk's address and gives the status of the answer.
async fn answer(hotline: &Hotline, message: &str) -> Result<String> {
    let wire = Wire::open(hotline, hotline.addresses().carrier()).await?;
    wire.send(message).await?;
    wire.receive_final().await
}

async fn answer_status(hotline: &Hotline, message: &str) -> Result<Option<u16>> {
    Ok(status(&answer(hotline, message).await?))
}

/// The server still takes calls.
async fn takes_calls(hotline: &Hotline) -> Result<()> {
    let mut caller = hotline.caller("+15550100998").await?;
    caller.dial("4000").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    caller.hang_up().await?;
    Ok(())
}

#[tokio::test]
async fn a_call_from_an_address_that_is_no_trunk_is_refused_and_counted() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut stranger = hotline.stranger("+15550100666").await?;
    stranger.dial("4000").await?;
    stranger.expect(&PhoneEvent::Failed(403), PATIENCE).await?;
    assert_eq!(counter(&hotline, "sip_refused_invites").await?, 1);
    assert_eq!(counter(&hotline, "calls_started").await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_number_that_nobody_has_is_not_found() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut caller = hotline.caller("+15550100111").await?;
    caller.dial("4999").await?;
    caller.expect(&PhoneEvent::Failed(404), PATIENCE).await?;
    assert_eq!(counter(&hotline, "calls_unknown_number").await?, 1);
    Ok(())
}

#[tokio::test]
async fn a_phone_without_a_common_codec_is_told_so() -> Result<()> {
    let hotline = Center::new().start().await?;
    let sdp = SDP.replace("RTP/AVP 0", "RTP/AVP 18") + "a=rtpmap:18 G729/8000\n";
    assert_eq!(answer_status(&hotline, &invite("4000", &sdp)).await?, Some(488));
    takes_calls(&hotline).await
}

#[tokio::test]
async fn every_codec_is_spoken() -> Result<()> {
    let hotline = Center::new().start().await?;
    for codec in Codec::ALL {
        let mut caller = hotline.caller_with("+15550100112", codec).await?;
        caller.dial("4000").await?;
        caller.expect(&PhoneEvent::Up, PATIENCE).await?;
        hotline_tests::eventually("the greeting", async || {
            Ok((hotline_tests::loudness(&caller.heard()) > -40.0).then_some(()))
        })
        .await?;
        caller.hang_up().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_wrong_password_does_not_register() -> Result<()> {
    let hotline = Center::new()
        .edit("config/center.yaml", "sip_password: phone-password-1002", "sip_password: another-password")
        .start()
        .await?;
    assert!(hotline.registered("1002").await.is_err());
    assert!(counter(&hotline, "sip_auth_failures").await? >= 1);
    let agents = hotline.admin().await?.get("/api/v1/agents/1002").await?;
    assert_eq!(agents["registered"], Value::Bool(false));
    Ok(())
}

#[tokio::test]
async fn malformed_messages_are_refused_or_ignored_and_harm_nothing() -> Result<()> {
    let hotline = Center::new().start().await?;
    let good = invite("4000", SDP);
    for (what, message, expected) in [
        ("no CSeq", good.replace("CSeq: 1 INVITE\n", ""), Some(400)),
        ("no Call-ID", good.replace("Call-ID: one@HERE\n", ""), Some(400)),
        ("no From", good.replace("From: <sip:+15550100999@HERE>;tag=a\n", ""), Some(400)),
        ("another method in CSeq", good.replace("1 INVITE", "1 BYE"), Some(400)),
        ("a body that is too short", good.replace("Content-Length: ", "Content-Length: 9"), Some(400)),
        (
            "a Content-Length that is no number",
            good.replace("Content-Length: ", "Content-Length: x"),
            Some(400),
        ),
        ("an unknown version", good.replacen("SIP/2.0\n", "SIP/7.0\n", 1), Some(505)),
        ("no Via", good.replace("Via: SIP/2.0/UDP HERE;branch=z9hG4bK-one;rport\n", ""), None),
        ("a Via that cannot be read", good.replace("SIP/2.0/UDP HERE", "SIP/2.0/UDP"), None),
        ("half a line", "INVITE sip:4000@hotl".to_owned(), None),
        (
            "a response to nothing",
            good.replacen("INVITE sip:4000@hotline.test SIP/2.0", "SIP/2.0 200 OK", 1),
            None,
        ),
    ] {
        let wire = Wire::open(&hotline, hotline.addresses().carrier()).await?;
        wire.send(&message).await?;
        match expected {
            Some(expected) => {
                let answer = wire.receive().await?;
                assert_eq!(status(&answer), Some(expected), "{what}: {answer}");
            }
            None => silent(&wire, what).await?,
        }
    }
    assert_eq!(counter(&hotline, "calls_started").await?, 0);
    assert!(counter(&hotline, "sip_malformed").await? >= 3);
    assert!(counter(&hotline, "sip_malformed_answered").await? >= 7);
    takes_calls(&hotline).await
}

/// Nothing was answered: the answer to a question that was sent after it is the first to come.
async fn silent(wire: &Wire, what: &str) -> Result<()> {
    wire.send(
        "OPTIONS sip:hotline.test SIP/2.0\nVia: SIP/2.0/UDP HERE;branch=z9hG4bK-after;rport\nMax-Forwards: 70\n\
         From: <sip:x@HERE>;tag=o\nTo: <sip:hotline.test>\nCall-ID: after@HERE\nCSeq: 1 OPTIONS\nContent-Length: 0\n\n",
    )
    .await?;
    let answer = wire.receive().await?;
    assert_eq!(field(&answer, "CSeq"), Some("1 OPTIONS"), "{what} was answered: {answer}");
    Ok(())
}

#[tokio::test]
async fn noise_on_the_sip_port_harms_nothing() -> Result<()> {
    let hotline = Center::new().start().await?;
    let wire = Wire::open(&hotline, hotline.addresses().stranger()).await?;
    for datagram in [&b"\r\n\r\n"[..], b"", b"\0\xff\xfe", &[b'A'; 60_000], b"GET / HTTP/1.1\r\n\r\n"] {
        wire.send_bytes(datagram).await?;
    }
    let mut truncated = invite("4000", SDP);
    while truncated.pop().is_some() {
        wire.send(&truncated).await?;
    }
    takes_calls(&hotline).await
}

#[tokio::test]
async fn requests_are_refused_with_the_status_that_their_fault_has() -> Result<()> {
    let hotline = Center::new().start().await?;
    let good = invite("4000", SDP);
    let request = |method: &str| good.replace("INVITE", method);
    for (what, message, expected) in [
        ("too many hops", good.replace("Max-Forwards: 70", "Max-Forwards: 0"), 483),
        ("an extension nobody knows", good.replace("CSeq:", "Require: teleport\nCSeq:"), 420),
        ("a known method that is not offered", request("PUBLISH"), 405),
        ("a method nobody knows", request("DANCE"), 501),
        (
            "a dialog that does not exist",
            request("BYE").replace("To: <sip:4000@hotline.test>", "To: <sip:4000@hotline.test>;tag=gone"),
            481,
        ),
        ("nothing to cancel", request("CANCEL"), 481),
        ("a scheme that is not dialled here", good.replacen("sip:4000@hotline.test", "mailto:a@b", 1), 416),
        ("a body of another kind", good.replace("application/sdp", "text/plain"), 415),
    ] {
        let answer = answer(&hotline, &message).await?;
        assert_eq!(status(&answer), Some(expected), "{what}: {answer}");
    }
    takes_calls(&hotline).await
}

#[tokio::test]
async fn an_invite_that_arrives_by_two_ways_makes_one_call() -> Result<()> {
    let hotline = Center::new().start().await?;
    let wire = Wire::open(&hotline, hotline.addresses().carrier()).await?;
    wire.send(&invite("4000", SDP)).await?;
    wire.send(&invite("4000", SDP).replace("z9hG4bK-one", "z9hG4bK-two")).await?;
    let mut seen = Vec::new();
    while !(seen.contains(&(Some(200), true)) && seen.contains(&(Some(482), false))) {
        let message = wire.receive().await?;
        let is_first = field(&message, "Via").is_some_and(|via| via.contains("z9hG4bK-one"));
        seen.push((status(&message), is_first));
    }
    assert_eq!(counter(&hotline, "calls_started").await?, 1);
    Ok(())
}

/// The call is up and acknowledged: what a request within it has in common.
async fn answered(wire: &Wire) -> Result<(String, String)> {
    let answer = wire.receive_final().await?;
    assert_eq!(status(&answer), Some(200), "{answer}");
    let target = field(&answer, "Contact").context("a Contact")?.trim_matches(['<', '>']).to_owned();
    let to = field(&answer, "To").context("a To")?;
    let rest = format!(
        "{target} SIP/2.0\nVia: SIP/2.0/UDP HERE;branch=z9hG4bK-NUMBER;rport\nMax-Forwards: 70\n\
         From: <sip:+15550100999@HERE>;tag=a\nTo: {to}\nCall-ID: one@HERE\nCSeq: NUMBER"
    );
    Ok((answer, rest))
}

fn within_call(rest: &str, method: &str, number: u32) -> String {
    format!("{method} {rest} {method}\nContent-Length: 0\n\n").replace("NUMBER", &number.to_string())
}

#[tokio::test]
async fn requests_that_arrive_twice_act_once() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let wire = Wire::open(&hotline, hotline.addresses().carrier()).await?;
    let invite = invite("4000", SDP);
    wire.send(&invite).await?;
    wire.send(&invite).await?;
    let (answer, rest) = answered(&wire).await?;
    wire.send(&invite).await?;
    assert_eq!(wire.receive_final().await?, answer, "the INVITE that comes again gets the same answer");
    for _ in 0..2 {
        wire.send(&within_call(&rest, "ACK", 1)).await?;
    }
    let bye = within_call(&rest, "BYE", 2);
    wire.send(&bye).await?;
    let goodbye = loop {
        let message = wire.receive_final().await?;
        if field(&message, "CSeq") == Some("2 BYE") {
            break message;
        }
    };
    assert_eq!(status(&goodbye), Some(200));
    wire.send(&bye).await?;
    assert_eq!(wire.receive_final().await?, goodbye, "the BYE that comes again gets the same answer");
    let call = watch.call_of("+15550100999").await?;
    let record = watch.over(&call).await?;
    assert_eq!(record.cause.context("a cause")?.kind, EndKind::HungUpEarly);
    assert_eq!((records(watch.client()).await?.len(), counter(&hotline, "calls_started").await?), (1, 1));
    Ok(())
}

#[tokio::test]
async fn an_answer_is_repeated_until_it_is_acknowledged() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let wire = Wire::open(&hotline, hotline.addresses().carrier()).await?;
    wire.send(&invite("4000", SDP)).await?;
    let (answer, rest) = answered(&wire).await?;
    for _ in 0..2 {
        assert_eq!(wire.receive_final().await?, answer);
    }
    wire.send(&within_call(&rest, "ACK", 1)).await?;
    wire.send(&within_call(&rest, "BYE", 2)).await?;
    let call = watch.call_of("+15550100999").await?;
    watch.over(&call).await?;
    Ok(())
}

#[tokio::test]
async fn who_scans_is_dropped_and_listed_until_an_admin_lets_it_be_heard_again() -> Result<()> {
    let hotline = Center::new().start().await?;
    let admin = hotline.admin().await?;
    let wire = Wire::open(&hotline, hotline.addresses().stranger()).await?;
    let options = |branch: &str, program: &str| {
        format!(
            "OPTIONS sip:hotline.test SIP/2.0\nVia: SIP/2.0/UDP HERE;branch=z9hG4bK-{branch};rport\nMax-Forwards: 70\n\
             From: <sip:x@HERE>;tag=a\nTo: <sip:hotline.test>\nCall-ID: {branch}@HERE\nCSeq: 1 OPTIONS\n\
             User-Agent: {program}\nContent-Length: 0\n\n"
        )
    };
    wire.send(&options("one", "friendly-scanner")).await?;
    wire.send(&options("two", "A phone")).await?;
    let listed = eventually("the scanner in the list", async || {
        let list = admin.get("/api/v1/sip/blocked").await?;
        let one = list["blocked"].as_array().and_then(|all| all.first().cloned());
        Ok(one.filter(|one| one["dropped"].as_u64() > Some(0)))
    })
    .await?;
    let address = hotline.addresses().stranger().to_string();
    assert_eq!((listed["address"].as_str(), listed["reason"].as_str()), (Some(&*address), Some("scanner")));
    let path = format!("/api/v1/sip/blocked/{address}");
    admin.delete(&path).await?;
    assert_eq!(admin.get("/api/v1/sip/blocked").await?["blocked"], serde_json::json!([]));
    assert!(admin.delete(&path).await.expect_err("nobody is there").to_string().contains("404"));
    wire.send(&options("three", "A phone")).await?;
    assert!(status(&wire.receive_final().await?).is_some(), "it is heard again");
    let audit = admin.get("/api/v1/audit").await?;
    let released = |entry: &Value| entry["action"] == "sip.release" && entry["subject"] == *address;
    assert!(audit["entries"].as_array().context("entries")?.iter().any(released));
    Ok(())
}
