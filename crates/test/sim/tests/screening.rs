//! Callers who are blocked, by a list of the center or by the address book.

use std::time::Duration;

use hotline_call::{EndKind, Grounds, Refusal, Screened};
use hotline_sim::{Blocks, Rules, World, for_each_seed};

/// Seeds for each scenario.
const SEEDS: u64 = 500;
/// Long enough for anything that is to happen in these scenarios.
const LONG: Duration = Duration::from_secs(120);

#[test]
fn a_caller_on_a_list_is_refused_before_any_flow_and_has_a_record() {
    for_each_seed(SEEDS, |seed, loud| {
        let mut world = World::new(seed, loud, Rules { blocks: Blocks::Callers, ..Rules::default() });
        world.open();
        let caller = world.add_caller(None);
        let dial = world.number();
        world.later(Duration::ZERO, caller, dial);
        world.run_for(LONG);
        assert!(world.phone(caller).talk.is_none());
        let record = world.close_with_one();
        assert_eq!(
            record.cause.as_ref().map(|cause| (cause.kind, cause.sip_status)),
            Some((EndKind::Blocked, Some(486)))
        );
        let grounds = Grounds::List { list: "all".to_owned(), reason: "a quiet day".to_owned() };
        assert_eq!(record.screened, Some(Screened { grounds, refusal: Refusal::Busy }));
        assert!(record.path.is_empty() && record.answered_at.is_none());
    });
}

#[test]
fn a_blocked_customer_is_refused_before_any_flow_if_the_address_book_answers_in_time() {
    let (mut refused, mut let_in) = (0, 0);
    for_each_seed(SEEDS, |seed, loud| {
        let mut world = World::new(seed, loud, Rules { blocks: Blocks::Customers, ..Rules::default() });
        world.open();
        let caller = world.add_caller(Some(Duration::from_secs(5)));
        let dial = world.number();
        world.later(Duration::ZERO, caller, dial);
        world.run_for(LONG);
        let record = world.close_with_one();
        if record.screened.is_some() {
            refused += 1;
            let screened = Screened { grounds: Grounds::Customer, refusal: Refusal::Decline };
            assert_eq!(record.screened, Some(screened));
            assert_eq!(record.cause.expect("it has ended").kind, EndKind::Blocked);
            assert!(record.path.is_empty() && record.answered_at.is_none());
        } else {
            let_in += 1;
            assert_eq!(record.customer, None, "nobody has said who calls");
            let hung_up = record.cause.expect("it has ended").kind == EndKind::HungUpEarly;
            assert!(record.answered_at.is_some() || hung_up, "the flow answers");
        }
    });
    assert!(refused > let_in, "{refused} refused, {let_in} let in");
}
