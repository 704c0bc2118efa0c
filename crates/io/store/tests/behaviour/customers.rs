//! The address book.

use std::collections::BTreeMap;

use hotline_base::{AgentId, CallId, CustomerId, Pii, Rng};
use hotline_call::{
    Asset, CallDisposition, CallRecord, ContactOutcome, Customer, DialPlan, FORGOTTEN, FieldValue,
    HISTORY_MAX, OTHERS_MAX,
};
use hotline_store::{
    CUSTOMER_NUMBERS_MAX, CUSTOMER_SEARCH_MAX, CallSearch, CustomerField, CustomerFieldKind, JournalEntry,
    LegalHold, NOTE_CHARS_MAX, NumberPart, NumberSearch, SPOOL_BYTES_MAX, Store, StoreError, TextProblem,
    TextSearch, Writer,
};

use crate::bench::Bench;
use crate::sample::{at, record_of, started};

pub(crate) fn customer(number: u64, name: &str, numbers: &[&str]) -> Customer {
    Customer {
        id: CustomerId::generate(at(number), &mut Rng::from_number(number)),
        name: Pii::from(name),
        company: None,
        email: None,
        numbers: numbers.iter().map(|number| Pii::from(*number)).collect(),
        note: None,
        class: Some("gold".to_owned()),
        language: Some("zh".to_owned()),
        vip: true,
        blocked: false,
        tags: vec!["北京".to_owned(), "2026".to_owned()],
        agent: Some(AgentId::from("1001")),
        fields: BTreeMap::from([
            ("size".to_owned(), FieldValue::Number(Pii::from("12.5"))),
            ("paid".to_owned(), FieldValue::Boolean(true)),
            ("kind".to_owned(), FieldValue::Text(Pii::from("合同"))),
        ]),
        assets: vec![Asset {
            product: "Router".to_owned(),
            serial: Some(Pii::from("S-1")),
            contract: None,
            warranty_end: Some("2027-01-31".to_owned()),
        }],
        last_agent: None,
        changed_at: at(0),
    }
}

async fn names_found(bench: &Bench, text: &str) -> Vec<String> {
    let found =
        bench.store.search_customers(&Pii::from(text), false, None, CUSTOMER_SEARCH_MAX).await.unwrap();
    found.into_iter().map(|customer| customer.name.into_inner()).collect()
}

pub(crate) async fn the_agent_who_had_a_customer_last_is_found_with_it(bench: Bench) {
    let ada = customer(1, "Ada", &["+49301"]);
    bench.store.create_customer(&ada).await.unwrap();
    let found = || async { bench.store.find_customer(&Pii::from("+49301")).await.unwrap().unwrap() };
    assert_eq!(found().await.last_agent, None);
    for (number, agent) in [(1, Some("1001")), (3, Some("1002")), (2, Some("1003")), (4, None)] {
        let record = CallRecord {
            customer: Some(ada.id),
            agent: agent.map(AgentId::from),
            ..record_of(number, at(number), "1009")
        };
        bench.store.save_record(&record).await.unwrap();
    }
    assert_eq!(found().await.last_agent, Some(AgentId::from("1002")));
}

pub(crate) async fn a_customer_comes_back_as_given(bench: Bench) {
    let wang = Customer {
        company: Some(Pii::from("长城公司")),
        email: Some(Pii::from("wang@example.cn")),
        note: Some(Pii::from("Prefers Mandarin.\n请说中文 🐉")),
        class: Some("gold".to_owned()),
        language: Some("zh".to_owned()),
        ..customer(1, "王小明", &["+8613812345678", "1001", "+49301"])
    };
    bench.store.create_customer(&wang).await.unwrap();
    assert_eq!(bench.store.get_customer(wang.id).await.unwrap(), Some(wang.clone()));
    for number in &wang.numbers {
        assert_eq!(bench.store.find_customer(number).await.unwrap(), Some(wang.clone()));
    }
    assert_eq!(bench.store.find_customer(&Pii::from("+4930")).await.unwrap(), None);
    assert_eq!(bench.store.get_customer(customer(2, "", &[]).id).await.unwrap(), None);

    let without_numbers = customer(3, "Eve", &[]);
    bench.store.create_customer(&without_numbers).await.unwrap();
    assert_eq!(bench.store.get_customer(without_numbers.id).await.unwrap(), Some(without_numbers.clone()));
    let again = bench.store.create_customer(&without_numbers).await;
    assert!(matches!(again, Err(StoreError::Conflict)), "{again:?}");
}

