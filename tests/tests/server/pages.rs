//! Phones in web pages: of agents, and of visitors who call without one or want to be called back.

use anyhow::{Context, Result, ensure};
use futures_util::{SinkExt, StreamExt};
use hotline_api_client::Client;
use hotline_api_types::What;
use hotline_sip::digest::Challenge;
use hotline_tests::{Center, Hotline, PATIENCE, Watch, field, status};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{WebSocketStream, client_async};

/// A phone in a page, played by hand.
struct Page {
    socket: WebSocketStream<TcpStream>,
    user: String,
    password: String,
    domain: String,
    cseq: u32,
}

impl Page {
    /// With what the server gave: `{"uri", "user", "password", …}`.
    async fn open(hotline: &Hotline, given: &Value) -> Result<Self> {
        let text = |name: &str| given[name].as_str().with_context(|| format!("{name} in {given}"));
        let mut request = format!("ws://{}{}", hotline.http(), text("socket")?).into_client_request()?;
        request.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static("sip"));
        let (socket, _) = client_async(request, TcpStream::connect(hotline.http()).await?).await?;
        let domain = text("uri")?.split_once('@').context("a domain")?.1.to_owned();
        let (user, password) = (text("user")?.to_owned(), text("password")?.to_owned());
        Ok(Self { socket, user, password, domain, cseq: 0 })
    }

    /// Sends a request, with the password if it is asked for; the final answer.
    async fn ask(&mut self, method: &str, uri: &str, to: &str) -> Result<String> {
        let asked = self.once(method, uri, to, "").await?;
        if status(&asked) != Some(401) {
            return Ok(asked);
        }
        let challenge = Challenge::parse(field(&asked, "WWW-Authenticate").context("a challenge")?)?;
        ensure!(challenge.algorithm.to_string() == "MD5", "what libraries of browsers know: {asked}");
        let proof = challenge.answer(&self.user, &self.password, method, uri, "cnonce", 1);
        self.once(method, uri, to, &format!("Authorization: {proof}\r\n")).await
    }

    /// Says that the 200 to an INVITE has come (RFC 3261 §13.2.2.4): the flow goes on with that.
    async fn acknowledge(&mut self, answer: &str) -> Result<()> {
        let (to, contact) =
            (field(answer, "To").context("To")?, field(answer, "Contact").context("Contact")?);
        let target = contact.split(['<', '>']).nth(1).context("an address")?;
        let Self { user, domain, cseq, .. } = self;
        let text = format!(
            "ACK {target} SIP/2.0\r\nVia: SIP/2.0/WS page.invalid;branch=z9hG4bKack{cseq}\r\nMax-Forwards: 70\r\n\
             From: <sip:{user}@{domain}>;tag=page\r\nTo: {to}\r\nCall-ID: INVITE-page\r\nCSeq: {cseq} ACK\r\n\
             Content-Length: 0\r\n\r\n"
        );
        Ok(self.socket.send(Message::text(text)).await?)
    }

    async fn once(&mut self, method: &str, uri: &str, to: &str, proof: &str) -> Result<String> {
        self.cseq += 1;
        let Self { user, domain, cseq, .. } = self;
        let body = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
            m=audio 40000 RTP/AVP 0\r\n";
        let (kind, body) =
            if method == "INVITE" { ("Content-Type: application/sdp\r\n", body) } else { ("", "") };
        let text = format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/WS page.invalid;branch=z9hG4bK{cseq}\r\nMax-Forwards: 70\r\n\
             From: <sip:{user}@{domain}>;tag=page\r\nTo: <sip:{to}@{domain}>\r\nCall-ID: {method}-page\r\n\
             CSeq: {cseq} {method}\r\nContact: <sip:{user}@page.invalid;transport=ws>\r\nExpires: 60\r\n{kind}{proof}\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let wanted = format!("{cseq} {method}");
        self.socket.send(Message::text(text)).await?;
        loop {
            let next = tokio::time::timeout(PATIENCE, self.socket.next()).await?;
            let answer = next.context("the connection")??.into_text()?.to_string();
            let is_final = status(&answer).is_some_and(|status| status >= 200);
            if is_final && field(&answer, "CSeq") == Some(&wanted) {
                return Ok(answer);
            }
        }
    }
}

#[tokio::test]
async fn a_page_registers_by_a_password_for_a_minute_and_by_no_other() -> Result<()> {
    let turn = "media:\n  turn: {urls: [\"turn:turn.example:3478\"], secret: north}\n";
    let hotline = Center::new().edit("config/hotline.yaml", "media:\n", turn).start().await?;
    let desk = hotline.desk("1001").await?;
    let mut given = desk.post("/api/v1/softphone/pass", &json!({})).await?;
    // A way around by a TURN server, with a password of the agent's own.
    let way = &given["ice_servers"][0];
    assert_eq!(way["urls"], json!(["turn:turn.example:3478"]));
    assert!(way["username"].as_str().context("a name")?.ends_with(":1001"), "{way}");
    ensure!(way["credential"].as_str().is_some_and(|password| password.len() == 28), "{way}");
    let domain = format!("sip:{}", given["uri"].as_str().unwrap_or_default().split_once('@').context("@")?.1);
    let mut page = Page::open(&hotline, &given).await?;
    let answer = page.ask("REGISTER", &domain, "1001").await?;
    assert_eq!(status(&answer), Some(200), "{answer}");
    let agent = desk.get("/api/v1/agents/1001").await?;
    assert_eq!(agent["registered"], true, "{agent}");
    // Nobody else's.
    given["password"] = json!("00000000000000000000000000000000");
    let mut stranger = Page::open(&hotline, &given).await?;
    assert_eq!(status(&stranger.ask("REGISTER", &domain, "1001").await?), Some(401));
    given["user"] = json!("1002");
    given["password"] = json!(page.password);
    let mut stranger = Page::open(&hotline, &given).await?;
    assert_eq!(status(&stranger.ask("REGISTER", &domain, "1002").await?), Some(401));
    Ok(())
}

