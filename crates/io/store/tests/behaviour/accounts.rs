//! Users and sessions.

use std::time::Duration;

use hotline_access::{BUILT_IN, Grants, Permission, Scope};
use hotline_base::{AgentId, Pii, WallTime};
use hotline_store::{
    NAME_CHARS_MAX, NewPassword, Role, SESSION_TOUCH_EVERY, Session, SessionKind, SessionPart, SignedIn,
    StoreError, TextProblem, TokenHash, User,
};

use crate::bench::Bench;
use crate::sample::at;

/// All sessions of a user.
const EVERYTHING: SessionPart<'static> = SessionPart { tokens_only: false, after: None, limit: 100 };

fn user(name: &str) -> User {
    let agent = Some(AgentId::from("1001"));
    User { agent, ..User::new(name, "王小明", "agent", Pii::from("$argon2id$v=19$first"), at(0)) }
}

fn session(secret: &str, user: &str) -> Session {
    Session {
        token: TokenHash::of(secret),
        user: user.to_owned(),
        kind: SessionKind::Session,
        name: "Firefox".to_owned(),
        created_at: at(0),
        expires_at: Some(at(3600)),
        last_seen_at: at(0),
        id: format!("id of {secret}"),
        limited: false,
        grants: None,
        address: Some("192.0.2.1".to_owned()),
    }
}

pub(crate) async fn a_user_comes_back_as_given(bench: Bench) {
    let anna = user("anna");
    bench.store.upsert_user(&anna).await.unwrap();
    assert_eq!(bench.store.find_user("anna").await.unwrap(), Some(anna));
    assert_eq!(bench.store.find_user("Anna").await.unwrap(), None);
}

pub(crate) async fn the_configuration_does_not_undo_a_changed_password(bench: Bench) {
    bench.store.upsert_user(&user("anna")).await.unwrap();
    let changed = Pii::from("$argon2id$v=19$second");
    let new = NewPassword { hash: &changed, temporary: false, remembered: 5 };
    bench.store.set_password("anna", &new, at(5)).await.unwrap();
    let again = User {
        agent: None,
        disabled: true,
        teams: ["early".to_owned()].into(),
        ..User::new("anna", "Anna", "admin", Pii::from("third"), at(9))
    };
    bench.store.upsert_user(&again).await.unwrap();
    let expected =
        User { password_hash: changed.clone(), password_changed_at: at(5), created_at: at(0), ..again };
    assert_eq!(bench.store.find_user("anna").await.unwrap(), Some(expected.clone()));
    assert_eq!(bench.store.list_users().await.unwrap(), [expected]);

    let unknown = bench.store.set_password("bob", &new, at(5)).await;
    assert!(matches!(unknown, Err(StoreError::NotFound)), "{unknown:?}");
}

pub(crate) async fn users_are_listed_by_name(bench: Bench) {
    for name in ["bob", "小明", "Zoe", "anna"] {
        bench.store.upsert_user(&user(name)).await.unwrap();
    }
    let names: Vec<String> =
        bench.store.list_users().await.unwrap().into_iter().map(|user| user.name).collect();
    assert_eq!(names, ["Zoe", "anna", "bob", "小明"]);
}

pub(crate) async fn unstorable_user_texts_are_refused(bench: Bench) {
    let long = "王".repeat(NAME_CHARS_MAX + 1);
    for (name, expected) in [
        ("an\0na", TextProblem::Nul),
        (long.as_str(), TextProblem::TooLong(NAME_CHARS_MAX)),
        (" ", TextProblem::Empty),
    ] {
        let refused = bench.store.upsert_user(&user(name)).await;
        assert!(
            matches!(refused, Err(StoreError::Invalid { problem, .. }) if problem == expected),
            "{name:?}: {refused:?}"
        );
    }
    bench.store.upsert_user(&user(&"王".repeat(NAME_CHARS_MAX))).await.unwrap();
    // What is only looked for meets the same rule on both databases.
    let looked_up = bench.store.find_user("an\0na").await;
    assert!(matches!(looked_up, Err(StoreError::Invalid { problem: TextProblem::Nul, .. })), "{looked_up:?}");
}

