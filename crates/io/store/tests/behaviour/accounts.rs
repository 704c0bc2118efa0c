//! Users and sessions.

use std::time::Duration;

use hotline_base::{AgentId, Pii};
use hotline_store::{
    NAME_CHARS_MAX, Role, SESSION_TOUCH_EVERY, Session, SessionKind, StoreError, TextProblem, TokenHash, User,
};

use crate::bench::Bench;
use crate::sample::at;

fn user(name: &str) -> User {
    User {
        name: name.to_owned(),
        display_name: "王小明".to_owned(),
        role: Role::Agent,
        agent: Some(AgentId::from("1001")),
        password_hash: Pii::from("$argon2id$v=19$first"),
        disabled: false,
        created_at: at(0),
    }
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
    bench.store.set_password_hash("anna", &changed).await.unwrap();
    let again = User { role: Role::Admin, agent: None, disabled: true, created_at: at(9), ..user("anna") };
    bench.store.upsert_user(&again).await.unwrap();
    let expected = User { password_hash: changed.clone(), created_at: at(0), ..again };
    assert_eq!(bench.store.find_user("anna").await.unwrap(), Some(expected));

    let unknown = bench.store.set_password_hash("bob", &changed).await;
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
    assert_eq!(found, Some((anna.clone(), user("anna"))));
    assert_eq!(bench.store.find_session(&anna.token, at(3600)).await.unwrap(), None);
    assert_eq!(bench.store.find_session(&TokenHash::of("other"), at(1)).await.unwrap(), None);

    let soon = at(0) + (SESSION_TOUCH_EVERY - Duration::from_secs(1));
    for (used_at, seen_at) in [(soon, at(0)), (at(600), at(600))] {
        bench.store.touch_session(&anna, used_at).await.unwrap();
        let (session, _) = bench.store.find_session(&anna.token, at(700)).await.unwrap().unwrap();
        assert_eq!(session.last_seen_at, seen_at);
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
