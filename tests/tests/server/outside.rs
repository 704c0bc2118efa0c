//! Calls that go out by trunks: from an agent's phone and from the page, over servers that fail, and by an account at
//! another server.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use hotline_api_types::{
    AgentState, DialOutcome, Direction, EndKind, Party, Record, RecordedChannel, Source, TrunkList,
    TrunkStatus, What,
};
use hotline_phone::{PhoneEvent, Speech};
use hotline_tests::{
    Center, Hotline, PATIENCE, Sipp, Watch, eventually, free_port, sip_password, wait_until_heard,
};
use serde_json::json;
use tokio::net::UdpSocket;

const CENTER: &str = "config/center.yaml";
const NUMBER: &str = "+15550100200";

/// A center with these further trunks, in this order of preference for every number outside.
fn center(trunks: &str, order: &str) -> Center {
    let routes =
        format!("routes:\n  - {{numbers: [\"+1*\"], trunks: [{order}], caller_id: \"+15550100\"}}\n");
    Center::new().edit(CENTER, "trunks:\n", &format!("trunks:\n{trunks}")).edit(
        CENTER,
        "demo:\n",
        &format!("{routes}demo:\n"),
    )
}

fn server(center: &Center) -> Result<SocketAddr> {
    let address = center.addresses().outside();
    Ok(SocketAddr::new(address, free_port(address)?))
}

fn sipp(scenario: &str, at: SocketAddr) -> Sipp {
    Sipp::at(at.ip(), scenario).port(at.port())
}

/// What the scenario `trunk_answers.xml` expects.
fn answering(at: SocketAddr) -> String {
    format!(
        "{{servers: [\"{at}\"], identity: asserted, headers: {{X-Account: \"account 7, {{caller}} to {{called}}\"}}}}"
    )
}

async fn trunk(hotline: &Hotline, id: &str) -> Result<TrunkStatus> {
    let list: TrunkList = serde_json::from_value(hotline.admin().await?.get("/api/v1/trunks").await?)?;
    list.trunks.into_iter().find(|trunk| trunk.id == id).context("the trunk")
}

async fn call_of_agent(watch: &mut Watch) -> Result<String> {
    let started = |source: &Source| *source == Source::Agent("1001".to_owned());
    let event = watch
        .event("the call", |event| matches!(&event.what, What::CallStarted { source, .. } if started(source)))
        .await?;
    event.call.context("a call's event names it")
}

fn outcomes(record: &Record) -> Vec<(&str, DialOutcome, Option<u16>)> {
    record.dials.iter().map(|dial| (&*dial.trunk, dial.outcome, dial.sip_status)).collect()
}

#[tokio::test]
async fn an_agent_dials_a_number_and_servers_that_fail_are_passed_over() -> Result<()> {
    let plan = Center::new();
    let silent = UdpSocket::bind((plan.addresses().outside(), 0)).await?;
    let (failing, good) = (server(&plan)?, server(&plan)?);
    let trunks = format!(
        "  dead: {{servers: [\"{}\"], response_timeout_s: 1}}\n  failing: {{servers: [\"{failing}\"]}}\n  good: {}\n",
        silent.local_addr()?,
        answering(good)
    );
    let hotline = center(&trunks, "dead, failing, good").start().await?;
    let mut fails =
        sipp("trunk_fails.xml", failing).put("status", "503 Service Unavailable").listen(&hotline).await?;
    let mut answers = sipp("trunk_answers.xml", good).listen(&hotline).await?;
    let mut watch = hotline.watch().await?;
    let mut phone = hotline.ready("1001").await?;
    phone.dial(NUMBER).await?;
    let early = PhoneEvent::Progress(183);
    phone.wait_for("what the network plays", PATIENCE, |event| *event == early).await?;
    phone.expect(&PhoneEvent::Up, PATIENCE).await?;
    watch.agent("1001", AgentState::Talking).await?;
    phone.expect(&PhoneEvent::Ended, PATIENCE).await?;
    fails.passed().await?;
    answers.passed().await?;
    let call = call_of_agent(&mut watch).await?;
    let record = watch.over(&call).await?;
    assert_eq!(
        outcomes(&record),
        [
            ("dead", DialOutcome::Silent, None),
            ("failing", DialOutcome::TrunkFault, Some(503)),
            ("good", DialOutcome::Answered, None)
        ]
    );
    assert_eq!((record.direction, record.agent.as_deref()), (Direction::Out, Some("1001")));
    assert_eq!((record.ended_by, record.recordings.len()), (Some(Party::Callee), 1));
    let legs = record.recordings[0].legs.iter().map(|leg| (leg.speaker.as_str(), leg.channel));
    let (left, right) = (RecordedChannel::Left, RecordedChannel::Right);
    assert_eq!(legs.collect::<Vec<_>>(), [("customer", left), ("agent:1001", right)]);
    assert_eq!(record.cause.context("a cause")?.kind, EndKind::Completed);
    watch.agent("1001", AgentState::Ready).await?;
    assert!(!trunk(&hotline, "dead").await?.servers[0].usable, "it is tried last from here on");
    let good = trunk(&hotline, "good").await?;
    assert_eq!((good.calls, good.calls_out, good.problem), (0, 1, None));
    watch.agrees_with_live().await
}

