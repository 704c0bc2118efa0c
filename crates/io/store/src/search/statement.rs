//! The statements of a search. What a call must have beside the term that is gone along is asked by a counted subquery each: both
//! databases carry these out for each call, by the primary key, and neither makes a join of them.

use crate::db::{Statement, sql};
use crate::search::terms::RECORDED;
use crate::search::{CallSearch, NumberPart, NumberSearch};
use crate::{Among, CallCursor, CallFilter};

/// What a call must have, all of it.
pub(super) type Wanted = Vec<AnyOf>;

/// One of these.
pub(super) struct AnyOf(pub(super) Vec<Key>);

/// Something that calls are listed by, in the order of time.
#[derive(Clone)]
pub(super) enum Key {
    /// A term.
    Term(String),
    /// An agent who took it or was offered it.
    Agent(String),
}

/// Along what calls are looked for.
pub(super) enum Lead {
    /// All calls.
    Time,
    /// One of those of which the call must have one: which, and where they stand in [`Wanted`].
    Key { key: Key, of: usize },
}

/// How many calls a key is on within the time of `filter`, as `calls`; counted up to `most`.
pub(super) fn count(key: &Key, filter: &CallFilter, most: i64) -> Statement {
    let mut statement = match key {
        Key::Term(term) => {
            sql("SELECT COUNT(*) AS calls FROM (SELECT 1 AS one FROM call_term t WHERE t.term = $1")
                .bind(term.as_str())
        }
        Key::Agent(agent) => {
            sql("SELECT COUNT(*) AS calls FROM (SELECT 1 AS one FROM call_agent t WHERE t.agent = $1")
                .bind(agent.as_str())
        }
    };
    push_time(&mut statement, filter);
    statement.push_bind(" LIMIT ", most);
    statement.push(") AS counted");
    statement
}

/// The calls of a lead that have everything else, newest first.
pub(super) fn places(
    lead: &Lead,
    wanted: &Wanted,
    search: &CallSearch,
    cursor: Option<CallCursor>,
    limit: usize,
) -> Statement {
    let mut statement = match lead {
        Lead::Time => sql("SELECT t.started_at, t.call FROM call_search t WHERE TRUE"),
        Lead::Key { key: Key::Term(term), .. } => {
            sql("SELECT t.started_at, t.call FROM call_term t WHERE t.term = $1").bind(term.as_str())
        }
        Lead::Key { key: Key::Agent(agent), .. } => {
            sql("SELECT t.started_at, t.call FROM call_agent t WHERE t.agent = $1").bind(agent.as_str())
        }
    };
    push_time(&mut statement, &search.filter);
    if let Some(cursor) = cursor {
        statement.push_bind(" AND (t.started_at, t.call) < (", cursor.started_at.as_unix_micros());
        statement.push_bind(", ", cursor.call.to_string());
        statement.push(")");
    }
    for (position, any) in wanted.iter().enumerate() {
        if !matches!(lead, Lead::Key { of, .. } if *of == position) {
            push_any(&mut statement, any);
        }
    }
    push_figures(&mut statement, lead, search);
    if search.recorded == Some(false) {
        push_count(&mut statement, AND_TERMS, [RECORDED.to_owned()], ")) = 0");
    }
    let queues = search.outside_of.iter().map(|queue| format!("q:{queue}"));
    push_count(&mut statement, AND_TERMS, queues, ")) = 0");
    if let Some(among) = &search.filter.among {
        push_among(&mut statement, among);
    }
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    statement.push_bind(" ORDER BY t.started_at DESC, t.call DESC LIMIT ", limit);
    statement
}

fn push_time(statement: &mut Statement, filter: &CallFilter) {
    if let Some(since) = filter.since {
        statement.push_bind(" AND t.started_at >= ", since.as_unix_micros());
    }
    if let Some(until) = filter.until {
        statement.push_bind(" AND t.started_at < ", until.as_unix_micros());
    }
}

