//! Everything that is kept of one customer, taken away: the entry of the address book, and who was outside in the calls.
//!
//! Calls under a legal hold stay as they are. What is deleted from a database may be in its backups.

use std::collections::BTreeSet;

use hotline_base::{CallId, CustomerId};
use hotline_call::number::normalise;
use hotline_call::{CallEvent, CallRecord, Customer, DialPlan, Entry, EventKind, FORGOTTEN, Recording};

use crate::calls::{read_record, read_recording};
use crate::db::{Statement, Tx, portions, sql};
use crate::messages::{self, StoredMessage};
use crate::search::{change_terms, said_terms};
use crate::{Store, StoreError};

/// Calls of one customer that are looked at; whoever has more is erased by asking again.
pub const ERASED_CALLS_MAX: usize = 1_000;
/// Candidates that are read at once.
const PORTION: i64 = 200;

/// What is kept of a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Footprint {
    /// Calls of which nothing is held.
    pub calls: Vec<CallId>,
    /// Calls under a legal hold, which stay as they are.
    pub held: u64,
    /// Recordings of those calls that are not erased yet and not being written.
    pub recordings: Vec<Recording>,
    /// Messages that were left in them.
    pub messages: Vec<StoredMessage>,
    /// What agents have noted about them.
    pub notes: u64,
    /// Wishes to be called back that are over.
    pub callbacks: u64,
    /// Wishes to be called back that are not over: somebody is to be called yet.
    pub open_callbacks: u64,
    /// Whether there are more calls than these.
    pub is_cut: bool,
}

impl Store {
    /// What is kept of a customer: calls that are the customer's, and calls of nobody known with a number that is the customer's
    /// alone; the oldest at most [`ERASED_CALLS_MAX`].
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    pub async fn footprint(&self, of: &Customer, plan: &DialPlan) -> Result<Footprint, StoreError> {
        let mut all = self.own_calls(of.id).await?;
        for number in self.own_numbers(of).await? {
            self.calls_of_number(&number, plan, &mut all).await?;
        }
        let is_cut = all.len() > ERASED_CALLS_MAX;
        let all: Vec<String> = all.into_iter().take(ERASED_CALLS_MAX).collect();
        let mut found = Footprint { is_cut, ..Footprint::default() };
        let mut held: BTreeSet<String> = BTreeSet::new();
        for portion in portions(&all) {
            for row in self.db.fetch(among("SELECT call FROM legal_hold WHERE call IN ", portion)).await? {
                held.insert(row.get("call")?);
            }
        }
        found.held = held.len() as u64;
        let free: Vec<String> = all.into_iter().filter(|call| !held.contains(call)).collect();
        for portion in portions(&free) {
            self.add_kept(portion, &mut found).await?;
        }
        found.calls = free.iter().filter_map(|call| CallId::parse(call)).collect();
        for number in &of.numbers {
            let statement =
                sql("SELECT COUNT(*) AS known, COUNT(closed_at) AS closed FROM callback WHERE number = $1");
            if let Some(row) = self.db.fetch_first(statement.bind(number.expose().as_str())).await? {
                let (known, closed) = (row.get::<i64>("known")?, row.get::<i64>("closed")?);
                found.callbacks += closed.unsigned_abs();
                found.open_callbacks += (known - closed).unsigned_abs();
            }
        }
        Ok(found)
    }

    async fn add_kept(&self, calls: &[String], found: &mut Footprint) -> Result<(), StoreError> {
        let recordings = "SELECT * FROM recording WHERE erased_at IS NULL AND state <> 'open' AND call IN ";
        for row in self.db.fetch(among(recordings, calls)).await? {
            found.recordings.push(read_recording(&row)?.1);
        }
        for row in self.db.fetch(among("SELECT * FROM message WHERE call_id IN ", calls)).await? {
            found.messages.push(messages::read(&row)?);
        }
        let notes = "SELECT COUNT(note) AS notes FROM call_disposition WHERE call_id IN ";
        if let Some(row) = self.db.fetch_first(among(notes, calls)).await? {
            found.notes += row.get::<i64>("notes")?.unsigned_abs();
        }
        Ok(())
    }

