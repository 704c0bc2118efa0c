//! Callers who want to be called back.

use std::time::Duration;

use hotline_base::{AgentId, Pii, QueueId};
use hotline_call::{CALLBACKS_MAX, Callback, CallbackPlace, CallbackState};
use hotline_store::{BookedCallback, CallbackBooking, CallbackChange, JournalEntry, SPOOL_BYTES_MAX, Writer};

use crate::bench::Bench;
use crate::sample::{at, call_id};

fn wish(number: u64, queue: &str, caller: &str) -> BookedCallback {
    let callback = Callback {
        id: call_id(100 + number),
        place: CallbackPlace::new(QueueId::from(queue)),
        number: Pii::from(caller),
        language: "zh".to_owned(),
        requested_at: at(number),
        enqueued_at: at(number / 2),
        tries: 0,
        not_before: None,
    };
    BookedCallback { callback, call: call_id(number) }
}

pub(crate) async fn whoever_wants_to_be_called_back_is_listed_once_until_it_is_done(bench: Bench) {
    let store = &bench.store;
    let (ada, bob) = (wish(1, "sales", "+49301"), wish(2, "sales", "+49302"));
    for wish in [&bob, &ada] {
        assert_eq!(store.book_callback(wish).await.unwrap(), CallbackBooking::New);
    }
    assert_eq!(store.book_callback(&wish(3, "sales", "+49301")).await.unwrap(), CallbackBooking::Known);
    let elsewhere = wish(4, "support", "+49301");
    assert_eq!(store.book_callback(&elsewhere).await.unwrap(), CallbackBooking::New);
    let open = store.open_callbacks(CALLBACKS_MAX).await.unwrap();
    assert_eq!(open, [ada.clone(), bob.clone(), elsewhere.clone()], "the oldest first, each keeps its place");
    assert_eq!(store.open_callbacks(1).await.unwrap(), std::slice::from_ref(&ada));
    let behind = Some((ada.callback.requested_at, ada.callback.id));
    assert_eq!(store.open_callbacks_after(behind, 1).await.unwrap(), std::slice::from_ref(&bob));
    assert_eq!(store.open_callbacks_after(None, 9).await.unwrap(), open);
    assert_eq!(store.open_callback(bob.callback.id).await.unwrap().as_ref(), Some(&bob));

    assert!(store.close_callback(ada.callback.id, at(10)).await.unwrap());
    assert!(!store.close_callback(ada.callback.id, at(11)).await.unwrap());
    assert!(!store.close_callback(call_id(103), at(11)).await.unwrap());
    assert_eq!(store.open_callbacks(CALLBACKS_MAX).await.unwrap(), [bob.clone(), elsewhere.clone()]);

    let again = wish(5, "sales", "+49301");
    assert_eq!(store.book_callback(&again).await.unwrap(), CallbackBooking::New);
    assert_eq!(store.open_callbacks(CALLBACKS_MAX).await.unwrap(), [bob, elsewhere, again]);
}

pub(crate) async fn a_wish_is_kept_as_it_stands_until_somebody_was_reached(bench: Bench) {
    let store = &bench.store;
    let wish = wish(1, "sales", "+49301");
    store.book_callback(&wish).await.unwrap();
    let spool = bench.directory.path().join("spool");
    let writer = Writer::start(store.clone(), &spool, SPOOL_BYTES_MAX).await.unwrap();
    let id = wish.callback.id;
    let change = |state| JournalEntry::Callback(CallbackChange { id, state, at: at(20) });
    writer.write(change(CallbackState::Waiting { tries: 2, not_before: Some(at(30)) }));
    writer.flush().await.unwrap();
    let open = store.open_callbacks(CALLBACKS_MAX).await.unwrap();
    let tried = Callback { tries: 2, not_before: Some(at(30)), ..wish.callback };
    assert_eq!(open, [BookedCallback { callback: tried, call: wish.call }]);
    writer.write(change(CallbackState::Reached));
    writer.write(change(CallbackState::Waiting { tries: 3, not_before: None }));
    writer.flush().await.unwrap();
    assert_eq!(store.open_callbacks(CALLBACKS_MAX).await.unwrap(), [], "what is done stays so");
}

pub(crate) async fn a_wish_that_a_leader_gave_another_place_has_it_also_after_a_restart(bench: Bench) {
    let store = &bench.store;
    let (moved, other) = (wish(1, "sales", "+49301"), wish(2, "billing", "+49301"));
    for wish in [&moved, &other] {
        assert_eq!(store.book_callback(wish).await.unwrap(), CallbackBooking::New);
    }
    let spool = bench.directory.path().join("spool");
    let writer = Writer::start(store.clone(), &spool, SPOOL_BYTES_MAX).await.unwrap();
    let place = |queue: &str| CallbackPlace {
        queue: QueueId::from(queue),
        credit: Duration::from_secs(90),
        emergency: true,
        agent: Some(AgentId::from("1002")),
    };
    let placed = async |queue: &str| {
        let (id, state) = (moved.callback.id, CallbackState::Placed(place(queue)));
        writer.write(JournalEntry::Callback(CallbackChange { id, state, at: at(20) }));
        writer.flush().await.unwrap();
        store.open_callbacks(CALLBACKS_MAX).await.unwrap()
    };
    let expected = Callback { place: place("support"), ..moved.callback.clone() };
    let expected = [BookedCallback { callback: expected, call: moved.call }, other.clone()];
    assert_eq!(placed("support").await, expected);
    assert_eq!(placed("billing").await, expected, "the number waits there already");
}

pub(crate) async fn who_was_not_reached_is_listed_until_somebody_has_seen_to_it(bench: Bench) {
    let store = &bench.store;
    let (ada, bob, carl) =
        (wish(1, "sales", "+49301"), wish(2, "sales", "+49302"), wish(3, "sales", "+49303"));
    for wish in [&ada, &bob, &carl] {
        store.book_callback(wish).await.unwrap();
    }
    let spool = bench.directory.path().join("spool");
    let writer = Writer::start(store.clone(), &spool, SPOOL_BYTES_MAX).await.unwrap();
    for (wish, state, minute) in [
        (&ada, CallbackState::Missed, 20),
        (&bob, CallbackState::Missed, 30),
        (&carl, CallbackState::Reached, 40),
    ] {
        let change = CallbackChange { id: wish.callback.id, state, at: at(minute) };
        writer.write(JournalEntry::Callback(change));
    }
    writer.flush().await.unwrap();
    assert_eq!(store.open_callbacks(CALLBACKS_MAX).await.unwrap(), []);
    let missed = store.missed_callbacks(None, CALLBACKS_MAX).await.unwrap();
    assert_eq!(missed, [(bob.clone(), at(30)), (ada.clone(), at(20))], "the latest first");
    assert_eq!(store.missed_callbacks(None, 1).await.unwrap(), [(bob.clone(), at(30))]);
    let behind = Some((at(30), bob.callback.id));
    assert_eq!(store.missed_callbacks(behind, CALLBACKS_MAX).await.unwrap(), [(ada.clone(), at(20))]);

    assert!(store.settle_missed_callback(bob.callback.id).await.unwrap());
    assert!(!store.settle_missed_callback(bob.callback.id).await.unwrap());
    assert!(!store.settle_missed_callback(carl.callback.id).await.unwrap(), "it was met");
    assert_eq!(store.missed_callbacks(None, CALLBACKS_MAX).await.unwrap(), [(ada.clone(), at(20))]);
    let again = store.book_callback(&wish(4, "sales", "+49301")).await.unwrap();
    assert_eq!(again, CallbackBooking::New, "who was missed may wish again");
}
