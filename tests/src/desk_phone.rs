//! An agent's phone played by hand on a bare socket: registers, asks with its password for what it wants, and confirms
//! what it is told. For what the phone of this repository cannot do: lamps and instant messages.

use anyhow::{Context, Result, ensure};
use hotline_sip::digest::Challenge;
use tokio::sync::Mutex;

use crate::desk::{DOMAIN, sip_password};
use crate::server::Hotline;
use crate::wire::{Wire, field, status};

/// The phone of one agent.
#[derive(Debug)]
pub struct DeskPhone {
    wire: Wire,
    agent: String,
    cseq: u32,
    /// Requests of the server that came while an answer was waited for, confirmed.
    told: Mutex<Vec<String>>,
}

/// A request of the phone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish<'a> {
    /// `SUBSCRIBE`, `MESSAGE`…
    pub method: &'a str,
    /// The user part of the Request-URI; the domain itself if empty.
    pub to: &'a str,
    /// Its Call-ID.
    pub call_id: &'a str,
    /// The tag of To within a dialog.
    pub tag: &'a str,
    /// Further headers, each with its line end.
    pub headers: &'a str,
    /// The body.
    pub body: &'a str,
}

impl DeskPhone {
    /// Registers the phone of `agent`.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn register(hotline: &Hotline, agent: &str) -> Result<Self> {
        let wire = Wire::open(hotline, hotline.addresses().phones()).await?;
        let mut phone = Self { wire, agent: agent.to_owned(), cseq: 0, told: Mutex::default() };
        let contact = format!("Contact: <sip:{agent}@HERE>\nExpires: 600\n");
        let wish = Wish { method: "REGISTER", call_id: "register", headers: &contact, ..Wish::default() };
        let granted = phone.ask(wish).await?;
        ensure!(status(&granted) == Some(200), "{granted}");
        Ok(phone)
    }

    /// Subscribes to `event` of `to`; the answer.
    ///
    /// # Errors
    /// None comes.
    pub async fn subscribe(&mut self, to: &str, event: &str, expires_s: u32) -> Result<String> {
        let contact = format!("Contact: <sip:{}@HERE>\n", self.agent);
        let headers = format!("{contact}Event: {event}\nExpires: {expires_s}\n");
        self.ask(Wish { method: "SUBSCRIBE", to, call_id: event, headers: &headers, ..Wish::default() }).await
    }

    /// Sends `text` to `to`; the answer.
    ///
    /// # Errors
    /// None comes.
    pub async fn write(&mut self, to: &str, text: &str) -> Result<String> {
        let headers = "Content-Type: text/plain\n";
        let wish = Wish { method: "MESSAGE", to, call_id: "text", headers, body: text, ..Wish::default() };
        self.ask(wish).await
    }

    /// Sends a request, with the password if it is asked for; the final answer.
    ///
    /// # Errors
    /// None comes.
    pub async fn ask(&mut self, wish: Wish<'_>) -> Result<String> {
        let asked = self.try_once(wish, "").await?;
        if status(&asked) != Some(401) {
            return Ok(asked);
        }
        let challenge = Challenge::parse(field(&asked, "WWW-Authenticate").context("a challenge")?)?;
        let proof = challenge.answer(
            &self.agent,
            &sip_password(&self.agent),
            wish.method,
            &uri(wish.to),
            "cnonce",
            1,
        );
        self.try_once(wish, &format!("Authorization: {proof}\n")).await
    }

    /// The next request of the server with this method, confirmed; repetitions count again.
    ///
    /// # Errors
    /// None comes.
    pub async fn told(&self, method: &str) -> Result<String> {
        loop {
            let before = {
                let mut told = self.told.lock().await;
                let place = told.iter().position(|one| one.starts_with(method));
                place.map(|place| told.remove(place))
            };
            if let Some(before) = before {
                return Ok(before);
            }
            let message = self.wire.receive().await?;
            self.confirm(message).await?;
        }
    }

    async fn try_once(&mut self, wish: Wish<'_>, proof: &str) -> Result<String> {
        self.cseq += 1;
        let Self { agent, cseq, .. } = self;
        let Wish { method, to, call_id, tag, headers, body } = wish;
        let address = if to.is_empty() { agent.clone() } else { to.to_owned() };
        let tag = if tag.is_empty() { String::new() } else { format!(";tag={tag}") };
        let text = format!(
            "{method} {} SIP/2.0\nVia: SIP/2.0/UDP HERE;branch=z9hG4bK{agent}{cseq};rport\nMax-Forwards: 70\n\
             From: <sip:{agent}@{DOMAIN}>;tag=desk\nTo: <sip:{address}@{DOMAIN}>{tag}\n\
             Call-ID: {call_id}-{agent}@HERE\nCSeq: {cseq} {method}\n{headers}{proof}Content-Length: {}\n\n{body}",
            uri(to),
            body.len()
        );
        self.wire.send(&text).await?;
        let wanted = format!("{cseq} {method}");
        loop {
            let message = self.wire.receive_final().await?;
            if status(&message).is_some() && field(&message, "CSeq") == Some(&wanted) {
                return Ok(message);
            }
            self.confirm(message).await?;
        }
    }

    /// Confirms and keeps a request; other answers are passed over.
    async fn confirm(&self, message: String) -> Result<()> {
        if status(&message).is_some() {
            return Ok(());
        }
        let mut answer = "SIP/2.0 200 OK\n".to_owned();
        for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
            let value = field(&message, name).with_context(|| format!("{name} in {message}"))?;
            let is_untagged = name == "To" && !value.contains(";tag=");
            let tag = if is_untagged { ";tag=desk" } else { "" };
            answer += &format!("{name}: {value}{tag}\n");
        }
        self.wire.send(&format!("{answer}Content-Length: 0\n\n")).await?;
        self.told.lock().await.push(message);
        Ok(())
    }
}

fn uri(to: &str) -> String {
    if to.is_empty() { format!("sip:{DOMAIN}") } else { format!("sip:{to}@{DOMAIN}") }
}
