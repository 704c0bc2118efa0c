//! Users, roles, passwords, second factors, sessions and tokens.

use hotline_access::{BUILT_IN, Permission, Scope, TotpSecret};
use hotline_store::{Role, User};
use serde_json::{Value, json};

use crate::client::{Answer, Stream, send};
use crate::server::{PASSWORD, Server, user};

/// Somebody who has signed in with a browser.
struct Browser<'a> {
    server: &'a Server,
    cookie: String,
    session: Value,
}

impl<'a> Browser<'a> {
    async fn open(server: &'a Server, user: &str, password: &str) -> Self {
        let answer = sign_in(server, json!({ "user": user, "password": password })).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        let cookie = answer.field("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        Self { server, cookie, session: answer.json() }
    }

    async fn send(&self, method: &str, path: &str, body: Value) -> Answer {
        self.server.send(method, &format!("/api/v1{path}"), &[("cookie", &self.cookie)], body).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, Value::Null).await
    }

    /// Changes what was read before.
    async fn change(&self, method: &str, path: &str, body: Value) -> Answer {
        let read = self.get(path).await;
        let tag = read.field("etag").unwrap().to_owned();
        let fields = [("cookie", self.cookie.as_str()), ("if-match", &tag)];
        self.server.send(method, &format!("/api/v1{path}"), &fields, body).await
    }
}

async fn sign_in(server: &Server, body: Value) -> Answer {
    server.send("POST", "/api/v1/session", &[], body).await
}

fn kind(answer: &Answer) -> (u16, Value) {
    (answer.status, answer.json()["type"].clone())
}

fn field(answer: &Answer) -> (u16, Value) {
    (answer.status, answer.json()["errors"][0]["field"].clone())
}

