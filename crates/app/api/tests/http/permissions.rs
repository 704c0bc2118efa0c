//! Every route with every role, against a table that says what is expected: a route that is not in it fails.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::client::Stream;
use crate::server::{Server, user};

/// The built-in roles, in the order of the columns of [`EXPECTED`].
const ROLES: [&str; 7] =
    ["agent", "team_leader", "supervisor", "quality", "api_client", "system_admin", "admin"];

/// Who may: `y`, or `-` for 403. The agent is 1001, and so is the leader of its team; the others are no agents. Nothing that
/// the paths name is there, and bodies are empty, so whoever may gets an answer that says so.
const EXPECTED: &[(&str, &str)] = &[
    ("GET /v1/openapi.json", "yyyyyyy"),
    ("GET /v1/docs", "yyyyyyy"),
    ("GET /v1/guests", "yyyyyyy"),
    ("POST /v1/guests", "yyyyyyy"),
    ("POST /v1/guests/callbacks", "yyyyyyy"),
    ("POST /v1/session", "yyyyyyy"),
    ("GET /v1/session", "yyyyyyy"),
    ("PUT /v1/session/password", "yyyyyyy"),
    ("POST /v1/session/totp", "yyyyyyy"),
    ("PUT /v1/session/totp", "yyyyyyy"),
    ("DELETE /v1/session/totp", "yyyyyyy"),
    ("GET /v1/sessions", "yyyyyyy"),
    // Not by token, whosever it is.
    ("DELETE /v1/sessions", "-------"),
    ("DELETE /v1/sessions/{id}", "-------"),
    ("GET /v1/tokens", "yyyyyyy"),
    ("POST /v1/tokens", "yyyyyyy"),
    ("GET /v1/users", "-----yy"),
    ("POST /v1/users", "-----yy"),
    ("GET /v1/users/{name}", "-----yy"),
    ("PUT /v1/users/{name}", "-----yy"),
    ("DELETE /v1/users/{name}", "-----yy"),
    ("POST /v1/users/{name}/password", "-----yy"),
    ("DELETE /v1/users/{name}/second-factor", "-----yy"),
    ("POST /v1/users/{name}/tokens", "-----yy"),
    ("POST /v1/users/{name}/unlock", "-----yy"),
    ("POST /v1/users/{name}/sign-out", "-----yy"),
    ("GET /v1/users/{name}/sessions", "-----yy"),
    ("DELETE /v1/users/{name}/sessions/{id}", "-----yy"),
    ("GET /v1/roles", "-----yy"),
    ("POST /v1/roles", "-----yy"),
    ("GET /v1/roles/{name}", "-----yy"),
    ("PUT /v1/roles/{name}", "-----yy"),
    ("DELETE /v1/roles/{name}", "-----yy"),
    ("GET /v1/permissions", "yyyyyyy"),
    ("GET /v1/teams", "yyyyyyy"),
    ("GET /v1/live", "yyyyyyy"),
    ("GET /v1/events", "yyyyyyy"),
    ("GET /v1/calls", "yyyyy-y"),
    ("GET /v1/calls.csv", "--y---y"),
    ("GET /v1/calls.xlsx", "--y---y"),
    ("POST /v1/calls", "yyy---y"),
    ("GET /v1/directory", "yyy---y"),
    ("GET /v1/calls/{id}", "yyyyy-y"),
    ("GET /v1/calls/{id}/recording", "yyyy--y"),
    ("GET /v1/calls/{id}/recording/peaks", "yyyy--y"),
    ("DELETE /v1/calls/{id}/recording", "------y"),
    ("GET /v1/calls/{id}/legal-hold", "------y"),
    ("PUT /v1/calls/{id}/legal-hold", "------y"),
    ("DELETE /v1/calls/{id}/legal-hold", "------y"),
    // One's own talk, so only for agents.
    ("POST /v1/calls/{id}/recording/pause", "yy-----"),
    ("POST /v1/calls/{id}/recording/resume", "yy-----"),
    ("POST /v1/calls/{id}/transfer", "yyy---y"),
    ("PUT /v1/calls/{id}/disposition", "yyy---y"),
    // Of a call that is not there nobody can say whose queue it was in.
    ("GET /v1/calls/{id}/decisions", "--yyyyy"),
    ("POST /v1/calls/{id}/move", "-yy---y"),
    ("POST /v1/calls/{id}/priority", "-yy---y"),
    ("POST /v1/calls/{id}/withdraw", "-yy---y"),
    ("GET /v1/merges", "yyyyyyy"),
    ("PUT /v1/merges/{name}", "-yy---y"),
    ("DELETE /v1/merges/{name}", "--y---y"),
    ("GET /v1/queues/{id}/script", "yyyyyyy"),
    ("GET /v1/callbacks", "yyyyyyy"),
    ("DELETE /v1/callbacks/{id}", "--y---y"),
    ("GET /v1/messages", "yyy---y"),
    ("GET /v1/messages/{id}", "yyy---y"),
    ("PUT /v1/messages/{id}", "yyy---y"),
    ("DELETE /v1/messages/{id}", "yyy---y"),
    ("GET /v1/messages/{id}/audio", "yyy---y"),
    // What one does with the own phone, too.
    ("POST /v1/calls/{id}/hold", "yy-----"),
    ("POST /v1/calls/{id}/retrieve", "yy-----"),
    ("POST /v1/calls/{id}/mute", "yy-----"),
    ("POST /v1/calls/{id}/unmute", "yy-----"),
    ("POST /v1/softphone/pass", "yy-----"),
    ("POST /v1/calls/{id}/answer", "yy-----"),
    ("POST /v1/calls/{id}/pickup", "yy-----"),
    ("DELETE /v1/calls/{id}/consult", "yy-----"),
    ("POST /v1/calls/{id}/swap", "yy-----"),
    ("POST /v1/calls/{id}/complete", "yy-----"),
    ("POST /v1/calls/{id}/conference", "yy-----"),
    ("DELETE /v1/calls/{id}/parties/{leg}", "yyy---y"),
    ("POST /v1/calls/{id}/dtmf", "yyy---y"),
    ("POST /v1/calls/{id}/consult", "yyy---y"),
    ("POST /v1/calls/{id}/hangup", "yyy---y"),
    ("PUT /v1/calls/{id}/monitor", "-yyy--y"),
    ("DELETE /v1/calls/{id}/monitor", "-yyy--y"),
    ("POST /v1/calls/{id}/recording/start", "-yy---y"),
    ("POST /v1/calls/{id}/recording/stop", "-yy---y"),
    ("POST /v1/calls/{id}/recording/mark", "-yyy--y"),
    ("GET /v1/reports/queues", "-yyyy-y"),
    ("GET /v1/reports/agents", "-yyyy-y"),
    ("GET /v1/reports/groups", "-yyyy-y"),
    ("GET /v1/reports/flows", "--yyy-y"),
    ("GET /v1/reports/checks", "--yyy-y"),
    ("GET /v1/webhooks", "--y--yy"),
    ("POST /v1/webhooks/{name}/replay", "-----yy"),
    ("GET /v1/calls/{id}/sip", "-----yy"),
    ("GET /v1/calls/{id}/sip.pcap", "-----yy"),
    ("GET /v1/agents/{id}", "yyyyyyy"),
    ("PUT /v1/agents/{id}/state", "yyy---y"),
    ("GET /v1/agents/{id}/device", "yyy---y"),
    ("PUT /v1/agents/{id}/device", "yyy---y"),
    ("POST /v1/agents/{id}/messages", "-yy---y"),
    ("GET /v1/reasons", "yyyyyyy"),
    ("GET /v1/dispositions", "yyyyyyy"),
    ("GET /v1/follow-ups", "yyyyy-y"),
    ("PUT /v1/calls/{id}/follow-up", "yyy---y"),
    ("POST /v1/agents/{id}/wrap-up", "yyy---y"),
    ("DELETE /v1/agents/{id}/wrap-up", "yyy---y"),
    ("POST /v1/agents/{id}/wrap-up/extend", "yyy---y"),
    ("POST /v1/agents/{id}/help", "yyy---y"),
    ("POST /v1/agents/{id}/help/answer", "-yy---y"),
    ("POST /v1/agents/{id}/help/end", "yyy---y"),
    ("GET /v1/agents/{id}/states", "yyyyyyy"),
    ("POST /v1/agents/{id}/bookings", "-yy---y"),
    ("GET /v1/customers", "yyy-y-y"),
    ("POST /v1/customers", "yyy-y-y"),
    ("GET /v1/customers/{id}", "yyy-y-y"),
    ("PUT /v1/customers/{id}", "yyy-y-y"),
    ("GET /v1/customers/{id}/contacts", "yyy-y-y"),
    ("GET /v1/customers/{id}/duplicates", "yyy-y-y"),
    ("POST /v1/customers/{id}/merge", "yyy-y-y"),
    ("GET /v1/customers/{id}/erasure", "------y"),
    ("POST /v1/customers/{id}/erase", "------y"),
    ("GET /v1/customer-fields", "yyy-y-y"),
    ("GET /v1/customers.csv", "----y-y"),
    ("GET /v1/customers.xlsx", "----y-y"),
    ("POST /v1/imports", "yyy-y-y"),
    ("GET /v1/imports/{id}", "yyy-y-y"),
    ("PUT /v1/imports/{id}", "yyy-y-y"),
    ("DELETE /v1/imports/{id}", "yyy-y-y"),
    ("POST /v1/imports/{id}/commit", "yyy-y-y"),
    ("POST /v1/customer-fields", "-----yy"),
    ("PUT /v1/customer-fields/{name}", "-----yy"),
    ("DELETE /v1/customer-fields/{name}", "-----yy"),
    ("GET /v1/hours", "-yy-yyy"),
    ("PUT /v1/hours/{name}/override", "--y--yy"),
    ("DELETE /v1/hours/{name}/override", "--y--yy"),
    ("GET /v1/system/doctor", "--y--yy"),
    ("GET /v1/trunks", "--y--yy"),
    ("GET /v1/sip/blocked", "--y--yy"),
    ("DELETE /v1/sip/blocked/{address}", "-----yy"),
    ("GET /v1/audit", "-----yy"),
    ("GET /v1/audit.csv", "-----yy"),
    ("GET /v1/audit/check", "-----yy"),
    ("GET /v1/flows", "--y--yy"),
    ("GET /v1/flow-schema", "--y--yy"),
    ("GET /v1/flows/{name}", "--y--yy"),
    ("PUT /v1/flows/{name}", "-----yy"),
    ("DELETE /v1/flows/{name}", "-----yy"),
    ("POST /v1/flows/{name}/check", "--y--yy"),
    ("GET /v1/flows/{name}/graph", "--y--yy"),
    ("POST /v1/flows/{name}/test", "--y--yy"),
    ("GET /v1/flows/{name}/versions", "--y--yy"),
    ("GET /v1/flows/{name}/versions/{version}", "--y--yy"),
    ("GET /v1/flows/{name}/diff", "--y--yy"),
    ("POST /v1/flows/{name}/rollback", "-----yy"),
    ("GET /v1/flows/{name}/figures", "--y--yy"),
    ("GET /v1/prompts", "--y--yy"),
    ("GET /v1/prompts/{language}/{name}/uses", "--y--yy"),
    ("GET /v1/prompts/{language}", "--y--yy"),
    ("GET /v1/prompts/{language}/{name}", "--y--yy"),
    ("PUT /v1/prompts/{language}/{name}", "-----yy"),
    ("DELETE /v1/prompts/{language}/{name}", "-----yy"),
    ("GET /v1/config", "-----yy"),
    ("PUT /v1/config", "-----yy"),
    ("POST /v1/config/check", "-----yy"),
    ("GET /v1/config/schema", "-----yy"),
    ("GET /v1/config/versions", "-----yy"),
    ("GET /v1/config/versions/{version}", "-----yy"),
    ("GET /v1/config/diff", "-----yy"),
    ("POST /v1/config/rollback", "-----yy"),
    ("GET /v1/config/{section}", "-----yy"),
    ("PUT /v1/config/{section}", "-----yy"),
    ("DELETE /v1/config/{section}", "-----yy"),
    ("GET /v1/config/{section}/{name}", "-----yy"),
    ("PUT /v1/config/{section}/{name}", "-----yy"),
    ("DELETE /v1/config/{section}/{name}", "-----yy"),
    // They end the token that asks, so they come last.
    ("DELETE /v1/tokens/current", "yyyyyyy"),
    ("DELETE /v1/session", "yyyyyyy"),
];

