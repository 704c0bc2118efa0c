//! Where SIP users are reached, so that a restarted server reaches them: one document a user, whose form only its writer
//! knows.

use hotline_base::{Pii, WallTime};
use serde::{Deserialize, Serialize};

use crate::db::{Tx, sql};
use crate::{Store, StoreError};

/// Where one user is reached from here on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredContacts {
    /// The SIP user.
    pub user: String,
    /// `None`: nowhere.
    pub kept: Option<KeptContacts>,
}

/// What is kept of a user's contacts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptContacts {
    /// When the last of them ends.
    pub expires_at: WallTime,
    /// The document.
    pub payload: Pii<String>,
}

impl Store {
    /// The contacts of all users that have not expired, by user; what has is deleted.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn contacts(&self, now: WallTime) -> Result<Vec<StoredContacts>, StoreError> {
        let expired = sql("DELETE FROM sip_contacts WHERE expires_at <= $1").bind(now.as_unix_micros());
        self.db.execute(expired).await?;
        let rows = self.db.fetch(sql("SELECT * FROM sip_contacts ORDER BY sip_user")).await?;
        let read = |row: &crate::db::Row| {
            let expires_at = WallTime(row.get("expires_at")?);
            let payload = Pii::new(row.get("payload")?);
            Ok(StoredContacts {
                user: row.get("sip_user")?,
                kept: Some(KeptContacts { expires_at, payload }),
            })
        };
        rows.iter().map(read).collect()
    }

    /// The users who have contacts that have not expired, in order. Changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn reached_users(&self, now: WallTime) -> Result<Vec<String>, StoreError> {
        let statement = sql("SELECT sip_user FROM sip_contacts WHERE expires_at > $1 ORDER BY sip_user");
        let rows = self.db.fetch(statement.bind(now.as_unix_micros())).await?;
        rows.iter().map(|row| row.get("sip_user")).collect()
    }
}

/// Replaces what is kept of a user, in a transaction.
pub(crate) async fn replace(tx: &mut Tx, contacts: &StoredContacts) -> Result<(), StoreError> {
    let statement = match &contacts.kept {
        Some(KeptContacts { expires_at, payload }) => {
            sql("INSERT INTO sip_contacts (sip_user, expires_at, payload) VALUES ($1, $2, $3)
                ON CONFLICT (sip_user) DO UPDATE SET expires_at = excluded.expires_at, payload = excluded.payload")
            .bind(contacts.user.as_str())
            .bind(expires_at.as_unix_micros())
            .bind(payload.expose().as_str())
        }
        None => sql("DELETE FROM sip_contacts WHERE sip_user = $1").bind(contacts.user.as_str()),
    };
    tx.execute(statement).await.map(drop)
}
