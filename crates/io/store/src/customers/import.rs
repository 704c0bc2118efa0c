//! Many customers at once: all of them or none, and all of them for whoever may have them.

use std::collections::BTreeMap;

use hotline_base::{CustomerId, WallTime};
use hotline_call::Customer;

use super::{SELECT, insert, read_customers, update};
use crate::db::{portions, sql};
use crate::{Store, StoreError};

/// Customers of one import or export.
pub const IMPORT_ROWS_MAX: usize = 10_000;

impl Store {
    /// Keeps new customers and changes known ones, in one transaction; `told` hears how many are done.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if somebody changed one of them since, [`StoreError::Invalid`], [`StoreError::Unavailable`]. Nothing
    /// is written then.
    pub async fn import_customers(
        &self,
        new: &[Customer],
        changed: &[Customer],
        now: WallTime,
        told: impl Fn(usize),
    ) -> Result<Vec<Customer>, StoreError> {
        let mut tx = self.db.begin().await?;
        let mut done = Vec::with_capacity(new.len() + changed.len());
        for customer in new {
            insert(&mut tx, customer).await?;
            done.push(customer.clone());
            told(done.len());
        }
        for customer in changed {
            let after = update(&mut tx, customer, now).await;
            done.push(after.map_err(|error| {
                if matches!(error, StoreError::NotFound) { StoreError::Conflict } else { error }
            })?);
            told(done.len());
        }
        tx.commit().await?;
        Ok(done)
    }

    /// Those who have one of these ids or one of these numbers, each once.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn customers_among(
        &self,
        ids: &[String],
        numbers: &[String],
    ) -> Result<Vec<Customer>, StoreError> {
        let mut found: BTreeMap<CustomerId, Customer> = BTreeMap::new();
        let by_id = "WHERE c.id IN (";
        let by_number = "WHERE c.id IN (SELECT m.customer FROM customer_number m WHERE m.number IN (";
        for (among, begin, end) in [(ids, by_id, ")"), (numbers, by_number, "))")] {
            for portion in portions(among) {
                let mut statement = sql(SELECT);
                for (index, one) in portion.iter().enumerate() {
                    statement.push_bind(if index == 0 { begin } else { "," }, one.as_str());
                }
                statement.push(end);
                statement.push(" ORDER BY c.id, n.position");
                let customers = read_customers(&self.db.fetch(statement).await?)?;
                found.extend(customers.into_iter().map(|customer| (customer.id, customer)));
            }
        }
        Ok(found.into_values().collect())
    }

    /// Customers in the order of their ids, those behind `after`, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn customers_after(
        &self,
        after: Option<CustomerId>,
        limit: usize,
    ) -> Result<Vec<Customer>, StoreError> {
        let mut statement = sql(SELECT);
        statement.push_bind(
            "WHERE c.id IN (SELECT id FROM customer WHERE id > ",
            after.map(|id| id.to_string()).unwrap_or_default(),
        );
        statement.push_bind(" ORDER BY id LIMIT ", i64::try_from(limit).unwrap_or(i64::MAX));
        statement.push(") ORDER BY c.id, n.position");
        read_customers(&self.db.fetch(statement).await?)
    }
}
