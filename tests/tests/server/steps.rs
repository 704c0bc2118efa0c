//! Steps of flows, dialled: services that are asked, values and texts that are said, what follows a talk, keys that lead out of
//! a queue, what is heard before the call is answered.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use futures_util::{SinkExt as _, StreamExt as _};
use hotline_api_types::{EndKind, QueueOutcome, Record};
use hotline_phone::{PhoneEvent, Speech};
use hotline_tests::{Center, PATIENCE, eventually, wait_until_heard, wait_until_told};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;

const CALLER: &str = "+15550100123";

/// A web service that gives one answer, or none.
struct Service {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Service {
    async fn start(at: IpAddr, answer: Option<&'static str>) -> Result<Self> {
        let listener = TcpListener::bind((at, 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            let mut silent = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let Ok(request) = read_request(&mut stream).await else { continue };
                heard.lock().unwrap_or_else(PoisonError::into_inner).push(request);
                let Some(body) = answer else {
                    silent.push(stream);
                    continue;
                };
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                    body.len()
                );
                drop(stream.write_all((head + body).as_bytes()).await);
            }
        });
        Ok(Self { url, asked, task })
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// As if its machine had gone: all connections break, and nobody takes new ones.
    fn kill(&self) {
        self.task.abort();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A request with its body, as long as its head says.
async fn read_request(stream: &mut TcpStream) -> Result<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Ok(text);
            }
        }
        anyhow::ensure!(stream.read_buf(&mut bytes).await? > 0, "an unfinished request");
    }
}

/// A center with one flow more, under the number 4500.
fn center(name: &str, flow: &str) -> Center {
    let number = format!("numbers:\n  \"4500\": {{flow: {name}}}\n");
    Center::new().file(&format!("ivr-flows/{name}.yaml"), flow).edit(
        "config/center.yaml",
        "numbers:\n",
        &number,
    )
}

/// How each step was left, in order.
fn exits(record: &Record) -> Vec<String> {
    record.path.iter().map(|step| format!("{}: {}", step.step, step.exit)).collect()
}

/// Asks for an account and a PIN, a service for the rest, and how it was after the talk.
fn account_flow(url: &str) -> String {
    format!(
        r##"flow: account
languages: [en]
variables: {{account: text, name: text, count: integer, pin: {{type: text, sensitive: true}}}}
start: answer
steps:
  answer: {{answer: {{then: ask}}}}
  ask:
    collect:
      prompts: [menu]
      into: account
      min_digits: 3
      max_digits: 6
      terminator: "#"
      check: {{luhn: true}}
      no_input: {{then: bye}}
      invalid: {{retries: [[invalid]], then: bye}}
      then: pin
  pin:
    collect:
      prompts: [menu]
      into: pin
      min_digits: 4
      max_digits: 4
      no_input: {{then: bye}}
      invalid: {{then: bye}}
      then: look
  look:
    lookup:
      http: {{url: "{url}/accounts/{{{{ account ~ ' &' }}}}", timeout_s: 5}}
      into: {{name: $.account.name, count: "$.account.open[0].count"}}
      exits: {{found: greet, not_found: bye, failed: bye}}
  greet: {{say: {{prompts: [{{speak: "Hello {{{{ name }}}}"}}, {{number: count}}], barge_in: false, then: many}}}}
  many: {{condition: {{if: "count > 5 and name == \"Ada\"", then: wait, else: bye}}}}
  wait: {{queue: {{name: sales, exits: {{full: bye, timeout: bye, no_agents: bye, agent_left: survey}}}}}}
  survey: {{survey: {{name: talk, questions: [{{name: good, prompts: [greeting], from: 1, to: 5}}], then: bye}}}}
  bye: {{hangup: {{cause: normal}}}}
"##
    )
}

