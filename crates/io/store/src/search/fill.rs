//! Writing what calls are found by: with their records, when something is said about them, and of those that are older than this.

use std::collections::{BTreeMap, BTreeSet};

use hotline_base::WallTime;
use hotline_call::CallRecord;

use super::terms::{Figures, RECORDED, of_dispositions, of_record};
use crate::calls::read_record;
use crate::db::{Argument, Tx, portions, sql};
use crate::{CALL_PAGE_MAX, Store, StoreError};

/// A term of a call: the term, when the call began, the call.
type Place = (String, i64, String);

/// Writes what new records are found by.
pub(crate) async fn insert(tx: &mut Tx, records: &[&CallRecord]) -> Result<(), StoreError> {
    for portion in portions(records) {
        let mut statement =
            sql("INSERT INTO call_search (started_at, call, waited_s, talked_s, numbers) VALUES ");
        for (index, record) in portion.iter().enumerate() {
            let Figures { waited_s, talked_s, numbers } = Figures::of(record);
            let row: [Argument; 5] = [
                record.started_at.as_unix_micros().into(),
                record.call.to_string().into(),
                waited_s.into(),
                talked_s.into(),
                numbers.into(),
            ];
            statement.push_row(index == 0, row);
        }
        statement.push(" ON CONFLICT (started_at, call) DO NOTHING");
        tx.execute(statement).await?;
    }
    let mut said = said_of(tx, records).await?;
    let mut places: Vec<Place> = Vec::new();
    for record in records {
        let (call, at) = (record.call.to_string(), record.started_at.as_unix_micros());
        let terms = of_record(record).into_iter().chain(said.remove(&call).unwrap_or_default());
        places.extend(terms.map(|term| (term, at, call.clone())));
    }
    // In the order of the index.
    places.sort();
    insert_places(tx, &places).await
}

async fn insert_places(tx: &mut Tx, places: &[Place]) -> Result<(), StoreError> {
    for portion in portions(places) {
        let mut statement = sql("INSERT INTO call_term (term, started_at, call) VALUES ");
        for (index, (term, at, call)) in portion.iter().enumerate() {
            let row: [Argument; 3] = [term.as_str().into(), (*at).into(), call.as_str().into()];
            statement.push_row(index == 0, row);
        }
        statement.push(" ON CONFLICT (term, started_at, call) DO NOTHING");
        tx.execute(statement).await?;
    }
    Ok(())
}

/// Records that come from the database have their recordings beside them.
async fn insert_recorded(tx: &mut Tx, records: &[&CallRecord]) -> Result<(), StoreError> {
    for portion in portions(records) {
        let mut statement = sql("SELECT DISTINCT call FROM recording WHERE call IN ");
        for (index, record) in portion.iter().enumerate() {
            statement.push_bind(if index == 0 { "(" } else { "," }, record.call.to_string());
        }
        statement.push(")");
        let rows = tx.fetch(statement).await?;
        let recorded = rows.iter().map(|row| row.get("call")).collect::<Result<BTreeSet<String>, _>>()?;
        let places: Vec<Place> = portion
            .iter()
            .map(|record| (RECORDED.to_owned(), record.started_at.as_unix_micros(), record.call.to_string()))
            .filter(|(_, _, call)| recorded.contains(call))
            .collect();
        insert_places(tx, &places).await?;
    }
    Ok(())
}

/// What was said about calls before they were over, as terms by call.
async fn said_of(
    tx: &mut Tx,
    records: &[&CallRecord],
) -> Result<BTreeMap<String, BTreeSet<String>>, StoreError> {
    let mut said: BTreeMap<String, Vec<(String, Option<String>)>> = BTreeMap::new();
    for portion in portions(records) {
        let mut statement = sql("SELECT call_id, code, note FROM call_disposition WHERE call_id IN ");
        for (index, record) in portion.iter().enumerate() {
            statement.push_bind(if index == 0 { "(" } else { "," }, record.call.to_string());
        }
        statement.push(")");
        for row in tx.fetch(statement).await? {
            said.entry(row.get("call_id")?).or_default().push((row.get("code")?, row.get("note")?));
        }
    }
    let terms = |said: Vec<(String, Option<String>)>| {
        of_dispositions(said.iter().map(|(code, note)| (code.as_str(), note.as_deref())))
    };
    Ok(said.into_iter().map(|(call, said)| (call, terms(said))).collect())
}

/// The terms of everything that was said about a call until now.
pub(crate) async fn said_terms(tx: &mut Tx, call: &str) -> Result<BTreeSet<String>, StoreError> {
    let statement = sql("SELECT code, note FROM call_disposition WHERE call_id = $1").bind(call);
    let mut said: Vec<(String, Option<String>)> = Vec::new();
    for row in tx.fetch(statement).await? {
        said.push((row.get("code")?, row.get("note")?));
    }
    Ok(of_dispositions(said.iter().map(|(code, note)| (code.as_str(), note.as_deref()))))
}

