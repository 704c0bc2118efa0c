//! Which text of a flow was in force since when, and by whom. Versions are numbered from 1 and never change.

use hotline_base::{FlowId, WallTime};
use sha2::{Digest, Sha256};

use crate::db::{Row, sql};
use crate::sessions::hex;
use crate::{Store, StoreError};

/// Most versions that one list gives.
pub const FLOW_VERSIONS_MAX: usize = 100;

/// One text of a flow that was in force, or that it was taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowVersion {
    /// The flow.
    pub flow: FlowId,
    /// Counted from 1, the oldest.
    pub number: u64,
    /// SHA-256 of the text in lower-case hexadecimal.
    pub hash: String,
    /// In force from here until the next version.
    pub since: WallTime,
    /// Who brought it into force: a user, or `file` if the file was changed.
    pub author: String,
    /// True if there was no such flow from here on.
    pub removed: bool,
}

/// What is noted as the last version of a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedFlow {
    /// The version that is in force now.
    pub version: FlowVersion,
    /// False if it was in force already.
    pub is_new: bool,
}

impl Store {
    /// Notes the text that is in force from `now` on, or that the flow is taken away (`None`).
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a text with U+0000, [`StoreError::Unavailable`].
    pub async fn record_flow(
        &self,
        flow: &FlowId,
        text: Option<&str>,
        author: &str,
        now: WallTime,
    ) -> Result<RecordedFlow, StoreError> {
        let hash = flow_hash(text.unwrap_or_default());
        let removed = text.is_none();
        let mut tx = self.db.begin().await?;
        let latest = sql(
            "SELECT hash, since, author, removed, (SELECT COUNT(*) FROM flow_version WHERE flow = $1) AS number
                FROM flow_version WHERE flow = $1 ORDER BY since DESC LIMIT 1",
        );
        let (mut since, mut number) = (now, 1);
        if let Some(row) = tx.fetch_first(latest.bind(flow.as_str())).await? {
            let version = read_version(flow, &row)?;
            if version.hash == hash && version.removed == removed {
                return Ok(RecordedFlow { version, is_new: false });
            }
            // The clock may have been set back; the order of versions must stand.
            since = now.max(WallTime(version.since.as_unix_micros().saturating_add(1)));
            number = version.number + 1;
        }
        let statement = sql("INSERT INTO flow_version (flow, since, hash, text, author, removed)
                VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(flow.as_str())
        .bind(since.as_unix_micros())
        .bind(hash.as_str())
        .bind(text.unwrap_or_default())
        .bind(author)
        .bind(removed);
        tx.execute(statement).await?;
        tx.commit().await?;
        let version =
            FlowVersion { flow: flow.clone(), number, hash, since, author: author.to_owned(), removed };
        Ok(RecordedFlow { version, is_new: true })
    }

    /// The versions of a flow before number `before`, newest first, without their texts;
    /// at most `limit`, and one more than [`FLOW_VERSIONS_MAX`].
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn list_flow_versions(
        &self,
        flow: &FlowId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<FlowVersion>, StoreError> {
        let before = before.and_then(|number| i64::try_from(number).ok()).unwrap_or(i64::MAX);
        let statement = sql("SELECT * FROM
                (SELECT hash, since, author, removed, ROW_NUMBER() OVER (ORDER BY since) AS number
                FROM flow_version WHERE flow = $1) AS numbered WHERE number < $2 ORDER BY number DESC LIMIT $3")
            .bind(flow.as_str())
            .bind(before)
            .bind(i64::try_from(limit.min(FLOW_VERSIONS_MAX + 1)).unwrap_or(0));
        self.db.fetch(statement).await?.iter().map(|row| read_version(flow, row)).collect()
    }

    /// One version of a flow with its text.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn flow_version(
        &self,
        flow: &FlowId,
        number: u64,
    ) -> Result<Option<(FlowVersion, String)>, StoreError> {
        let Some(before) = i64::try_from(number).ok().and_then(|number| number.checked_sub(1)) else {
            return Ok(None);
        };
        if before < 0 {
            return Ok(None);
        }
        let statement = sql("SELECT hash, text, since, author, removed, $2 + 1 AS number
                FROM flow_version WHERE flow = $1 ORDER BY since LIMIT 1 OFFSET $2")
        .bind(flow.as_str())
        .bind(before);
        let Some(row) = self.db.fetch_first(statement).await? else { return Ok(None) };
        Ok(Some((read_version(flow, &row)?, row.get("text")?)))
    }
}

/// By what one text of a flow is told from another: SHA-256 in lower-case hexadecimal.
#[must_use]
pub fn flow_hash(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

fn read_version(flow: &FlowId, row: &Row) -> Result<FlowVersion, StoreError> {
    Ok(FlowVersion {
        flow: flow.clone(),
        number: u64::try_from(row.get::<i64>("number")?).unwrap_or_default(),
        hash: row.get("hash")?,
        since: WallTime(row.get("since")?),
        author: row.get("author")?,
        removed: row.get("removed")?,
    })
}