/// A server with one user for each role, who is called as the role is, and their tokens.
async fn people() -> (Server, BTreeMap<&'static str, String>) {
    let server = Server::start().await;
    let mut tokens = BTreeMap::new();
    for role in ROLES {
        let agent = ["agent", "team_leader"].contains(&role).then_some("1001");
        let mut user = user(role, role, role, agent);
        if role == "team_leader" {
            user.teams.insert("early".to_owned());
        }
        server.store.create_user(&user).await.unwrap();
        tokens.insert(role, server.token(role).await);
    }
    (server, tokens)
}

#[tokio::test]
async fn every_route_is_open_to_those_roles_that_the_table_says_and_to_no_other() {
    let (server, tokens) = people().await;
    let known: Vec<String> =
        hotline_api::routes().iter().map(|route| format!("{} {}", route.method, route.path)).collect();
    let listed: BTreeMap<&str, &str> = EXPECTED.iter().copied().collect();
    let missing: Vec<&String> = known.iter().filter(|route| !listed.contains_key(route.as_str())).collect();
    assert!(missing.is_empty(), "say in EXPECTED who may use {missing:?}");
    assert_eq!(known.len(), EXPECTED.len(), "EXPECTED has routes that are not there");
    for (route, expected) in EXPECTED {
        let (method, path) = route.split_once(' ').unwrap();
        let path = format!(
            "/api{}",
            path.replace("agents/{id}", "agents/1001")
                .replace("{id}", "0192f1b1-0000-7000-8000-000000000001")
                .replace("{name}", "nothing")
                .replace("{version}", "1")
                .replace("{address}", "192.0.2.9")
        );
        let mut found = String::new();
        let mut answers = Vec::new();
        for role in ROLES {
            // The one before may have ended it.
            let fresh =
                method == "DELETE" && ["/api/v1/session", "/api/v1/tokens/current"].contains(&path.as_str());
            let token = if fresh { server.token(role).await } else { tokens[role].clone() };
            let status = ask(&server, method, &path, &token).await;
            assert_ne!(status, 401, "{route} as {role}");
            assert!(status < 500, "{route} as {role}: {status}");
            found.push(if status == 403 { '-' } else { 'y' });
            answers.push(status);
        }
        assert_eq!(found, *expected, "{route}: {ROLES:?} got {answers:?}");
    }
}

