//! Which text of a flow was in force since when.

use hotline_base::{FlowId, WallTime};
use sha2::{Digest, Sha256};

use crate::db::sql;
use crate::sessions::hex;
use crate::{Store, StoreError};

/// Most versions that one list gives.
pub const FLOW_VERSIONS_MAX: usize = 100;

/// One text of a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowVersion {
    /// The flow.
    pub flow: FlowId,
    /// SHA-256 of `text` in lower-case hexadecimal.
    pub hash: String,
    /// The file as it was read.
    pub text: String,
    /// In force from here until the next version.
    pub since: WallTime,
}

impl Store {
    /// Notes the text that is in force from `now` on; false if it was in force already.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a text with U+0000, [`StoreError::Unavailable`].
    pub async fn record_flow(&self, flow: &FlowId, text: &str, now: WallTime) -> Result<bool, StoreError> {
        let hash = hex(&Sha256::digest(text.as_bytes()));
        let mut tx = self.db.begin().await?;
        let latest = sql("SELECT hash, since FROM flow_version WHERE flow = $1 ORDER BY since DESC LIMIT 1");
        let mut since = now.as_unix_micros();
        if let Some(row) = tx.fetch_first(latest.bind(flow.as_str())).await? {
            if row.get::<String>("hash")? == hash {
                return Ok(false);
            }
            // The clock may have been set back; the order of versions must stand.
            since = since.max(row.get::<i64>("since")?.saturating_add(1));
        }
        let statement = sql("INSERT INTO flow_version (flow, since, hash, text) VALUES ($1, $2, $3, $4)")
            .bind(flow.as_str())
            .bind(since)
            .bind(hash)
            .bind(text);
        tx.execute(statement).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The versions of a flow, newest first; at most `limit` and [`FLOW_VERSIONS_MAX`].
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn list_flow_versions(
        &self,
        flow: &FlowId,
        limit: usize,
    ) -> Result<Vec<FlowVersion>, StoreError> {
        let statement = sql("SELECT hash, text, since FROM flow_version WHERE flow = $1
            ORDER BY since DESC LIMIT $2")
        .bind(flow.as_str())
        .bind(i64::try_from(limit.min(FLOW_VERSIONS_MAX)).unwrap_or(0));
        let rows = self.db.fetch(statement).await?;
        rows.iter()
            .map(|row| {
                Ok(FlowVersion {
                    flow: flow.clone(),
                    hash: row.get("hash")?,
                    text: row.get("text")?,
                    since: WallTime(row.get("since")?),
                })
            })
            .collect()
    }
}
