//! Messages of callers.

use std::collections::BTreeSet;
use std::time::Duration;

use hotline_base::{Pii, QueueId, Rng, VoiceMessageId};
use hotline_store::{Heard, Mailboxes, MessageCount, NUMBER_CHARS_MAX, OfQueues, StoredMessage};

use crate::bench::Bench;
use crate::sample::{at, call_id};

fn message(number: u64, mailbox: Option<&str>) -> StoredMessage {
    let id = VoiceMessageId::generate(at(number), &mut Rng::from_number(number));
    StoredMessage {
        id,
        call: call_id(number),
        mailbox: mailbox.map(str::to_owned),
        caller: Pii::from("+8613812345678"),
        path: format!("messages/2026/01/01/{id}.wav"),
        started_at: at(number),
        duration: Duration::from_millis(1240),
        heard: None,
    }
}

fn heard(by: &str, second: u64) -> Heard {
    Heard { at: at(second), by: by.to_owned() }
}

async fn keep(bench: &Bench, messages: &[StoredMessage]) {
    for message in messages {
        bench.store.add_message(message).await.unwrap();
    }
}

async fn numbers(bench: &Bench, mailboxes: Mailboxes<'_>) -> Vec<VoiceMessageId> {
    let page = bench.store.list_messages(mailboxes, None, 100).await.unwrap();
    page.messages.into_iter().map(|message| message.id).collect()
}

pub(crate) async fn a_message_comes_back_as_given_and_once(bench: Bench) {
    let left = message(1, Some("1001"));
    keep(&bench, &[left.clone(), left.clone()]).await;
    assert_eq!(bench.store.get_message(left.id).await.unwrap(), Some(left.clone()));
    assert_eq!(bench.store.get_message(message(2, None).id).await.unwrap(), None);
    assert_eq!(numbers(&bench, Mailboxes::All).await, [left.id]);

    let endless = StoredMessage { caller: Pii::new("1".repeat(500)), ..message(3, None) };
    keep(&bench, std::slice::from_ref(&endless)).await;
    let kept = bench.store.get_message(endless.id).await.unwrap().unwrap();
    assert_eq!((kept.mailbox, kept.caller.expose().len()), (None, NUMBER_CHARS_MAX));
}

pub(crate) async fn messages_of_mailboxes_are_listed_newest_first_page_by_page(bench: Bench) {
    let boxes = [Some("1001"), Some("sales"), Some("1002"), None, Some("1001"), Some("sales")];
    let messages: Vec<_> = (1..).zip(boxes).map(|(number, mailbox)| message(number, mailbox)).collect();
    keep(&bench, &messages).await;
    let own = ["1001".to_owned(), "sales".to_owned()];
    let own = Mailboxes::Of(&own);
    let expected: Vec<_> = [5, 4, 1, 0].map(|place: usize| messages[place].clone()).to_vec();
    let first = bench.store.list_messages(own, None, 3).await.unwrap();
    assert_eq!((&first.messages[..], first.unheard), (&expected[..3], 4));
    assert_eq!(first.next, Some(expected[2].id));
    let second = bench.store.list_messages(own, first.next, 3).await.unwrap();
    assert_eq!((second.messages, second.next, second.unheard), (expected[3..].to_vec(), None, 4));
    assert_eq!(numbers(&bench, Mailboxes::All).await.len(), 6);
    assert!(numbers(&bench, Mailboxes::Of(&[])).await.is_empty());
    assert!(numbers(&bench, Mailboxes::Of(&["1003".to_owned()])).await.is_empty());
}

pub(crate) async fn who_heard_a_message_first_stays_until_it_is_new_again(bench: Bench) {
    let (left, other) = (message(1, Some("1001")), message(2, Some("1001")));
    keep(&bench, &[left.clone(), other]).await;
    let mark = async |heard: Option<&Heard>| bench.store.mark_message(left.id, heard).await.unwrap();
    assert!(mark(Some(&heard("ann", 10))).await);
    assert!(!mark(Some(&heard("bob", 20))).await);
    let kept = bench.store.get_message(left.id).await.unwrap().unwrap();
    assert_eq!(kept.heard, Some(heard("ann", 10)));
    let page = bench.store.list_messages(Mailboxes::All, None, 100).await.unwrap();
    assert_eq!(page.unheard, 1);
    assert!(mark(None).await);
    assert!(!mark(None).await);
    assert_eq!(bench.store.get_message(left.id).await.unwrap(), Some(left.clone()));
    assert!(!bench.store.mark_message(message(3, None).id, Some(&heard("ann", 1))).await.unwrap());
}

pub(crate) async fn mailboxes_count_what_is_new_and_what_was_heard(bench: Bench) {
    let boxes = [Some("1001"), Some("1001"), Some("1001"), Some("sales"), None];
    let messages: Vec<_> = (1..).zip(boxes).map(|(number, mailbox)| message(number, mailbox)).collect();
    keep(&bench, &messages).await;
    bench.store.mark_message(messages[1].id, Some(&heard("ann", 10))).await.unwrap();
    let expected = [
        ("1001".to_owned(), MessageCount { unheard: 2, heard: 1 }),
        ("sales".to_owned(), MessageCount { unheard: 1, heard: 0 }),
    ];
    assert_eq!(bench.store.count_messages().await.unwrap(), expected.into());
    let count = async |mailbox| bench.store.count_messages_of(mailbox).await.unwrap();
    assert_eq!(count("1001").await, MessageCount { unheard: 2, heard: 1 });
    assert_eq!(count("1003").await, MessageCount::default());
    assert!(bench.store.delete_message(messages[0].id).await.unwrap());
    assert!(!bench.store.delete_message(messages[0].id).await.unwrap());
    assert_eq!(count("1001").await, MessageCount { unheard: 1, heard: 1 });
    assert_eq!(bench.store.get_message(messages[0].id).await.unwrap(), None);
}

pub(crate) async fn the_oldest_messages_are_found_first_and_by_queue(bench: Bench) {
    let boxes = [None, Some("sales"), Some("1001"), Some("sales")];
    let messages: Vec<_> = (1..).zip(boxes).map(|(number, mailbox)| message(number, mailbox)).collect();
    keep(&bench, &messages).await;
    let before = async |second: u64, of: OfQueues<'_>, limit: usize| {
        let found = bench.store.messages_before(at(second), of, limit).await.unwrap();
        found.into_iter().map(|message| message.id).collect::<Vec<_>>()
    };
    let (sales, none) = (QueueId::from("sales"), BTreeSet::new());
    let all = OfQueues::Others(&none);
    assert_eq!(before(4, all, 2).await, [messages[0].id, messages[1].id]);
    assert_eq!(before(4, all, 100).await.len(), 3, "one of that moment is not older");
    assert!(before(1, all, 100).await.is_empty());
    assert_eq!(before(4, OfQueues::One(&sales), 100).await, [messages[1].id]);
    let others = BTreeSet::from([sales]);
    assert_eq!(before(9, OfQueues::Others(&others), 100).await, [messages[0].id, messages[2].id]);
}
