//! What is known of requests that were sent twice.

use hotline_base::WallTime;
use hotline_store::{IDEMPOTENCY_KEPT, KeyedAnswer, KeyedRequest, KeyedState};

use crate::bench::Bench;
use crate::sample::at;

const FIRST: KeyedRequest<'static> =
    KeyedRequest { user: "ann", key_hash: "k", request_hash: "make a customer", run: "1" };

pub(crate) async fn a_key_stands_for_one_request_and_its_answer(bench: Bench) {
    let store = &bench.store;
    assert_eq!(store.begin_keyed(FIRST, at(1)).await.unwrap(), KeyedState::New);
    assert_eq!(store.begin_keyed(FIRST, at(2)).await.unwrap(), KeyedState::Running);
    let after_restart = KeyedRequest { run: "2", ..FIRST };
    assert_eq!(store.begin_keyed(after_restart, at(3)).await.unwrap(), KeyedState::Unknown);
    let other = KeyedRequest { request_hash: "make a user", ..FIRST };
    assert_eq!(store.begin_keyed(other, at(3)).await.unwrap(), KeyedState::Other);
    let of_another = KeyedRequest { user: "bob", ..FIRST };
    assert_eq!(store.begin_keyed(of_another, at(3)).await.unwrap(), KeyedState::New);
    let answer = KeyedAnswer { status: 201, headers: "{}".into(), body: Some("{\"id\":\"王\"}".into()) };
    store.answer_keyed(FIRST, &answer).await.unwrap();
    store.forget_keyed(FIRST).await.unwrap();
    assert_eq!(store.begin_keyed(after_restart, at(4)).await.unwrap(), KeyedState::Answered(answer));
}

pub(crate) async fn what_came_to_nothing_may_be_tried_again(bench: Bench) {
    let store = &bench.store;
    assert_eq!(store.begin_keyed(FIRST, at(1)).await.unwrap(), KeyedState::New);
    store.forget_keyed(FIRST).await.unwrap();
    assert_eq!(store.begin_keyed(FIRST, at(2)).await.unwrap(), KeyedState::New);
    let shown_once = KeyedAnswer { status: 201, headers: String::new(), body: None };
    store.answer_keyed(FIRST, &shown_once).await.unwrap();
    assert_eq!(store.begin_keyed(FIRST, at(3)).await.unwrap(), KeyedState::Answered(shown_once));
}

pub(crate) async fn a_key_is_forgotten_after_a_day(bench: Bench) {
    let store = &bench.store;
    let later = |seconds| WallTime(at(seconds).0 + i64::try_from(IDEMPOTENCY_KEPT.as_micros()).unwrap());
    for (key, began) in [("k", 1), ("l", 2), ("m", 3)] {
        let request = KeyedRequest { key_hash: key, ..FIRST };
        assert_eq!(store.begin_keyed(request, at(began)).await.unwrap(), KeyedState::New);
    }
    assert_eq!(store.trim_keyed(at(9)).await.unwrap(), 3);
    assert_eq!(store.trim_keyed(later(1)).await.unwrap(), 2);
    // Also before anybody tidies up.
    let request = KeyedRequest { key_hash: "l", ..FIRST };
    assert_eq!(store.begin_keyed(request, later(2)).await.unwrap(), KeyedState::New);
}