pub(crate) async fn a_number_of_two_customers_finds_the_one_changed_last(bench: Bench) {
    let first = customer(1, "Anna", &["+49301"]);
    let second = Customer { changed_at: at(5), ..customer(2, "Bert", &["+49301", "+49302"]) };
    for customer in [&first, &second] {
        bench.store.create_customer(customer).await.unwrap();
    }
    let number = Pii::from("+49301");
    assert_eq!(bench.store.find_customer(&number).await.unwrap(), Some(second));
    let first = bench.store.update_customer(&first, at(10)).await.unwrap();
    assert_eq!(bench.store.find_customer(&number).await.unwrap(), Some(first));
}

pub(crate) async fn of_two_edits_of_one_version_the_second_is_refused(bench: Bench) {
    let anna = customer(1, "Anna", &["+49301", "+49302"]);
    bench.store.create_customer(&anna).await.unwrap();
    let married =
        Customer { name: Pii::from("Anna Wang"), numbers: vec![Pii::from("+49303")], ..anna.clone() };
    let stored = bench.store.update_customer(&married, at(1)).await.unwrap();
    assert_eq!(stored, Customer { changed_at: at(1), ..married });

    let stale = bench.store.update_customer(&anna, at(2)).await;
    assert!(matches!(stale, Err(StoreError::Conflict)), "{stale:?}");
    assert_eq!(bench.store.get_customer(anna.id).await.unwrap(), Some(stored));
    assert_eq!(bench.store.find_customer(&Pii::from("+49301")).await.unwrap(), None);

    let unknown = bench.store.update_customer(&customer(2, "Eve", &[]), at(2)).await;
    assert!(matches!(unknown, Err(StoreError::NotFound)), "{unknown:?}");
}

pub(crate) async fn versions_grow_when_the_clock_goes_back(bench: Bench) {
    let anna = Customer { changed_at: at(100), ..customer(1, "Anna", &[]) };
    bench.store.create_customer(&anna).await.unwrap();
    let changed = bench.store.update_customer(&anna, at(50)).await.unwrap();
    assert!(changed.changed_at > anna.changed_at);
    let stale = bench.store.update_customer(&anna, at(50)).await;
    assert!(matches!(stale, Err(StoreError::Conflict)), "{stale:?}");
}

pub(crate) async fn search_looks_through_everything_in_any_case(bench: Bench) {
    let uta =
        Customer { company: Some(Pii::from("Bäckerei ÖZ")), ..customer(1, "ÜTA Groß", &["+49301"]) };
    let wang =
        Customer { email: Some(Pii::from("Wang@Example.cn")), ..customer(2, "王小明", &["+86138"]) };
    for customer in [&uta, &wang] {
        bench.store.create_customer(customer).await.unwrap();
    }
    for text in ["üta", "ÜT", " groß ", "öz", "4930"] {
        assert_eq!(names_found(&bench, text).await, ["ÜTA Groß"], "{text}");
    }
    for text in ["小明", "wang@EXAMPLE", "138"] {
        assert_eq!(names_found(&bench, text).await, ["王小明"], "{text}");
    }
    assert_eq!(names_found(&bench, "").await, ["ÜTA Groß", "王小明"]);
    assert_eq!(names_found(&bench, "example.de").await, [""; 0]);

    let renamed = Customer { name: Pii::from("Uta"), ..uta };
    bench.store.update_customer(&renamed, at(1)).await.unwrap();
    assert_eq!(names_found(&bench, "groß").await, [""; 0]);
}

