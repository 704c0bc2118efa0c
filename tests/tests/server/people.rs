//! Users, roles and the audit log of the built server, as the operator and the people see them.

use std::net::SocketAddr;
use std::process::{Output, Stdio};

use anyhow::{Context, Result, ensure};
use hotline_api_client::{Client, ClientError};
use hotline_phone::PhoneEvent;
use hotline_tests::{Center, Hotline, PATIENCE, Queue, binary, eventually, within};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;

const CALLER: &str = "+15550100123";

/// Runs the program beside the server, with this on its standard input.
async fn run(hotline: &Hotline, arguments: &[&str], input: &str) -> Result<Output> {
    let mut command = Command::new(binary()?);
    command.current_dir(hotline.directory()).args(arguments).env_remove("HOTLINE_CONFIG").kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    child.stdin.take().context("stdin is a pipe")?.write_all(input.as_bytes()).await?;
    within("the program to end", async { Ok(child.wait_with_output().await?) }).await
}

fn refused<T: std::fmt::Debug>(outcome: Result<T, ClientError>) -> u16 {
    match outcome {
        Err(ClientError::Refused { status, .. }) => status.as_u16(),
        other => panic!("it was not refused: {other:?}"),
    }
}

/// As a browser asks: with a cookie if it has one. Gives status, head and body.
async fn browse(
    http: SocketAddr,
    (method, path): (&str, &str),
    cookie: &str,
    body: &Value,
) -> Result<(u16, String, Value)> {
    let body = body.to_string();
    let request = format!(
        "{method} /api/v1/{path} HTTP/1.1\r\nhost: {http}\r\nconnection: close\r\ncookie: {cookie}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let exchange = async {
        let mut stream = TcpStream::connect(http).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok(answer)
    };
    let answer = within("an answer", exchange).await?;
    let (head, body) = answer.split_once("\r\n\r\n").context("a whole head")?;
    let status = head.split(' ').nth(1).context("a status")?.parse()?;
    Ok((status, head.to_owned(), serde_json::from_str(body).unwrap_or(Value::Null)))
}

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(|item| item["id"].as_str()).collect()
}

#[tokio::test]
async fn a_leader_who_was_added_by_command_sees_the_team_and_no_more() -> Result<()> {
    let center = Center::new()
        .sales(|queue: Queue| queue.members(&["1001"]))
        .support(|queue: Queue| queue.members(&["1002"]))
        .agent("1001", "groups: [early]");
    let hotline = center.start().await?;
    let command = ["user", "lea", "--role", "team_leader", "--team", "early"];
    let weak = run(&hotline, &command, "password\n").await?;
    let said = String::from_utf8_lossy(&weak.stderr).into_owned();
    assert!(!weak.status.success() && said.contains("small letters"), "{said}");
    let added = run(&hotline, &command, "Early-birds-1\n").await?;
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));

    let lea = Client::sign_in(hotline.http(), "lea", "Early-birds-1").await?;
    assert_eq!(ids(&lea.get("/api/v1/live").await?["agents"]), ["1001"]);
    assert_eq!(refused(lea.get("/api/v1/agents/1002").await), 403);
    assert_eq!(refused(lea.get("/api/v1/audit").await), 403);

    let mut ours = hotline.caller(CALLER).await?;
    ours.dial("4100").await?;
    ours.expect(&PhoneEvent::Up, PATIENCE).await?;
    let seen = async || {
        let live = lea.get("/api/v1/live").await?;
        let call = &live["calls"][0];
        Ok((call["queue"] == "sales").then(|| call["id"].as_str().unwrap_or_default().to_owned()))
    };
    let call = eventually("the call to be seen", seen).await?;
    lea.post(&format!("/api/v1/calls/{call}/priority"), &json!({ "credit_s": 60 })).await?;

    // What a role allows changes for whoever has it.
    let admin = hotline.admin().await?;
    let roles = admin.get("/api/v1/roles").await?;
    assert_eq!(roles["roles"].as_array().map(Vec::len), Some(7));
    let permissions = admin.get("/api/v1/permissions").await?;
    ensure!(permissions.to_string().contains("静默监听通话"), "{permissions}");
    admin.post("/api/v1/users/lea/sign-out", &Value::Null).await?;
    assert_eq!(refused(lea.get("/api/v1/live").await), 401);
    ours.hang_up().await?;
    Ok(())
}