#[tokio::test]
async fn a_call_from_the_page_rings_the_own_phone_first() -> Result<()> {
    let plan = Center::new();
    let good = server(&plan)?;
    let hotline = center(&format!("  good: {}\n", answering(good)), "good").start().await?;
    let mut answers = sipp("trunk_answers.xml", good).listen(&hotline).await?;
    let mut watch = hotline.watch().await?;
    let mut phone = hotline.ready("1001").await?;
    let desk = hotline.desk("1001").await?;
    let answer = desk.post("/api/v1/calls", &json!({ "to": "+1 (555) 010-0200" })).await?;
    let call = answer["id"].as_str().context("the call's id")?.to_owned();
    phone.wait_for("the own call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    watch.agent("1001", AgentState::Ringing).await?;
    let again = desk.post("/api/v1/calls", &json!({ "to": NUMBER })).await.expect_err("one at a time");
    assert!(again.to_string().contains("the agent has a call"), "{again}");
    phone.answer().await?;
    phone.expect(&PhoneEvent::Up, PATIENCE).await?;
    phone.expect(&PhoneEvent::Ended, PATIENCE).await?;
    answers.passed().await?;
    let record = watch.over(&call).await?;
    assert_eq!(outcomes(&record), [("good", DialOutcome::Answered, None)]);
    assert_eq!((record.caller.as_str(), record.called.as_str()), ("1001", "+1 (555) 010-0200"));
    assert_eq!((record.direction, record.ended_by), (Direction::Out, Some(Party::Callee)));
    for (body, told) in [
        (json!({ "to": "+4930901820" }), "no such extension or number"),
        (json!({ "to": NUMBER, "caller_id": "+15559999999" }), "none of the center's"),
        (json!({ "to": "" }), "some fields are wrong"),
        (json!({ "to": NUMBER, "agent": "1002" }), "you may not do this"),
    ] {
        let refused = desk.post("/api/v1/calls", &body).await.expect_err("nobody is called");
        assert!(refused.to_string().contains(told), "{body}: {refused}");
    }
    let away = hotline.desk("1002").await?.post("/api/v1/calls", &json!({ "to": NUMBER })).await;
    assert!(away.expect_err("no phone").to_string().contains("no phone of the agent is registered"));
    watch.agrees_with_live().await
}

#[tokio::test]
async fn nobody_but_an_agent_reaches_a_trunk() -> Result<()> {
    let plan = Center::new();
    let good = server(&plan)?;
    let hotline = center(&format!("  good: {}\n", answering(good)), "good").start().await?;
    let mut carrier = hotline.caller("+15550100777").await?;
    carrier.dial(NUMBER).await?;
    carrier.expect(&PhoneEvent::Failed(404), PATIENCE).await?;
    let mut stranger = hotline.stranger("1001").await?;
    stranger.dial(NUMBER).await?;
    stranger.expect(&PhoneEvent::Failed(403), PATIENCE).await?;
    assert_eq!(trunk(&hotline, "good").await?.calls_out, 0);
    Ok(())
}

/// The provider is another server of ours, at which one of its agents' accounts is ours.
#[tokio::test]
async fn an_account_at_a_provider_carries_calls_both_ways() -> Result<()> {
    let provider =
        Center::new().edit(CENTER, "numbers:\n", "numbers:\n  \"4500\": {flow: straight}\n").start().await?;
    let login = format!("{{username: \"1003\", password: \"{}\"}}", sip_password("1003"));
    let trunks = format!(
        "  provider: {{servers: [\"{}\"], login: {login}, register: true, domain: hotline.test, probe_s: 5}}\n",
        provider.sip()
    );
    let routes = "routes:\n  - {numbers: [\"45*\"], trunks: [provider]}\n";
    let hotline = Center::new()
        .edit(CENTER, "trunks:\n", &format!("trunks:\n{trunks}"))
        .edit(CENTER, "demo:\n", &format!("{routes}demo:\n"))
        .start()
        .await?;
    eventually("the registration", async || {
        let trunk = trunk(&hotline, "provider").await?;
        Ok(trunk.registration.is_some_and(|registration| registration.registered).then_some(()))
    })
    .await?;
    let mut far = provider.ready("1001").await?;
    let mut near = hotline.registered("1001").await?;
    near.dial("4500").await?;
    far.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    far.answer().await?;
    far.expect(&PhoneEvent::Up, PATIENCE).await?;
    near.expect(&PhoneEvent::Up, PATIENCE).await?;
    near.say(Speech::tone(440.0)).await?;
    far.say(Speech::tone(1000.0)).await?;
    wait_until_heard(&far, 440.0).await?;
    wait_until_heard(&near, 1000.0).await?;
    near.hang_up().await?;
    far.expect(&PhoneEvent::Ended, PATIENCE).await?;
    far.say(Speech::Silence).await?;

    let mut called = hotline.registered("1003").await?;
    hotline.set_state("1003", "ready").await?;
    far.dial("1003").await?;
    called.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    called.answer().await?;
    called.expect(&PhoneEvent::Up, PATIENCE).await?;
    far.expect(&PhoneEvent::Up, PATIENCE).await?;
    called.hang_up().await?;
    far.expect(&PhoneEvent::Ended, PATIENCE).await?;
    Ok(())
}

#[tokio::test]
async fn a_server_that_leaves_options_unanswered_raises_an_alarm_until_it_answers() -> Result<()> {
    let plan = Center::new();
    let address = server(&plan)?;
    let trunks = format!("  probed: {{servers: [\"{address}\"], probe_s: 5}}\n");
    let hotline = center(&trunks, "probed").start().await?;
    let mut watch = hotline.watch().await?;
    watch
        .event("the alarm", |event| {
            matches!(&event.what, What::AlarmRaised { alarm } if alarm.kind == "trunk_unusable:probed")
        })
        .await?;
    assert!(trunk(&hotline, "probed").await?.problem.is_some());
    let socket = UdpSocket::bind(address).await?;
    tokio::spawn(answer_options(socket));
    watch
        .event(
            "the end of the alarm",
            |event| matches!(&event.what, What::AlarmCleared { kind } if kind == "trunk_unusable:probed"),
        )
        .await?;
    assert_eq!(trunk(&hotline, "probed").await?.problem, None);
    Ok(())
}

/// Answers whatever comes with 200, as a server does that is there.
async fn answer_options(socket: UdpSocket) {
    let mut buffer = [0; 4096];
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        let kept = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"];
        let headers = text.lines().filter(|line| kept.iter().any(|name| line.starts_with(name)));
        let headers: String = headers.map(|line| format!("{line}\r\n")).collect();
        let reply = format!("SIP/2.0 200 OK\r\n{headers}Content-Length: 0\r\n\r\n");
        drop(socket.send_to(reply.as_bytes(), from).await);
    }
}