/// Whoever makes a role reads the guide and not the code.
#[test]
fn the_guide_shows_the_roles_as_they_are() {
    let guide = include_str!("../../../../../docs/permissions.md");
    let line = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    let roles = hotline_access::BUILT_IN.map(|role| (role.name, role.grants()));
    let head = ["permission", "what it allows"].map(str::to_owned).into_iter();
    let head = line(head.chain(roles.iter().map(|(name, _)| format!("`{name}`"))).collect());
    assert!(guide.contains(&head), "{head}");
    for permission in hotline_access::Permission::ALL {
        let mark = if permission.is_scoped() { "" } else { " ¹" };
        let mut cells = vec![format!("`{}`{mark}", permission.as_str()), permission.meaning_en().to_owned()];
        let scope = |grants: &hotline_access::Grants| grants.scope(*permission).map(|scope| scope.as_str());
        cells.extend(roles.iter().map(|(_, grants)| scope(grants).unwrap_or_default().to_owned()));
        let row = line(cells);
        assert!(guide.contains(&row), "docs/permissions.md lacks\n{row}");
    }
}

#[tokio::test]
async fn nothing_but_signing_in_the_description_and_what_is_for_visitors_is_open_to_everybody() {
    let server = Server::start().await;
    for route in hotline_api::routes() {
        let path = format!("/api{}", route.path.replace("{id}", "1001").replace("{name}", "nothing"));
        let status = server.send(route.method, &path, &[], json!({})).await.status;
        let asks_for_a_password = [("POST", "/v1/session"), ("POST", "/v1/tokens")];
        let tells_of_no_center = [("GET", "/v1/openapi.json"), ("GET", "/v1/docs")];
        // What visitors of web pages may do is said by the center, and counted.
        let is_for_visitors = route.path.starts_with("/v1/guests");
        let route_of = (route.method, route.path);
        let open = asks_for_a_password.contains(&route_of)
            || tells_of_no_center.contains(&route_of)
            || is_for_visitors;
        assert_eq!(status == 401, !open, "{} {path}: {status}", route.method);
    }
}