pub(crate) async fn a_session_counts_until_it_expires(bench: Bench) {
    bench.store.upsert_user(&user("anna")).await.unwrap();
    let anna = session("secret", "anna");
    bench.store.create_session(&anna).await.unwrap();

    let found = bench.store.find_session(&TokenHash::of("secret"), at(3599)).await.unwrap();
    let SignedIn { session: found, user: whose, standing } = found.unwrap();
    assert_eq!((found, whose), (anna.clone(), user("anna")));
    assert_eq!((standing.roles, standing.grants), (["agent".to_owned()].into(), grants_of("agent")));
    assert_eq!(bench.store.find_session(&anna.token, at(3600)).await.unwrap(), None);
    assert_eq!(bench.store.find_session(&TokenHash::of("other"), at(1)).await.unwrap(), None);

    let soon = at(0) + (SESSION_TOUCH_EVERY - Duration::from_secs(1));
    for (used_at, seen_at) in [(soon, at(0)), (at(600), at(600))] {
        bench.store.touch_session(&anna, used_at).await.unwrap();
        let found = bench.store.find_session(&anna.token, at(700)).await.unwrap().unwrap();
        assert_eq!(found.session.last_seen_at, seen_at);
    }
}

pub(crate) async fn a_disabled_user_has_no_sessions(bench: Bench) {
    bench.store.upsert_user(&user("anna")).await.unwrap();
    bench.store.create_session(&session("secret", "anna")).await.unwrap();
    bench.store.upsert_user(&User { disabled: true, ..user("anna") }).await.unwrap();
    assert_eq!(bench.store.find_session(&TokenHash::of("secret"), at(1)).await.unwrap(), None);
}

pub(crate) async fn a_session_needs_a_user_and_a_fresh_token(bench: Bench) {
    let orphan = bench.store.create_session(&session("secret", "nobody")).await;
    assert!(matches!(orphan, Err(StoreError::NotFound)), "{orphan:?}");
    bench.store.upsert_user(&user("anna")).await.unwrap();
    bench.store.create_session(&session("secret", "anna")).await.unwrap();
    let again = bench.store.create_session(&session("secret", "anna")).await;
    assert!(matches!(again, Err(StoreError::Conflict)), "{again:?}");
}

pub(crate) async fn sessions_end_one_by_one_by_user_and_by_time(bench: Bench) {
    let store = &bench.store;
    let is_there =
        async |secret: &str| store.find_session(&TokenHash::of(secret), at(1)).await.unwrap().is_some();
    for name in ["anna", "bob"] {
        store.upsert_user(&user(name)).await.unwrap();
    }
    let token = Session { kind: SessionKind::Token, expires_at: None, ..session("token", "anna") };
    for session in [session("a1", "anna"), session("a2", "anna"), session("b", "bob"), token] {
        store.create_session(&session).await.unwrap();
    }

    assert!(store.delete_session(&TokenHash::of("a1")).await.unwrap());
    assert!(!store.delete_session(&TokenHash::of("a1")).await.unwrap());
    assert!(!is_there("a1").await && is_there("a2").await);

    assert_eq!(store.delete_sessions_of("anna").await.unwrap(), 1);
    assert!(!is_there("a2").await && is_there("token").await && is_there("b").await);

    assert_eq!(store.delete_expired_sessions(at(3599)).await.unwrap(), 0);
    assert_eq!(store.delete_expired_sessions(at(3600)).await.unwrap(), 1);
    assert!(!is_there("b").await && is_there("token").await);
}