#[tokio::test]
async fn a_server_is_found_by_its_name() -> Result<()> {
    let plan = Center::new();
    let good = server(&plan)?;
    let dns = UdpSocket::bind((plan.addresses().outside(), 0)).await?;
    let name_server = dns.local_addr()?;
    tokio::spawn(answer_names(dns, good));
    let trunk_text = answering(good).replace(&good.to_string(), &format!("carrier.test:{}", good.port()));
    let hotline = center(&format!("  named: {trunk_text}\n"), "named")
        .sip(&format!("listen: HERE:0\ndns: [\"{name_server}\"]"))
        .start()
        .await?;
    eventually("the server's address", async || {
        let server = trunk(&hotline, "named").await?.servers.into_iter().next().context("a server")?;
        Ok((server.address == Some(good.to_string())).then_some(()))
    })
    .await?;
    let mut answers = sipp("trunk_answers.xml", good).listen(&hotline).await?;
    let mut phone = hotline.registered("1001").await?;
    phone.dial(NUMBER).await?;
    phone.expect(&PhoneEvent::Up, PATIENCE).await?;
    phone.expect(&PhoneEvent::Ended, PATIENCE).await?;
    answers.passed().await
}

/// A name server that knows one IPv4 address, whatever the name (RFC 1035 §4.1).
async fn answer_names(socket: UdpSocket, address: SocketAddr) {
    let std::net::IpAddr::V4(known) = address.ip() else { return };
    let mut buffer = [0; 1024];
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        let end_of_name = buffer[12..length].iter().position(|byte| *byte == 0).map_or(0, |place| 13 + place);
        let is_a = buffer[end_of_name..length].starts_with(&[0, 1]);
        let mut reply = buffer[..2].to_vec();
        reply.extend([0x81, 0x80, 0, 1, 0, u8::from(is_a), 0, 0, 0, 0]);
        reply.extend(&buffer[12..end_of_name + 4]);
        if is_a {
            reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
            reply.extend(known.octets());
        }
        drop(socket.send_to(&reply, from).await);
    }
}

