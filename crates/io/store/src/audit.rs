//! Who did what to what: append-only, each row holding the hash of the former one.
//!
//! The chain shows that a row was changed, taken out or put in between by someone who did not know it. It does
//! not stop someone who may write to the database and computes the chain anew; against that, keep a copy of
//! the last hash elsewhere.

use hotline_base::{Pii, WallTime};
use sha2::{Digest, Sha256};

use crate::db::{Row, sql};
use crate::sessions::hex;
use crate::text::check_required;
use crate::{NAME_CHARS_MAX, Store, StoreError};

/// Most rows that one page gives.
pub const AUDIT_PAGE_MAX: usize = 1000;

/// Something that was done.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEntry {
    /// When.
    pub at: WallTime,
    /// Who: a user's name, or `system`.
    pub actor: String,
    /// What, as a short word with dots: `customer.update`.
    pub action: String,
    /// To what: the id.
    pub subject: String,
    /// More, for people; may name persons.
    pub detail: Pii<serde_json::Value>,
}

/// An entry at its place.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditRow {
    /// Place in the log, from 1 without gaps.
    pub seq: u64,
    /// The entry.
    pub entry: AuditEntry,
}

/// Which entries a list gives; a filter that is absent lets everything through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Who did it.
    pub actor: Option<String>,
    /// What was done; one that ends in a dot stands for all that begin so.
    pub action: Option<String>,
    /// Done at or after this time.
    pub from: Option<WallTime>,
    /// Done before this time.
    pub until: Option<WallTime>,
}

/// What the check of the chain found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditVerdict {
    /// Nothing was changed or taken out.
    Intact {
        /// Rows that were checked.
        rows: u64,
    },
    /// This row is missing, or it or its predecessor is not what was written.
    Broken {
        /// Place in the log.
        seq: u64,
    },
}

