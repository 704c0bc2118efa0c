//! The address book.

use hotline_call::Command;
use serde_json::{Value, json};

use crate::server::Server;

const PATH: &str = "/api/v1/customers";

#[tokio::test]
async fn a_customer_is_created_found_and_changed() {
    let mut server = Server::start().await;
    let token = server.token("1001").await;
    let fields = [("authorization", token.as_str())];
    let draft = json!({ "name": "Ada Lovelace", "company": "", "numbers": ["030 123-456"] });
    let created = server.send("POST", PATH, &fields, draft).await;
    assert_eq!(created.status, 201);
    let ada = created.json();
    assert_eq!((&ada["company"], &ada["numbers"]), (&json!(null), &json!(["+4930123456"])));
    assert_eq!(created.field("etag"), Some(format!("\"{}\"", ada["changed_at"].as_str().unwrap()).as_str()));
    let place = created.field("location").unwrap().to_owned();
    assert_eq!(server.get(&place, &token).await.json(), ada);
    let Command::CustomerChanged(told) = server.shard.command().await else { panic!("the core is told") };
    assert_eq!(told.id.to_string(), ada["id"].as_str().unwrap());

    for (query, found) in [
        ("?number=%2B49%2030%20123456", 1),
        ("?number=0049-30-123456", 1),
        ("?number=030999", 0),
        ("?number=nobody", 0),
        ("?q=LOVE", 1),
        ("?q=x", 0),
        ("", 1),
    ] {
        let list = server.get(&format!("{PATH}{query}"), &token).await.json();
        assert_eq!(list["customers"].as_array().unwrap().len(), found, "{query}");
    }

    let etag = created.field("etag").unwrap().to_owned();
    let change = json!({ "name": "Ada King", "numbers": ["030 123-456"], "note": "countess" });
    let with_version = [fields[0], ("if-match", etag.as_str())];
    let changed = server.send("PUT", &place, &with_version, change.clone()).await;
    assert_eq!((changed.status, &changed.json()["name"]), (200, &json!("Ada King")));
    assert_ne!(changed.field("etag"), Some(etag.as_str()), "also within one millisecond");
    assert_eq!(server.send("PUT", &place, &with_version, change.clone()).await.status, 412);
    assert_eq!(server.send("PUT", &place, &fields, change.clone()).await.status, 428);
    let unknown = format!("{PATH}/0190a0a0-0000-7000-8000-000000000000");
    assert_eq!(server.send("PUT", &unknown, &with_version, change).await.status, 404);
}

#[tokio::test]
async fn of_two_who_change_at_once_one_is_refused() {
    let server = Server::start().await;
    let token = server.token("1001").await;
    let fields = [("authorization", token.as_str())];
    let created = server.send("POST", PATH, &fields, json!({ "name": "Ada" })).await;
    let (place, etag) = (created.field("location").unwrap(), created.field("etag").unwrap());
    let with_version = [fields[0], ("if-match", etag)];
    let (one, two) = tokio::join!(
        server.send("PUT", place, &with_version, json!({ "name": "One" })),
        server.send("PUT", place, &with_version, json!({ "name": "Two" })),
    );
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
}

#[tokio::test]
async fn every_wrong_field_is_named() {
    let server = Server::start().await;
    let token = server.token("1001").await;
    let draft = json!({ "name": " ", "email": "nowhere", "numbers": ["1", "call me", "1"] });
    let answer = server.send("POST", PATH, &[("authorization", &token)], draft).await;
    assert_eq!(answer.status, 422);
    let problem = answer.json();
    let fields: Vec<&Value> =
        problem["errors"].as_array().unwrap().iter().map(|error| &error["field"]).collect();
    assert_eq!(fields, ["name", "email", "numbers[1]", "numbers[2]"]);
}