    async fn own_calls(&self, customer: CustomerId) -> Result<BTreeSet<String>, StoreError> {
        let statement = sql("SELECT id FROM call WHERE customer = $1 ORDER BY started_at, id LIMIT $2")
            .bind(customer.to_string())
            .bind(i64::try_from(ERASED_CALLS_MAX + 1).unwrap_or(i64::MAX));
        self.db.fetch(statement).await?.iter().map(|row| row.get("id")).collect()
    }

    /// The customer's numbers that nobody else has.
    async fn own_numbers(&self, of: &Customer) -> Result<Vec<String>, StoreError> {
        let mut own = Vec::new();
        for number in &of.numbers {
            let statement =
                sql("SELECT customer FROM customer_number WHERE number = $1 AND customer <> $2 LIMIT 1")
                    .bind(number.expose().as_str())
                    .bind(of.id.to_string());
            if self.db.fetch_first(statement).await?.is_none() {
                own.push(number.expose().clone());
            }
        }
        Ok(own)
    }

    /// Adds the calls of nobody known in which this number was outside, however it was written.
    async fn calls_of_number(
        &self,
        number: &str,
        plan: &DialPlan,
        found: &mut BTreeSet<String>,
    ) -> Result<(), StoreError> {
        let Some(term) = crate::search::end_term(number) else { return Ok(()) };
        let mut after = (i64::MIN, String::new());
        while found.len() <= ERASED_CALLS_MAX {
            let statement = sql("SELECT c.* FROM call_term t JOIN call c ON c.id = t.call
                WHERE t.term = $1 AND (t.started_at, t.call) > ($2, $3) AND c.customer IS NULL
                ORDER BY t.started_at, t.call LIMIT $4")
            .bind(term.as_str())
            .bind(after.0)
            .bind(after.1.as_str())
            .bind(PORTION);
            let rows = self.db.fetch(statement).await?;
            for row in &rows {
                let record = read_record(row)?;
                after = (record.started_at.as_unix_micros(), record.call.to_string());
                if is_with(&record, number, plan) {
                    found.insert(record.call.to_string());
                }
            }
            if rows.len() < usize::try_from(PORTION).unwrap_or(usize::MAX) {
                break;
            }
        }
        Ok(())
    }

    /// Forgets who was outside in a call: in its record, in the journal, in what is searched, and in what agents noted. False if the
    /// call is under a legal hold, or there is none.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Encode`], [`StoreError::Unavailable`]; then nothing has changed.
    pub async fn forget_call(&self, call: CallId) -> Result<bool, StoreError> {
        let id = call.to_string();
        let mut tx = self.db.begin().await?;
        let statement = sql("SELECT * FROM call WHERE id = $1
            AND NOT EXISTS (SELECT 1 FROM legal_hold h WHERE h.call = call.id)");
        let Some(row) = tx.fetch_first(statement.bind(id.as_str())).await? else { return Ok(false) };
        let before = read_record(&row)?;
        let mut after = before.clone();
        after.forget_outside();
        let said_before = said_terms(&mut tx, &id).await?;
        let notes = sql("UPDATE call_disposition SET note = NULL WHERE call_id = $1").bind(id.as_str());
        tx.execute(notes).await?;
        let said_after = said_terms(&mut tx, &id).await?;
        change_terms(&mut tx, (&before, &said_before), (&after, &said_after)).await?;
        let record = serde_json::to_string(&after).map_err(StoreError::Encode)?;
        let statement = sql("UPDATE call SET record = $2, customer = NULL WHERE id = $1");
        tx.execute(statement.bind(id.as_str()).bind(record)).await?;
        forget_events(&mut tx, &id).await?;
        let wish =
            sql("UPDATE callback SET number = $2 WHERE closed_at IS NOT NULL AND (id = $1 OR call_id = $1)");
        tx.execute(wish.bind(id.as_str()).bind(FORGOTTEN)).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Takes a customer out of the address book, with wishes to be called back that are over, and answers to requests that are kept.
    /// False if there is no such customer.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; then nothing has changed.
    pub async fn forget_customer(&self, of: &Customer) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        for number in &of.numbers {
            // What was missed is nobody's to be called any more.
            let statement = sql("UPDATE callback SET number = $2,
                outcome = CASE WHEN outcome = 'missed' THEN 'settled' ELSE outcome END
                WHERE number = $1 AND closed_at IS NOT NULL");
            tx.execute(statement.bind(number.expose().as_str()).bind(FORGOTTEN)).await?;
        }
        let kept = sql("DELETE FROM idempotency WHERE body LIKE $1").bind(format!("%{}%", of.id));
        tx.execute(kept).await?;
        let gone = sql("DELETE FROM customer WHERE id = $1").bind(of.id.to_string());
        let is_gone = tx.execute(gone).await? > 0;
        tx.commit().await?;
        Ok(is_gone)
    }

    /// Whether a call that goes on is with one of the customer's numbers, or is the customer's.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn is_in_a_call(&self, of: &Customer, plan: &DialPlan) -> Result<bool, StoreError> {
        let is_own = |text: &str| {
            let number = normalise(text, plan);
            number.is_some_and(|number| of.numbers.iter().any(|known| *known.expose() == number))
        };
        let calls = self.open_calls().await?;
        let mut events = calls.iter().flat_map(|(_, events)| events);
        Ok(events.any(|event| match &event.kind {
            EventKind::Call { what: CallEvent::Started { caller, entry, .. }, .. } => {
                is_own(caller.expose()) || matches!(entry, Entry::Outside(number) if is_own(number.expose()))
            }
            EventKind::Call { what: CallEvent::CustomerMatched { customer }, .. } => *customer == Some(of.id),
            EventKind::Call { .. }
            | EventKind::Agent { .. }
            | EventKind::AlarmRaised(_)
            | EventKind::AlarmCleared(_)
            | EventKind::CenterChanged
            | EventKind::AgentRemoved { .. }
            | EventKind::CallbacksChanged { .. } => false,
        }))
    }
}

/// Whether this number was outside in a call.
fn is_with(record: &CallRecord, number: &str, plan: &DialPlan) -> bool {
    let outside = match &record.entry {
        Entry::Outside(outside) => Some(outside.expose()),
        Entry::Number { .. } | Entry::Extension(_) | Entry::Queue(_) => None,
    };
    let dialled =
        record.dials.iter().filter(|dial| dial.device_of.is_none()).map(|dial| dial.number.expose());
    let mut numbers = [record.caller.expose()].into_iter().chain(outside).chain(dialled);
    numbers.any(|text| normalise(text, plan).is_some_and(|known| known == number))
}

async fn forget_events(tx: &mut Tx, call: &str) -> Result<(), StoreError> {
    let rows =
        tx.fetch(sql("SELECT seq, payload FROM call_event WHERE call = $1 ORDER BY seq").bind(call)).await?;
    for row in rows {
        let (seq, payload): (i64, String) = (row.get("seq")?, row.get("payload")?);
        let corrupt =
            |error| StoreError::Corrupt { what: "event", key: seq.to_string(), source: Some(error) };
        let mut kind: EventKind = serde_json::from_str(&payload).map_err(corrupt)?;
        if let EventKind::Call { what, .. } = &mut kind {
            what.forget_outside();
        }
        let forgotten = serde_json::to_string(&kind).map_err(StoreError::Encode)?;
        if forgotten != payload {
            let statement = sql("UPDATE call_event SET payload = $2 WHERE seq = $1");
            tx.execute(statement.bind(seq).bind(forgotten)).await?;
        }
    }
    Ok(())
}

/// A statement over these calls.
fn among(text: &'static str, calls: &[String]) -> Statement {
    let mut statement = sql(text);
    for (index, call) in calls.iter().enumerate() {
        statement.push_bind(if index == 0 { "(" } else { "," }, call.as_str());
    }
    statement.push(")");
    statement
}
