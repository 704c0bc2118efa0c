//! Signing in and out, by session and by token.

use hotline_api::FAILURES_MAX;
use serde_json::json;

use crate::client::{Answer, Stream, send};
use crate::server::{PASSWORD, Server};

#[tokio::test]
async fn a_person_signs_in_works_and_signs_out() {
    let server = Server::start().await;
    let body = json!({ "user": "1001", "password": PASSWORD });
    let answer = server.send("POST", "/api/v1/session", &[], body).await;
    assert_eq!(answer.status, 200);
    let session = answer.json();
    assert_eq!((&session["user"], &session["name"]), (&json!("1001"), &json!("Ann")));
    assert_eq!((&session["role"], &session["agent"]), (&json!("agent"), &json!("1001")));
    let cookie = answer.field("set-cookie").unwrap().to_owned();
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    assert_eq!(attributes, "HttpOnly; SameSite=Strict; Path=/; Max-Age=43200");

    let fields = [("cookie", pair)];
    let shown = send(server.address, "GET", "/api/v1/session", &fields, b"").await;
    assert_eq!(shown.json(), session);
    let mut stream = Stream::open(server.address, "", &fields).await;
    assert_eq!(stream.next().await.unwrap().event, "snapshot");

    let ended = send(server.address, "DELETE", "/api/v1/session", &fields, b"").await;
    assert_eq!(ended.status, 204);
    assert!(ended.field("set-cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(send(server.address, "GET", "/api/v1/session", &fields, b"").await.status, 401);
    assert_eq!(stream.next().await, None, "open pages end with the session");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_look_the_same() {
    let server = Server::start().await;
    let wrong = server.send("POST", "/api/v1/session", &[], json!({ "user": "1001", "password": "x" })).await;
    let unknown =
        server.send("POST", "/api/v1/session", &[], json!({ "user": "1009", "password": "x" })).await;
    assert_eq!((wrong.status, unknown.status), (401, 401));
    let said = |answer: &Answer| {
        let mut problem = answer.json();
        problem.as_object_mut().unwrap().remove("request_id");
        problem
    };
    assert_eq!(said(&wrong), said(&unknown));
    assert_eq!(wrong.field("content-type"), Some("application/problem+json"));
    assert_eq!(wrong.field("set-cookie"), None);
}

#[tokio::test]
async fn guessing_is_slowed_down_for_that_user_alone() {
    let server = Server::start().await;
    let guess = json!({ "user": "1001", "password": "guess" });
    for _ in 0..FAILURES_MAX {
        assert_eq!(server.send("POST", "/api/v1/session", &[], guess.clone()).await.status, 401);
    }
    let right = json!({ "user": "1001", "password": PASSWORD });
    let answer = server.send("POST", "/api/v1/session", &[], right).await;
    assert_eq!(answer.status, 429);
    let wait: u64 = answer.field("retry-after").unwrap().parse().unwrap();
    assert!((1..=6).contains(&wait), "{wait}");
    let other = json!({ "user": "1002", "password": PASSWORD });
    assert_eq!(server.send("POST", "/api/v1/session", &[], other).await.status, 200);
}

#[tokio::test]
async fn a_disabled_user_is_out_at_once() {
    let server = Server::start().await;
    let token = server.token("1001").await;
    let mut user = server.store.find_user("1001").await.unwrap().unwrap();
    user.disabled = true;
    server.store.upsert_user(&user).await.unwrap();
    assert_eq!(server.get("/api/v1/live", &token).await.status, 401);
    let body = json!({ "user": "1001", "password": PASSWORD });
    assert_eq!(server.send("POST", "/api/v1/session", &[], body).await.status, 401);
}

#[tokio::test]
async fn tokens_are_made_with_a_password_or_a_session_but_not_with_a_token() {
    let server = Server::start().await;
    let token = server.token("boss").await;
    let shown = server.get("/api/v1/session", &token).await.json();
    assert_eq!((&shown["role"], &shown["agent"]), (&json!("admin"), &json!(null)));

    let wish = json!({ "name": "wall", "expires_in_s": 3600 });
    let by_token = server.send("POST", "/api/v1/tokens", &[("authorization", &token)], wish.clone()).await;
    assert_eq!(by_token.status, 403);
    let by_nobody = server.send("POST", "/api/v1/tokens", &[], wish.clone()).await;
    assert_eq!(by_nobody.status, 401);
    let body = json!({ "user": "boss", "password": PASSWORD });
    let signed_in = server.send("POST", "/api/v1/session", &[], body).await;
    let cookie = signed_in.field("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let by_session = server.send("POST", "/api/v1/tokens", &[("cookie", &cookie)], wish).await;
    assert_eq!(by_session.status, 201);

    // A token is no session and a session no token.
    let secret = token.trim_start_matches("Bearer ");
    let as_cookie = format!("hotline_session={secret}");
    assert_eq!(send(server.address, "GET", "/api/v1/live", &[("cookie", &as_cookie)], b"").await.status, 401);

    let fields = [("authorization", token.as_str())];
    assert_eq!(send(server.address, "DELETE", "/api/v1/tokens/current", &fields, b"").await.status, 204);
    assert_eq!(server.get("/api/v1/live", &token).await.status, 401);
}

#[tokio::test]
async fn every_mistake_in_a_wish_for_a_token_is_named() {
    let server = Server::start().await;
    let wish = json!({ "user": "boss", "name": " ", "expires_in_s": 1 });
    let answer = server.send("POST", "/api/v1/tokens", &[], wish).await;
    assert_eq!(answer.status, 422);
    let problem = answer.json();
    let fields: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|error| &error["field"]).collect();
    assert_eq!(fields, ["name", "expires_in_s", "password"]);
}

#[tokio::test]
async fn who_is_signed_in_goes_on_while_the_database_is_away_and_nobody_else_comes_in() {
    let server = Server::start().await;
    let (ann, gone) = (server.token("1001").await, server.token("1002").await);
    assert_eq!(server.get("/api/v1/live", &ann).await.status, 200);
    assert_eq!(server.get("/api/v1/live", &gone).await.status, 200);
    let field = [("authorization", gone.as_str())];
    assert_eq!(server.send("DELETE", "/api/v1/tokens/current", &field, json!(null)).await.status, 204);
    server.store.close().await;
    assert_eq!(server.get("/api/v1/live", &ann).await.status, 200);
    assert_eq!(server.get("/api/v1/live", &gone).await.status, 503);
    assert_eq!(server.get("/api/v1/live", "Bearer guessed").await.status, 503);
}
