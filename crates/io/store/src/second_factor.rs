//! One-time codes: the secret that an app shares, the last code that was used, and codes for the day the app is lost.

use hotline_base::{Pii, WallTime};

use crate::db::sql;
use crate::roles::people_changed;
use crate::{Store, StoreError, TokenHash};

/// The second factor of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTotp {
    /// What the app knows too, in base 32.
    pub secret: Pii<String>,
    /// False until a first code has shown that the app has it.
    pub active: bool,
    /// The last step whose code was used.
    pub step: Option<u64>,
}

impl Store {
    /// The second factor of a user, if there is one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn find_totp(&self, user: &str) -> Result<Option<StoredTotp>, StoreError> {
        let statement = sql("SELECT totp_secret, totp_active, totp_step FROM app_user
                WHERE name = $1 AND totp_secret IS NOT NULL");
        let Some(row) = self.db.fetch_first(statement.bind(user)).await? else { return Ok(None) };
        let step: Option<i64> = row.get("totp_step")?;
        Ok(Some(StoredTotp {
            secret: Pii::new(row.get("totp_secret")?),
            active: row.get("totp_active")?,
            step: step.map(i64::unsigned_abs),
        }))
    }

    /// Keeps a secret that is not active yet, in place of another that is not. False if one is active.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn offer_totp(&self, user: &str, secret: &Pii<String>) -> Result<bool, StoreError> {
        let statement = sql("UPDATE app_user SET totp_secret = $2, totp_step = NULL
                WHERE name = $1 AND NOT totp_active");
        Ok(self.db.execute(statement.bind(user).bind(secret.expose().as_str())).await? > 0)
    }

    /// The app has the secret: from here on codes are asked for. The hashes are those of the recovery codes.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if one is active already or none was offered, [`StoreError::Unavailable`].
    pub async fn activate_totp(
        &self,
        user: &str,
        step: u64,
        recovery: &[TokenHash],
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let statement = sql("UPDATE app_user SET totp_active = TRUE, totp_step = $2
                WHERE name = $1 AND NOT totp_active AND totp_secret IS NOT NULL");
        if tx.execute(statement.bind(user).bind(i64::try_from(step).unwrap_or(i64::MAX))).await? == 0 {
            return Err(StoreError::Conflict);
        }
        tx.execute(sql("DELETE FROM recovery_code WHERE user_name = $1").bind(user)).await?;
        for code in recovery {
            let statement = sql("INSERT INTO recovery_code (user_name, hash) VALUES ($1, $2)");
            tx.execute(statement.bind(user).bind(code.as_str())).await?;
        }
        people_changed(&mut tx).await?;
        tx.commit().await
    }

    /// Uses the code of a step; false if it, or a later one, was used before.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn use_totp_step(&self, user: &str, step: u64) -> Result<bool, StoreError> {
        let statement = sql("UPDATE app_user SET totp_step = $2
                WHERE name = $1 AND totp_active AND (totp_step IS NULL OR totp_step < $2)");
        Ok(self.db.execute(statement.bind(user).bind(i64::try_from(step).unwrap_or(i64::MAX))).await? > 0)
    }

    /// Uses a recovery code; false if it is none, or was used before.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn use_recovery_code(
        &self,
        user: &str,
        code: &TokenHash,
        now: WallTime,
    ) -> Result<bool, StoreError> {
        let statement = sql("UPDATE recovery_code SET used_at = $3
                WHERE user_name = $1 AND hash = $2 AND used_at IS NULL")
        .bind(user)
        .bind(code.as_str())
        .bind(now.as_unix_micros());
        Ok(self.db.execute(statement).await? > 0)
    }

    /// How many recovery codes are left.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn recovery_codes_left(&self, user: &str) -> Result<u64, StoreError> {
        let statement =
            sql("SELECT COUNT(*) AS n FROM recovery_code WHERE user_name = $1 AND used_at IS NULL");
        let row = self.db.fetch_first(statement.bind(user)).await?.ok_or(StoreError::NotFound)?;
        Ok(row.get::<i64>("n")?.unsigned_abs())
    }

    /// Takes the second factor away; false if there was none.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn remove_totp(&self, user: &str) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let statement = sql("UPDATE app_user SET totp_secret = NULL, totp_active = FALSE, totp_step = NULL
                WHERE name = $1 AND totp_secret IS NOT NULL");
        let was = tx.execute(statement.bind(user)).await? > 0;
        tx.execute(sql("DELETE FROM recovery_code WHERE user_name = $1").bind(user)).await?;
        people_changed(&mut tx).await?;
        tx.commit().await?;
        Ok(was)
    }
}