pub(crate) async fn search_takes_wildcards_literally_and_is_bounded(bench: Bench) {
    for number in 0..CUSTOMER_SEARCH_MAX as u64 + 2 {
        bench.store.create_customer(&customer(number, &format!("c{number:03}"), &["1", "2"])).await.unwrap();
    }
    bench.store.create_customer(&customer(900, "100% cotton_!", &[])).await.unwrap();
    for text in ["%", "_", "!", "0%", "n_!"] {
        assert_eq!(names_found(&bench, text).await, ["100% cotton_!"], "{text}");
    }
    assert_eq!(names_found(&bench, "c").await.len(), CUSTOMER_SEARCH_MAX);
    let few = bench.store.search_customers(&Pii::from("c0"), false, None, 3).await.unwrap();
    let names: Vec<&str> = few.iter().map(|customer| customer.name.expose().as_str()).collect();
    assert_eq!(names, ["c000", "c001", "c002"]);
    assert_eq!(few[0].numbers.len(), 2);
    let more = bench.store.search_customers(&Pii::from("c0"), false, Some(few[2].id), 1).await.unwrap();
    assert_eq!(more[0].name.expose(), "c003");
}

pub(crate) async fn the_blocked_are_found_apart(bench: Bench) {
    let blocked = Customer { blocked: true, ..customer(2, "Bea", &["2"]) };
    for one in [&Customer { blocked: false, ..customer(1, "Ada", &["1"]) }, &blocked] {
        bench.store.create_customer(one).await.unwrap();
    }
    let all = Pii::from("");
    let found = bench.store.search_customers(&all, true, None, CUSTOMER_SEARCH_MAX).await.unwrap();
    assert_eq!(found.iter().map(|one| one.id).collect::<Vec<_>>(), [blocked.id]);
    let found = bench.store.search_customers(&all, false, None, CUSTOMER_SEARCH_MAX).await.unwrap();
    assert_eq!(found.len(), 2);
}

pub(crate) async fn unstorable_customers_are_refused_and_leave_nothing(bench: Bench) {
    let plain = customer(1, "Anna", &["+49301"]);
    let many = vec![Pii::from("1"); CUSTOMER_NUMBERS_MAX + 1];
    let long = Pii::new("语".repeat(NOTE_CHARS_MAX + 1));
    for (refused, expected) in [
        (Customer { name: Pii::from("An\0na"), ..plain.clone() }, TextProblem::Nul),
        (Customer { name: Pii::from(""), ..plain.clone() }, TextProblem::Empty),
        (Customer { note: Some(long), ..plain.clone() }, TextProblem::TooLong(NOTE_CHARS_MAX)),
        (Customer { numbers: many, ..plain.clone() }, TextProblem::TooMany(CUSTOMER_NUMBERS_MAX)),
        (customer(1, "Anna", &["+49301", "+49301"]), TextProblem::Repeated),
        (customer(1, "Anna", &["+49301", "4\0"]), TextProblem::Nul),
    ] {
        let result = bench.store.create_customer(&refused).await;
        assert!(
            matches!(result, Err(StoreError::Invalid { problem, .. }) if problem == expected),
            "{result:?}"
        );
    }
    assert_eq!(bench.store.get_customer(plain.id).await.unwrap(), None);
    let longest = Customer { note: Some(Pii::new("语".repeat(NOTE_CHARS_MAX))), ..plain };
    bench.store.create_customer(&longest).await.unwrap();
    assert_eq!(bench.store.get_customer(longest.id).await.unwrap(), Some(longest));
}