pub(crate) async fn the_people_of_a_demonstration_go_with_it(bench: Bench) {
    let store = &bench.store;
    for name in ["alice", "bob", "carol", "real"] {
        store.upsert_user(&user(name)).await.unwrap();
        store.create_session(&session(name, name)).await.unwrap();
        let token = Session { kind: SessionKind::Token, ..session(&format!("{name}'s token"), name) };
        store.create_session(&token).await.unwrap();
    }
    let may_sign_in = async |name: &str| !store.find_user(name).await.unwrap().unwrap().disabled;
    let sessions_of = async |name: &str| store.delete_sessions_of(name).await.unwrap();
    let none: [String; 0] = [];
    assert_eq!(store.set_demo_users(&["alice", "bob", "carol"]).await.unwrap(), none);
    assert_eq!(store.set_demo_users(&["alice", "bob", "carol"]).await.unwrap(), none, "every start says so");

    store.keep_demo_user("bob").await.unwrap();
    assert_eq!(store.set_demo_users(&["alice"]).await.unwrap(), ["carol"]);
    assert!(may_sign_in("alice").await && !may_sign_in("carol").await);
    assert_eq!(store.set_demo_users(&[]).await.unwrap(), ["alice"]);
    assert!(!may_sign_in("alice").await && may_sign_in("bob").await && may_sign_in("real").await);
    let token = TokenHash::of("alice's token");
    store.upsert_user(&user("alice")).await.unwrap();
    assert_eq!(store.find_session(&token, at(1)).await.unwrap(), None, "tokens do not come back");
    assert_eq!((sessions_of("alice").await, sessions_of("bob").await, sessions_of("real").await), (0, 1, 1));

    let nobody = store.set_demo_users(&["nobody"]).await;
    assert!(matches!(nobody, Err(StoreError::NotFound)), "{nobody:?}");
}

fn grants_of(role: &str) -> Grants {
    BUILT_IN.iter().find(|known| known.name == role).unwrap().grants()
}

fn role(name: &str, grants: Grants) -> Role {
    let (label, changed_at) = (name.to_uppercase(), at(0));
    Role {
        name: name.to_owned(),
        label,
        grants,
        pages: true,
        second_factor: false,
        built_in: false,
        changed_at,
    }
}

pub(crate) async fn every_center_begins_with_seven_roles_and_makes_others(bench: Bench) {
    let store = &bench.store;
    let roles = store.list_roles().await.unwrap();
    let names: Vec<&str> = roles.iter().map(|role| role.name.as_str()).collect();
    let expected = ["admin", "agent", "api_client", "quality", "supervisor", "system_admin", "team_leader"];
    assert_eq!(names, expected);
    for role in &roles {
        let known = BUILT_IN.iter().find(|known| known.name == role.name).unwrap();
        assert_eq!((&role.grants, role.pages), (&known.grants(), known.pages), "{}", role.name);
        assert_eq!((role.label.as_str(), role.built_in), (known.label, true));
    }
    let few = Grants::from_iter([(Permission::CallsSee, Scope::Team), (Permission::AuditSee, Scope::All)]);
    let auditor = role("auditor", few.clone());
    store.create_role(&auditor).await.unwrap();
    let again = store.create_role(&auditor).await;
    assert!(matches!(again, Err(StoreError::Conflict)), "{again:?}");
    assert_eq!(store.find_role("auditor").await.unwrap(), Some(auditor.clone()));

    let wanted = Role { grants: Grants::default(), second_factor: true, ..auditor.clone() };
    let changed = store.change_role(&wanted, at(0)).await.unwrap();
    assert!(changed.changed_at > auditor.changed_at && changed.grants.is_empty());
    let late = store.change_role(&auditor, at(9)).await;
    assert!(matches!(late, Err(StoreError::Conflict)), "{late:?}");
    let nobody = store.change_role(&role("nobody", few), at(9)).await;
    assert!(matches!(nobody, Err(StoreError::NotFound)), "{nobody:?}");

    let mut anna = user("anna");
    anna.roles.insert("auditor".to_owned());
    store.upsert_user(&anna).await.unwrap();
    for kept in ["auditor", "agent", "quality"] {
        let refused = store.delete_role(kept).await;
        assert!(matches!(refused, Err(StoreError::Conflict)), "{kept} {refused:?}");
    }
    store.delete_user("anna").await.unwrap();
    store.delete_role("auditor").await.unwrap();
    let gone = store.delete_role("auditor").await;
    assert!(matches!(gone, Err(StoreError::NotFound)), "{gone:?}");
}

