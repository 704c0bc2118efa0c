//! Events for programs outside: signed, in the order of each call, again until they are taken, and told again on request.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use hotline_api_types::WebhookList;
use hotline_phone::{Phone, PhoneEvent};
use hotline_tests::{Center, Hotline, PATIENCE, eventually};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const CALLER: &str = "+15550100123";
/// What the events are signed with: the example of the specification.
const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What a receiver has been sent: head and body.
type Sent = Vec<(String, Value)>;

/// A program that is sent events, and takes them or not.
#[derive(Clone)]
struct Receiver {
    url: String,
    sent: Arc<Mutex<Sent>>,
    /// Types that are refused.
    refuses: Arc<Mutex<BTreeSet<&'static str>>>,
}

impl Receiver {
    async fn start(at: IpAddr) -> Result<Self> {
        let listener = TcpListener::bind((at, 0)).await?;
        let url = format!("http://{}/events", listener.local_addr()?);
        let receiver = Self { url, sent: Arc::default(), refuses: Arc::default() };
        let own = receiver.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let own = own.clone();
                tokio::spawn(async move { own.serve(stream).await });
            }
        });
        Ok(receiver)
    }

    async fn serve(&self, mut stream: TcpStream) -> Result<()> {
        let mut bytes = Vec::new();
        let (head, body) = loop {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = field(head, "content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
                if body.len() >= length {
                    break (head.to_owned(), body.to_owned());
                }
            }
            ensure!(stream.read_buf(&mut bytes).await? > 0, "an unfinished request");
        };
        let event: Value = serde_json::from_str(&body)?;
        let kind = event["type"].as_str().unwrap_or_default().to_owned();
        let is_taken = !self.refuses.lock().unwrap_or_else(PoisonError::into_inner).contains(kind.as_str());
        if is_taken {
            self.sent.lock().unwrap_or_else(PoisonError::into_inner).push((head, event));
        }
        let status = if is_taken { "204 No Content" } else { "500 Internal Server Error" };
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        Ok(stream.write_all(answer.as_bytes()).await?)
    }

    fn taken(&self) -> Sent {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn kinds(&self) -> Vec<String> {
        self.taken().iter().map(|(_, event)| event["type"].as_str().unwrap_or_default().to_owned()).collect()
    }

    fn refuse(&self, kinds: &[&'static str]) {
        *self.refuses.lock().unwrap_or_else(PoisonError::into_inner) = kinds.iter().copied().collect();
    }

    async fn until(&self, kind: &str) -> Result<()> {
        eventually(&format!("{kind} to be taken"), async || {
            Ok(self.kinds().iter().any(|known| known == kind).then_some(()))
        })
        .await
        .with_context(|| format!("taken: {:?}", self.kinds()))
    }
}

fn field<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines().find_map(|line| {
        let (field, value) = line.split_once(": ")?;
        field.eq_ignore_ascii_case(name).then_some(value)
    })
}

fn center(receiver: &Receiver) -> Center {
    let hooks = format!(
        "webhooks:\n  crm: {{url: \"{}\", key: {KEY}, events: [\"call.*\"]}}\nstorage:\n",
        receiver.url
    );
    Center::new().edit("config/hotline.yaml", "storage:\n", &hooks)
}

/// A call whose caller hangs up in the queue; the phone must live until that is said.
async fn abandoned(hotline: &Hotline) -> Result<Phone> {
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4100").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    caller.hang_up().await?;
    Ok(caller)
}

async fn standing(hotline: &Hotline) -> Result<WebhookList> {
    Ok(serde_json::from_value(hotline.admin().await?.get("/api/v1/webhooks").await?)?)
}

#[tokio::test]
async fn events_are_signed_and_come_in_order_until_they_are_taken_also_after_a_crash() -> Result<()> {
    let receiver = Receiver::start(Center::new().addresses().outside()).await?;
    let mut hotline = center(&receiver).start().await?;
    standing(&hotline).await?;
    let _first = abandoned(&hotline).await?;
    receiver.until("call.ended").await?;
    let taken = receiver.taken();
    let numbers: Vec<u64> = taken.iter().filter_map(|(_, event)| event["data"]["seq"].as_u64()).collect();
    assert!(numbers.is_sorted() && taken[0].1["type"] == "call.started", "{numbers:?}");
    assert!(
        taken.iter().all(|(_, event)| event["type"].as_str().is_some_and(|kind| kind.starts_with("call.")))
    );
    for (head, event) in &taken {
        let told = |name| field(head, name).with_context(|| format!("{name} in {head}"));
        assert_eq!(told("webhook-id")?, format!("evt_{}", event["data"]["seq"]));
        assert!(told("webhook-signature")?.starts_with("v1,") && told("webhook-timestamp")?.len() == 10);
        assert_eq!(event["timestamp"], event["data"]["at"]);
    }
    // What is refused waits, with what follows of the same call; a crash forgets nothing.
    receiver.refuse(&["call.answered"]);
    let _second = abandoned(&hotline).await?;
    eventually("the rest of the call to wait", async || {
        let hook = standing(&hotline).await?.webhooks.remove(0);
        Ok((hook.parked > 3 && hook.problem.is_some_and(|problem| problem.contains("500"))).then_some(()))
    })
    .await?;
    let before = receiver.taken().len();
    hotline.kill().await?;
    receiver.refuse(&[]);
    hotline.restart().await?;
    eventually("all to be taken", async || {
        let hook = standing(&hotline).await?.webhooks.remove(0);
        Ok((hook.parked == 0 && hook.place == hook.newest).then_some(()))
    })
    .await?;
    let later = receiver.taken().split_off(before);
    let second: Vec<(String, u64)> = later
        .iter()
        .filter(|(_, event)| event["data"]["call"] != taken[0].1["data"]["call"])
        .map(|(_, event)| (event["type"].to_string(), event["data"]["seq"].as_u64().unwrap_or(0)))
        .collect();
    assert!(second.iter().map(|(_, seq)| *seq).is_sorted(), "in the order of the call: {second:?}");
    assert_eq!(second.last().context("the end")?.0, "\"call.ended\"");
    Ok(())
}

#[tokio::test]
async fn a_receiver_is_told_again_from_a_number_on() -> Result<()> {
    let receiver = Receiver::start(Center::new().addresses().outside()).await?;
    let hotline = center(&receiver).start().await?;
    standing(&hotline).await?;
    let _caller = abandoned(&hotline).await?;
    receiver.until("call.ended").await?;
    let first = receiver.taken();
    let after = first[0].1["data"]["seq"].as_u64().context("a number")?;
    let admin = hotline.admin().await?;
    assert!(admin.post("/api/v1/webhooks/nobody/replay", &json!({ "after": 0 })).await.is_err());
    let desk = hotline.desk("1001").await?;
    assert!(desk.get("/api/v1/webhooks").await.is_err(), "agents may not");
    admin.post("/api/v1/webhooks/crm/replay", &json!({ "after": after })).await?;
    eventually("the same once more", async || {
        Ok((receiver.taken().len() == first.len() * 2 - 1).then_some(()))
    })
    .await?;
    let again = receiver.taken().split_off(first.len());
    let pairs = first[1..].iter().zip(&again);
    assert!(pairs.clone().count() > 0);
    for ((head, event), (other_head, other)) in pairs {
        assert_eq!(event, other);
        assert_eq!(field(head, "webhook-id"), field(other_head, "webhook-id"));
    }
    Ok(())
}