pub(crate) async fn who_calls_comes_with_the_others_and_with_the_last_contacts(bench: Bench) {
    let number = Pii::from("+49301");
    assert_eq!(bench.store.find_caller(&number).await.unwrap(), None);
    for one in 0..OTHERS_MAX as u64 + 3 {
        let customer = Customer { changed_at: at(one), ..customer(one + 1, "Ada", &["+49301", "+49302"]) };
        bench.store.create_customer(&customer).await.unwrap();
    }
    let last = OTHERS_MAX as u64 + 3;
    let ada = customer(last, "Ada", &[]).id;
    for call in 0..HISTORY_MAX as u64 + 2 {
        let record = CallRecord { customer: Some(ada), ..record_of(call, at(call), "1002") };
        bench.store.save_record(&record).await.unwrap();
    }
    let spool = bench.directory.path().join("spool");
    let writer = Writer::start(bench.store.clone(), &spool, SPOOL_BYTES_MAX).await.unwrap();
    let newest = record_of(HISTORY_MAX as u64 + 1, at(0), "1002").call;
    writer.write(JournalEntry::Disposition(CallDisposition {
        call: newest,
        agent: AgentId::from("1002"),
        queue: None,
        code: "sold".to_owned(),
        note: Some(Pii::from("wants two")),
        at: at(1),
        follow_up_at: Some(at(99)),
    }));
    writer.flush().await.unwrap();
    let found = bench.store.find_caller(&number).await.unwrap().unwrap();
    assert_eq!(found.customer.id, ada, "the one changed last");
    assert_eq!(found.customer.numbers.len(), 2);
    assert_eq!(found.others.len(), OTHERS_MAX);
    assert_eq!(found.history.len(), HISTORY_MAX);
    let contact = &found.history[0];
    assert_eq!((contact.call, contact.disposition.as_deref()), (newest, Some("sold")));
    assert_eq!(contact.note, Some(Pii::from("wants two")));
    assert_ne!(contact.outcome, ContactOutcome::MessageLeft);
    assert_eq!(found.customer.last_agent, contact.agent);
    let due = bench.store.follow_ups(&AgentId::from("1002"), false, None, 9).await.unwrap();
    assert_eq!(due.iter().map(|one| one.disposition.call).collect::<Vec<_>>(), [newest]);
    let behind = Some((at(99), newest));
    assert!(bench.store.follow_ups(&"1002".into(), false, behind, 9).await.unwrap().is_empty());
    assert!(!bench.store.set_follow_up_done(newest, &"1001".into(), Some(at(100))).await.unwrap());
    assert!(bench.store.set_follow_up_done(newest, &"1002".into(), Some(at(100))).await.unwrap());
    assert!(bench.store.follow_ups(&"1002".into(), false, None, 9).await.unwrap().is_empty());
    let done = bench.store.follow_ups(&"1002".into(), true, None, 9).await.unwrap();
    assert_eq!(done.iter().map(|one| one.done_at).collect::<Vec<_>>(), [Some(at(100))]);
    assert!(bench.store.set_follow_up_done(newest, &"1002".into(), None).await.unwrap());
    assert_eq!(bench.store.follow_ups(&"1002".into(), false, None, 9).await.unwrap(), due);
}

pub(crate) async fn merged_customers_keep_their_calls_even_those_that_end_later(bench: Bench) {
    let [ada, twin, third] = [1, 2, 3].map(|number| customer(number, "Ada", &["+49301"]));
    let third = Customer { email: Some(Pii::from("Ada@example.org")), numbers: Vec::new(), ..third };
    let ada = Customer { email: Some(Pii::from("ada@example.org")), ..ada };
    for one in [&ada, &twin, &third] {
        bench.store.create_customer(one).await.unwrap();
    }
    let found = bench.store.find_duplicates(ada.id).await.unwrap();
    assert_eq!(found.iter().map(|one| one.id).collect::<Vec<_>>(), [twin.id, third.id]);
    let early = CallRecord { customer: Some(twin.id), ..record_of(1, at(1), "1001") };
    bench.store.save_record(&early).await.unwrap();
    let joined = Customer { tags: vec!["both".to_owned()], ..ada.clone() };
    let stale = Customer { changed_at: at(7), ..twin.clone() };
    let refused = bench.store.merge_customers(&joined, &stale, at(9)).await;
    assert!(matches!(refused, Err(StoreError::Conflict)));
    let after = bench.store.merge_customers(&joined, &twin, at(9)).await.unwrap();
    assert_eq!(
        (after.changed_at, bench.store.get_customer(ada.id).await.unwrap()),
        (at(9), Some(after.clone()))
    );
    assert_eq!(bench.store.get_customer(twin.id).await.unwrap(), None);
    assert_eq!(bench.store.merged_into(twin.id).await.unwrap(), Some(ada.id));
    let late = CallRecord { customer: Some(twin.id), ..record_of(2, at(2), "1001") };
    bench.store.save_record(&late).await.unwrap();
    for call in [early.call, late.call] {
        assert_eq!(bench.store.get_call(call).await.unwrap().unwrap().customer, Some(ada.id));
    }
    bench.store.merge_customers(&third, &after, at(10)).await.unwrap();
    assert_eq!(bench.store.merged_into(twin.id).await.unwrap(), Some(third.id));
    assert_eq!(bench.store.contacts_of(third.id).await.unwrap().len(), 2);
}

