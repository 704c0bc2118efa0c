//! Flows: read, checked, saved, compared, rolled back, and changed behind the server's back.

use hotline_base::FlowId;
use hotline_call::Command;
use serde_json::{Value, json};

use crate::client::Answer;
use crate::server::{Server, detail};

const LIST: &str = "/api/v1/flows";
const MAIN: &str = "/api/v1/flows/main";

/// A flow that no number leads to.
const NIGHT: &str = "flow: night
languages: [en]
start: answer
steps:
  answer:
    answer: {then: bye}
  bye:
    say: {prompts: [goodbye], then: end}
  end:
    hangup: {cause: normal}
";

/// Its tests.
const NIGHT_TEST: &str = "flow: night
tests:
  - name: says goodbye
    steps:
      - hears: goodbye
    ends: {hangup: normal}
";

struct Admin {
    server: Server,
    token: String,
}

impl Admin {
    async fn start() -> Self {
        let server = Server::start().await;
        let token = server.token("boss").await;
        Self { server, token }
    }

    async fn get(&self, path: &str) -> Answer {
        self.server.get(path, &self.token).await
    }

    async fn send(&self, method: &str, path: &str, field: Option<(&str, &str)>, body: Value) -> Answer {
        let mut fields = vec![("authorization", self.token.as_str())];
        fields.extend(field);
        self.server.send(method, path, &fields, body).await
    }

    async fn save(&self, name: &str, field: (&str, &str), text: &str) -> Answer {
        self.send("PUT", &format!("{LIST}/{name}"), Some(field), json!({ "text": text })).await
    }

    /// The ETag and the text of a flow.
    async fn read(&self, path: &str) -> (String, String) {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        (answer.field("etag").unwrap().to_owned(), answer.json()["text"].as_str().unwrap().to_owned())
    }

    /// The flow of the list, after all that call processing was told of before.
    async fn listed(&self, name: &str) -> Value {
        let list = self.get(LIST).await.json();
        let flows = list["flows"].as_array().unwrap();
        flows.iter().find(|flow| flow["name"] == name).expect("it is listed").clone()
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.server.flows.join(name)
    }
}

#[tokio::test]
async fn a_saved_flow_is_in_force_on_disk_and_in_the_audit_log() {
    let mut admin = Admin::start().await;
    let main = admin.listed("main").await;
    assert_eq!(main["version"], 1);
    assert_eq!(
        (&main["author"], &main["is_current"], &main["mistakes"]),
        (&json!("file"), &json!(true), &json!([]))
    );

    let (etag, text) = admin.read(MAIN).await;
    let changed = text.clone() + "# changed\n";
    let saved = admin.save("main", ("if-match", &etag), &changed).await;
    assert_eq!((saved.status, &saved.json()["flow"]["version"]), (200, &json!(2)));
    assert_eq!(saved.json()["flow"]["author"], "boss");
    assert_eq!(std::fs::read_to_string(admin.file("main.yaml")).unwrap(), changed);
    assert!(matches!(admin.server.shard.command().await, Command::FlowsChanged(_)));
    assert_eq!(admin.read(MAIN).await.0, saved.field("etag").unwrap());

    let stale = admin.save("main", ("if-match", &etag), &text).await;
    assert_eq!(stale.status, 412);
    assert_eq!(admin.send("PUT", MAIN, None, json!({ "text": text })).await.status, 428);
    let audit = admin.get("/api/v1/audit").await.json();
    let entry = &audit["entries"][0];
    assert_eq!(
        (&entry["action"], &entry["actor"], &entry["subject"]),
        (&json!("flow.save"), &json!("boss"), &json!("main"))
    );
    assert_eq!(detail(entry), json!({ "version": 2 }));
}