/// Whether the call has one of the terms, and whether it has one of the agents, as the beginning of a condition.
const AND_TERMS: &str = " AND (SELECT COUNT(*) FROM call_term o
    WHERE o.started_at = t.started_at AND o.call = t.call AND o.term IN (";
const OR_TERMS: &str = " OR (SELECT COUNT(*) FROM call_term o
    WHERE o.started_at = t.started_at AND o.call = t.call AND o.term IN (";
const OR_AGENTS: &str = " OR (SELECT COUNT(*) FROM call_agent o
    WHERE o.started_at = t.started_at AND o.call = t.call AND o.agent IN (";

fn push_any(statement: &mut Statement, any: &AnyOf) {
    let (mut terms, mut agents) = (Vec::new(), Vec::new());
    for key in any.0.iter().cloned() {
        match key {
            Key::Term(term) => terms.push(term),
            Key::Agent(agent) => agents.push(agent),
        }
    }
    statement.push(" AND (FALSE");
    push_count(statement, OR_TERMS, terms, ")) > 0");
    push_count(statement, OR_AGENTS, agents, ")) > 0");
    statement.push(")");
}

/// The agents and queues of a scope.
fn push_among(statement: &mut Statement, among: &Among) {
    statement.push(" AND (FALSE");
    push_count(statement, OR_TERMS, among.queues.iter().map(|queue| format!("q:{queue}")), ")) > 0");
    push_count(statement, OR_AGENTS, among.agents.iter().map(ToString::to_string), ")) > 0");
    statement.push(")");
}

/// How many of `values` the call has, compared by `ending`; nothing if there are none.
fn push_count(
    statement: &mut Statement,
    beginning: &'static str,
    values: impl IntoIterator<Item = String>,
    ending: &'static str,
) {
    let mut is_begun = false;
    for value in values {
        statement.push_bind(if is_begun { "," } else { beginning }, value);
        is_begun = true;
    }
    statement.push(if is_begun { ending } else { "" });
}

/// What is compared. Along time the columns are those of the rows that are read; else they are looked up.
fn push_figures(statement: &mut Statement, lead: &Lead, search: &CallSearch) {
    let bounds = [
        (" AND waited_s >= ", search.waited_s.min),
        (" AND waited_s <= ", search.waited_s.max),
        (" AND talked_s >= ", search.talked_s.min),
        (" AND talked_s <= ", search.talked_s.max),
    ];
    let part = search.number.as_ref().filter(|number| number.part != NumberPart::Whole);
    if part.is_none() && bounds.iter().all(|(_, bound)| bound.is_none()) {
        return;
    }
    let is_looked_up = !matches!(lead, Lead::Time);
    if is_looked_up {
        statement.push(
            " AND (SELECT COUNT(*) FROM call_search f WHERE f.started_at = t.started_at AND f.call = t.call",
        );
    }
    for (text, bound) in bounds {
        if let Some(bound) = bound {
            statement.push_bind(text, i64::from(bound));
        }
    }
    if let Some(number) = part {
        push_part(statement, number);
    }
    statement.push(if is_looked_up { ") > 0" } else { "" });
}

/// Digits only: no character has a meaning in a pattern.
fn push_part(statement: &mut Statement, number: &NumberSearch) {
    statement.push(" AND (FALSE");
    for form in number.forms.iter().map(|form| form.expose()) {
        let pattern = match number.part {
            NumberPart::Beginning => format!("% {form}%"),
            NumberPart::End => format!("%{form} %"),
            NumberPart::Whole => format!("% {form} %"),
        };
        statement.push_bind(" OR numbers LIKE ", pattern);
    }
    statement.push(")");
}

#[cfg(test)]
mod tests {
    use hotline_base::Pii;

    use super::*;
    use crate::Store;
    use crate::search::Within;

    /// SQLite has no statistics, so that it carries out a statement among millions of rows as it does among none.
    #[tokio::test]
    async fn sqlite_reads_no_table_from_its_beginning_and_sorts_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let store =
            Store::open(&format!("sqlite://{}", directory.path().join("x.db").display())).await.unwrap();
        let any = || AnyOf(vec![Key::Term("a:b".to_owned()), Key::Agent("1001".to_owned())]);
        let among = Among { agents: ["1001".into()].into(), queues: ["sales".into()].into() };
        let search = CallSearch {
            filter: CallFilter {
                among: Some(among),
                since: Some(hotline_base::WallTime(1)),
                ..CallFilter::default()
            },
            number: Some(NumberSearch { part: NumberPart::End, forms: vec![Pii::from("1820")] }),
            recorded: Some(false),
            waited_s: Within { min: Some(1), max: Some(2) },
            ..CallSearch::default()
        };
        let term = Key::Term("x:y".to_owned());
        for (lead, along) in [
            (Lead::Time, "call_search"),
            (Lead::Key { key: term, of: 1 }, "call_term"),
            (Lead::Key { key: Key::Agent("1001".to_owned()), of: 1 }, "call_agent"),
        ] {
            let mut statement = sql("EXPLAIN QUERY PLAN ");
            statement.append(places(&lead, &vec![any(), any()], &search, None, 51));
            let rows = store.db.fetch(statement).await.unwrap();
            let plan: Vec<String> = rows.iter().map(|row| row.get("detail").unwrap()).collect();
            assert!(plan[0].starts_with("SEARCH t USING"), "{along}: {plan:#?}");
            assert!(
                !plan.iter().any(|step| step.contains("SCAN") || step.contains("TEMP")),
                "{along}: {plan:#?}"
            );
        }
    }
}
