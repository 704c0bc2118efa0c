//! What a table would change.

use std::collections::{BTreeMap, BTreeSet};

use hotline_api_types as api;
use hotline_base::{CustomerId, Pii};
use hotline_call::Customer;
use hotline_call::number::normalise;

use super::columns;
use super::sheet::Sheet;
use crate::app::App;
use crate::auth::Identity;
use crate::draft::{self, Around};
use crate::error::ApiError;
use crate::fields::FieldSet;

/// Mistakes that are shown.
const ERRORS_SHOWN_MAX: usize = 100;

/// What is to be written, and what is in the way.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) new: Vec<Customer>,
    pub(super) changed: Vec<Customer>,
    pub(super) counts: Counts,
    pub(super) errors: Vec<api::ImportError>,
}

/// How many lines are what.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) new: usize,
    pub(super) changed: usize,
    pub(super) unchanged: usize,
    pub(super) duplicates: usize,
    pub(super) wrong: usize,
}

/// The customer of a line before, if it is known, and after.
type Line<'k> = (Option<&'k Customer>, Customer);

/// By what a line finds its customer.
struct Keys {
    id: Option<CustomerId>,
    numbers: Vec<String>,
}

impl Plan {
    /// Reads all lines against the address book as it is now.
    pub(super) async fn make(
        app: &App,
        who: &Identity,
        sheet: &Sheet,
        columns: &[Option<String>],
    ) -> Result<Self, ApiError> {
        let fields = app.fields().await?;
        let keys: Vec<Keys> = sheet.rows.iter().map(|(_, cells)| keys(app, columns, cells)).collect();
        let ids: Vec<String> = keys.iter().filter_map(|keys| keys.id).map(|id| id.to_string()).collect();
        let numbers: Vec<String> = keys.iter().flat_map(|keys| keys.numbers.clone()).collect();
        let known = app.ports.store.customers_among(&ids, &numbers).await?;
        let known: BTreeMap<CustomerId, Customer> = known.into_iter().map(|one| (one.id, one)).collect();
        let mut by_number: BTreeMap<&str, BTreeSet<CustomerId>> = BTreeMap::new();
        for customer in known.values() {
            for number in &customer.numbers {
                by_number.entry(number.expose()).or_default().insert(customer.id);
            }
        }
        let mut plan = Self::default();
        let mut seen = Seen::default();
        for ((row, cells), keys) in sheet.rows.iter().zip(keys) {
            let found = find(&keys, &known, &by_number);
            let outcome = found.and_then(|before| {
                if seen.before(&keys, before.map(|before| before.id)) {
                    return Ok(None);
                }
                line(app, who, &fields, (columns, cells), before).map(|after| Some((before, after)))
            });
            plan.add(*row, outcome);
        }
        plan.counts.new = plan.new.len();
        plan.counts.changed = plan.changed.len();
        Ok(plan)
    }

    fn add(&mut self, row: usize, outcome: Result<Option<Line<'_>>, Vec<(String, String)>>) {
        match outcome {
            Ok(None) => self.counts.duplicates += 1,
            Ok(Some((None, after))) => self.new.push(after),
            Ok(Some((Some(before), after))) if *before == after => self.counts.unchanged += 1,
            Ok(Some((Some(_), after))) => self.changed.push(after),
            Err(mistakes) => {
                self.counts.wrong += 1;
                let left = ERRORS_SHOWN_MAX.saturating_sub(self.errors.len());
                let row = row as u64;
                let shown = mistakes.into_iter().take(left);
                self.errors.extend(shown.map(|(field, problem)| api::ImportError { row, field, problem }));
            }
        }
    }
}

/// Whom earlier lines were about.
#[derive(Default)]
struct Seen {
    customers: BTreeSet<CustomerId>,
    numbers: BTreeSet<String>,
}

impl Seen {
    /// Whether an earlier line was about the same one; from here on this one is an earlier line.
    fn before(&mut self, keys: &Keys, customer: Option<CustomerId>) -> bool {
        let is_known = customer.is_some_and(|id| self.customers.contains(&id))
            || keys.numbers.iter().any(|number| self.numbers.contains(number));
        self.customers.extend(customer);
        self.numbers.extend(keys.numbers.iter().cloned());
        is_known
    }
}

fn keys(app: &App, columns: &[Option<String>], cells: &[String]) -> Keys {
    let cell = |part: &'static str| {
        let mut all = columns.iter().zip(cells).filter(move |(column, _)| column.as_deref() == Some(part));
        std::iter::from_fn(move || all.next().map(|(_, cell)| cell.as_str()))
    };
    let numbers = cell("numbers").flat_map(columns::several);
    let center = app.center();
    Keys {
        id: cell("id").next().and_then(CustomerId::parse),
        numbers: numbers.filter_map(|number| normalise(&number, &center.dial_plan)).collect(),
    }
}

/// The customer of a line: by its id, else by its numbers if they are one customer's.
fn find<'k>(
    keys: &Keys,
    known: &'k BTreeMap<CustomerId, Customer>,
    by_number: &BTreeMap<&str, BTreeSet<CustomerId>>,
) -> Result<Option<&'k Customer>, Vec<(String, String)>> {
    if let Some(id) = keys.id {
        let missing = || vec![("id".to_owned(), "is no customer".to_owned())];
        return known.get(&id).map(Some).ok_or_else(missing);
    }
    let owners: BTreeSet<CustomerId> =
        keys.numbers.iter().filter_map(|number| by_number.get(number.as_str())).flatten().copied().collect();
    match owners.len() {
        0 => Ok(None),
        1 => Ok(owners.first().and_then(|id| known.get(id))),
        _ => Err(vec![("numbers".to_owned(), "belong to several customers; give the id".to_owned())]),
    }
}

/// The customer as the line wants it.
fn line(
    app: &App,
    who: &Identity,
    fields: &FieldSet,
    (columns, cells): (&[Option<String>], &[String]),
    before: Option<&Customer>,
) -> Result<Customer, Vec<(String, String)>> {
    let mut draft = before.map(|before| as_draft(before, fields, who)).unwrap_or_default();
    columns::fill(&mut draft, columns, cells, fields).map_err(|mistake| vec![mistake])?;
    let center = app.center();
    let around = Around { plan: &center.dial_plan, fields, viewer: &who.viewer, before };
    let now = app.now();
    let made = || (app.with_rng(|rng| CustomerId::generate(now, rng)), now);
    let server = before.map_or_else(made, |before| (before.id, before.changed_at));
    let named = |mistakes: Vec<api::FieldProblem>| {
        mistakes.into_iter().map(|mistake| (mistake.field, mistake.problem)).collect()
    };
    draft::check(draft, server, &around).map_err(named)
}

/// What a person would have typed to get this customer.
fn as_draft(customer: &Customer, fields: &FieldSet, who: &Identity) -> api::CustomerDraft {
    let text = |text: &Option<Pii<String>>| text.as_ref().map(|text| text.expose().clone());
    api::CustomerDraft {
        name: customer.name.expose().clone(),
        company: text(&customer.company),
        email: text(&customer.email),
        numbers: customer.numbers.iter().map(|number| number.expose().clone()).collect(),
        note: text(&customer.note),
        class: customer.class.clone(),
        language: customer.language.clone(),
        vip: customer.vip,
        blocked: customer.blocked,
        tags: customer.tags.clone(),
        agent: customer.agent.as_ref().map(ToString::to_string),
        fields: fields.shown(&customer.fields, &who.viewer.roles),
        assets: customer.assets.iter().map(crate::convert::asset).collect(),
    }
}