#[tokio::test]
async fn a_flow_with_mistakes_is_refused_with_all_of_them_and_nothing_changes() {
    let admin = Admin::start().await;
    let (etag, text) = admin.read(MAIN).await;
    let broken = text.replacen("start: ", "start: nowhere_", 1).replacen("name: sales", "name: slaes", 1);
    let checked = admin.send("POST", &format!("{MAIN}/check"), None, json!({ "text": broken })).await;
    let mistakes = checked.json()["mistakes"].as_array().unwrap().clone();
    assert!(mistakes.len() >= 2, "{mistakes:?}");
    for mistake in &mistakes {
        assert!(
            mistake["line"].as_u64().unwrap() > 0 && mistake["file"].as_str().unwrap().ends_with("main.yaml")
        );
        assert!(
            !mistake["remedy"].as_str().unwrap().is_empty()
                && !mistake["source_line"].as_str().unwrap().is_empty()
        );
    }
    let refused = admin.save("main", ("if-match", &etag), &broken).await;
    assert_eq!((refused.status, refused.field("content-type")), (422, Some("application/problem+json")));
    assert_eq!(refused.json()["mistakes"], json!(mistakes));
    assert_eq!(admin.read(MAIN).await, (etag, text));
    let good = admin.send("POST", &format!("{LIST}/night/check"), None, json!({ "text": NIGHT })).await;
    let good = good.json();
    assert_eq!(good["mistakes"], json!([]));
    // It can be drawn before it is saved.
    assert_eq!(
        (&good["graph"]["start"], &good["graph"]["nodes"][1]["step"]),
        (&json!("answer"), &json!("bye"))
    );
    let nothing =
        admin.send("POST", &format!("{LIST}/night/check"), None, json!({ "text": "flow: [" })).await;
    assert_eq!(nothing.json()["graph"], Value::Null);
}

#[tokio::test]
async fn flows_come_and_go_and_none_that_is_needed_goes() {
    let admin = Admin::start().await;
    let created = admin.save("night", ("if-none-match", "*"), NIGHT).await;
    assert_eq!((created.status, &created.json()["flow"]["version"]), (201, &json!(1)));
    assert_eq!(admin.save("night", ("if-none-match", "*"), NIGHT).await.status, 412);
    for name in [".night", "a.test", "a%2Fb", "..%2Fescaped", ""] {
        let answer = admin.save(name, ("if-none-match", "*"), NIGHT).await;
        assert!(matches!(answer.status, 404 | 405 | 422), "{name}: {}", answer.status);
    }
    let huge = NIGHT.to_owned() + "#" + &"x".repeat(hotline_ivr::MAX_BYTES);
    let refused = admin.save("large", ("if-none-match", "*"), &huge).await;
    assert_eq!(refused.status, 422);
    assert!(refused.json()["mistakes"][0]["problem"].as_str().unwrap().contains("larger"));

    let path = format!("{LIST}/night");
    let (etag, _) = admin.read(&path).await;
    assert_eq!(admin.send("DELETE", &path, None, Value::Null).await.status, 428);
    assert_eq!(admin.send("DELETE", &path, Some(("if-match", &etag)), Value::Null).await.status, 204);
    assert!(!admin.file("night.yaml").exists());
    assert_eq!(admin.get(&path).await.status, 404);
    let versions = admin.get(&format!("{path}/versions")).await.json();
    assert_eq!(
        (&versions["versions"][0]["removed"], &versions["versions"][1]["removed"]),
        (&json!(true), &json!(false))
    );

    let (etag, _) = admin.read(MAIN).await;
    let refused = admin.send("DELETE", MAIN, Some(("if-match", &etag)), Value::Null).await;
    assert_eq!(refused.status, 422);
    let problem = refused.json()["mistakes"][0].clone();
    assert!(problem["file"].as_str().unwrap().ends_with("center.yaml"), "{problem}");
    assert!(problem["source_line"].as_str().unwrap().contains("flow: main"), "{problem}");
}

