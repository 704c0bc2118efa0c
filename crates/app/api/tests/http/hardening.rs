//! Bad input, other sites, and the headers that keep browsers out of trouble.

use hotline_api::BODY_BYTES_MAX;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{Answer, send};
use crate::server::{PASSWORD, Server};

#[tokio::test]
async fn a_body_that_is_not_what_was_asked_for_is_refused_with_its_place() {
    let server = Server::start().await;
    let token = server.token("1001").await;
    let put = async |kind: &str, body: &[u8]| {
        let fields = [("authorization", token.as_str()), ("content-type", kind)];
        send(server.address, "PUT", "/api/v1/agents/1001/state", &fields, body).await
    };
    for (kind, body, status) in [
        ("application/json", &b"{"[..], 400),
        ("application/json", b"", 400),
        ("application/json", b"\xff\xfe", 400),
        ("application/json", br#"{"state":"asleep"}"#, 422),
        ("application/json", br#"{"state":"ready","extra":1}"#, 422),
        ("application/json", br#"[]"#, 422),
        ("text/plain", br#"{"state":"ready"}"#, 415),
    ] {
        let answer = put(kind, body).await;
        assert_eq!(answer.status, status, "{kind} {body:?}");
        assert_eq!(answer.field("content-type"), Some("application/problem+json"));
        assert_eq!(answer.json()["status"], status);
    }
    let deep = "[".repeat(20_000);
    assert_eq!(put("application/json", deep.as_bytes()).await.status, 400);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let server = Server::start().await;
    let token = server.token("1001").await;
    let body = json!({ "name": "x".repeat(BODY_BYTES_MAX) });
    let answer = server.send("POST", "/api/v1/customers", &[("authorization", &token)], body).await;
    assert_eq!((answer.status, &answer.json()["status"]), (413, &json!(413)));
}

#[tokio::test]
async fn queries_that_make_no_sense_are_refused() {
    let server = Server::start().await;
    let token = server.token("boss").await;
    for path in [
        "/api/v1/calls?limit=x",
        "/api/v1/calls?limits=1",
        "/api/v1/events?after=-1",
        "/api/v1/audit?cursor=x",
    ] {
        assert_eq!(server.get(path, &token).await.status, 400, "{path}");
    }
    assert_eq!(server.get("/api/v1/agents/%ff", &token).await.status, 404);
}

#[tokio::test]
async fn a_page_of_another_site_cannot_write_with_the_cookie() {
    let server = Server::start().await;
    let body = json!({ "user": "1001", "password": PASSWORD });
    let signed_in = server.send("POST", "/api/v1/session", &[], body.clone()).await;
    let cookie = signed_in.field("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let ready = json!({ "state": "ready" });
    for (fields, status) in [
        ([("sec-fetch-site", "cross-site"), ("cookie", cookie.as_str())], 403),
        ([("origin", "http://evil.example"), ("cookie", cookie.as_str())], 403),
        ([("origin", "http://test"), ("cookie", cookie.as_str())], 200),
        ([("sec-fetch-site", "same-origin"), ("cookie", cookie.as_str())], 200),
    ] {
        let answer = server.send("PUT", "/api/v1/agents/1001/state", &fields, ready.clone()).await;
        assert_eq!(answer.status, status, "{fields:?}");
    }
    let forced = server.send("POST", "/api/v1/session", &[("sec-fetch-site", "cross-site")], body).await;
    assert_eq!(forced.status, 403, "nor sign somebody in");
}

#[tokio::test]
async fn every_answer_has_its_id_and_the_security_headers() {
    let server = Server::start().await;
    let token = server.token("boss").await;
    let mut seen = Vec::new();
    for path in ["/", "/healthz", "/api/v1/live", "/api/v1/nothing"] {
        let answer = server.get(path, &token).await;
        let policy = answer.field("content-security-policy").unwrap();
        assert!(
            policy.contains("default-src 'self'")
                && !policy.contains("script-src")
                && policy.contains("frame-ancestors 'none'"),
            "{path}"
        );
        assert_eq!(answer.field("x-content-type-options"), Some("nosniff"), "{path}");
        seen.push(answer.field("x-request-id").unwrap().to_owned());
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 4);
    assert_eq!(server.get("/api/v1/live", &token).await.field("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn a_request_keeps_the_id_that_its_client_gave_it() {
    let server = Server::start().await;
    let token = server.token("boss").await;
    let ask = async |id: &str| -> Answer {
        let fields = [("authorization", token.as_str()), ("x-request-id", id)];
        send(server.address, "GET", "/api/v1/nothing", &fields, b"").await
    };
    let answer = ask("crm-7.f_2").await;
    assert_eq!((answer.status, answer.field("x-request-id")), (404, Some("crm-7.f_2")));
    assert_eq!(answer.json()["request_id"], "crm-7.f_2");
    for bad in ["+4930123456", "4930123456", "a b", "a;b", &"x".repeat(65)] {
        let answer = ask(bad).await;
        let ours = answer.field("x-request-id").unwrap();
        assert!(ours != bad && ours.len() == 17, "{bad}: {ours}");
        assert_eq!(answer.json()["request_id"], ours);
    }
    let fields = [
        ("authorization", token.as_str()),
        ("x-request-id", "r-reset"),
        ("content-type", "application/json"),
    ];
    let path = "/api/v1/users/1002/sign-out";
    assert!(send(server.address, "POST", path, &fields, b"").await.status < 300);
    let log = server.get("/api/v1/audit", &token).await.json();
    assert!(
        log["entries"].as_array().unwrap().iter().any(|entry| entry["detail"]["request_id"] == "r-reset"),
        "{log}"
    );
}

#[tokio::test]
async fn any_other_path_is_the_page_but_a_missing_asset_is_missing() {
    let server = Server::start().await;
    let index = send(server.address, "GET", "/", &[], b"").await;
    assert_eq!((index.status, index.field("content-type")), (200, Some("text/html")));
    assert_eq!(index.field("cache-control"), Some("no-cache"));
    let deep = send(server.address, "GET", "/desk/calls", &[], b"").await;
    assert_eq!(deep.body, index.body);
    let etag = index.field("etag").unwrap();
    let again = send(server.address, "GET", "/", &[("if-none-match", etag)], b"").await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(send(server.address, "GET", "/assets/gone-0123.js", &[], b"").await.status, 404);
    assert_eq!(send(server.address, "GET", "/../../etc/passwd", &[], b"").await.body, index.body);
    assert_eq!(send(server.address, "POST", "/desk", &[], b"").await.status, 405);
}

#[tokio::test]
async fn what_is_no_http_is_refused_and_harms_nobody() {
    let server = Server::start().await;
    for nonsense in
        [&b"\0\0\0\0\r\n\r\n"[..], b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"INVITE sip:a SIP/2.0\r\n\r\n"]
    {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(nonsense).await.unwrap();
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer).await;
        assert!(read.is_err() || answer.is_empty() || answer.starts_with(b"HTTP/1.1 400"), "{answer:?}");
    }
    let mut fields = String::new();
    for number in 0..200 {
        fields += &format!("x-{number}: y\r\n");
    }
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(format!("GET / HTTP/1.1\r\n{fields}\r\n").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 431"), "{}", String::from_utf8_lossy(&answer));
    assert_eq!(send(server.address, "GET", "/healthz", &[], b"").await.status, 200);
}

#[tokio::test]
async fn a_defect_costs_one_request_and_not_the_connection_of_others() {
    let server = Server::start_with(|| panic!("boom")).await;
    let answer = send(server.address, "GET", "/metrics", &[], b"").await;
    assert_eq!((answer.status, &answer.json()["status"]), (500, &json!(500)));
    assert!(!String::from_utf8_lossy(&answer.body).contains("boom"));
    assert_eq!(send(server.address, "GET", "/healthz", &[], b"").await.status, 200);
}
