//! Who calls: everybody who has the number, and the contacts before.

use hotline_base::{CustomerId, Pii};
use hotline_call::{CallRecord, Contact, ContactOutcome, Entry, Found, HISTORY_MAX, OTHERS_MAX};

use super::{SELECT, read_customers};
use crate::calls::read_record;
use crate::db::sql;
use crate::{Store, StoreError, dispositions};

impl Store {
    /// The customer with this normalised number, of several the one changed last, with the others and the last contacts. Fast
    /// enough to be asked while a call is set up: by indices only.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn find_caller(&self, number: &Pii<String>) -> Result<Option<Found>, StoreError> {
        let mut statement = sql(SELECT);
        statement.push_bind(
            "WHERE c.id IN (SELECT m.customer FROM customer_number m WHERE m.number = ",
            number.expose().as_str(),
        );
        statement.push_bind(
            " ORDER BY (SELECT k.changed_at FROM customer k WHERE k.id = m.customer) DESC, m.customer LIMIT ",
            i64::try_from(OTHERS_MAX + 1).unwrap_or(i64::MAX),
        );
        statement.push(") ORDER BY c.changed_at DESC, c.id, n.position");
        let mut all = read_customers(&self.db.fetch(statement).await?)?.into_iter();
        let Some(mut customer) = all.next() else { return Ok(None) };
        let history = self.contacts_of(customer.id).await?;
        customer.last_agent = match history.iter().find_map(|contact| contact.agent.clone()) {
            Some(agent) => Some(agent),
            None if history.len() < HISTORY_MAX => None,
            None => self.last_agent(customer.id).await?,
        };
        Ok(Some(Found { customer, others: all.collect(), history }))
    }

    /// The last calls of a customer, the newest first, at most [`HISTORY_MAX`].
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn contacts_of(&self, customer: CustomerId) -> Result<Vec<Contact>, StoreError> {
        let statement =
            sql("SELECT * FROM call WHERE customer = $1 ORDER BY started_at DESC, id DESC LIMIT $2")
                .bind(customer.to_string())
                .bind(i64::try_from(HISTORY_MAX).unwrap_or(i64::MAX));
        let rows = self.db.fetch(statement).await?;
        let mut records = rows.iter().map(read_record).collect::<Result<Vec<_>, _>>()?;
        dispositions::add(&self.db, &mut records).await?;
        Ok(records.into_iter().map(contact).collect())
    }
}

fn contact(mut record: CallRecord) -> Contact {
    let said = record.dispositions.pop();
    let (disposition, note) = said.map_or((None, None), |said| (Some(said.code), said.note));
    let outcome = if record.connected_at.is_some() {
        ContactOutcome::Talked
    } else if !record.messages.is_empty() {
        ContactOutcome::MessageLeft
    } else if !record.queues.is_empty() {
        ContactOutcome::Abandoned
    } else {
        ContactOutcome::NoTalk
    };
    Contact {
        call: record.call,
        started_at: record.started_at,
        is_outgoing: matches!(record.entry, Entry::Outside(_)),
        outcome,
        agent: record.agent,
        queue: record.queues.pop().map(|visit| visit.queue),
        disposition,
        note,
    }
}
