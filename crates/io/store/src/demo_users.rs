//! Who was made by a demonstration: people whose passwords everybody can read, so they must not outlive it.

use crate::db::sql;
use crate::roles::people_changed;
use crate::{Store, StoreError};

impl Store {
    /// From here on exactly `names` are people of a demonstration; they must exist. Who was one before and is not
    /// any more is disabled and loses all sessions and tokens; gives their names.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for a name without a user, [`StoreError::Unavailable`]; then nothing has changed.
    pub async fn set_demo_users(&self, names: &[&str]) -> Result<Vec<String>, StoreError> {
        let mut tx = self.db.begin().await?;
        let mut left = Vec::new();
        for row in tx.fetch(sql("SELECT name FROM demo_user ORDER BY name")).await? {
            let name: String = row.get("name")?;
            if names.contains(&name.as_str()) {
                continue;
            }
            for statement in [
                sql("UPDATE app_user SET disabled = TRUE WHERE name = $1"),
                sql("DELETE FROM session WHERE user_name = $1"),
                sql("DELETE FROM demo_user WHERE name = $1"),
            ] {
                tx.execute(statement.bind(name.as_str())).await?;
            }
            left.push(name);
        }
        for name in names {
            let statement = sql("INSERT INTO demo_user (name) VALUES ($1) ON CONFLICT (name) DO NOTHING");
            tx.execute(statement.bind(*name)).await?;
        }
        people_changed(&mut tx).await?;
        tx.commit().await?;
        Ok(left)
    }

    /// This person has a password of its own now, and stays when the demonstration goes. Harmless for others.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn keep_demo_user(&self, name: &str) -> Result<(), StoreError> {
        self.db.execute(sql("DELETE FROM demo_user WHERE name = $1").bind(name)).await.map(drop)
    }
}
