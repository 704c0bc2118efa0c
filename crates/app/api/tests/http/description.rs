//! The interface's own description.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::server::Server;

/// Every `$ref` in it.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[tokio::test]
async fn every_route_is_described_with_its_permission_and_what_it_says_is_there() {
    let server = Server::start().await;
    let answer = server.get("/api/v1/openapi.json", "").await;
    assert_eq!((answer.status, answer.field("content-type")), (200, Some("application/json")));
    let document = answer.json();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = BTreeSet::new();
    for route in hotline_api::routes() {
        let operation = &document["paths"][format!("/api{}", route.path)][route.method.to_ascii_lowercase()];
        let name = format!("{} {}", route.method, route.path);
        assert!(operation["summary"].as_str().is_some_and(|text| text.len() > 5), "{name}");
        let permission = route.permission.map(|permission| permission.as_str());
        assert_eq!(operation["x-permission"].as_str(), permission, "{name}");
        assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{name}");
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let in_path = parameters.iter().filter(|one| one["in"] == "path").count();
        assert_eq!(in_path, route.path.matches('{').count(), "{name}");
    }
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    for reference in found {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
    }
}

#[test]
fn the_pages_are_built_for_this_interface() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../web/openapi.json");
    let built_for = std::fs::read_to_string(file).unwrap();
    assert!(
        built_for.trim_end() == hotline_api::description(),
        "the interface has changed: cargo run -p hotline-server -- schema api > web/openapi.json"
    );
}

#[tokio::test]
async fn what_may_be_left_out_is_told_apart_for_requests_and_answers() {
    let server = Server::start().await;
    let schemas = server.get("/api/v1/openapi.json", "").await.json()["components"]["schemas"].take();
    assert_eq!(schemas["CustomerDraft"]["required"], Value::Null);
    assert_eq!(schemas["CustomerDraft"]["additionalProperties"], false);
    assert!(schemas["Customer"]["required"].as_array().unwrap().contains(&json!("company")));
}

#[tokio::test]
async fn people_read_it_as_a_page_without_scripts() {
    let server = Server::start().await;
    let page = server.get("/api/v1/docs", "").await;
    assert_eq!((page.status, page.field("content-type")), (200, Some("text/html; charset=utf-8")));
    let html = String::from_utf8(page.body).unwrap();
    assert!(html.contains("/api/v1/calls/{id}/recording") && html.contains("id=\"schema-Record\""));
    assert!(!html.contains("<script"));
}

#[tokio::test]
async fn a_list_goes_on_where_a_page_ended_whatever_comes_in_between() {
    let server = Server::start().await;
    let boss = server.token("boss").await;
    let fields = [("authorization", boss.as_str())];
    let names = |page: &Value| -> Vec<String> {
        let users = page["users"].as_array().unwrap();
        users.iter().map(|user| user["name"].as_str().unwrap().to_owned()).collect()
    };
    let first = server.get("/api/v1/users?limit=2", &boss).await.json();
    assert_eq!(names(&first), ["1001", "1002"]);
    for name in ["0999", "anna"] {
        let user = json!({ "name": name, "display_name": name, "roles": ["agent"] });
        assert_eq!(server.send("POST", "/api/v1/users", &fields, user).await.status, 201);
    }
    let next = first["next"].as_str().unwrap();
    let second = server.get(&format!("/api/v1/users?limit=2&cursor={next}"), &boss).await.json();
    assert_eq!((names(&second), &second["next"]), (vec!["anna".to_owned(), "boss".to_owned()], &Value::Null));
    for name in ["Ada", "Ada", "Bea"] {
        assert_eq!(
            server.send("POST", "/api/v1/customers", &fields, json!({ "name": name })).await.status,
            201
        );
    }
    let mut seen = BTreeSet::new();
    let mut cursor = String::new();
    for _ in 0..3 {
        let page = server.get(&format!("/api/v1/customers?limit=1&cursor={cursor}"), &boss).await.json();
        seen.insert(page["customers"][0]["id"].as_str().unwrap().to_owned());
        cursor = page["next"].as_str().unwrap_or_default().to_owned();
    }
    assert_eq!((seen.len(), cursor.as_str()), (3, ""));
    for list in ["users", "sessions", "tokens", "customers", "calls", "callbacks", "messages", "audit"] {
        let wrong = server.get(&format!("/api/v1/{list}?cursor=x!"), &boss).await;
        assert_eq!(wrong.status, 400, "{list}");
        let page = server.get(&format!("/api/v1/{list}?limit=1"), &boss).await.json();
        assert!(page.as_object().unwrap().contains_key("next"), "{list}");
    }
}