#[tokio::test]
async fn a_version_is_compared_and_comes_back() {
    let admin = Admin::start().await;
    let (etag, text) = admin.read(MAIN).await;
    let saved = admin.save("main", ("if-match", &etag), &(text.clone() + "# second\n")).await;
    let etag = saved.field("etag").unwrap().to_owned();
    let diff =
        admin.get(&format!("{MAIN}/diff?from=1&to=2")).await.json()["diff"].as_str().unwrap().to_owned();
    assert!(
        diff.starts_with("--- main version 1\n+++ main version 2\n@@ ") && diff.ends_with("+# second\n"),
        "{diff}"
    );
    let same = admin.get(&format!("{MAIN}/diff?from=2")).await.json();
    assert_eq!(same["diff"], "");

    let back = admin
        .send("POST", &format!("{MAIN}/rollback"), Some(("if-match", &etag)), json!({ "version": 1 }))
        .await;
    assert_eq!((back.status, &back.json()["flow"]["version"]), (200, &json!(3)));
    assert_eq!(std::fs::read_to_string(admin.file("main.yaml")).unwrap(), text);
    let versions = admin.get(&format!("{MAIN}/versions")).await.json();
    let shown: Vec<(&Value, &Value)> = versions["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["version"], &one["author"]))
        .collect();
    assert_eq!(
        shown,
        [(&json!(3), &json!("boss")), (&json!(2), &json!("boss")), (&json!(1), &json!("file"))]
    );
    assert_eq!(admin.get(&format!("{MAIN}/versions/1")).await.json()["text"], text.as_str());
    for path in ["/versions/9", "/diff?from=9"] {
        assert_eq!(admin.get(&format!("{MAIN}{path}")).await.status, 404, "{path}");
    }
    assert_eq!(admin.server.store.list_flow_versions(&FlowId::from("main"), None, 9).await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_file_that_is_changed_on_disk_comes_into_force_or_its_mistakes_are_shown() {
    let mut admin = Admin::start().await;
    let good = std::fs::read_to_string(admin.file("main.yaml")).unwrap();
    std::fs::write(admin.file("main.yaml"), "flow: main\nlanguages: [en\n").unwrap();
    let Command::FlowsUnusable(cause) = admin.server.shard.command().await else { panic!("an alarm") };
    assert!(cause.file.ends_with("main.yaml"), "{cause}");
    let broken = admin.listed("main").await;
    assert_eq!((&broken["version"], &broken["is_current"]), (&json!(1), &json!(false)));
    assert_ne!(broken["mistakes"], json!([]));

    // Another flow can be saved meanwhile, and comes into force alone.
    let saved = admin.save("night", ("if-none-match", "*"), NIGHT).await;
    assert_eq!(saved.status, 201);
    let Command::FlowsChanged(flows) = admin.server.shard.command().await else { panic!("flows") };
    assert_eq!(flows.len(), 3);
    assert_eq!(admin.listed("main").await["version"], 1);

    // As editors do it: another file in the place of the old one.
    std::fs::write(admin.file(".main.yaml.swp"), good.clone() + "# mended\n").unwrap();
    std::fs::rename(admin.file(".main.yaml.swp"), admin.file("main.yaml")).unwrap();
    assert!(matches!(admin.server.shard.command().await, Command::FlowsChanged(_)));
    assert!(matches!(admin.server.shard.command().await, Command::FlowsUsable));
    let mended = admin.listed("main").await;
    assert_eq!(mended["version"], 2);
    assert_eq!(
        (&mended["author"], &mended["mistakes"], &mended["is_current"]),
        (&json!("file"), &json!([]), &json!(true))
    );
}

#[tokio::test]
async fn a_flow_is_drawn_with_the_places_of_its_file() {
    let admin = Admin::start().await;
    assert_eq!(admin.save("night", ("if-none-match", "*"), NIGHT).await.status, 201);
    let graph = admin.get(&format!("{LIST}/night/graph")).await.json();
    let steps: Vec<(&Value, &Value, &Value)> = (graph["nodes"].as_array().unwrap().iter())
        .map(|node| (&node["step"], &node["kind"], &node["line"]))
        .collect();
    let (answer, bye, end) = (json!("answer"), json!("bye"), json!("end"));
    let (say, hangup) = (json!("say"), json!("hangup"));
    assert_eq!(graph["start"], answer);
    assert_eq!(steps, [(&answer, &answer, &json!(5)), (&bye, &say, &json!(7)), (&end, &hangup, &json!(9))]);
    assert_eq!(
        graph["edges"][0],
        json!({ "from": "answer", "exit": "done", "to": "bye", "line": 6, "column": 20 })
    );
    assert_eq!(admin.get(&format!("{LIST}/day/graph")).await.status, 404);
}

#[tokio::test]
async fn the_tests_beside_a_flow_are_run_on_what_is_not_saved_yet() {
    let admin = Admin::start().await;
    assert_eq!(admin.save("night", ("if-none-match", "*"), NIGHT).await.status, 201);
    let path = format!("{LIST}/night/test");
    let untested = admin.send("POST", &path, None, json!({})).await.json();
    assert_eq!((&untested["tests"], &untested["coverage_percent"]), (&json!([]), &json!(0)));

    std::fs::write(admin.file("night.test.yaml"), NIGHT_TEST).unwrap();
    let passed = admin.send("POST", &path, None, json!({})).await.json();
    assert_eq!(
        (&passed["tests"][0]["name"], &passed["tests"][0]["failure"]),
        (&json!("says goodbye"), &Value::Null)
    );
    let other = NIGHT.replace("[goodbye]", "[connecting]");
    let failed = admin.send("POST", &path, None, json!({ "text": other })).await.json();
    let failure = &failed["tests"][0]["failure"];
    assert!(failure["expected"].as_str().unwrap().contains("goodbye"), "{failed}");
    assert!(failure["happened"].as_str().unwrap().contains("connecting"), "{failed}");
    assert_eq!(admin.send("POST", &format!("{LIST}/day/test"), None, json!({})).await.status, 404);
}

#[tokio::test]
async fn a_call_is_made_up_and_tells_its_whole_course() {
    let admin = Admin::start().await;
    let tests = json!({ "flow": "night", "tests": [
        { "name": "call", "caller": "+4930123456", "steps": ["...", { "silence": 1 }, "..."] }
    ] });
    let body = json!({ "text": NIGHT, "tests": tests.to_string() });
    let ran = admin.send("POST", &format!("{LIST}/night/test"), None, body).await.json();
    let call = &ran["tests"][0];
    let steps: Vec<_> =
        call["path"].as_array().unwrap().iter().map(|one| one["step"].as_str().unwrap()).collect();
    assert_eq!(steps, ["answer", "bye", "end"], "{ran}");
    assert_eq!(call["path"][1]["exit"], "done");
    let course = call["transcript"].to_string();
    assert!(course.contains("the caller hears goodbye"), "{course}");
    let heard = call["transcript"].as_array().unwrap().iter().find(|one| one["code"] == "hears").unwrap();
    assert_eq!(
        (&heard["about"], &heard["prompt"]),
        (&json!("goodbye"), &json!({ "language": "en", "name": "goodbye" }))
    );
    let schema = admin.get("/api/v1/flow-schema").await.json();
    assert!(schema["properties"]["steps"].is_object(), "{schema}");
}

#[tokio::test]
async fn agents_see_nothing_of_flows_hours_and_callbacks() {
    let server = Server::start().await;
    let agent = server.token("1001").await;
    for path in [LIST, MAIN, "/api/v1/flows/main/figures", "/api/v1/hours"] {
        assert_eq!(server.get(path, &agent).await.status, 403, "{path}");
    }
    let none = server.get("/api/v1/callbacks", &agent).await.json();
    assert_eq!(
        none,
        json!({ "callbacks": [], "missed": [], "next": null, "next_missed": null }),
        "those of other people's queues"
    );
    let fields = [("authorization", agent.as_str()), ("if-none-match", "*")];
    let answer = server.send("PUT", "/api/v1/flows/night", &fields, json!({ "text": NIGHT })).await;
    assert_eq!(answer.status, 403);
}

#[tokio::test]
async fn figures_are_asked_for_by_days() {
    let admin = Admin::start().await;
    let figures = admin.get(&format!("{MAIN}/figures?from=2026-01-01&to=2026-01-31")).await;
    assert_eq!(figures.json(), json!({ "calls": 0, "contained": 0, "steps": [] }));
    assert_eq!(admin.get(&format!("{MAIN}/figures")).await.status, 200);
    assert_eq!(admin.get(&format!("{MAIN}/figures?from=yesterday")).await.status, 422);
}