pub(crate) async fn several_roles_add_up_and_a_token_may_less(bench: Bench) {
    let store = &bench.store;
    let before = store.people_version().await.unwrap();
    let anna = User {
        roles: ["agent", "quality"].map(str::to_owned).into(),
        teams: ["early", "late"].map(str::to_owned).into(),
        ..user("anna")
    };
    store.create_user(&anna).await.unwrap();
    assert!(store.people_version().await.unwrap() > before, "open pages are looked at again");
    store.create_session(&session("all", "anna")).await.unwrap();
    let limit = Grants::from_iter([(Permission::CallsSee, Scope::Own), (Permission::AuditSee, Scope::All)]);
    let token = Session { kind: SessionKind::Token, grants: Some(limit), ..session("less", "anna") };
    store.create_session(&token).await.unwrap();
    let standing = async |secret: &str| {
        store.find_session(&TokenHash::of(secret), at(1)).await.unwrap().unwrap().standing
    };
    let mut both = grants_of("agent");
    both.widen(&grants_of("quality"));
    let all = standing("all").await;
    assert_eq!((all.grants, all.teams), (both, anna.teams.clone()));
    let less = standing("less").await.grants;
    assert_eq!(less, Grants::from_iter([(Permission::CallsSee, Scope::Own)]));

    let unknown = User { roles: ["nothing".to_owned()].into(), ..user("bob") };
    let refused = store.create_user(&unknown).await;
    assert!(matches!(refused, Err(StoreError::NotFound)), "{refused:?}");
    assert_eq!(store.find_user("bob").await.unwrap(), None);
}

pub(crate) async fn of_two_edits_of_one_user_the_second_is_refused(bench: Bench) {
    let store = &bench.store;
    store.create_user(&user("anna")).await.unwrap();
    let taken = store.create_user(&user("anna")).await;
    assert!(matches!(taken, Err(StoreError::Conflict)), "{taken:?}");
    let wanted =
        User { display_name: "Anna".to_owned(), roles: ["quality".to_owned()].into(), ..user("anna") };
    let changed = store.change_user(&wanted, at(0)).await.unwrap();
    assert!(changed.changed_at > wanted.changed_at);
    assert_eq!(store.find_user("anna").await.unwrap(), Some(changed));
    let late = store.change_user(&wanted, at(9)).await;
    assert!(matches!(late, Err(StoreError::Conflict)), "{late:?}");
    store.create_session(&session("secret", "anna")).await.unwrap();
    store.delete_user("anna").await.unwrap();
    assert_eq!(store.find_session(&TokenHash::of("secret"), at(1)).await.unwrap(), None);
    for gone in [store.change_user(&wanted, at(9)).await.map(drop), store.delete_user("anna").await] {
        assert!(matches!(gone, Err(StoreError::NotFound)), "{gone:?}");
    }
}

pub(crate) async fn former_passwords_are_remembered_and_wrong_ones_lock(bench: Bench) {
    let store = &bench.store;
    store.create_user(&user("anna")).await.unwrap();
    for number in 1..=4 {
        let hash = Pii::new(format!("hash {number}"));
        let new = NewPassword { hash: &hash, temporary: number == 4, remembered: 2 };
        store.set_password("anna", &new, at(number)).await.unwrap();
    }
    let former = store.former_passwords("anna").await.unwrap();
    assert_eq!(former, [Pii::from("hash 3"), Pii::from("hash 2")]);
    let anna = store.find_user("anna").await.unwrap().unwrap();
    assert!(anna.password_temporary && anna.password_changed_at == at(4));

    let fail =
        async |second: u64| store.note_failure("anna", 3, (at(second), at(second + 60))).await.unwrap();
    let locked = async || store.find_user("anna").await.unwrap().unwrap().locked_until;
    assert_eq!((fail(10).await, fail(11).await, locked().await), (false, false, None));
    assert_eq!((fail(12).await, locked().await), (true, Some(at(72))));
    assert_eq!((fail(20).await, locked().await), (false, Some(at(72))), "a lock is not made longer");
    assert_eq!((fail(72).await, locked().await), (false, None), "after it the count begins anew");
    assert_eq!((fail(73).await, fail(74).await), (false, true));
    store.unlock_user("anna").await.unwrap();
    assert_eq!((locked().await, fail(75).await), (None, false));
    assert!(!store.note_failure("nobody", 1, (at(1), at(2))).await.unwrap());
}

