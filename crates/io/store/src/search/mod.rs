//! Finding finished calls by anything that is known of them, the newest first, among ten millions.
//!
//! Neither database can be left to choose how: SQLite has no statistics, and PostgreSQL's are of yesterday. So each call has terms
//! (`terms.rs`), one row each, in the order of time within a term. A search goes along the rarest of its terms and asks of each
//! call whether it has the others (`statement.rs`). What it costs is in docs/benchmarks.md, why it is so in docs/adr/0031.

mod fill;
mod statement;
mod terms;

use std::collections::{BTreeMap, BTreeSet};

use hotline_base::{CallId, CustomerId, Pii, QueueId, WallTime};
use hotline_call::{CallRecord, EndKind};

pub(crate) use self::fill::{change_terms, forget_terms, insert, put_disposition_terms, said_terms};
pub use self::terms::CallDirection;
pub(crate) use self::terms::end_term;

use self::statement::{AnyOf, Key, Lead, Wanted};
use crate::db::{Row, sql};
use crate::{CALL_PAGE_MAX, CallCursor, CallFilter, CallPage, Store, StoreError};

/// The fewest digits of a part of a number that can be searched for.
pub const NUMBER_PART_MIN: usize = terms::END;
/// Customers whose calls are looked for when a text is in their name; those first by name.
const CUSTOMERS_MAX: usize = 20;
/// Rows of a term that are counted to find the rarest; those with more count as equally frequent.
const COUNTED_MAX: i64 = 2000;

/// Which calls are searched for; what is absent lets everything through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallSearch {
    /// Who, when, which customer. A queue is one in which the call waited at any time.
    pub filter: CallFilter,
    /// A number of somebody outside, of an agent or of the center.
    pub number: Option<NumberSearch>,
    /// The configured number that was dialled.
    pub dialled: Option<String>,
    /// The flow of that number.
    pub flow: Option<String>,
    /// A trunk over which the call came or went.
    pub trunk: Option<String>,
    /// Who called whom.
    pub direction: Option<CallDirection>,
    /// Why it ended.
    pub cause: Option<EndKind>,
    /// What became of it, a code.
    pub disposition: Option<String>,
    /// Whether there is a recording.
    pub recorded: Option<bool>,
    /// How long it waited in queues, in seconds.
    pub waited_s: Within,
    /// How long caller and agent talked, in seconds; either bound leaves out calls that were never connected.
    pub talked_s: Within,
    /// Words of notes.
    pub text: Option<TextSearch>,
    /// Calls that were in none of these queues.
    pub outside_of: BTreeSet<QueueId>,
}

/// Bounds, both included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Within {
    /// At least.
    pub min: Option<u32>,
    /// At most.
    pub max: Option<u32>,
}

/// A number, in each form in which it may have been sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberSearch {
    /// How much of it is known.
    pub part: NumberPart,
    /// Digits; of a part at least [`NUMBER_PART_MIN`].
    pub forms: Vec<Pii<String>>,
}

/// How much of a number is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberPart {
    /// All of it.
    Whole,
    /// The first digits; only of those outside.
    Beginning,
    /// The last digits; only of those outside.
    End,
}

/// Words that must all be in the notes on a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextSearch {
    /// The words.
    pub text: Pii<String>,
    /// Also calls of customers in whose name, company, e-mail address or numbers the text is.
    pub customers: bool,
}

impl TextSearch {
    /// Whether there is anything in it that can be looked for.
    #[must_use]
    pub fn has_words(&self) -> bool {
        !self.words().is_empty()
    }

    fn words(&self) -> BTreeSet<String> {
        let mut words = BTreeSet::new();
        terms::words(self.text.expose(), &mut words);
        words
    }
}

