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

async fn upload(server: &Server, token: &str, csv: &str) -> Value {
    let fields = [("authorization", token), ("content-type", "text/csv; charset=utf-8")];
    let answer =
        crate::client::send(server.address, "POST", "/api/v1/imports", &fields, csv.as_bytes()).await;
    assert_eq!(answer.status, 201, "{:?}", String::from_utf8_lossy(&answer.body));
    answer.json()
}

async fn finished(server: &Server, token: &str, path: &str) -> Value {
    loop {
        let import = server.get(path, token).await.json();
        if import["state"] != "running" {
            return import;
        }
    }
}

#[tokio::test]
async fn a_file_is_shown_before_it_is_imported_and_comes_out_again_without_formulas() {
    let server = Server::start().await;
    let token = server.token("1001").await;
    let fields = [("authorization", token.as_str())];
    let ada = json!({ "name": "Ada", "numbers": ["+4930123456"], "note": "stays" });
    server.send("POST", PATH, &fields, ada).await;
    let csv = "Name;电话;VIP;Colour\n\
        Ada Lovelace;030 123456;yes;red\n\
        Bert;0172 1; no;\n\
        Bert again;+49 172 1;;\n\
        ;030 5;;\n\
        =1+1;030 6;;\n";
    let preview = upload(&server, &token, csv).await;
    let parts: Vec<&Value> =
        preview["columns"].as_array().unwrap().iter().map(|column| &column["part"]).collect();
    assert_eq!(parts, [&json!("name"), &json!("numbers"), &json!("vip"), &json!(null)]);
    let counts =
        ["rows", "new", "changed", "duplicates", "wrong"].map(|count| preview[count].as_u64().unwrap());
    assert_eq!(counts, [5, 2, 1, 1, 1]);
    assert_eq!((&preview["errors"][0]["row"], &preview["errors"][0]["field"]), (&json!(5), &json!("name")));
    let all = server.get(PATH, &token).await.json();
    assert_eq!(all["customers"].as_array().unwrap().len(), 1, "nothing is changed by a look");

    let path = format!("/api/v1/imports/{}", preview["id"].as_str().unwrap());
    let other = server.token("1002").await;
    assert_eq!(server.get(&path, &other).await.status, 404, "it is another's");
    let commit = format!("{path}/commit");
    assert_eq!(server.send("POST", &commit, &fields, json!({})).await.status, 409, "a line is wrong");
    assert_eq!(server.send("POST", &commit, &fields, json!({ "skip_wrong": true })).await.status, 202);
    let done = finished(&server, &token, &path).await;
    assert_eq!((&done["state"], &done["done"]), (&json!("done"), &json!(3)));
    let found = server.get(&format!("{PATH}?q=lovelace"), &token).await.json();
    let ada = &found["customers"][0];
    assert_eq!((&ada["vip"], &ada["note"]), (&json!(true), &json!("stays")));

    assert_eq!(server.get("/api/v1/customers.csv", &token).await.status, 403);
    let boss = server.token("boss").await;
    let file = server.get("/api/v1/customers.csv", &boss).await;
    let text = String::from_utf8(file.body).unwrap();
    assert!(text.contains(",'=1+1,") && text.contains("'+4930123456"), "{text}");
    let again = upload(&server, &token, &text).await;
    assert_eq!((&again["unchanged"], &again["wrong"], &again["rows"]), (&json!(3), &json!(0), &json!(3)));
}

#[tokio::test]
async fn what_is_no_table_is_refused_and_columns_can_be_set() {
    let server = Server::start().await;
    let token = server.token("1001").await;
    let fields = [("authorization", token.as_str())];
    let answer = server.send("POST", "/api/v1/imports", &fields, json!({})).await;
    assert_eq!(answer.status, 415);
    let preview = upload(&server, &token, "who,where\nAda,030 1\n").await;
    assert_eq!((&preview["wrong"], &preview["new"]), (&json!(1), &json!(0)), "nothing says what the name is");
    let path = format!("/api/v1/imports/{}", preview["id"].as_str().unwrap());
    let wrong = server.send("PUT", &path, &fields, json!({ "columns": ["name", "shoe"] })).await;
    assert_eq!((wrong.status, &wrong.json()["errors"][0]["field"]), (422, &json!("columns[1]")));
    let set = server.send("PUT", &path, &fields, json!({ "columns": ["name", "numbers"] })).await.json();
    assert_eq!((&set["wrong"], &set["new"]), (&json!(0), &json!(1)));
    assert_eq!(server.send("DELETE", &path, &fields, json!({})).await.status, 204);
    assert_eq!(server.get(&path, &token).await.status, 404);
}

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

#[tokio::test]
async fn a_workbook_comes_in_as_a_csv_file_does_and_goes_out_again() {
    let server = Server::start().await;
    let boss = server.token("boss").await;
    let csv = "Name,Phone,Note\nAda,+4930123456,=1+1\nBert,0172 1,\n";
    let preview = upload(&server, &boss, csv).await;
    let path = format!("/api/v1/imports/{}", preview["id"].as_str().unwrap());
    let fields = [("authorization", boss.as_str())];
    assert_eq!(server.send("POST", &format!("{path}/commit"), &fields, json!({})).await.status, 202);
    finished(&server, &boss, &path).await;
    let file = server.get("/api/v1/customers.xlsx", &boss).await;
    assert_eq!((file.status, file.field("content-type")), (200, Some(XLSX)));
    let fields = [("authorization", boss.as_str()), ("content-type", XLSX)];
    let again = crate::client::send(server.address, "POST", "/api/v1/imports", &fields, &file.body).await;
    assert_eq!(again.status, 201, "{:?}", String::from_utf8_lossy(&again.body));
    let again = again.json();
    assert_eq!((&again["unchanged"], &again["wrong"], &again["rows"]), (&json!(2), &json!(0), &json!(2)));
    let broken =
        crate::client::send(server.address, "POST", "/api/v1/imports", &fields, csv.as_bytes()).await;
    assert_eq!((broken.status, &broken.json()["errors"][0]["field"]), (422, &json!("file")));
}

#[tokio::test]
async fn a_customer_is_erased_with_a_reason_by_who_may_erase_recordings() {
    let server = Server::start().await;
    let (ann, boss) = (server.token("1001").await, server.token("boss").await);
    let fields = [("authorization", ann.as_str())];
    let ada = json!({ "name": "Ada", "numbers": ["+4930123456"] });
    let made = server.send("POST", PATH, &fields, ada).await.json();
    let path = format!("{PATH}/{}", made["id"].as_str().unwrap());
    let why = json!({ "reason": "she asked for it" });
    assert_eq!(server.send("POST", &format!("{path}/erase"), &fields, why.clone()).await.status, 403);
    let preview = server.get(&format!("{path}/erasure"), &boss).await.json();
    assert_eq!(
        (&preview["calls"], &preview["held"], &preview["hindrance"]),
        (&json!(0), &json!(0), &Value::Null)
    );
    let fields = [("authorization", boss.as_str())];
    let unsaid = server.send("POST", &format!("{path}/erase"), &fields, json!({ "reason": " " })).await;
    assert_eq!((unsaid.status, &unsaid.json()["errors"][0]["field"]), (422, &json!("reason")));
    let erased = server.send("POST", &format!("{path}/erase"), &fields, why).await;
    assert_eq!((erased.status, &erased.json()["is_complete"]), (200, &json!(true)));
    assert_eq!(server.get(&path, &boss).await.status, 404);
    let audit = server.get("/api/v1/audit?action=customer.erase", &boss).await.json();
    assert_eq!(audit["entries"][0]["detail"]["reason"], "she asked for it");
}
