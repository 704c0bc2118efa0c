//! Two customers that are one, and how such are found.

use hotline_base::{CustomerId, WallTime};
use hotline_call::{CallRecord, Customer};

use super::{SELECT, read_customers, update};
use crate::db::{Tx, portions, sql};
use crate::{Store, StoreError};

/// The most customers in one answer of likely duplicates.
pub const DUPLICATES_MAX: usize = 50;

impl Store {
    /// Other customers with a number or the e-mail address of this one, at most [`DUPLICATES_MAX`].
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn find_duplicates(&self, of: CustomerId) -> Result<Vec<Customer>, StoreError> {
        let mut statement = sql(SELECT);
        statement.push_bind(
            "WHERE c.id IN (SELECT d.id FROM (SELECT o.customer AS id FROM customer_number m
                JOIN customer_number o ON o.number = m.number WHERE m.customer = ",
            of.to_string(),
        );
        statement.push_bind(
            " UNION SELECT k.id FROM customer k WHERE lower(k.email) = (SELECT lower(e.email) FROM customer e WHERE e.id = ",
            of.to_string(),
        );
        statement.push_bind(")) d WHERE d.id <> ", of.to_string());
        statement.push_bind(" ORDER BY d.id LIMIT ", i64::try_from(DUPLICATES_MAX).unwrap_or(i64::MAX));
        statement.push(") ORDER BY c.name, c.id, n.position");
        read_customers(&self.db.fetch(statement).await?)
    }

    /// Makes two customers one: `kept` is written as it is given, the calls of `other` are its from here on, and `other` is gone.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if somebody changed one of them since, [`StoreError::Invalid`], [`StoreError::Unavailable`].
    pub async fn merge_customers(
        &self,
        kept: &Customer,
        other: &Customer,
        now: WallTime,
    ) -> Result<Customer, StoreError> {
        let mut tx = self.db.begin().await?;
        let gone = sql("DELETE FROM customer WHERE id = $1 AND changed_at = $2")
            .bind(other.id.to_string())
            .bind(other.changed_at.as_unix_micros());
        // Those that were merged into the other one before are the kept one's.
        let before = sql("UPDATE customer_merge SET kept = $1 WHERE kept = $2")
            .bind(kept.id.to_string())
            .bind(other.id.to_string());
        tx.execute(before).await?;
        if tx.execute(gone).await? == 0 {
            return Err(StoreError::Conflict);
        }
        let after = update(&mut tx, kept, now).await.map_err(|error| {
            if matches!(error, StoreError::NotFound) { StoreError::Conflict } else { error }
        })?;
        let merged = sql("INSERT INTO customer_merge (other, kept, at) VALUES ($1, $2, $3)")
            .bind(other.id.to_string())
            .bind(kept.id.to_string())
            .bind(now.as_unix_micros());
        tx.execute(merged).await?;
        let calls = sql("UPDATE call SET customer = $1 WHERE customer = $2")
            .bind(kept.id.to_string())
            .bind(other.id.to_string());
        tx.execute(calls).await?;
        tx.commit().await?;
        Ok(after)
    }

    /// The customer into which this one was merged.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn merged_into(&self, other: CustomerId) -> Result<Option<CustomerId>, StoreError> {
        let statement = sql("SELECT kept FROM customer_merge WHERE other = $1").bind(other.to_string());
        let row = self.db.fetch_first(statement).await?;
        let kept = row.map(|row| row.get::<String>("kept")).transpose()?;
        Ok(kept.and_then(|kept| CustomerId::parse(&kept)))
    }
}

/// Calls that were up while their customer was merged into another one are that one's.
pub(crate) async fn point_to_kept(tx: &mut Tx, written: &[&CallRecord]) -> Result<(), StoreError> {
    let known: Vec<&CallRecord> =
        written.iter().copied().filter(|record| record.customer.is_some()).collect();
    for portion in portions(&known) {
        let mut statement = sql("UPDATE call SET customer =
                (SELECT kept FROM customer_merge WHERE other = call.customer)
            WHERE customer IN (SELECT other FROM customer_merge) AND id IN ");
        for (index, record) in portion.iter().enumerate() {
            statement.push_bind(if index == 0 { "(" } else { "," }, record.call.to_string());
        }
        statement.push(")");
        tx.execute(statement).await?;
    }
    Ok(())
}