pub(crate) async fn an_import_is_written_whole_or_not_at_all(bench: Bench) {
    let [ada, bert, cleo] =
        [(1, "Ada"), (2, "Bert"), (3, "Cleo")].map(|(id, name)| customer(id, name, &["1"]));
    bench.store.create_customer(&ada).await.unwrap();
    let changed = Customer { name: Pii::from("Ada L"), ..ada.clone() };
    let stale = Customer { changed_at: at(5), ..changed.clone() };
    let refused = bench.store.import_customers(&[bert.clone(), cleo.clone()], &[stale], at(9), |_| {}).await;
    assert!(matches!(refused, Err(StoreError::Conflict)));
    assert_eq!(names_found(&bench, "").await, ["Ada"]);
    let counted = std::cell::Cell::new(0);
    let tell = |done| counted.set(done);
    let done = bench.store.import_customers(&[bert, cleo], &[changed], at(9), tell).await.unwrap();
    assert_eq!((done.len(), counted.get()), (3, 3));
    assert_eq!(names_found(&bench, "").await, ["Ada L", "Bert", "Cleo"]);
    let all = bench.store.customers_after(None, 2).await.unwrap();
    let rest = bench.store.customers_after(Some(all[1].id), 2).await.unwrap();
    assert_eq!((all.len(), rest.len()), (2, 1));
}

pub(crate) async fn fields_of_customers_are_kept_with_their_versions(bench: Bench) {
    let field = |name: &str| CustomerField {
        name: name.to_owned(),
        label_en: "Kind".to_owned(),
        label_zh: "种类".to_owned(),
        kind: CustomerFieldKind::Choice(vec!["a".to_owned()]),
        required: true,
        visible_to: vec!["admin".to_owned()],
        changed_at: at(1),
    };
    let (kind, size) = (field("kind"), CustomerField { kind: CustomerFieldKind::Number, ..field("a_size") });
    bench.store.create_customer_field(&kind).await.unwrap();
    bench.store.create_customer_field(&size).await.unwrap();
    assert!(matches!(bench.store.create_customer_field(&kind).await, Err(StoreError::Conflict)));
    assert_eq!(bench.store.customer_fields().await.unwrap(), [kind.clone(), size.clone()]);
    let wanted = CustomerField { required: false, ..kind.clone() };
    let after = bench.store.update_customer_field(&wanted, at(2)).await.unwrap();
    assert!(matches!(bench.store.update_customer_field(&wanted, at(3)).await, Err(StoreError::Conflict)));
    bench.store.delete_customer_field("a_size").await.unwrap();
    assert!(matches!(bench.store.delete_customer_field("a_size").await, Err(StoreError::NotFound)));
    assert_eq!(bench.store.customer_fields().await.unwrap(), [after]);
}

/// A call with a number, known by name to nobody unless it is the customer's.
fn call_from(number: u64, caller: &str, customer: Option<CustomerId>) -> CallRecord {
    CallRecord { caller: Pii::from(caller), customer, ..record_of(number, at(number), "1001") }
}