#[tokio::test]
async fn a_caller_hears_what_a_service_says_and_is_asked_how_it_was_after_the_talk() -> Result<()> {
    let addresses = Center::new().addresses();
    let answer = r#"{"account": {"name": "Ada", "open": [{"count": 7}]}}"#;
    let service = Service::start(addresses.outside(), Some(answer)).await?;
    let flow = account_flow(&service.url);
    let hotline = center("account", &flow).start().await?;
    let mut watch = hotline.watch().await?;
    let mut agent = hotline.ready("1001").await?;
    let mut caller = hotline.caller("+15550100777").await?;
    caller.dial("4500").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    for key in "123#".chars() {
        caller.press(key).await?;
    }
    wait_until_told(&caller, "en/invalid").await.context("123 has no right check digit")?;
    for key in "18#".chars() {
        caller.press(key).await?;
    }
    caller.expect(&PhoneEvent::Ended, PATIENCE).await.context("too short a second time")?;
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4500").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    for key in "75002#4711".chars() {
        caller.press(key).await?;
    }
    wait_until_told(&caller, "en/number_7").await?;
    agent.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    let call = watch.queued(CALLER).await?;
    agent.ring().await?;
    agent.answer().await?;
    agent.expect(&PhoneEvent::Up, PATIENCE).await?;
    agent.hang_up().await?;
    wait_until_told(&caller, "en/greeting").await?;
    caller.press('4').await?;
    caller.expect(&PhoneEvent::Ended, PATIENCE).await?;
    let record = watch.over(&call).await?;
    assert_eq!(
        exits(&record),
        [
            "answer: done",
            "ask: done",
            "pin: done",
            "look: found",
            "greet: done",
            "many: case 1",
            "wait: agent_left",
            "survey: done",
            "bye: hangup normal"
        ]
    );
    let answers: Vec<_> = record.answers.iter().map(|one| (one.question.as_str(), one.answer)).collect();
    assert_eq!(answers, [("good", 4)]);
    assert_eq!(record.path[2].input.as_deref(), Some("***"), "a PIN is in no record");
    let asked = service.asked();
    assert!(asked[0].starts_with("GET /accounts/75002%20%26 HTTP/1.1"), "{asked:?}");
    assert!(!hotline.output().contains("4711") && !hotline.output().contains("75002"));
    Ok(())
}