pub(crate) async fn a_code_is_used_once(bench: Bench) {
    let store = &bench.store;
    store.create_user(&user("anna")).await.unwrap();
    assert_eq!(store.find_totp("anna").await.unwrap(), None);
    let early = store.activate_totp("anna", 1, &[]).await;
    assert!(matches!(early, Err(StoreError::Conflict)), "{early:?}");
    assert!(store.offer_totp("anna", &Pii::from("ABC")).await.unwrap());
    assert!(store.offer_totp("anna", &Pii::from("DEF")).await.unwrap());
    let codes = ["one", "two"].map(TokenHash::of);
    store.activate_totp("anna", 100, &codes).await.unwrap();
    assert!(!store.offer_totp("anna", &Pii::from("GHI")).await.unwrap(), "one that is active stays");
    let stored = store.find_totp("anna").await.unwrap().unwrap();
    assert_eq!((stored.secret.expose().as_str(), stored.active, stored.step), ("DEF", true, Some(100)));
    assert!(store.find_user("anna").await.unwrap().unwrap().second_factor);
    assert!(!store.use_totp_step("anna", 100).await.unwrap());
    assert!(store.use_totp_step("anna", 101).await.unwrap());
    assert!(!store.use_totp_step("anna", 101).await.unwrap());
    assert!(store.use_recovery_code("anna", &codes[0], at(1)).await.unwrap());
    assert!(!store.use_recovery_code("anna", &codes[0], at(2)).await.unwrap());
    assert!(!store.use_recovery_code("anna", &TokenHash::of("three"), at(2)).await.unwrap());
    assert_eq!(store.recovery_codes_left("anna").await.unwrap(), 1);
    assert!(store.remove_totp("anna").await.unwrap() && !store.remove_totp("anna").await.unwrap());
    assert_eq!(store.recovery_codes_left("anna").await.unwrap(), 0);
}

pub(crate) async fn users_are_listed_behind_a_name(bench: Bench) {
    let store = &bench.store;
    for name in ["carl", "anna", "bert"] {
        store.create_user(&user(name)).await.unwrap();
    }
    let all = store.list_users().await.unwrap();
    assert_eq!(store.list_users_after(None, 2).await.unwrap(), all[..2], "with their roles and teams");
    assert_eq!(store.list_users_after(Some("bert"), 2).await.unwrap(), all[2..]);
    assert_eq!(
        store.list_users_after(Some("basil"), 1).await.unwrap(),
        all[1..2],
        "who is gone leaves a place"
    );
    assert_eq!(store.list_users_after(Some("carl"), 2).await.unwrap(), []);
}

pub(crate) async fn sessions_are_listed_and_ended_by_their_ids(bench: Bench) {
    let store = &bench.store;
    for name in ["anna", "bob"] {
        store.create_user(&user(name)).await.unwrap();
    }
    let limited = Session { limited: true, created_at: at(5), address: None, ..session("a2", "anna") };
    let token = Session {
        kind: SessionKind::Token,
        grants: Some(Grants::default()),
        created_at: at(9),
        expires_at: None,
        ..session("t", "anna")
    };
    for session in [session("a1", "anna"), limited.clone(), token.clone(), session("b", "bob")] {
        store.create_session(&session).await.unwrap();
    }
    let listed = store.list_sessions("anna", &EVERYTHING, at(10)).await.unwrap();
    assert_eq!(listed, [token.clone(), limited.clone(), session("a1", "anna")]);
    let behind = |session: &Session, limit, tokens_only| {
        let (created_at, id) = (session.created_at, session.id.clone());
        async move {
            let part = SessionPart { tokens_only, after: Some((created_at, &id)), limit };
            store.list_sessions("anna", &part, at(10)).await.unwrap()
        }
    };
    assert_eq!(behind(&token, 1, false).await, std::slice::from_ref(&limited));
    assert_eq!(behind(&limited, 9, false).await, [session("a1", "anna")]);
    assert_eq!(behind(&limited, 9, true).await, []);
    assert_eq!(
        store.list_sessions("anna", &EVERYTHING, at(9999)).await.unwrap(),
        std::slice::from_ref(&token)
    );
    let from = async |address: &str| store.has_session_from("anna", address, at(10)).await.unwrap();
    assert!(from("192.0.2.1").await && !from("192.0.2.2").await);
    store.free_session(&limited.token).await.unwrap();
    assert!(!store.find_session(&limited.token, at(10)).await.unwrap().unwrap().session.limited);

    assert!(!store.delete_session_of("bob", "id of a1").await.unwrap(), "only one's own");
    assert!(store.delete_session_of("anna", "id of a1").await.unwrap());
    assert_eq!(store.delete_other_sessions(&limited).await.unwrap(), 0);
    store.create_session(&session("a3", "anna")).await.unwrap();
    assert_eq!(store.delete_other_sessions(&limited).await.unwrap(), 1);
    assert_eq!(store.delete_everything_of("anna").await.unwrap(), 2);
    let left = store.find_session(&TokenHash::of("b"), at(10)).await.unwrap();
    assert_eq!(left.map(|found| found.user.created_at), Some(WallTime(at(0).0)));
}

