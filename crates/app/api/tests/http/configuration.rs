//! The center's configuration: read without passwords, changed as a whole or by parts, compared, rolled back.

use std::path::PathBuf;
use std::time::Duration;

use hotline_call::{Command, Configured};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::client::{Answer, PATIENCE};
use crate::server::{Server, user};

const CONFIG: &str = "/api/v1/config";
const SALES: &str = "/api/v1/config/queues/sales";

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

    async fn send(&self, method: &str, path: &str, base: Option<(&str, &str)>, body: Value) -> Answer {
        let mut fields = vec![("authorization", self.token.as_str())];
        fields.extend(base);
        self.server.send(method, path, &fields, body).await
    }

    async fn tag(&self, path: &str) -> String {
        self.get(path).await.field("etag").unwrap().to_owned()
    }

    fn file(&self) -> PathBuf {
        self.server.flows.with_file_name("center.yaml")
    }

    fn on_disk(&self) -> String {
        std::fs::read_to_string(self.file()).unwrap()
    }

    /// The center that call processing is given.
    async fn given(&mut self) -> Configured {
        loop {
            if let Command::CenterChanged(configured) = self.server.shard.command().await {
                return configured;
            }
        }
    }
}

fn fields(answer: &Answer) -> Vec<String> {
    let errors = answer.json()["errors"].as_array().cloned().unwrap_or_default();
    errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_entry_is_changed_and_everything_else_stays_as_it_is_written() {
    let mut admin = Admin::start().await;
    let before = admin.on_disk();
    let shown = admin.get(SALES).await;
    let tag = shown.field("etag").unwrap().to_owned();
    let mut value = shown.json()["value"].clone();
    assert_eq!((&value["name"], &value["wrap_up_s"]), (&json!("Sales"), &json!(10)));
    value["wrap_up_s"] = json!(25);
    assert_eq!(admin.send("PUT", SALES, None, value.clone()).await.status, 428);
    let saved = admin.send("PUT", SALES, Some(("if-match", &tag)), value.clone()).await;
    assert_eq!((saved.status, &saved.json()["value"]), (200, &value));
    assert_eq!(admin.on_disk(), before.replacen("wrap_up_s: 10", "wrap_up_s: 25", 1), "comments stay");
    let center = admin.given().await.center;
    assert_eq!(center.queues[&"sales".into()].routing.wrap_up.length, Duration::from_secs(25));
    assert_eq!(admin.send("PUT", SALES, Some(("if-match", &tag)), value).await.status, 412);

    let night = "/api/v1/config/queues/night";
    let queue = json!({ "name": "Night", "ring_timeout_s": 20, "members": ["1003"] });
    let made = admin.send("PUT", night, Some(("if-none-match", "*")), queue.clone()).await;
    assert_eq!((made.status, &made.json()["value"]), (201, &queue));
    assert_eq!(admin.send("PUT", night, Some(("if-none-match", "*")), queue).await.status, 412);
    assert!(admin.given().await.center.queues.contains_key(&"night".into()));
    let gone =
        admin.send("DELETE", night, Some(("if-match", made.field("etag").unwrap())), Value::Null).await;
    assert_eq!(gone.status, 204);
    assert_eq!(admin.get(night).await.status, 404);
    assert_eq!(admin.get("/api/v1/config/nonsense").await.status, 404);

    let audit = admin.get("/api/v1/audit").await.json();
    let told: Vec<&Value> =
        audit["entries"].as_array().unwrap().iter().map(|entry| &entry["subject"]).collect();
    assert_eq!(told[..3], [&json!("queues/night"), &json!("queues/night"), &json!("queues/sales")]);
}

#[tokio::test]
async fn several_parts_change_together_or_not_at_all() {
    let mut admin = Admin::start().await;
    let before = admin.on_disk();
    let new = json!({ "name": "Dana Roy", "sip_password": "dana-phone-1009" });
    let support = json!({ "section": "queues", "name": "support", "value": { "members": ["1002", "1009"] } });
    let dana = json!({ "section": "agents", "name": "1009", "value": new });
    let check = "/api/v1/config/check";
    // The queue alone names somebody who is not there.
    let alone = admin.send("POST", check, None, json!({ "parts": [support] })).await.json();
    assert_eq!(alone["errors"][0]["field"], "queues.support.members.1");
    assert!(alone["diff"].as_str().unwrap().contains("+    members: [\"1002\", \"1009\"]"), "{alone}");
    let tag = admin.tag(CONFIG).await;
    let refused = admin.send("PUT", CONFIG, Some(("if-match", &tag)), json!({ "parts": [support] })).await;
    assert_eq!((refused.status, admin.on_disk()), (422, before));

    let both = json!({ "parts": [dana, support] });
    let good = admin.send("POST", check, None, both.clone()).await.json();
    assert_eq!((&good["errors"], &good["mistakes"]), (&json!([]), &json!([])));
    assert!(!good["diff"].as_str().unwrap().contains("dana-phone"), "passwords are masked: {good}");
    let saved = admin.send("PUT", CONFIG, Some(("if-match", &tag)), both.clone()).await;
    assert_eq!(saved.status, 200);
    assert_eq!(saved.json()["version"]["change"], "agents/1009 (+1)");
    assert_eq!(saved.json()["sections"]["agents"]["1009"]["sip_password"], "***");
    let center = admin.given().await.center;
    assert!(center.agents.contains_key(&"1009".into()));
    assert_eq!(admin.send("PUT", CONFIG, Some(("if-match", &tag)), both).await.status, 412);

    let tag = admin.tag(CONFIG).await;
    let back = json!({ "parts": [
        { "section": "queues", "name": "support", "value": { "members": ["1002"] } },
        { "section": "agents", "name": "1009", "value": null },
    ]});
    assert_eq!(admin.send("PUT", CONFIG, Some(("if-match", &tag)), back).await.status, 200);
    assert!(!admin.on_disk().contains("Dana"));
    let odd = json!({ "parts": [{ "section": "nonsense", "value": 1 }] });
    assert_eq!(fields(&admin.send("POST", check, None, odd).await), ["parts[0].section"]);
}

#[tokio::test]
async fn a_change_with_mistakes_is_refused_with_its_fields_and_nothing_changes() {
    let admin = Admin::start().await;
    let before = admin.on_disk();
    let queue =
        json!({ "name": "Sales", "ring_timeout_s": 1, "strategy": "longest", "members": ["1001", "1009"] });
    let refused = admin.send("PUT", SALES, Some(("if-match", &admin.tag(SALES).await)), queue).await;
    assert_eq!(refused.status, 422);
    let mut named = fields(&refused);
    named.sort();
    assert_eq!(named, ["queues.sales.members.1", "queues.sales.ring_timeout_s", "queues.sales.strategy"]);
    // What a flow names cannot be taken away: it is the flow that says so.
    let tag = admin.tag(SALES).await;
    let refused = admin.send("DELETE", SALES, Some(("if-match", &tag)), Value::Null).await;
    let file = refused.json()["mistakes"][0]["file"].as_str().unwrap().to_owned();
    assert!(refused.status == 422 && file.ends_with("main.yaml"), "{}", refused.json());
    let text = before.replacen("domain: hotline.local", "domain: other.example", 1);
    let tag = admin.tag(CONFIG).await;
    let refused = admin.send("PUT", CONFIG, Some(("if-match", &tag)), json!({ "text": text })).await;
    assert_eq!((refused.status, fields(&refused)), (422, vec!["domain".to_owned()]));
    let odd = json!({ "text": "queues: [", "flows": null });
    let refused = admin.send("PUT", CONFIG, Some(("if-match", &tag)), odd).await;
    assert_eq!((refused.status, &refused.json()["mistakes"][0]["line"]), (422, &json!(1)));
    assert_eq!((admin.on_disk(), admin.tag(CONFIG).await), (before, tag));
}

#[tokio::test]
async fn passwords_are_shown_to_nobody_without_the_permission_and_masks_keep_them() {
    let mut admin = Admin::start().await;
    let shown = admin.get(CONFIG).await.json();
    assert_eq!(shown["sections"]["agents"]["1001"]["sip_password"], "***");
    assert!(!shown.to_string().contains("alice-phone-1001") && !shown.to_string().contains("alice-desk"));
    let clear = admin.get("/api/v1/config?secrets=true").await.json();
    assert_eq!(clear["sections"]["agents"]["1001"]["sip_password"], "alice-phone-1001");
    assert_eq!(admin.get("/api/v1/audit").await.json()["entries"][0]["action"], "config.secrets");

    // The masked text, put back with another name in it.
    let text = shown["text"].as_str().unwrap().replacen("name: Bob Martin\n", "name: Bob M.\n", 1);
    let tag = admin.tag(CONFIG).await;
    let saved = admin.send("PUT", CONFIG, Some(("if-match", &tag)), json!({ "text": text })).await;
    assert_eq!((saved.status, &saved.json()["is_current"]), (200, &json!(true)));
    assert!(admin.on_disk().contains("sip_password: alice-phone-1001"));
    assert_eq!(admin.given().await.center.agents[&"1002".into()].name, "Bob M.");

    let agent = json!({ "name": "Dee", "sip_password": "***" });
    let dee = "/api/v1/config/agents/1004";
    let refused = admin.send("PUT", dee, Some(("if-none-match", "*")), agent).await;
    assert_eq!((refused.status, fields(&refused)), (422, vec!["agents.1004.sip_password".to_owned()]));
    let agent = json!({ "name": "Dee", "sip_password": "dee-phone-1004" });
    let made = admin.send("PUT", dee, Some(("if-none-match", "*")), agent).await;
    assert_eq!((made.status, &made.json()["value"]["sip_password"]), (201, &json!("***")));
    assert!(admin.given().await.users.contains_key("1004"));

    // A mistake beside a password does not show it.
    let text =
        admin.on_disk().replacen("password: bob-desk, role: agent", "password: bob-desk, role: agnet", 1);
    let tag = admin.tag(CONFIG).await;
    let refused = admin.send("PUT", CONFIG, Some(("if-match", &tag)), json!({ "text": text })).await;
    assert!(refused.status == 422 && !refused.json().to_string().contains("bob-desk"), "{}", refused.json());
}

#[tokio::test]
async fn who_may_change_the_configuration_does_not_make_people_by_it() {
    let admin = Admin::start().await;
    let role = json!({ "name": "wirer", "label": "Wirer", "permissions": { "config.see": "all", "config.edit": "all" } });
    assert_eq!(admin.send("POST", "/api/v1/roles", None, role).await.status, 201);
    admin.server.store.create_user(&user("wim", "Wim", "wirer", None)).await.unwrap();
    let wim = Admin { token: admin.server.token("wim").await, server: admin.server };
    assert_eq!(wim.get("/api/v1/config?secrets=true").await.status, 403);
    let mallory = json!({ "name": "Mallory", "password": "mallory-desk", "role": "admin" });
    let path = "/api/v1/config/demo/mallory";
    assert_eq!(wim.send("PUT", path, Some(("if-none-match", "*")), mallory).await.status, 403);
    let skill =
        wim.send("PUT", "/api/v1/config/skills/french", Some(("if-none-match", "*")), json!("French")).await;
    assert_eq!(skill.status, 201, "{}", skill.json());
    let flow = json!({ "text": wim.on_disk(), "flows": { "main": null } });
    let tag = wim.tag(CONFIG).await;
    assert_eq!(wim.send("PUT", CONFIG, Some(("if-match", &tag)), flow).await.status, 403);
}

#[tokio::test]
async fn versions_are_compared_and_one_comes_back() {
    let mut admin = Admin::start().await;
    let mut tag = admin.tag(SALES).await;
    for seconds in [11, 12] {
        let mut value = admin.get(SALES).await.json()["value"].clone();
        value["ring_timeout_s"] = json!(seconds);
        let saved = admin.send("PUT", SALES, Some(("if-match", &tag)), value.clone()).await;
        tag = saved.field("etag").unwrap().to_owned();
        // The same again is no other version.
        assert_eq!(admin.send("PUT", SALES, Some(("if-match", &tag)), value).await.status, 200);
    }
    let list = admin.get("/api/v1/config/versions").await.json();
    let told: Vec<String> = list["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            format!(
                "{} {} {}",
                one["version"],
                one["author"].as_str().unwrap(),
                one["change"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(told, ["3 boss queues/sales", "2 boss queues/sales", "1 file start"]);
    let diff = admin.get("/api/v1/config/diff?from=1").await.json()["diff"].as_str().unwrap().to_owned();
    assert!(diff.contains("-    ring_timeout_s: 15") && diff.contains("+    ring_timeout_s: 12"), "{diff}");
    let first = admin.get("/api/v1/config/versions/1").await.json()["text"].as_str().unwrap().to_owned();
    assert!(first.contains("ring_timeout_s: 15 #") && first.contains("sip_password: \"***\""), "{first}");

    let tag = admin.tag(CONFIG).await;
    let back = admin
        .send("POST", "/api/v1/config/rollback", Some(("if-match", &tag)), json!({ "version": 1 }))
        .await;
    assert_eq!((back.status, &back.json()["version"]["version"]), (200, &json!(4)));
    assert_eq!(back.json()["version"]["change"], "version 1");
    assert!(admin.on_disk().contains("ring_timeout_s: 15 #") && admin.on_disk().contains("alice-phone-1001"));
    let seconds = loop {
        let center = admin.given().await.center;
        let queue = &center.queues[&"sales".into()];
        if queue.routing.ring_timeout == Duration::from_secs(15) {
            break 15;
        }
    };
    assert_eq!(seconds, 15);
    let gone = json!({ "version": 77 });
    let tag = admin.tag(CONFIG).await;
    assert_eq!(
        admin.send("POST", "/api/v1/config/rollback", Some(("if-match", &tag)), gone).await.status,
        404
    );
}

#[tokio::test]
async fn center_and_flows_change_together_or_not_at_all() {
    let admin = Admin::start().await;
    let flow = "flow: night\nlanguages: [en]\nstart: answer\nsteps:\n  answer:\n    answer: {then: line}\n  line:\n    \
                queue: {name: night, exits: {full: end, timeout: end, no_agents: end}}\n  end:\n    hangup: {cause: normal}\n";
    let text =
        admin.on_disk().replacen("queues:\n", "queues:\n  night: {name: Night, members: [\"1001\"]}\n", 1);
    let text = text.replacen("numbers:", "numbers:\n  \"4009\": {flow: night}\n#", 1);
    let draft = json!({ "text": text, "flows": { "night": flow } });
    let alone = admin.send("POST", "/api/v1/config/check", None, json!({ "text": text })).await.json();
    assert_eq!(alone["errors"][0]["field"], "numbers.4009.flow", "{alone}");
    let checked = admin.send("POST", "/api/v1/config/check", None, draft.clone()).await.json();
    assert_eq!((&checked["errors"], &checked["mistakes"]), (&json!([]), &json!([])), "{checked}");
    assert!(checked["diff"].as_str().unwrap().contains("+  night: {name: Night"), "{checked}");
    assert!(!admin.server.flows.join("night.yaml").exists(), "a check changes nothing");
    let tag = admin.tag(CONFIG).await;
    let saved = admin.send("PUT", CONFIG, Some(("if-match", &tag)), draft).await;
    assert_eq!(saved.status, 200, "{}", saved.json());
    assert_eq!(std::fs::read_to_string(admin.server.flows.join("night.yaml")).unwrap(), flow);
    let shown = admin.get("/api/v1/flows/night").await.json();
    assert_eq!((&shown["flow"]["author"], &shown["flow"]["is_current"]), (&json!("boss"), &json!(true)));
    assert!(!admin.file().with_file_name(".change.json").exists());
}

#[tokio::test]
async fn a_file_that_changes_on_disk_is_taken_in_or_told_to_be_wrong() {
    let mut admin = Admin::start().await;
    let good = admin.on_disk();
    std::fs::write(admin.file(), good.replacen("longest_idle", "longest_idel", 1)).unwrap();
    while !matches!(admin.server.shard.command().await, Command::FlowsUnusable(_)) {}
    let wrong = admin.get(CONFIG).await.json();
    assert_eq!(wrong["is_current"], false);
    assert!(wrong["mistakes"][0]["problem"].as_str().unwrap().contains("longest_idel"), "{wrong}");
    std::fs::write(admin.file(), good.replacen("longest_idle", "linear", 1)).unwrap();
    let center = timeout(PATIENCE, admin.given()).await.expect("taken in in time").center;
    assert!(center.queues.contains_key(&"sales".into()));
    // Whoever asks waits until the version is kept.
    let taken = admin.get(CONFIG).await.json();
    assert_eq!(taken["version"]["version"], 2);
    assert_eq!((&taken["is_current"], &taken["version"]["author"]), (&json!(true), &json!("file")));
}