/// A center that has no published people.
fn without_people() -> Result<Center> {
    let directory = Center::new().write()?;
    let text = std::fs::read_to_string(directory.path().join("config/center.yaml"))?;
    let people = &text[text.find("\ndemo:").context("a demonstration")?..];
    Ok(Center::new().edit("config/center.yaml", people, "\n"))
}

#[tokio::test]
async fn the_first_start_shows_a_password_once_which_is_changed_at_the_first_sign_in() -> Result<()> {
    let mut hotline = without_people()?.start().await?;
    let shown = "sign in as `admin` with the password ";
    let output = hotline.output();
    let once = output.split_once(shown).context("a first password")?.1;
    let once = once.split_whitespace().next().context("a password")?.to_owned();
    let http = hotline.http();

    let (status, head, session) =
        browse(http, ("POST", "session"), "", &json!({ "user": "admin", "password": once })).await?;
    assert_eq!((status, &session["must"]), (200, &json!("password_change")));
    let cookie = head.split("hotline_session=").nth(1).and_then(|rest| rest.split(';').next());
    let cookie = format!("hotline_session={}", cookie.context("a cookie")?);
    let (status, _, problem) = browse(http, ("GET", "users"), &cookie, &Value::Null).await?;
    assert_eq!((status, &problem["type"]), (403, &json!("password_change_required")));
    let new = json!({ "current": once, "new": "My-own-secret-1" });
    assert_eq!(browse(http, ("PUT", "session/password"), &cookie, &new).await?.0, 204);
    assert_eq!(browse(http, ("GET", "users"), &cookie, &Value::Null).await?.0, 200);

    hotline.kill().await?;
    hotline.restart().await?;
    assert_eq!(hotline.output().matches(shown).count(), 1, "there is an administrator");
    let admin = Client::sign_in(hotline.http(), "admin", "My-own-secret-1").await?;
    assert_eq!(admin.get("/api/v1/users").await?["users"][0]["roles"], json!(["admin"]));
    Ok(())
}

#[tokio::test]
async fn the_audit_log_is_proved_whole_and_a_changed_row_is_named() -> Result<()> {
    let mut hotline = Center::new().start().await?;
    let admin = hotline.admin().await?;
    let desk = hotline.desk("1001").await?;
    desk.put("/api/v1/agents/1001/state", &json!({ "state": "ready" })).await?;
    let told = admin.get("/api/v1/audit?action=agent.state&actor=desk1001").await?;
    assert_eq!(told["entries"].as_array().map(Vec::len), Some(1), "{told}");
    let none = admin.get("/api/v1/audit?action=agent.&until=2020-01-01T00:00:00Z").await?;
    assert_eq!(none, json!({ "entries": [], "next": null }));

    let whole = run(&hotline, &["audit", "verify"], "").await?;
    let said = String::from_utf8_lossy(&whole.stdout).into_owned();
    assert!(whole.status.success() && said.contains("whole: 3 rows"), "{said}");

    // Somebody with all rights over the file makes another state of it.
    hotline.terminate()?;
    hotline.ended().await?;
    let file = hotline.directory().join("data/hotline.db");
    let mut bytes = std::fs::read(&file)?;
    let (from, to) = (b"agent.state", b"agent.hello");
    let places: Vec<usize> =
        (0..bytes.len() - from.len()).filter(|at| bytes[*at..].starts_with(from)).collect();
    ensure!(!places.is_empty(), "the row is in the file");
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to);
    }
    std::fs::write(&file, bytes)?;
    let broken = run(&hotline, &["audit", "verify"], "").await?;
    let said = String::from_utf8_lossy(&broken.stderr).into_owned();
    assert_eq!(broken.status.code(), Some(1), "{said}");
    assert!(said.contains("broken at row 3"), "{said}");
    Ok(())
}
