//! The fields that a center adds to customers.

use std::time::Duration;

use hotline_base::WallTime;
use serde::{Deserialize, Serialize};

use super::CUSTOMER_FIELDS_MAX;
use crate::db::{Row, sql};
use crate::{Store, StoreError, TextProblem};

/// A field that the center has added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerField {
    /// The word by which it is known.
    pub name: String,
    /// Shown in English.
    pub label_en: String,
    /// Shown in Chinese.
    pub label_zh: String,
    /// What it holds.
    pub kind: CustomerFieldKind,
    /// Whether every customer must have it.
    pub required: bool,
    /// The roles that see it; if empty, all.
    pub visible_to: Vec<String>,
    /// Last change, also the version for edits.
    #[serde(skip, default = "never")]
    pub changed_at: WallTime,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CustomerFieldKind {
    /// Any text.
    Text,
    /// A number.
    Number,
    /// A date as `2026-11-30`.
    Date,
    /// Yes or no.
    Boolean,
    /// One of these.
    Choice(Vec<String>),
}

const fn never() -> WallTime {
    WallTime(0)
}

impl Store {
    /// All fields, in the order in which they were added.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    pub async fn customer_fields(&self) -> Result<Vec<CustomerField>, StoreError> {
        let rows = self.db.fetch(sql("SELECT * FROM customer_field ORDER BY position, name")).await?;
        rows.iter().map(read).collect()
    }

    /// Adds a field behind the others.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if there is one of that name, [`StoreError::Invalid`] if there are
    /// [`CUSTOMER_FIELDS_MAX`], [`StoreError::Unavailable`].
    pub async fn create_customer_field(&self, field: &CustomerField) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let counted =
            sql("SELECT COUNT(*) AS fields, COALESCE(MAX(position), 0) + 1 AS next FROM customer_field");
        let row = tx.fetch_first(counted).await?.ok_or(StoreError::NotFound)?;
        if usize::try_from(row.get::<i64>("fields")?).unwrap_or(usize::MAX) >= CUSTOMER_FIELDS_MAX {
            let (field, problem) = ("the list of fields", TextProblem::TooMany(CUSTOMER_FIELDS_MAX));
            return Err(StoreError::Invalid { field, problem });
        }
        let statement = sql(
            "INSERT INTO customer_field (name, position, definition, changed_at) VALUES ($1, $2, $3, $4)",
        )
        .bind(field.name.as_str())
        .bind(row.get::<i64>("next")?)
        .bind(serde_json::to_string(field).map_err(StoreError::Encode)?)
        .bind(field.changed_at.as_unix_micros());
        tx.execute(statement).await?;
        tx.commit().await
    }

    /// Changes a field; `field.changed_at` is the version that was read.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if somebody changed or removed it since, [`StoreError::Unavailable`].
    pub async fn update_customer_field(
        &self,
        field: &CustomerField,
        now: WallTime,
    ) -> Result<CustomerField, StoreError> {
        let changed_at = now.max(field.changed_at + Duration::from_micros(1));
        let statement = sql("UPDATE customer_field SET definition = $3, changed_at = $4
            WHERE name = $1 AND changed_at = $2")
        .bind(field.name.as_str())
        .bind(field.changed_at.as_unix_micros())
        .bind(serde_json::to_string(field).map_err(StoreError::Encode)?)
        .bind(changed_at.as_unix_micros());
        match self.db.execute(statement).await? {
            0 => Err(StoreError::Conflict),
            _ => Ok(CustomerField { changed_at, ..field.clone() }),
        }
    }

    /// Removes a field. What customers have in it is kept, hidden, until they are changed.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Unavailable`].
    pub async fn delete_customer_field(&self, name: &str) -> Result<(), StoreError> {
        match self.db.execute(sql("DELETE FROM customer_field WHERE name = $1").bind(name)).await? {
            0 => Err(StoreError::NotFound),
            _ => Ok(()),
        }
    }
}

fn read(row: &Row) -> Result<CustomerField, StoreError> {
    let text: String = row.get("definition")?;
    let key: String = row.get("name")?;
    let field: CustomerField = serde_json::from_str(&text).map_err(|source| StoreError::Corrupt {
        what: "customer_field",
        key,
        source: Some(source),
    })?;
    Ok(CustomerField { changed_at: WallTime(row.get("changed_at")?), ..field })
}