impl Store {
    /// Appends an entry; on return it is on disk. Gives its place.
    ///
    /// # Errors
    /// [`StoreError::Invalid`], [`StoreError::Encode`], [`StoreError::Unavailable`].
    pub async fn append_audit(&self, entry: &AuditEntry) -> Result<u64, StoreError> {
        check_required("the actor", &entry.actor, NAME_CHARS_MAX)?;
        check_required("the action", &entry.action, NAME_CHARS_MAX)?;
        let detail = serde_json::to_string(entry.detail.expose()).map_err(StoreError::Encode)?;
        let mut tx = self.db.begin().await?;
        // Takes the lock on the head first, so that writers form a line and the chain cannot fork.
        let head = sql("UPDATE audit_head SET seq = seq + 1 WHERE id = 1 RETURNING seq, hash");
        let Some(head) = tx.fetch_first(head).await? else {
            return Err(StoreError::Corrupt { what: "audit head", key: String::new(), source: None });
        };
        let link = Link {
            seq: head.get("seq")?,
            at: entry.at.as_unix_micros(),
            actor: entry.actor.clone(),
            action: entry.action.clone(),
            subject: entry.subject.clone(),
            detail,
            previous: head.get("hash")?,
        };
        let hash = link.hash();
        let seq = link.seq;
        let statement = sql("INSERT INTO audit (seq, at, actor, action, subject, detail, previous)
                VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(link.seq)
        .bind(link.at)
        .bind(link.actor)
        .bind(link.action)
        .bind(link.subject)
        .bind(link.detail)
        .bind(link.previous);
        tx.execute(statement).await?;
        tx.execute(sql("UPDATE audit_head SET hash = $1 WHERE id = 1").bind(hash)).await?;
        tx.commit().await?;
        Ok(seq.unsigned_abs())
    }

    /// Entries before place `before` (all if absent), newest first; at most `limit` and [`AUDIT_PAGE_MAX`].
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    pub async fn list_audit(
        &self,
        filter: &AuditFilter,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<AuditRow>, StoreError> {
        let before = before.and_then(|seq| i64::try_from(seq).ok()).unwrap_or(i64::MAX);
        let mut statement = sql("SELECT * FROM audit WHERE seq < $1").bind(before);
        if let Some(actor) = &filter.actor {
            statement.push_bind(" AND actor = ", actor.as_str());
        }
        match &filter.action {
            // Compared by what they begin with; a pattern would have to be escaped.
            Some(family) if family.ends_with('.') => {
                let length = i64::try_from(family.chars().count()).unwrap_or(i64::MAX);
                statement.push_bind(" AND substr(action, 1, CAST(", length);
                statement.push_bind(" AS INTEGER)) = ", family.as_str());
            }
            Some(action) => statement.push_bind(" AND action = ", action.as_str()),
            None => {}
        }
        if let Some(from) = filter.from {
            statement.push_bind(" AND at >= ", from.as_unix_micros());
        }
        if let Some(until) = filter.until {
            statement.push_bind(" AND at < ", until.as_unix_micros());
        }
        let limit = i64::try_from(limit.min(AUDIT_PAGE_MAX)).unwrap_or(0);
        statement.push_bind(" ORDER BY seq DESC LIMIT ", limit);
        self.db.fetch(statement).await?.iter().map(|row| Link::read(row)?.into_row()).collect()
    }

    /// Recomputes the whole chain and compares its end with the head.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]. A broken chain is no error but a verdict.
    pub async fn verify_audit(&self) -> Result<AuditVerdict, StoreError> {
        let head = self.db.fetch_first(sql("SELECT seq, hash FROM audit_head")).await?;
        let Some(head) = head else {
            return Ok(AuditVerdict::Broken { seq: 0 });
        };
        // Rows appended after this moment belong to the next check.
        let last: i64 = head.get("seq")?;
        let mut seq = 0;
        let mut hash = String::new();
        while seq < last {
            let page = sql("SELECT * FROM audit WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3")
                .bind(seq)
                .bind(last)
                .bind(i64::try_from(AUDIT_PAGE_MAX).unwrap_or(i64::MAX));
            let page = self.db.fetch(page).await?;
            if page.is_empty() {
                return Ok(AuditVerdict::Broken { seq: seq.unsigned_abs() + 1 });
            }
            for row in &page {
                let link = Link::read(row)?;
                seq += 1;
                if link.seq != seq || link.previous != hash {
                    return Ok(AuditVerdict::Broken { seq: seq.unsigned_abs() });
                }
                hash = link.hash();
            }
        }
        if hash != head.get::<String>("hash")? {
            return Ok(AuditVerdict::Broken { seq: seq.unsigned_abs() });
        }
        Ok(AuditVerdict::Intact { rows: last.unsigned_abs() })
    }
}

/// A row as it is stored, byte for byte.
struct Link {
    seq: i64,
    at: i64,
    actor: String,
    action: String,
    subject: String,
    detail: String,
    previous: String,
}

impl Link {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            seq: row.get("seq")?,
            at: row.get("at")?,
            actor: row.get("actor")?,
            action: row.get("action")?,
            subject: row.get("subject")?,
            detail: row.get("detail")?,
            previous: row.get("previous")?,
        })
    }

    /// SHA-256 over all columns, each text preceded by its length so that none can run into the next.
    fn hash(&self) -> String {
        let mut digest = Sha256::new();
        digest.update(self.seq.to_be_bytes());
        digest.update(self.at.to_be_bytes());
        for text in [&self.actor, &self.action, &self.subject, &self.detail, &self.previous] {
            digest.update((text.len() as u64).to_be_bytes());
            digest.update(text.as_bytes());
        }
        hex(&digest.finalize())
    }

    fn into_row(self) -> Result<AuditRow, StoreError> {
        let detail = serde_json::from_str(&self.detail).map_err(|source| StoreError::Corrupt {
            what: "audit row",
            key: self.seq.to_string(),
            source: Some(source),
        })?;
        Ok(AuditRow {
            seq: self.seq.unsigned_abs(),
            entry: AuditEntry {
                at: WallTime(self.at),
                actor: self.actor,
                action: self.action,
                subject: self.subject,
                detail: Pii::new(detail),
            },
        })
    }
}
