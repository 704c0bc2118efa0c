//! Another process can continue from the state.

use hotline_acd::{Acd, OfferFailure};

use crate::center::{Center, WRAP_UP};

#[test]
fn a_center_continues_from_its_snapshot_as_if_nothing_had_happened() {
    let mut center = Center::sales(&["adam", "ben", "carl"]);
    for number in 1..=6 {
        center.enqueue(number);
    }
    center.answer(1);
    center.ring(2);
    center.fail(3, OfferFailure::Rejected);
    center.end("adam");
    let bytes = postcard::to_allocvec(&center.acd).unwrap();
    let acd: Acd = postcard::from_bytes(&bytes).unwrap();
    let mut twin = Center { acd, now: center.now, log: center.log.clone(), looked: 0 };
    for center in [&mut center, &mut twin] {
        center.wait(WRAP_UP);
        center.fail(2, OfferFailure::NoAnswer);
        center.wait(600);
    }
    assert_eq!(center.log, twin.log);
    assert_eq!(postcard::to_allocvec(&center.acd), postcard::to_allocvec(&twin.acd));
}