/// A center whose number 4100 visitors may call, and whose queue `sales` calls them back.
fn open_to_visitors() -> Center {
    let web = "web: {numbers: [\"4100\"], callback: sales, origins: [\"https://shop.example\"]}\nqueues:";
    Center::new().sales(|queue| queue.members(&["1001"])).edit("config/center.yaml", "queues:", web)
}

#[tokio::test]
async fn a_visitor_calls_one_number_once_and_the_agent_sees_who_it_is() -> Result<()> {
    let hotline = open_to_visitors().start().await?;
    let mut watch = hotline.watch().await?;
    let mut desk = Watch::open(hotline.desk("1001").await?).await?;
    let phone = hotline.ready("1001").await?;
    let visitor = Client::new(hotline.http());
    let offer = visitor.get("/api/v1/guests").await?;
    assert_eq!((&offer["numbers"][0]["number"], &offer["callback"]), (&json!("4100"), &json!(true)));
    let wish = json!({ "number": "4100", "name": "Grace", "page": "https://shop.example/7", "question": "In blue?" });
    let given = visitor.post("/api/v1/guests", &wish).await?;
    assert_eq!(given["ice_servers"], json!([]), "no TURN server is configured");
    let mut page = Page::open(&hotline, &given).await?;
    let domain = page.domain.clone();
    let at = |number: &str| format!("sip:{number}@{domain}");
    let (other, own) = (at("4200"), at("4100"));
    for number in [&other, &at("1001"), &at("+15550100123")] {
        let refused = page.ask("INVITE", number, "4100").await?;
        assert_eq!(status(&refused), Some(403), "{refused}");
    }
    let user = page.user.clone();
    let registrar = format!("sip:{domain}");
    assert_eq!(
        status(&page.ask("REGISTER", &registrar, &user).await?),
        Some(401),
        "a guest is nobody's phone"
    );
    let answer = page.ask("INVITE", &own, "4100").await?;
    assert_eq!(status(&answer), Some(200), "{answer}");
    page.acknowledge(&answer).await?;
    let call = watch.call_of("anonymous").await?;
    let shown =
        desk.event("the pop", |event| matches!(&event.what, What::CallOffered { pop: Some(_), .. })).await?;
    let What::CallOffered { pop: Some(pop), .. } = shown.what else { unreachable!("waited for it") };
    assert_eq!(pop.caller_name.as_deref(), Some("Grace"));
    let collected = serde_json::to_string(&pop.collected)?;
    assert!(collected.contains("In blue?") && collected.contains("https://shop.example/7"), "{collected}");
    let again = page.once("INVITE", &own, "4100", "").await?;
    assert_eq!(status(&again), Some(403), "once: {again}");
    let record = hotline.admin().await?.get(&format!("/api/v1/calls/{call}")).await?;
    assert_eq!(record["caller_name"], "Grace", "{record}");
    drop(phone);

    // Whoever asks too often waits.
    for _ in 1..6 {
        visitor.post("/api/v1/guests", &json!({ "number": "4100" })).await?;
    }
    let refused = visitor.post("/api/v1/guests", &json!({ "number": "4100" })).await;
    assert!(refused.expect_err("too often").to_string().contains("429"));
    let refused = visitor.post("/api/v1/guests", &json!({ "number": "4200" })).await;
    assert!(refused.expect_err("not for visitors").to_string().contains("visitors may call"));
    Ok(())
}

#[tokio::test]
async fn a_visitor_is_called_back_now_or_at_a_time_of_the_day() -> Result<()> {
    let hotline = open_to_visitors()
        .edit("config/center.yaml", "trunks:\n", "trunks:\n  outside: {servers: [\"127.0.0.1:9\"]}\n")
        .edit("config/center.yaml", "queues:", "routes: [{numbers: [\"+1*\"], trunks: [outside]}]\nqueues:")
        .start()
        .await?;
    let visitor = Client::new(hotline.http());
    let wants = async |body: Value| visitor.post("/api/v1/guests/callbacks", &body).await;
    let now = wants(json!({ "phone": "+1 (555) 010-0199" })).await?;
    assert_eq!(now, json!({ "not_before": null, "is_new": true }));
    let again = wants(json!({ "phone": "+1 555 010 0199", "at": "now" })).await?;
    assert_eq!(again["is_new"], false);
    let later = wants(json!({ "phone": "+15550100198", "at": "15:00" })).await?;
    assert!(later["not_before"].as_str().is_some_and(|at| at.contains("T15:00:00")), "{later}");
    for (body, field) in [
        (json!({ "phone": "+4930123456" }), "phone"),
        (json!({ "phone": "1001" }), "phone"),
        (json!({ "phone": "+15550100197", "at": "25:00" }), "at"),
        (json!({ "phone": "+15550100197", "at": "2020-01-01T00:00:00Z" }), "at"),
    ] {
        let refused = wants(body).await.expect_err("it cannot be done").to_string();
        assert!(refused.contains("422") && refused.contains(field), "{refused}");
    }
    let list = hotline.admin().await?.get("/api/v1/callbacks").await?;
    let waiting: Vec<_> =
        list["callbacks"].as_array().into_iter().flatten().map(|one| &one["number"]).collect();
    assert_eq!(waiting, [&json!("+15550100199"), &json!("+15550100198")], "{list}");
    assert!(
        wants(json!({ "phone": "+15550100196" })).await.expect_err("too often").to_string().contains("429")
    );
    Ok(())
}
