//! Which configuration of the center was in force since when, by whom, and by what change. Versions are numbered from 1 and never
//! change; the latest are kept. Their texts have the passwords: without them there is no way back.

use hotline_base::{Pii, WallTime};
use hotline_telemetry::Metric;

use crate::db::{Row, sql};
use crate::flows::flow_hash;
use crate::{Store, StoreError};

/// Versions that are kept; older ones are forgotten.
pub const CENTER_VERSIONS_KEPT: u64 = 500;
/// Most versions that one list gives.
pub const CENTER_VERSIONS_MAX: usize = 100;

/// A text of the center's file that was in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CenterVersion {
    /// Counted from 1, the oldest.
    pub number: u64,
    /// In force from here until the next version.
    pub since: WallTime,
    /// Who brought it into force: a user, or `file` if the file was changed.
    pub author: String,
    /// What was changed, as `queues/sales`.
    pub change: String,
}

impl Store {
    /// Notes the text that is in force from `now` on. One that is in force already is no other version.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a text with U+0000, [`StoreError::Unavailable`].
    pub async fn record_center(
        &self,
        text: &Pii<String>,
        (author, change): (&str, &str),
        now: WallTime,
    ) -> Result<CenterVersion, StoreError> {
        let hash = flow_hash(text.expose());
        let mut tx = self.db.begin().await?;
        let latest = sql("SELECT * FROM center_version ORDER BY since DESC LIMIT 1");
        let (mut since, mut number) = (now, 1);
        if let Some(row) = tx.fetch_first(latest).await? {
            let version = read_version(&row)?;
            if row.get::<String>("hash")? == hash {
                return Ok(version);
            }
            // The clock may have been set back; the order of versions must stand.
            since = now.max(WallTime(version.since.as_unix_micros().saturating_add(1)));
            number = version.number + 1;
        }
        let statement =
            sql("INSERT INTO center_version (since, hash, text, author, change, number) VALUES ($1, $2, $3, $4, $5, $6)")
                .bind(since.as_unix_micros())
                .bind(hash.as_str())
                .bind(text.expose().as_str())
                .bind(author)
                .bind(change)
                .bind(i64::try_from(number).unwrap_or(i64::MAX));
        tx.execute(statement).await?;
        let oldest = i64::try_from(number.saturating_sub(CENTER_VERSIONS_KEPT)).unwrap_or(i64::MAX);
        tx.execute(sql("DELETE FROM center_version WHERE number <= $1").bind(oldest)).await?;
        tx.commit().await?;
        #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
        Metric::CenterVersions.gauge().set(number.min(CENTER_VERSIONS_KEPT) as f64);
        Ok(CenterVersion { number, since, author: author.to_owned(), change: change.to_owned() })
    }

    /// The versions before number `before`, newest first, without their texts; at most `limit`, and one more than
    /// [`CENTER_VERSIONS_MAX`].
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn list_center_versions(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<CenterVersion>, StoreError> {
        let before = before.and_then(|number| i64::try_from(number).ok()).unwrap_or(i64::MAX);
        let statement = sql("SELECT * FROM center_version WHERE number < $1 ORDER BY number DESC LIMIT $2")
            .bind(before)
            .bind(i64::try_from(limit.min(CENTER_VERSIONS_MAX + 1)).unwrap_or(0));
        self.db.fetch(statement).await?.iter().map(read_version).collect()
    }

    /// One version with its text.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn center_version(
        &self,
        number: u64,
    ) -> Result<Option<(CenterVersion, Pii<String>)>, StoreError> {
        let Ok(number) = i64::try_from(number) else { return Ok(None) };
        let statement = sql("SELECT * FROM center_version WHERE number = $1").bind(number);
        let Some(row) = self.db.fetch_first(statement).await? else { return Ok(None) };
        Ok(Some((read_version(&row)?, Pii::new(row.get("text")?))))
    }
}

fn read_version(row: &Row) -> Result<CenterVersion, StoreError> {
    Ok(CenterVersion {
        number: u64::try_from(row.get::<i64>("number")?).unwrap_or_default(),
        since: WallTime(row.get("since")?),
        author: row.get("author")?,
        change: row.get("change")?,
    })
}
