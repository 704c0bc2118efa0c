//! How far webhooks have been told.

use hotline_store::ParkedEvent;

use crate::bench::Bench;
use crate::sample::{at, call_id};

pub(crate) async fn a_place_and_what_was_not_taken_are_kept_together(bench: Bench) {
    let store = &bench.store;
    assert_eq!(store.webhook_place("crm").await.unwrap(), None);
    let parked = |seq, call, attempts| ParkedEvent { seq, call, attempts, next_at: at(9) };
    let (one, other) = (parked(5, Some(call_id(1)), 1), parked(7, None, 0));
    store.advance_webhook("crm", 8, &[one.clone(), other.clone()]).await.unwrap();
    store.advance_webhook("crm", 9, std::slice::from_ref(&one)).await.unwrap();
    store.advance_webhook("wall", 3, &[]).await.unwrap();
    assert_eq!(store.webhook_place("crm").await.unwrap(), Some(9));
    assert_eq!(store.parked_events("crm").await.unwrap(), [one.clone(), other.clone()]);
    assert_eq!(store.parked_events("wall").await.unwrap(), []);
    let again = ParkedEvent { attempts: 2, next_at: at(60), ..one.clone() };
    store.park_again("crm", &again).await.unwrap();
    store.unpark_event("crm", 7).await.unwrap();
    store.unpark_event("crm", 7).await.unwrap();
    assert_eq!(store.parked_events("crm").await.unwrap(), std::slice::from_ref(&again));
    store.rewind_webhook("crm", 5).await.unwrap();
    assert_eq!(store.parked_events("crm").await.unwrap(), [again], "it lies before the place");
    store.rewind_webhook("crm", 4).await.unwrap();
    assert_eq!(store.parked_events("crm").await.unwrap(), []);
    assert_eq!(store.webhook_place("crm").await.unwrap(), Some(4));
}
