//! An agent's phone played by hand on a bare socket: registers, asks with its password for what it wants, and confirms
//! what it is told. For what the phone of this repository cannot do: lamps, instant messages, taking the place of another.

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

    /// Calls with these further headers, and acknowledges what is answered; the final answer.
    ///
    /// # Errors
    /// None comes.
    pub async fn call(&mut self, to: &str, headers: &str) -> Result<String> {
        let (agent, body) = (self.agent.clone(), self.description()?);
        let headers = format!("{headers}Contact: <sip:{agent}@HERE>\nContent-Type: application/sdp\n");
        let wish =
            Wish { method: "INVITE", to, call_id: "call", headers: &headers, body: &body, ..Wish::default() };
        let answer = self.ask(wish).await?;
        let heard = |name| field(&answer, name).with_context(|| format!("{name} in {answer}"));
        let (from, to, call_id) = (heard("From")?, heard("To")?, heard("Call-ID")?);
        let contact = field(&answer, "Contact").unwrap_or_default().trim_matches(['<', '>']);
        let target = if contact.is_empty() { uri("") } else { contact.to_owned() };
        let cseq = self.cseq;
        // An ACK to a 2xx is a transaction of its own, one to a refusal is not (RFC 3261 §17.1.1.3).
        let branch = if status(&answer) == Some(200) { "ack" } else { "" };
        self.wire
            .send(&format!(
                "ACK {target} SIP/2.0\nVia: SIP/2.0/UDP HERE;branch=z9hG4bK{agent}{cseq}{branch};rport\n\
                 Max-Forwards: 70\nFrom: {from}\nTo: {to}\nCall-ID: {call_id}\nCSeq: {cseq} ACK\nContent-Length: 0\n\n"
            ))
            .await?;
        Ok(answer)
    }

    /// Waits for a call, and says that it rings; the INVITE.
    ///
    /// # Errors
    /// None comes.
    pub async fn rings(&self) -> Result<String> {
        self.rings_saying("").await
    }

    /// The same, with these further headers in the 180.
    ///
    /// # Errors
    /// None comes.
    pub async fn rings_saying(&self, headers: &str) -> Result<String> {
        loop {
            let message = self.wire.receive().await?;
            if message.starts_with("INVITE ") {
                self.respond(&message, "180 Ringing", headers).await?;
                return Ok(message);
            }
            self.confirm(message).await?;
        }
    }

    /// Takes the call of this INVITE, and waits until the server knows.
    ///
    /// # Errors
    /// It does not acknowledge.
    pub async fn take(&self, invite: &str) -> Result<()> {
        let more = format!("Contact: <sip:{}@HERE>\nContent-Type: application/sdp\n", self.agent);
        let body = self.description()?;
        let answer = format!("{}{more}Content-Length: {}\n\n{body}", head(invite, "200 OK")?, body.len());
        self.wire.send(&answer).await?;
        while !self.wire.receive().await?.starts_with("ACK ") {}
        Ok(())
    }

    /// How the server knows the dialog of this INVITE, for a Replaces that it is to read (RFC 3891 §3).
    ///
    /// # Errors
    /// It is no INVITE of the server.
    pub fn dialog(invite: &str) -> Result<String> {
        let call_id = field(invite, "Call-ID").context("a Call-ID")?;
        let from = field(invite, "From").context("a From")?;
        let (_, tag) = from.split_once(";tag=").context("a tag")?;
        Ok(format!("{call_id};to-tag={tag};from-tag=desk"))
    }

    fn description(&self) -> Result<String> {
        let here = self.wire.address()?.ip();
        Ok(format!(
            "v=0\r\no=- 1 1 IN IP4 {here}\r\ns=-\r\nc=IN IP4 {here}\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n"
        ))
    }

    async fn respond(&self, request: &str, status: &str, headers: &str) -> Result<()> {
        self.wire.send(&format!("{}{headers}Content-Length: 0\n\n", head(request, status)?)).await
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
        if !message.starts_with("ACK ") {
            self.respond(&message, "200 OK", "").await?;
        }
        self.told.lock().await.push(message);
        Ok(())
    }
}

/// An answer to `request` as far as its own headers.
fn head(request: &str, status: &str) -> Result<String> {
    let mut answer = format!("SIP/2.0 {status}\n");
    for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
        let value = field(request, name).with_context(|| format!("{name} in {request}"))?;
        let is_untagged = name == "To" && !value.contains(";tag=");
        let tag = if is_untagged { ";tag=desk" } else { "" };
        answer += &format!("{name}: {value}{tag}\n");
    }
    Ok(answer)
}

fn uri(to: &str) -> String {
    if to.is_empty() { format!("sip:{DOMAIN}") } else { format!("sip:{to}@{DOMAIN}") }
}