#[tokio::test]
async fn a_flow_lets_a_number_outside_ring_as_long_as_it_says() -> Result<()> {
    let plan = Center::new();
    let ringing = server(&plan)?;
    let flow = "flow: sent_on\nlanguages: [en]\nstart: answer\nsteps:\n  answer: {answer: {then: out}}\n  out:\n    \
                transfer:\n      number: \"+15550100200\"\n      ring_s: 1\n      exits: {busy: other, no_answer: sorry, unavailable: other}\n  \
                sorry: {say: {prompts: [agents_busy], then: end}}\n  other: {hangup: {cause: unavailable}}\n  end: {hangup: {cause: normal}}\n";
    let center = center(&format!("  slow: {{servers: [\"{ringing}\"], ring_timeout_s: 60}}\n"), "slow")
        .file("ivr-flows/sent_on.yaml", flow)
        .edit(CENTER, "numbers:\n", "numbers:\n  \"4500\": {flow: sent_on}\n");
    let hotline = center.start().await?;
    let mut rings = sipp("agent_never_answers.xml", ringing).user("15550100200").listen(&hotline).await?;
    let mut watch = hotline.watch().await?;
    let caller = "+15550100123";
    let mut phone = hotline.caller(caller).await?;
    phone.dial("4500").await?;
    phone.expect(&PhoneEvent::Up, PATIENCE).await?;
    rings.passed().await.context("it rings, and is called no more before the trunk's own time is over")?;
    phone.expect(&PhoneEvent::Ended, PATIENCE).await?;
    let call = watch.call_of(caller).await?;
    let record = watch.over(&call).await?;
    let path: Vec<String> = record.path.iter().map(|step| format!("{}: {}", step.step, step.exit)).collect();
    assert_eq!(path, ["answer: done", "out: no_answer", "sorry: done", "end: hangup normal"]);
    assert_eq!(outcomes(&record), [("slow", DialOutcome::NoAnswer, None)]);
    Ok(())
}