fn german() -> DialPlan {
    let (country, national_prefix, international_prefix) = ("49".into(), "0".into(), "00".into());
    DialPlan { country, national_prefix, international_prefix, national_digits: None }
}

/// The calls that a word of a note finds, and the end of a number.
async fn found_by_word_and_number(store: &Store) -> [Vec<CallId>; 2] {
    let words = TextSearch { text: Pii::from("roof"), customers: false };
    let noted = CallSearch { text: Some(words), ..CallSearch::default() };
    let number = NumberSearch { part: NumberPart::End, forms: vec![Pii::from("3456")] };
    let number = CallSearch { number: Some(number), ..CallSearch::default() };
    let mut found = [Vec::new(), Vec::new()];
    for (search, calls) in [noted, number].iter().zip(&mut found) {
        let page = store.search_calls(search, None, 10).await.unwrap();
        calls.extend(page.calls.iter().map(|record| record.call));
    }
    found
}

pub(crate) async fn an_erased_customer_is_in_no_call_that_is_not_held(bench: Bench) {
    let store = &bench.store;
    let plan = german();
    let ada = customer(1, "Ada", &["+4930123456", "+4930999999"]);
    let bert = customer(2, "Bert", &["+4930999999"]);
    for one in [&ada, &bert] {
        store.create_customer(one).await.unwrap();
    }
    let own = call_from(11, "+4930123456", Some(ada.id));
    let unknown = call_from(12, "030 123456", None);
    let shared = call_from(13, "+4930999999", None);
    let others = call_from(14, "+4930777777", Some(bert.id));
    let held = call_from(15, "+4930123456", Some(ada.id));
    for record in [&own, &unknown, &shared, &others, &held] {
        store
            .append_events(&[started(record.started_at.as_unix_seconds().unsigned_abs(), record.call)])
            .await
            .unwrap();
        store.save_record(record).await.unwrap();
    }
    let hold = LegalHold { call: held.call, at: at(20), by: "boss".into(), reason: "a trial".into() };
    store.put_hold(&hold).await.unwrap();
    let said = CallDisposition {
        call: own.call,
        agent: AgentId::from("1001"),
        queue: None,
        code: "sold".to_owned(),
        note: Some(Pii::from("Ada wants a roof")),
        at: at(12),
        follow_up_at: None,
    };
    let spool = bench.directory.path().join("spool");
    let writer = Writer::start(store.clone(), &spool, SPOOL_BYTES_MAX).await.unwrap();
    writer.write(JournalEntry::Disposition(said));
    writer.flush().await.unwrap();

    let found = store.footprint(&ada, &plan).await.unwrap();
    assert_eq!(found.calls, [own.call, unknown.call]);
    assert_eq!((found.held, found.notes, found.is_cut), (1, 1, false));
    for call in &found.calls {
        assert!(store.forget_call(*call).await.unwrap());
    }
    assert!(!store.forget_call(held.call).await.unwrap(), "a hold goes before");
    assert!(store.forget_customer(&ada).await.unwrap());

    assert_eq!(store.get_customer(ada.id).await.unwrap(), None);
    for call in [&own, &unknown] {
        let record = store.get_call(call.call).await.unwrap().unwrap();
        assert_eq!(
            (record.caller.expose().as_str(), record.caller_name, record.customer),
            (FORGOTTEN, None, None)
        );
        let journal = serde_json::to_string(&store.events_of(call.call).await.unwrap()).unwrap();
        assert!(
            journal.contains(FORGOTTEN) && !journal.contains("13812345678") && !journal.contains("王小明")
        );
    }
    let said = store.get_call(own.call).await.unwrap().unwrap().dispositions;
    assert_eq!((said[0].code.as_str(), said[0].note.as_ref()), ("sold", None));
    assert_eq!(found_by_word_and_number(store).await, [vec![], vec![held.call]]);
    for call in [&shared, &others, &held] {
        assert_eq!(
            store.get_call(call.call).await.unwrap().unwrap().caller,
            call.caller,
            "it is nobody's to forget"
        );
    }
}
