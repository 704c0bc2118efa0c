//! Callers who want to be called back.

use hotline_base::{Pii, QueueId};
use hotline_store::Callback;

use crate::bench::Bench;
use crate::sample::{at, call_id};

fn callback(number: u64, queue: &str, caller: &str) -> Callback {
    Callback {
        id: format!("callback-{number}"),
        call: call_id(number),
        queue: QueueId::from(queue),
        number: Pii::from(caller),
        requested_at: at(number),
    }
}

pub(crate) async fn whoever_wants_to_be_called_back_is_listed_once_until_it_is_done(bench: Bench) {
    let store = &bench.store;
    let (ada, bob) = (callback(1, "sales", "+49301"), callback(2, "sales", "+49302"));
    for wish in [&bob, &ada] {
        assert!(store.book_callback(wish).await.unwrap());
    }
    assert!(store.book_callback(&callback(3, "sales", "+49301")).await.unwrap(), "noted already");
    let elsewhere = callback(4, "support", "+49301");
    assert!(store.book_callback(&elsewhere).await.unwrap());
    let open = store.open_callbacks().await.unwrap();
    assert_eq!(open, [ada.clone(), bob.clone(), elsewhere.clone()], "the oldest first, each keeps its place");

    assert!(store.close_callback(&ada.id, at(10)).await.unwrap());
    assert!(!store.close_callback(&ada.id, at(11)).await.unwrap());
    assert!(!store.close_callback("callback-3", at(11)).await.unwrap());
    assert_eq!(store.open_callbacks().await.unwrap(), [bob.clone(), elsewhere.clone()]);

    let again = callback(5, "sales", "+49301");
    assert!(store.book_callback(&again).await.unwrap());
    assert_eq!(store.open_callbacks().await.unwrap(), [bob, elsewhere, again]);
}