async fn actions(boss: &Browser<'_>) -> Vec<String> {
    let page = boss.get("/audit?limit=1000").await.json();
    let entries = page["entries"].as_array().unwrap();
    entries.iter().rev().map(|entry| entry["action"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_new_user_changes_the_password_first_and_then_works() {
    let server = Server::start().await;
    let boss = Browser::open(&server, "boss", PASSWORD).await;
    let wish = json!({ "name": "dora", "display_name": "Dora", "roles": ["team_leader", "agent"],
        "teams": ["early"], "agent": "1003" });
    let made = boss.send("POST", "/users", wish.clone()).await;
    assert_eq!((made.status, made.field("location")), (201, Some("/api/v1/users/dora")));
    let once = made.json()["password"].as_str().unwrap().to_owned();
    assert_eq!(field(&boss.send("POST", "/users", wish).await), (422, json!("name")));

    let dora = Browser::open(&server, "dora", &once).await;
    assert_eq!(
        (&dora.session["must"], &dora.session["roles"]),
        (&json!("password_change"), &json!(["agent", "team_leader"]))
    );
    assert_eq!(kind(&dora.get("/live").await), (403, json!("password_change_required")));
    let by_token =
        server.send("POST", "/api/v1/tokens", &[], json!({ "user": "dora", "password": once, "name": "t" }));
    assert_eq!(kind(&by_token.await), (403, json!("password_change_required")));
    for (current, new, expected) in [
        ("guess", "Fresh-and-good-1", (422, json!("current"))),
        (once.as_str(), "short-1", (422, json!("new"))),
        (once.as_str(), "alllowercase", (422, json!("new"))),
        (once.as_str(), once.as_str(), (422, json!("new"))),
    ] {
        let refused = dora.send("PUT", "/session/password", json!({ "current": current, "new": new })).await;
        assert_eq!(field(&refused), expected, "{new}");
    }
    let new = json!({ "current": once, "new": "Fresh-and-good-1" });
    assert_eq!(dora.send("PUT", "/session/password", new).await.status, 204);
    assert_eq!(dora.get("/live").await.status, 200);
    assert_eq!(dora.get("/session").await.json()["must"], Value::Null);
    assert_eq!(sign_in(&server, json!({ "user": "dora", "password": once })).await.status, 401);
    let again = json!({ "current": "Fresh-and-good-1", "new": once });
    assert_eq!(
        field(&dora.send("PUT", "/session/password", again).await),
        (422, json!("new")),
        "used before"
    );
    let actions = actions(&boss).await;
    for expected in ["user.create", "session.create", "session.password"] {
        assert!(actions.iter().any(|action| action == expected), "{expected} in {actions:?}");
    }
}

#[tokio::test]
async fn a_password_that_is_too_old_must_be_changed() {
    let server = Server::start().await;
    let mut old = user("old", "Old", "agent", None);
    old.password_changed_at = hotline_base::WallTime(old.password_changed_at.0 - 91 * 86_400_000_000);
    server.store.create_user(&old).await.unwrap();
    let old = Browser::open(&server, "old", PASSWORD).await;
    assert_eq!(old.session["must"], "password_change");
    assert_eq!(old.get("/live").await.status, 403);
    assert_eq!(old.send("DELETE", "/session", Value::Null).await.status, 204);
}

#[tokio::test]
async fn ten_wrong_passwords_lock_until_somebody_unlocks() {
    let server = Server::start().await;
    let boss = Browser::open(&server, "boss", PASSWORD).await;
    let now = hotline_base::WallTime(i64::MAX / 2);
    for _ in 0..9 {
        server.store.note_failure("1001", 10, (hotline_base::WallTime(0), now)).await.unwrap();
    }
    // The tenth comes by the door.
    let wrong = sign_in(&server, json!({ "user": "1001", "password": "guess" })).await;
    assert_eq!(kind(&wrong), (401, Value::Null));
    let right = json!({ "user": "1001", "password": PASSWORD });
    let locked = sign_in(&server, right.clone()).await;
    assert_eq!(
        (locked.status, &locked.json()["detail"]),
        (401, &wrong.json()["detail"]),
        "nor does the right password"
    );
    let shown = boss.get("/users/1001").await.json();
    assert_ne!(shown["locked_until"], Value::Null);
    assert_eq!(boss.send("POST", "/users/1001/unlock", Value::Null).await.status, 204);
    assert_eq!(sign_in(&server, right).await.status, 200);
    let actions = actions(&boss).await;
    let told: Vec<&str> = actions
        .iter()
        .map(String::as_str)
        .filter(|action| action.contains("lock") || action.contains("refused"))
        .collect();
    assert_eq!(told, ["session.refused", "user.lock", "session.refused", "user.unlock"]);
}

#[tokio::test]
async fn guessing_from_elsewhere_does_not_keep_somebody_from_the_own_desk() {
    let server = Server::start().await;
    let _desk = Browser::open(&server, "1001", PASSWORD).await;
    let now = hotline_base::WallTime(i64::MAX / 2);
    for _ in 0..10 {
        server.store.note_failure("1001", 10, (hotline_base::WallTime(0), now)).await.unwrap();
    }
    let right = json!({ "user": "1001", "password": PASSWORD });
    assert_eq!(sign_in(&server, right).await.status, 200);
    let locked = server.store.find_user("1001").await.unwrap().unwrap().locked_until;
    assert!(locked.is_some(), "whoever guesses gets no further tries by it");
}

#[tokio::test]
async fn nobody_gives_more_than_they_have_and_somebody_is_left_who_manages() {
    let server = Server::start().await;
    server.store.create_user(&user("sys", "Sys", "system_admin", None)).await.unwrap();
    let boss = Browser::open(&server, "boss", PASSWORD).await;
    let sys = Browser::open(&server, "sys", PASSWORD).await;
    let wish = |role: &str| json!({ "name": role, "display_name": "New", "roles": [role] });
    assert_eq!(sys.send("POST", "/users", wish("system_admin")).await.status, 201);
    for role in ["admin", "supervisor", "agent"] {
        assert_eq!(sys.send("POST", "/users", wish(role)).await.status, 403, "{role}");
    }
    for path in ["/users/boss/password", "/users/boss/sign-out"] {
        assert_eq!(sys.send("POST", path, Value::Null).await.status, 403, "{path}");
    }
    let less = json!({ "display_name": "Boss", "roles": ["system_admin"] });
    assert_eq!(sys.change("PUT", "/users/boss", less.clone()).await.status, 403);
    let role =
        |permission: &str| json!({ "name": "odd", "label": "Odd", "permissions": { permission: "all" } });
    assert_eq!(sys.send("POST", "/roles", role("recordings.play")).await.status, 403);
    assert_eq!(sys.send("POST", "/roles", role("flows.edit")).await.status, 201);
    assert_eq!(field(&sys.send("POST", "/roles", role("flows.eat")).await).0, 422);

    // The system's administrators can go; the last who manages cannot.
    for gone in ["sys", "system_admin"] {
        assert_eq!(boss.change("DELETE", &format!("/users/{gone}"), Value::Null).await.status, 204);
    }
    assert_eq!(boss.change("DELETE", "/users/boss", Value::Null).await.status, 409);
    let off = json!({ "display_name": "Boss", "roles": ["admin"], "disabled": true });
    for last in [off, json!({ "display_name": "Boss", "roles": ["supervisor"] })] {
        let kept = boss.change("PUT", "/users/boss", last).await;
        assert_eq!(kept.status, 409);
        assert!(kept.json()["detail"].as_str().unwrap().contains("nobody would be left"));
    }
    let less = json!({ "label": "Administrator", "permissions": { "calls.see": "own" } });
    assert_eq!(boss.change("PUT", "/roles/admin", less).await.status, 409);
    assert_eq!(boss.change("DELETE", "/roles/quality", Value::Null).await.status, 409);
    assert_eq!(boss.change("DELETE", "/roles/odd", Value::Null).await.status, 204);
    let stale = server
        .send(
            "PUT",
            "/api/v1/users/1001",
            &[("cookie", &boss.cookie), ("if-match", "\"x\"")],
            json!({ "display_name": "Ann", "roles": ["agent"] }),
        )
        .await;
    assert_eq!(stale.status, 412);
    assert_eq!(
        boss.send("PUT", "/users/1001", json!({ "display_name": "Ann", "roles": ["agent"] })).await.status,
        428
    );
}

#[tokio::test]
async fn a_leader_who_manages_the_team_reaches_no_other_agent_by_a_new_user() {
    let server = Server::start().await;
    let known = BUILT_IN.iter().find(|role| role.name == "team_leader").unwrap();
    let mut grants = known.grants();
    grants.grant(Permission::UsersManage, Scope::Team);
    let (name, label) = ("lead".to_owned(), "Lead".to_owned());
    let changed_at = hotline_base::WallTime(0);
    let role = Role { name, label, grants, pages: true, second_factor: false, built_in: false, changed_at };
    server.store.create_role(&role).await.unwrap();
    let mut lea = user("lea", "Lea", "lead", None);
    lea.teams.insert("early".to_owned());
    server.store.create_user(&lea).await.unwrap();
    server.store.create_user(&user("cy", "Cy", "agent", Some("1003"))).await.unwrap();
    let lea = Browser::open(&server, "lea", PASSWORD).await;
    let listed = lea.get("/users").await.json();
    let names: Vec<&str> =
        listed["users"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["1001", "1002", "lea"]);
    assert_eq!(lea.get("/users/cy").await.status, 404);
    for (name, agent, teams, status) in [
        ("of_team", json!("1002"), json!([]), 201),
        ("of_other", json!("1003"), json!([]), 403),
        ("over_team", Value::Null, json!(["early"]), 201),
        ("over_other", Value::Null, json!(["late"]), 403),
        ("of_other_over_team", json!("1003"), json!(["early"]), 403),
        ("nowhere", Value::Null, json!([]), 403),
    ] {
        let wish =
            json!({ "name": name, "display_name": "X", "roles": ["agent"], "agent": agent, "teams": teams });
        assert_eq!(lea.send("POST", "/users", wish).await.status, status, "{name}");
    }
    let moved = json!({ "display_name": "Bob", "roles": ["agent"], "agent": "1003" });
    assert_eq!(lea.change("PUT", "/users/1002", moved).await.status, 403);
}

#[tokio::test]
async fn what_a_role_allows_takes_effect_on_open_pages_and_a_disabled_user_is_out() {
    let server = Server::start().await;
    let boss = Browser::open(&server, "boss", PASSWORD).await;
    let bob = Browser::open(&server, "1002", PASSWORD).await;
    let mut page = Stream::open(server.address, "", &[("cookie", &bob.cookie)]).await;
    let agents = |data: &Value| data["agents"].as_array().unwrap().len();
    let first = page.next().await.unwrap();
    assert_eq!((first.event.as_str(), agents(&first.data)), ("snapshot", 1));
    let all = json!({ "display_name": "Bob", "roles": ["agent", "quality"], "agent": "1002" });
    assert_eq!(boss.change("PUT", "/users/1002", all).await.status, 200);
    let wider = page.next().await.unwrap();
    assert_eq!((wider.event.as_str(), agents(&wider.data)), ("snapshot", 2));
    let none = json!({ "label": "Quality", "permissions": {} });
    assert_eq!(boss.change("PUT", "/roles/quality", none).await.status, 200);
    let narrower = page.next().await.unwrap();
    assert_eq!((narrower.event.as_str(), agents(&narrower.data)), ("snapshot", 1));
    let off = json!({ "display_name": "Bob", "roles": ["agent"], "agent": "1002", "disabled": true });
    assert_eq!(boss.change("PUT", "/users/1002", off).await.status, 200);
    assert_eq!(page.next().await, None);
    assert_eq!(bob.get("/live").await.status, 401);
}

#[tokio::test]
async fn somebody_signs_out_everywhere_and_sees_where_it_was_signed_in() {
    let server = Server::start().await;
    let (here, there) =
        (Browser::open(&server, "1001", PASSWORD).await, Browser::open(&server, "1001", PASSWORD).await);
    let made = here.send("POST", "/tokens", json!({ "name": "wall" })).await;
    assert_eq!(made.status, 201);
    let token = format!("Bearer {}", made.json()["token"].as_str().unwrap());
    let listed = here.get("/sessions").await.json();
    let sessions = listed["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 3);
    let current: Vec<&Value> = sessions.iter().filter(|one| one["current"] == true).collect();
    assert_eq!((current.len(), &current[0]["kind"]), (1, &json!("session")));
    assert_eq!(here.get("/tokens").await.json()["sessions"][0]["name"], "wall");
    let mut page = Stream::open(server.address, "", &[("cookie", &there.cookie)]).await;
    assert_eq!(page.next().await.unwrap().event, "snapshot");
    assert_eq!(here.send("DELETE", "/sessions", Value::Null).await.status, 204);
    assert_eq!(page.next().await, None);
    assert_eq!((here.get("/live").await.status, there.get("/live").await.status), (401, 401));
    assert_eq!(server.get("/api/v1/live", &token).await.status, 200, "tokens stay");

    let back = Browser::open(&server, "1001", PASSWORD).await;
    let id = back.get("/tokens").await.json()["sessions"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(back.send("DELETE", &format!("/sessions/{id}"), Value::Null).await.status, 204);
    assert_eq!(server.get("/api/v1/live", &token).await.status, 401);
    assert_eq!(back.send("DELETE", &format!("/sessions/{id}"), Value::Null).await.status, 404);
}

#[tokio::test]
async fn a_token_may_what_it_was_given_and_never_more_than_its_user() {
    let server = Server::start().await;
    let boss = Browser::open(&server, "boss", PASSWORD).await;
    let make = async |permissions: Value| {
        boss.send("POST", "/tokens", json!({ "name": "t", "permissions": permissions })).await
    };
    let made = make(json!({ "agents.see": "all", "customers.see": "all" })).await;
    let token = format!("Bearer {}", made.json()["token"].as_str().unwrap());
    let days = made.json()["expires_at"].as_str().unwrap().to_owned();
    assert!(!days.is_empty());
    for (path, status) in [("/agents/1001", 200), ("/customers", 200), ("/audit", 403), ("/users", 403)] {
        assert_eq!(server.get(&format!("/api/v1{path}"), &token).await.status, status, "{path}");
    }
    assert_eq!(make(json!({ "agents.sea": "all" })).await.status, 422);
    let ann = Browser::open(&server, "1001", PASSWORD).await;
    let wide =
        ann.send("POST", "/tokens", json!({ "name": "t", "permissions": { "agents.see": "all" } })).await;
    assert_eq!(wide.status, 403);
    let long = ann.send("POST", "/tokens", json!({ "name": "t", "expires_in_s": 366 * 86_400 })).await;
    assert_eq!(field(&long), (422, json!("expires_in_s")));
}

#[tokio::test]
async fn a_program_has_tokens_and_no_pages() {
    let server = Server::start().await;
    let boss = Browser::open(&server, "boss", PASSWORD).await;
    let wish = json!({ "name": "crm", "display_name": "CRM", "roles": ["api_client"] });
    let made = boss.send("POST", "/users", wish).await;
    assert_eq!((made.status, &made.json()["password"]), (201, &Value::Null));
    let token = boss.send("POST", "/users/crm/tokens", json!({ "name": "crm" })).await;
    assert_eq!(token.status, 201);
    let token = format!("Bearer {}", token.json()["token"].as_str().unwrap());
    assert_eq!(server.get("/api/v1/customers", &token).await.status, 200);
    assert_eq!(server.get("/api/v1/audit", &token).await.status, 403);
    // Whoever manages the user sees the token and ends it.
    let list = boss.send("GET", "/users/crm/sessions", Value::Null).await.json();
    let (kind, id) = (&list["sessions"][0]["kind"], list["sessions"][0]["id"].as_str().unwrap());
    assert_eq!((kind, list["sessions"].as_array().unwrap().len()), (&json!("token"), 1));
    let path = format!("/users/crm/sessions/{id}");
    assert_eq!(boss.send("DELETE", &path, Value::Null).await.status, 204);
    assert_eq!(boss.send("DELETE", &path, Value::Null).await.status, 404);
    assert_eq!(server.get("/api/v1/customers", &token).await.status, 401);
    // Each act is in the log, which is whole.
    let check = boss.send("GET", "/audit/check", Value::Null).await.json();
    assert!(check["rows"].as_u64().unwrap() > 3 && check["broken_at"].is_null(), "{check}");
    let file = boss.get("/audit.csv?action=user.").await;
    let text = String::from_utf8(file.body.clone()).unwrap();
    assert_eq!(file.field("content-disposition"), Some("attachment; filename=\"audit.csv\""));
    assert!(text.starts_with("\u{feff}seq,at,actor,action,subject,detail\n"), "{text}");
    assert!(text.contains(",user.") && !text.contains(",session."), "{text}");
    let entry = boss.get("/audit?limit=1").await.json()["entries"][0].clone();
    let rows = text.lines().count() - 1;
    assert_eq!(
        (&entry["action"], &entry["detail"]["rows"]),
        (&json!("audit.export"), &json!(rows)),
        "{entry}"
    );
    assert_eq!(boss.send("POST", "/users/1001/tokens", json!({ "name": "me" })).await.status, 409);
    server.store.upsert_user(&user("robot", "Robot", "api_client", None)).await.unwrap();
    assert_eq!(sign_in(&server, json!({ "user": "robot", "password": PASSWORD })).await.status, 403);
    assert!(!server.token("robot").await.is_empty());
}

#[tokio::test]
async fn a_one_time_code_is_asked_for_and_counts_once() {
    let server = Server::start().await;
    let ann = Browser::open(&server, "1001", PASSWORD).await;
    let offered = ann.send("POST", "/session/totp", json!({ "password": PASSWORD })).await.json();
    assert!(offered["uri"].as_str().unwrap().starts_with("otpauth://totp/Hotline:1001?secret="));
    let secret = TotpSecret::from_base32(offered["secret"].as_str().unwrap()).unwrap();
    let step = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() / 30;
    assert_eq!(
        field(&ann.send("PUT", "/session/totp", json!({ "code": "000" })).await),
        (422, json!("code"))
    );
    let confirmed = ann.send("PUT", "/session/totp", json!({ "code": secret.code(step) })).await;
    assert_eq!(confirmed.status, 200);
    let recovery = confirmed.json()["recovery_codes"].as_array().unwrap().clone();
    assert_eq!(recovery.len(), 10);

    let with = |code: Value| json!({ "user": "1001", "password": PASSWORD, "code": code });
    let asked = sign_in(&server, json!({ "user": "1001", "password": PASSWORD })).await;
    assert_eq!(kind(&asked), (401, json!("code_required")));
    assert_eq!(kind(&sign_in(&server, with(json!("12345"))).await), (401, json!("code_wrong")));
    let code = json!(secret.code(step + 1));
    assert_eq!(sign_in(&server, with(code.clone())).await.status, 200);
    assert_eq!(kind(&sign_in(&server, with(code)).await), (401, json!("code_wrong")), "a code counts once");
    let paper = json!(recovery[3].as_str().unwrap().to_uppercase());
    assert_eq!(sign_in(&server, with(paper.clone())).await.status, 200);
    assert_eq!(sign_in(&server, with(paper)).await.status, 401);

    let boss = Browser::open(&server, "boss", PASSWORD).await;
    assert_eq!(boss.send("DELETE", "/users/1001/second-factor", Value::Null).await.status, 204);
    assert_eq!(sign_in(&server, json!({ "user": "1001", "password": PASSWORD })).await.status, 200);
}

#[tokio::test]
async fn a_role_can_ask_for_a_second_factor() {
    let server = Server::start().await;
    let boss = Browser::open(&server, "boss", PASSWORD).await;
    let agent = boss.get("/roles/agent").await.json();
    let strict = json!({ "label": "Agent", "permissions": agent["permissions"], "second_factor": true });
    assert_eq!(boss.change("PUT", "/roles/agent", strict).await.status, 200);
    let ann = Browser::open(&server, "1001", PASSWORD).await;
    assert_eq!(ann.session["must"], "second_factor");
    assert_eq!(kind(&ann.get("/live").await), (403, json!("second_factor_required")));
    let offered = ann.send("POST", "/session/totp", json!({ "password": PASSWORD })).await.json();
    let secret = TotpSecret::from_base32(offered["secret"].as_str().unwrap()).unwrap();
    let step = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() / 30;
    assert_eq!(ann.send("PUT", "/session/totp", json!({ "code": secret.code(step) })).await.status, 200);
    assert_eq!(ann.get("/live").await.status, 200);
    let gone = ann.send("DELETE", "/session/totp", json!({ "code": "1" })).await;
    assert_eq!(gone.status, 409, "the role asks for it");
}

#[tokio::test]
async fn a_page_cannot_be_changed_by_one_of_another_site() {
    let server = Server::start().await;
    let ann = Browser::open(&server, "1001", PASSWORD).await;
    let fields = [("cookie", ann.cookie.as_str()), ("sec-fetch-site", "cross-site")];
    assert_eq!(send(server.address, "DELETE", "/api/v1/sessions", &fields, b"").await.status, 403);
    let found: Option<User> = server.store.find_user("1001").await.unwrap();
    assert!(found.is_some_and(|user| !user.disabled));
}