pub(crate) async fn people_of_the_two_former_roles_keep_what_they_could_do(bench: Bench) {
    for (name, role) in [("anna", "agent"), ("root", "admin")] {
        let new = User { roles: [role.to_owned()].into(), ..user(name) };
        bench.store.create_user(&new).await.unwrap();
    }
    bench.store.close().await;
    // As the eleventh version left it.
    bench.raw(BEFORE_PEOPLE).await.unwrap();
    let store = hotline_store::Store::open(&bench.url).await.unwrap();
    for (name, role) in [("anna", "agent"), ("root", "admin")] {
        let found = store.find_user(name).await.unwrap().unwrap();
        assert_eq!(found.roles, [role.to_owned()].into());
        assert!(found.password_changed_at > at(0), "passwords do not expire on the day of the update");
    }
    assert_eq!(store.list_roles().await.unwrap().len(), BUILT_IN.len());
}

const BEFORE_PEOPLE: &str = "
    ALTER TABLE app_user ADD COLUMN role TEXT NOT NULL DEFAULT 'agent';
    UPDATE app_user SET role = (SELECT role FROM user_role WHERE user_name = name);
    DROP TABLE user_role; DROP TABLE role; DROP TABLE user_team; DROP TABLE former_password;
    DROP TABLE recovery_code; DROP TABLE people_version; DROP INDEX session_id;
    ALTER TABLE app_user DROP COLUMN changed_at; ALTER TABLE app_user DROP COLUMN password_changed_at;
    ALTER TABLE app_user DROP COLUMN password_temporary; ALTER TABLE app_user DROP COLUMN failures;
    ALTER TABLE app_user DROP COLUMN locked_until; ALTER TABLE app_user DROP COLUMN totp_secret;
    ALTER TABLE app_user DROP COLUMN totp_active; ALTER TABLE app_user DROP COLUMN totp_step;
    ALTER TABLE session DROP COLUMN id; ALTER TABLE session DROP COLUMN limited;
    ALTER TABLE session DROP COLUMN grants; ALTER TABLE session DROP COLUMN address;
    DELETE FROM _sqlx_migrations WHERE version IN (12, 71);";

pub(crate) async fn a_built_in_role_gets_what_came_later_and_not_what_was_taken_away(bench: Bench) {
    let store = &bench.store;
    let machine = store.find_role("system_admin").await.unwrap().unwrap();
    let few = Grants::from_iter([(Permission::ConfigSee, Scope::All)]);
    store.change_role(&Role { grants: few.clone(), ..machine.clone() }, at(1)).await.unwrap();
    let store = hotline_store::Store::open(&bench.url).await.unwrap();
    assert_eq!(store.find_role("system_admin").await.unwrap().unwrap().grants, few);
    // As if this program were the first that knows how to edit the configuration.
    let known: Vec<&str> = Permission::ALL.iter().map(|permission| permission.as_str()).collect();
    let known = known.join(" ").replace("config.edit", "");
    let forgotten = format!("UPDATE role SET known = '{known}' WHERE name = 'system_admin'");
    bench.raw(&forgotten).await.unwrap();
    let before = store.people_version().await.unwrap();
    let store = hotline_store::Store::open(&bench.url).await.unwrap();
    let grants = store.find_role("system_admin").await.unwrap().unwrap().grants;
    let more = [(Permission::ConfigSee, Scope::All), (Permission::ConfigEdit, Scope::All)];
    assert_eq!(grants, Grants::from_iter(more));
    assert!(store.people_version().await.unwrap() > before, "whoever is signed in is told");
}