/// Makes a call found by what is said about it now, and not by what was said `before`. Nothing of a call without a record, which gets
/// its terms with that.
pub(crate) async fn put_disposition_terms(
    tx: &mut Tx,
    call: &str,
    before: &BTreeSet<String>,
) -> Result<(), StoreError> {
    let began = tx.fetch_first(sql("SELECT started_at FROM call WHERE id = $1").bind(call)).await?;
    let Some(at) = began.map(|row| row.get::<i64>("started_at")).transpose()? else { return Ok(()) };
    let now = said_terms(tx, call).await?;
    for term in before.difference(&now) {
        let forget = sql("DELETE FROM call_term WHERE term = $1 AND started_at = $2 AND call = $3");
        tx.execute(forget.bind(term.as_str()).bind(at).bind(call)).await?;
    }
    let places: Vec<Place> = now.difference(before).map(|term| (term.clone(), at, call.to_owned())).collect();
    insert_places(tx, &places).await
}

/// Makes a call found by another record, and by what is said about it now.
pub(crate) async fn change_terms(
    tx: &mut Tx,
    (before, said_before): (&CallRecord, &BTreeSet<String>),
    (after, said_after): (&CallRecord, &BTreeSet<String>),
) -> Result<(), StoreError> {
    let (call, at) = (after.call.to_string(), after.started_at.as_unix_micros());
    let all = |record, said: &BTreeSet<String>| &of_record(record) | said;
    let (before, now) = (all(before, said_before), all(after, said_after));
    for term in before.difference(&now) {
        let forget = sql("DELETE FROM call_term WHERE term = $1 AND started_at = $2 AND call = $3");
        tx.execute(forget.bind(term.as_str()).bind(at).bind(call.as_str())).await?;
    }
    let places: Vec<Place> = now.difference(&before).map(|term| (term.clone(), at, call.clone())).collect();
    insert_places(tx, &places).await?;
    let Figures { numbers, .. } = Figures::of(after);
    let statement = sql("UPDATE call_search SET numbers = $3 WHERE started_at = $1 AND call = $2");
    tx.execute(statement.bind(at).bind(call.as_str()).bind(numbers)).await.map(drop)
}

/// Takes a call out of what calls are found by.
pub(crate) async fn forget_terms(tx: &mut Tx, record: &CallRecord) -> Result<(), StoreError> {
    let (call, at) = (record.call.to_string(), record.started_at.as_unix_micros());
    let mut terms = &of_record(record) | &said_terms(tx, &call).await?;
    // Of recordings that are kept beside their records.
    terms.insert(RECORDED.to_owned());
    for term in terms {
        let forget = sql("DELETE FROM call_term WHERE term = $1 AND started_at = $2 AND call = $3");
        tx.execute(forget.bind(term).bind(at).bind(call.as_str())).await?;
    }
    let forget = sql("DELETE FROM call_search WHERE started_at = $1 AND call = $2");
    tx.execute(forget.bind(at).bind(call)).await.map(drop)
}

impl Store {
    /// Makes the latest of those calls found that were written before there was a search; at most [`CALL_PAGE_MAX`] at once. False if
    /// there are no more of them.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`]; then nothing has changed.
    pub async fn fill_search(&self) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let rest = tx.fetch_first(sql("SELECT started_at, call FROM call_search_rest WHERE id = 1")).await?;
        let Some(rest) = rest else { return Ok(false) };
        let statement = sql("SELECT * FROM call WHERE (started_at, id) <= ($1, $2)
            ORDER BY started_at DESC, id DESC LIMIT $3")
        .bind(rest.get::<i64>("started_at")?)
        .bind(rest.get::<String>("call")?)
        .bind(i64::try_from(CALL_PAGE_MAX + 1).unwrap_or(i64::MAX));
        let rows = tx.fetch(statement).await?;
        let records = rows.iter().map(read_record).collect::<Result<Vec<_>, _>>()?;
        let (now, next) = records.split_at(records.len().min(CALL_PAGE_MAX));
        let now: Vec<&CallRecord> = now.iter().collect();
        insert(&mut tx, &now).await?;
        insert_recorded(&mut tx, &now).await?;
        let onward = match next.first() {
            Some(CallRecord { started_at: WallTime(at), call, .. }) => {
                sql("UPDATE call_search_rest SET started_at = $1, call = $2").bind(*at).bind(call.to_string())
            }
            None => sql("DELETE FROM call_search_rest"),
        };
        tx.execute(onward).await?;
        tx.commit().await?;
        Ok(!next.is_empty())
    }
}
