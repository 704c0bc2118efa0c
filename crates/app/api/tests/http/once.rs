//! Requests that are sent twice and done once.

use serde_json::{Value, json};

use crate::client::Answer;
use crate::server::Server;

const CUSTOMERS: &str = "/api/v1/customers";
const KEY: &str = "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"";

async fn post(server: &Server, path: &str, token: &str, key: &str, body: Value) -> Answer {
    server.send("POST", path, &[("authorization", token), ("idempotency-key", key)], body).await
}

async fn count(server: &Server, token: &str) -> usize {
    server.get(CUSTOMERS, token).await.json()["customers"].as_array().unwrap().len()
}

#[tokio::test]
async fn the_same_request_is_done_once_and_answered_as_before() {
    let server = Server::start().await;
    let (ann, bob) = (server.token("1001").await, server.token("1002").await);
    let first = post(&server, CUSTOMERS, &ann, KEY, json!({ "name": "Ada" })).await;
    assert_eq!((first.status, first.field("idempotency-replayed")), (201, None));
    let again = post(&server, CUSTOMERS, &ann, KEY, json!({ "name": "Ada" })).await;
    assert_eq!((again.status, again.field("idempotency-replayed")), (201, Some("true")));
    assert_eq!((again.json(), again.body.len()), (first.json(), first.body.len()));
    for field in ["location", "etag", "content-type"] {
        assert!(first.field(field).is_some() && again.field(field) == first.field(field), "{field}");
    }
    assert_eq!(count(&server, &ann).await, 1);
    let other = post(&server, CUSTOMERS, &ann, KEY, json!({ "name": "Bea" })).await;
    assert_eq!((other.status, &other.json()["type"]), (422, &json!("idempotency_key_reused")));
    // The key is of one user.
    assert_eq!(post(&server, CUSTOMERS, &bob, KEY, json!({ "name": "Ada" })).await.status, 201);
    assert_eq!(count(&server, &ann).await, 2);
}

#[tokio::test]
async fn who_may_no_longer_do_it_is_not_told_what_was_answered() {
    let server = Server::start().await;
    let (ann, boss) = (server.token("1001").await, server.token("boss").await);
    let first = post(&server, CUSTOMERS, &ann, KEY, json!({ "name": "Ada" })).await;
    assert_eq!(first.status, 201);
    let path = "/api/v1/roles/agent";
    let role = server.get(path, &boss).await;
    let tag = role.field("etag").unwrap().to_owned();
    let mut wanted = role.json();
    wanted["permissions"].as_object_mut().unwrap().remove("customers.edit");
    let change = json!({ "label": wanted["label"], "permissions": wanted["permissions"], "pages": true, "second_factor": false });
    let fields = [("authorization", boss.as_str()), ("if-match", tag.as_str())];
    assert_eq!(server.send("PUT", path, &fields, change).await.status, 200);
    let again = post(&server, CUSTOMERS, &ann, KEY, json!({ "name": "Ada" })).await;
    assert_eq!((again.status, again.field("idempotency-replayed")), (403, None));
}

#[tokio::test]
async fn of_two_that_arrive_at_once_one_is_done() {
    let server = Server::start().await;
    let token = server.token("1001").await;
    let ask = || post(&server, CUSTOMERS, &token, KEY, json!({ "name": "Ada" }));
    let (one, two) = tokio::join!(ask(), ask());
    for answer in [one, two] {
        let running = (409, json!("idempotency_running"));
        assert!(answer.status == 201 || (answer.status, answer.json()["type"].clone()) == running);
    }
    assert_eq!(count(&server, &token).await, 1);
}

#[tokio::test]
async fn what_was_refused_leaves_the_key_free_and_a_wrong_key_is_refused() {
    let server = Server::start().await;
    let token = server.token("1001").await;
    assert_eq!(post(&server, CUSTOMERS, &token, KEY, json!({ "name": "" })).await.status, 422);
    assert_eq!(post(&server, CUSTOMERS, &token, KEY, json!({ "name": "Ada" })).await.status, 201);
    for key in ["", "\"\"", &"x".repeat(256)] {
        assert_eq!(
            post(&server, CUSTOMERS, &token, key, json!({ "name": "Ada" })).await.status,
            400,
            "{key}"
        );
    }
    assert_eq!(count(&server, &token).await, 1);
}

#[tokio::test]
async fn a_password_that_is_shown_once_is_not_shown_again() {
    let server = Server::start().await;
    let boss = server.token("boss").await;
    let user = json!({ "name": "carla", "display_name": "Carla", "roles": ["agent"] });
    let first = post(&server, "/api/v1/users", &boss, KEY, user.clone()).await;
    let password = first.json()["password"].as_str().unwrap().to_owned();
    let again = post(&server, "/api/v1/users", &boss, KEY, user).await;
    assert_eq!((again.status, &again.json()["type"]), (409, &json!("idempotency_shown_once")));
    assert!(!String::from_utf8_lossy(&again.body).contains(&password));
}