async fn ask(server: &Server, method: &str, path: &str, token: &str) -> u16 {
    if path == "/api/v1/events" {
        drop(Stream::open(server.address, "", &[("authorization", token)]).await);
        return 200;
    }
    let body = if method == "GET" { Value::Null } else { json!({}) };
    server.send(method, path, &[("authorization", token)], body).await.status
}

#[tokio::test]
async fn a_leader_reaches_the_own_team_and_an_agent_itself() {
    let (server, tokens) = people().await;
    let state = json!({ "state": "ready" });
    let merge = |queue: &str| json!({ "queues": [queue, queue], "until": "2099-01-01T00:00:00Z" });
    for (method, path, body, agent, leader, boss) in [
        // Oneself, a colleague of the team, somebody of another team.
        ("GET", "/api/v1/agents/1001", Value::Null, 200, 200, 200),
        ("GET", "/api/v1/agents/1002", Value::Null, 403, 200, 200),
        ("GET", "/api/v1/agents/1003", Value::Null, 403, 403, 404),
        ("PUT", "/api/v1/agents/1001/state", state.clone(), 200, 200, 200),
        ("PUT", "/api/v1/agents/1002/state", state.clone(), 403, 200, 200),
        ("PUT", "/api/v1/agents/1003/state", state, 403, 403, 404),
        ("POST", "/api/v1/agents/1001/help/answer", json!({}), 403, 200, 200),
        ("POST", "/api/v1/agents/1002/help/answer", json!({}), 403, 200, 200),
        ("POST", "/api/v1/agents/1003/help/answer", json!({}), 403, 403, 404),
        ("GET", "/api/v1/calls?agent=1002", Value::Null, 403, 200, 200),
        ("GET", "/api/v1/calls?agent=1003", Value::Null, 403, 403, 200),
        ("GET", "/api/v1/messages?mailbox=1002", Value::Null, 403, 200, 200),
        ("GET", "/api/v1/messages?mailbox=sales", Value::Null, 403, 200, 200),
        ("GET", "/api/v1/messages?mailbox=support", Value::Null, 403, 403, 200),
        ("PUT", "/api/v1/merges/busy", merge("sales"), 403, 204, 204),
        ("PUT", "/api/v1/merges/busy", merge("support"), 403, 403, 204),
        ("POST", "/api/v1/calls", json!({ "to": "1", "agent": "1001" }), 409, 409, 409),
        ("POST", "/api/v1/calls", json!({ "to": "1", "agent": "1002" }), 403, 403, 409),
    ] {
        for (who, expected) in [("agent", agent), ("team_leader", leader), ("admin", boss)] {
            let answer = server.send(method, path, &[("authorization", &tokens[who])], body.clone()).await;
            assert_eq!(answer.status, expected, "{method} {path} as {who}");
        }
    }
    let teams = async |who: &str| server.get("/api/v1/teams", &tokens[who]).await.json();
    let early = json!({ "name": "early", "label": null, "leaders": [], "agents": ["1001", "1002"], "queues": ["sales"] });
    assert_eq!(teams("team_leader").await, json!({ "teams": [early] }));
    assert_eq!(teams("agent").await, json!({ "teams": [] }));
    assert_eq!(teams("supervisor").await["teams"][1]["name"], "late");
}