#[tokio::test]
async fn a_service_that_dies_during_the_question_leads_out_and_disturbs_nobody() -> Result<()> {
    let addresses = Center::new().addresses();
    let service = Service::start(addresses.outside(), None).await?;
    let flow = format!(
        r#"flow: ask
languages: [en]
start: answer
steps:
  answer: {{answer: {{then: look}}}}
  look:
    webhook:
      http: {{url: "{}/calls", body: {{from: "{{{{ call.caller }}}}", again: true}}, timeout_s: 20}}
      exits: {{done: bye, failed: sorry}}
  sorry: {{say: {{prompts: [goodbye], then: bye}}}}
  bye: {{hangup: {{cause: normal}}}}
"#,
        service.url
    );
    let hotline = center("ask", &flow).start().await?;
    let mut watch = hotline.watch().await?;
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4500").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    let call = watch.call_of(CALLER).await?;
    let asked = eventually("the question", async || Ok(service.asked().pop())).await?;
    assert!(asked.starts_with("POST /calls HTTP/1.1"), "{asked}");
    assert!(asked.ends_with(r#"{"again":true,"from":"+15550100123"}"#), "{asked}");
    let other = hotline.caller("+15550100999").await?;
    other.dial("4300").await?;
    wait_until_told(&other, "en/menu").await.context("another caller is served meanwhile")?;
    service.kill();
    wait_until_told(&caller, "en/goodbye").await?;
    caller.expect(&PhoneEvent::Ended, PATIENCE).await?;
    let record = watch.over(&call).await?;
    assert_eq!(exits(&record)[1], "look: failed");
    Ok(())
}

#[tokio::test]
async fn a_key_leads_out_of_the_queue_and_the_way_goes_on() -> Result<()> {
    let flow = r#"flow: patience
languages: [en]
start: answer
steps:
  answer: {answer: {then: wait}}
  wait: {queue: {name: sales, keys: {9: sorry}, exits: {full: bye, timeout: bye, no_agents: bye}}}
  sorry: {say: {prompts: [goodbye], then: bye}}
  bye: {hangup: {cause: normal}}
"#;
    let hotline = center("patience", flow).start().await?;
    let mut watch = hotline.watch().await?;
    hotline.set_state("1001", "ready").await?;
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4500").await?;
    let call = watch.queued(CALLER).await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    caller.press('5').await?;
    caller.press('9').await?;
    wait_until_told(&caller, "en/goodbye").await?;
    caller.expect(&PhoneEvent::Ended, PATIENCE).await?;
    let record = watch.over(&call).await?;
    assert_eq!(exits(&record)[1], "wait: choice 9");
    assert_eq!(record.queues[0].outcome, Some(QueueOutcome::Left));
    Ok(())
}

#[tokio::test]
async fn what_is_said_before_the_answer_costs_the_caller_nothing() -> Result<()> {
    let flow = r#"flow: closed
languages: [en]
start: ring
steps:
  ring: {ring: {for_s: 1, then: tell}}
  tell: {say: {prompts: [no_agents, {time: "\"15:05\""}], then: bye}}
  bye: {hangup: {cause: unavailable}}
"#;
    let hotline = center("closed", flow).start().await?;
    let mut watch = hotline.watch().await?;
    let caller = hotline.caller(CALLER).await?;
    caller.dial("4500").await?;
    wait_until_told(&caller, "en/no_agents").await?;
    let call = watch.call_of(CALLER).await?;
    let record = watch.over(&call).await?;
    assert_eq!(record.answered_at, None);
    let cause = record.cause.as_ref().context("a cause")?;
    assert_eq!((cause.kind, cause.sip_status), (EndKind::FlowEnded, Some(480)));
    assert_eq!(exits(&record), ["ring: done", "tell: done", "bye: hangup unavailable"]);
    Ok(())
}

#[tokio::test]
async fn a_prompt_that_has_gone_leads_where_the_step_says_and_nobody_is_left_in_silence() -> Result<()> {
    let flow = r#"flow: gone
languages: [en]
start: answer
steps:
  answer: {answer: {then: tell}}
  tell: {say: {prompts: [{date: "slice(call.caller, 0, 4)"}], then: bye, failed: sorry}}
  sorry: {say: {prompts: [goodbye], then: bye}}
  bye: {hangup: {cause: normal}}
"#;
    let hotline = center("gone", flow).start().await?;
    let mut watch = hotline.watch().await?;
    let caller = hotline.caller(CALLER).await?;
    caller.dial("4500").await?;
    wait_until_told(&caller, "en/goodbye").await?;
    let call = watch.call_of(CALLER).await?;
    let record = watch.over(&call).await?;
    assert_eq!(exits(&record)[1], "tell: failed");
    Ok(())
}

#[tokio::test]
async fn a_message_is_played_back_kept_for_an_agent_and_told() -> Result<()> {
    let flow = r#"flow: memo
languages: [en]
variables: {memo: text}
start: answer
steps:
  answer: {answer: {then: record}}
  record: {record: {into: memo, silence_s: 2, exits: {recorded: again, nothing: bye, failed: bye}}}
  again: {say: {prompts: [goodbye, {recorded: memo}], then: leave}}
  leave: {voicemail: {to: "1001", prompts: [greeting], silence_s: 2, exits: {recorded: bye, nothing: bye, failed: bye}}}
  bye: {hangup: {cause: normal}}
"#;
    let hotline = center("memo", flow).start().await?;
    let mut watch = hotline.watch().await?;
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4500").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    let speech = || Speech::wav(&hotline_tests::root().join("sounds/demo/caller.wav"));
    caller.say(speech()?).await?;
    wait_until_told(&caller, "en/goodbye")
        .await
        .context("the caller has said something, and then nothing")?;
    wait_until_told(&caller, "en/greeting").await.context("it was played back")?;
    caller.say(speech()?).await?;
    caller.expect(&PhoneEvent::Ended, PATIENCE).await?;
    let call = watch.call_of(CALLER).await?;
    let record = watch.over(&call).await?;
    assert_eq!(exits(&record)[1..4], ["record: recorded", "again: done", "leave: recorded"]);
    let agent = hotline.desk("1001").await?;
    let messages = agent.get("/api/v1/messages").await?;
    assert_eq!(messages["unheard"], 1, "{messages}");
    let message = &messages["messages"][0];
    assert_eq!((&message["mailbox"], &message["caller"]), (&"1001".into(), &CALLER.into()));
    let length = message["duration_ms"].as_u64().context("a length")?;
    assert!((1000..60_000).contains(&length), "{length} ms");
    Ok(())
}

#[tokio::test]
async fn a_service_gets_the_key_of_the_servers_file_and_no_log_does() -> Result<()> {
    let addresses = Center::new().addresses();
    let service = Service::start(addresses.outside(), Some("{}")).await?;
    let url = &service.url;
    let flow = format!(
        r#"flow: keyed
languages: [en]
start: look
steps:
  look: {{lookup: {{http: {{url: "{url}/api/x", headers: {{authorization: theirs}}, timeout_s: 5}}, exits: {{found: other, not_found: bye, failed: bye}}}}}}
  other: {{webhook: {{http: {{url: "{url}/elsewhere", timeout_s: 5}}, exits: {{done: bye, failed: bye}}}}}}
  bye: {{hangup: {{cause: normal}}}}
"#
    );
    let services = format!(
        "services:\n  headers:\n    {url}/api: {{Authorization: {{file: config/key, prefix: \"Bearer \"}}}}\nhttp:\n"
    );
    let hotline = center("keyed", &flow)
        .file("config/key", "hunter2\n")
        .edit("config/hotline.yaml", "http:\n", &services)
        .start()
        .await?;
    let mut watch = hotline.watch().await?;
    let caller = hotline.caller(CALLER).await?;
    caller.dial("4500").await?;
    let call = watch.call_of(CALLER).await?;
    watch.over(&call).await?;
    let asked: Vec<String> = service.asked().iter().map(|request| request.to_lowercase()).collect();
    assert!(
        asked[0].contains("authorization: bearer hunter2\r\n") && !asked[0].contains("theirs"),
        "{asked:?}"
    );
    assert!(asked[1].starts_with("post /elsewhere") && !asked[1].contains("hunter2"), "{asked:?}");
    assert!(!hotline.output().contains("hunter2"));
    Ok(())
}

/// A service that sends a caller's sound back, and gives a result when the caller presses 5.
async fn echo(listener: TcpListener, told: Arc<Mutex<Vec<String>>>) -> Result<()> {
    let (stream, _) = listener.accept().await?;
    let mut socket = tokio_tungstenite::accept_async(stream).await?;
    while let Some(message) = socket.next().await {
        match message? {
            sound @ Message::Binary(_) => socket.send(sound).await?,
            Message::Text(text) => {
                let is_five = text.contains("\"dtmf\"") && text.contains("\"5\"");
                told.lock().unwrap_or_else(PoisonError::into_inner).push(text.to_string());
                if is_five {
                    let result = r#"{"type": "result", "values": {"wish": "sales", "sure": 0.9}}"#;
                    socket.send(Message::text(result)).await?;
                }
            }
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => {}
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_caller_talks_with_a_service_whose_result_leads_on() -> Result<()> {
    let listener = TcpListener::bind((Center::new().addresses().outside(), 0)).await?;
    let flow = r#"flow: bot
languages: [en]
variables: {wish: text, sure: decimal}
start: answer
steps:
  answer: {answer: {then: talk}}
  talk:
    stream:
      url: "ws://ADDRESS/bot"
      parameters: {caller: "{{ call.caller }}"}
      into: {wish: wish, sure: sure}
      timeout_s: 60
      exits: {done: decide, timeout: bye, failed: bye}
  decide: {condition: {if: "wish == \"sales\" and sure > 0.5", then: tell, else: bye}}
  tell: {say: {prompts: [goodbye], then: bye}}
  bye: {hangup: {cause: normal}}
"#
    .replace("ADDRESS", &listener.local_addr()?.to_string());
    let told = Arc::new(Mutex::new(Vec::new()));
    let service = tokio::spawn(echo(listener, Arc::clone(&told)));
    let hotline = center("bot", &flow).start().await?;
    let mut watch = hotline.watch().await?;
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4500").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    caller.say(Speech::tone(440.0)).await?;
    wait_until_heard(&caller, 440.0).await.context("the service sends the sound back")?;
    caller.press('5').await?;
    wait_until_told(&caller, "en/goodbye").await?;
    caller.expect(&PhoneEvent::Ended, PATIENCE).await?;
    let call = watch.call_of(CALLER).await?;
    let record = watch.over(&call).await?;
    assert_eq!(exits(&record)[1..3], ["talk: done", "decide: case 1"]);
    let told = told.lock().unwrap_or_else(PoisonError::into_inner).clone();
    assert!(told[0].contains("\"start\"") && told[0].contains(CALLER), "{told:?}");
    service.abort();
    Ok(())
}
