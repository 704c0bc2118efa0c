//! The address book.

use hotline_base::{AgentId, CustomerId, Pii, Rng};
use hotline_call::{CallRecord, Customer};
use hotline_store::{CUSTOMER_NUMBERS_MAX, CUSTOMER_SEARCH_MAX, NOTE_CHARS_MAX, StoreError, TextProblem};

use crate::bench::Bench;
use crate::sample::{at, record_of};

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
        last_agent: None,
        changed_at: at(0),
    }
}

async fn names_found(bench: &Bench, text: &str) -> Vec<String> {
    let found = bench.store.search_customers(&Pii::from(text), None, CUSTOMER_SEARCH_MAX).await.unwrap();
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
    let few = bench.store.search_customers(&Pii::from("c0"), None, 3).await.unwrap();
    let names: Vec<&str> = few.iter().map(|customer| customer.name.expose().as_str()).collect();
    assert_eq!(names, ["c000", "c001", "c002"]);
    assert_eq!(few[0].numbers.len(), 2);
    let more = bench.store.search_customers(&Pii::from("c0"), Some(few[2].id), 1).await.unwrap();
    assert_eq!(more[0].name.expose(), "c003");
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