impl Store {
    /// Calls that are searched for, newest first, after `cursor`; at most `limit` and [`CALL_PAGE_MAX`].
    ///
    /// # Errors
    /// [`StoreError::Invalid`], [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    pub async fn search_calls(
        &self,
        search: &CallSearch,
        cursor: Option<CallCursor>,
        limit: usize,
    ) -> Result<CallPage, StoreError> {
        if search.is_plain() {
            return self.list_calls(&search.filter, cursor, limit).await;
        }
        let limit = limit.clamp(1, CALL_PAGE_MAX);
        // One more than asked for tells whether there is a next page.
        let mut places = self.find_places(search, cursor, limit + 1).await?;
        let more = places.len() > limit;
        places.truncate(limit);
        let next = if more { places.last().copied() } else { None };
        Ok(CallPage { calls: self.calls_at(&places).await?, next })
    }

    async fn find_places(
        &self,
        search: &CallSearch,
        cursor: Option<CallCursor>,
        limit: usize,
    ) -> Result<Vec<CallCursor>, StoreError> {
        let mut found: BTreeMap<(WallTime, String), CallCursor> = BTreeMap::new();
        for wanted in self.ways(search).await? {
            for lead in self.leads(&wanted, search).await? {
                let statement = statement::places(&lead, &wanted, search, cursor, limit);
                for row in self.db.fetch(statement).await? {
                    let place = read_place(&row)?;
                    found.insert((place.started_at, place.call.to_string()), place);
                }
            }
        }
        Ok(found.into_values().rev().take(limit).collect())
    }

    /// The terms of a search; of several ways to fulfil it, each.
    async fn ways(&self, search: &CallSearch) -> Result<Vec<Wanted>, StoreError> {
        let Some(text) = &search.text else { return Ok(vec![search.wanted()]) };
        let mut ways = Vec::new();
        let words = text.words();
        if !words.is_empty() {
            let mut wanted = search.wanted();
            wanted.extend(words.into_iter().map(|word| AnyOf(vec![Key::Term(word)])));
            ways.push(wanted);
        }
        if text.customers {
            let customers = self.search_customers(&text.text, false, None, CUSTOMERS_MAX).await?;
            let keys: Vec<Key> =
                customers.iter().map(|customer| Key::Term(customer_term(customer.id))).collect();
            if !keys.is_empty() {
                let mut wanted = search.wanted();
                wanted.insert(0, AnyOf(keys));
                ways.push(wanted);
            }
        }
        Ok(ways)
    }

    /// Along what calls are looked for: the terms that are on the fewest calls, or time.
    async fn leads(&self, wanted: &Wanted, search: &CallSearch) -> Result<Vec<Lead>, StoreError> {
        let mut best: Option<(i64, usize)> = None;
        for (position, any) in wanted.iter().enumerate() {
            let mut count = 0;
            if wanted.len() > 1 {
                for key in &any.0 {
                    let row = self.db.fetch_first(statement::count(key, &search.filter, COUNTED_MAX)).await?;
                    count += row.map_or(Ok(0), |row| row.get::<i64>("calls"))?;
                }
            }
            if best.is_none_or(|(fewest, _)| count.min(COUNTED_MAX) < fewest) {
                best = Some((count.min(COUNTED_MAX), position));
            }
        }
        let Some((_, position)) = best else { return Ok(vec![Lead::Time]) };
        Ok(wanted[position].0.iter().map(|key| Lead::Key { key: key.clone(), of: position }).collect())
    }

    async fn calls_at(&self, places: &[CallCursor]) -> Result<Vec<CallRecord>, StoreError> {
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let mut statement = sql("SELECT * FROM call WHERE id IN ");
        for (index, place) in places.iter().enumerate() {
            statement.push_bind(if index == 0 { "(" } else { "," }, place.call.to_string());
        }
        statement.push(")");
        let mut calls = self.read_calls(statement).await?;
        calls.sort_by_key(|record| std::cmp::Reverse((record.started_at, record.call.to_string())));
        Ok(calls)
    }
}

fn customer_term(customer: CustomerId) -> String {
    format!("c:{customer}")
}

fn read_place(row: &Row) -> Result<CallCursor, StoreError> {
    let key: String = row.get("call")?;
    let call = CallId::parse(&key);
    let call = call.ok_or(StoreError::Corrupt { what: "call_search", key, source: None })?;
    Ok(CallCursor { started_at: WallTime(row.get("started_at")?), call })
}

impl CallSearch {
    /// Whether it asks for nothing that needs terms.
    fn is_plain(&self) -> bool {
        let CallFilter { agent, queue: _, customer, since, until, among } = &self.filter;
        let (agent, customer, among) = (agent.clone(), *customer, among.clone());
        let filter = CallFilter { agent, queue: None, customer, since: *since, until: *until, among };
        *self == Self { filter, ..Self::default() }
    }

    /// The terms that a call must have, those that tend to be rare first.
    fn wanted(&self) -> Wanted {
        let mut wanted: Vec<Vec<Key>> = Vec::new();
        let term = |kind: char, value: &str| vec![Key::Term(format!("{kind}:{value}"))];
        if let Some(number) = &self.number {
            wanted.push(number.keys());
        }
        wanted.extend(self.filter.customer.map(|customer| vec![Key::Term(customer_term(customer))]));
        wanted.extend(self.filter.agent.iter().map(|agent| vec![Key::Agent(agent.to_string())]));
        wanted.extend(self.disposition.iter().map(|code| term('x', code)));
        wanted.extend(self.filter.queue.iter().map(|queue| term('q', queue.as_str())));
        wanted.extend(self.dialled.iter().map(|number| term('d', number)));
        wanted.extend(self.flow.iter().map(|flow| term('f', flow)));
        wanted.extend(self.trunk.iter().map(|trunk| term('t', trunk)));
        wanted.extend(self.cause.map(|cause| vec![Key::Term(terms::cause(cause))]));
        wanted.extend(self.direction.map(|direction| vec![Key::Term(direction.term())]));
        if self.recorded == Some(true) {
            wanted.push(vec![Key::Term(terms::RECORDED.to_owned())]);
        }
        wanted.into_iter().map(AnyOf).collect()
    }
}

impl NumberSearch {
    fn keys(&self) -> Vec<Key> {
        let forms = self.forms.iter().map(|form| form.expose().as_str());
        let term = |form: &str| match self.part {
            NumberPart::Whole => Some(format!("n:{form}")),
            NumberPart::End => terms::end(form),
            NumberPart::Beginning => {
                terms::BEGINNINGS.iter().rev().find_map(|length| terms::beginning(form, *length))
            }
        };
        forms.filter_map(term).map(Key::Term).collect()
    }
}
