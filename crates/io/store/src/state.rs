//! Small things that a server must find again when it starts: by name, as texts whose form only their writer knows.

use crate::db::sql;
use crate::{Store, StoreError};

impl Store {
    /// The value of `name`. The first who asks makes it with `fresh`; everybody after gets that one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn state_or(&self, name: &str, fresh: &str) -> Result<String, StoreError> {
        let mut tx = self.db.begin().await?;
        let make =
            sql("INSERT INTO server_state (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING");
        tx.execute(make.bind(name).bind(fresh)).await?;
        let read = sql("SELECT value FROM server_state WHERE name = $1").bind(name);
        let row = tx.fetch_first(read).await?.ok_or(StoreError::NotFound)?;
        tx.commit().await?;
        row.get("value")
    }

    /// Leaves `value` for the next start.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn put_state(&self, name: &str, value: &str) -> Result<(), StoreError> {
        let statement = sql("INSERT INTO server_state (name, value) VALUES ($1, $2)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value");
        self.db.execute(statement.bind(name).bind(value)).await.map(drop)
    }

    /// Takes what [`Store::put_state`] left: whoever is killed afterwards leaves nothing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn take_state(&self, name: &str) -> Result<Option<String>, StoreError> {
        let mut tx = self.db.begin().await?;
        let taken = tx
            .fetch_first(sql("DELETE FROM server_state WHERE name = $1 RETURNING value").bind(name))
            .await?;
        tx.commit().await?;
        taken.map(|row| row.get("value")).transpose()
    }
}
