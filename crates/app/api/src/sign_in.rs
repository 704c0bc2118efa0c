//! Proves who somebody is: password, lock, one-time code. The same answer in the same time for a wrong password, a user who
//! does not exist and one who is disabled.

use std::sync::Arc;
use std::time::Duration;

use hotline_access::{Grants, TotpSecret};
use hotline_base::WallTime;
use hotline_store::{Session, SessionKind, Standing, TokenHash, User};
use hotline_telemetry::Metric;
use serde_json::json;
use tokio::time::{Instant, sleep_until};

use crate::app::App;
use crate::auth::Origin;
use crate::error::ApiError;
use crate::throttle::Key;

/// A refusal is answered so long after the request at the earliest: what is written of a user who exists takes its time,
/// and must not tell that there is one.
const REFUSAL_MIN: Duration = Duration::from_millis(250);

/// What somebody gives to prove who they are.
pub(crate) struct Proof {
    pub(crate) user: String,
    pub(crate) password: String,
    /// Of the authenticator app, or a recovery code.
    pub(crate) code: Option<String>,
}

/// Somebody who has proved it.
pub(crate) struct Proved {
    pub(crate) user: User,
    pub(crate) standing: Standing,
}

/// Who this is, if everything is right.
pub(crate) async fn prove(app: &Arc<App>, origin: Origin, proof: Proof) -> Result<Proved, ApiError> {
    let answered = Instant::now() + REFUSAL_MIN;
    let key = Key::new(&proof.user, origin.address);
    let had_failed = app.begin_sign_in(&key).inspect_err(|_| count("throttled"))?;
    let Proof { user, password, code } = proof;
    let proving = Proving { app, origin, had_failed };
    let proved = proving.prove(&user, password, code.as_deref()).await;
    match &proved {
        Ok(_) => {
            app.end_sign_in(&key, true);
            count("right");
        }
        Err(ApiError::SignInFailed | ApiError::CodeWrong) => {
            count("wrong");
            // Without the name: people type their password into that field.
            tracing::info!(from = %origin.address, "sign-in refused");
            sleep_until(answered).await;
        }
        Err(_) => app.end_sign_in(&key, false),
    }
    proved
}

struct Proving<'a> {
    app: &'a Arc<App>,
    origin: Origin,
    /// Whether tries from the same place have failed lately.
    had_failed: bool,
}

impl Proving<'_> {
    async fn prove(&self, name: &str, password: String, code: Option<&str>) -> Result<Proved, ApiError> {
        let store = &self.app.ports.store;
        let found = store.find_user(name).await?.filter(|user| !user.disabled);
        let hash = found.as_ref().map(|user| user.password_hash.expose().clone());
        let fits = self.app.passwords.fits(password, hash).await?;
        let Some(user) = found else { return Err(ApiError::SignInFailed) };
        let now = self.app.now();
        // The same answer whether the password is right: else guessing would go on behind the lock.
        let is_locked = user.locked_until.is_some_and(|until| now < until);
        if is_locked && !self.is_at_home(&user, now).await? {
            self.refused(&user, "locked").await?;
            return Err(ApiError::SignInFailed);
        }
        if !fits {
            self.failed(&user, "password").await?;
            return Err(ApiError::SignInFailed);
        }
        if user.second_factor {
            let code = code.map(str::trim).filter(|code| !code.is_empty()).ok_or(ApiError::CodeNeeded)?;
            if !use_code(self.app, &user.name, code).await? {
                self.failed(&user, "code").await?;
                return Err(ApiError::CodeWrong);
            }
        }
        // Whoever guesses elsewhere must not get further tries because the user is at work.
        if !is_locked {
            store.unlock_user(&user.name).await?;
        }
        let standing = store.standing_of(&user.name).await?;
        Ok(Proved { user, standing })
    }

    /// Guessing from elsewhere must not keep people from their work: a lock does not count where the user is signed in
    /// and nobody has guessed.
    async fn is_at_home(&self, user: &User, now: WallTime) -> Result<bool, ApiError> {
        let address = self.origin.address.to_string();
        Ok(!self.had_failed && self.app.ports.store.has_session_from(&user.name, &address, now).await?)
    }

    async fn failed(&self, user: &User, what: &str) -> Result<(), ApiError> {
        let rules = &self.app.ports.passwords;
        let now = self.app.now();
        let locks = self.app.ports.store.note_failure(&user.name, rules.failures, (now, now + rules.lock));
        let locks = locks.await?;
        self.refused(user, what).await?;
        if locks {
            let detail = json!({ "from": self.origin.address, "minutes": rules.lock.as_secs() / 60 });
            self.app.audit("system", "user.lock", &user.name, detail).await?;
        }
        Ok(())
    }

    async fn refused(&self, user: &User, why: &str) -> Result<(), ApiError> {
        let detail = json!({ "from": self.origin.address, "why": why });
        self.app.audit(&user.name, "session.refused", &user.name, detail).await
    }
}

/// Uses up a code of the app, or a recovery code; false if it is neither or was used before.
pub(crate) async fn use_code(app: &App, user: &str, code: &str) -> Result<bool, ApiError> {
    let store = &app.ports.store;
    let Some(stored) = store.find_totp(user).await?.filter(|stored| stored.active) else { return Ok(false) };
    let secret = TotpSecret::from_base32(stored.secret.expose());
    let step = secret.and_then(|secret| secret.accept(code, unix_s(app), stored.step));
    if let Some(step) = step {
        // Of two at the same moment one is the first.
        return Ok(store.use_totp_step(user, step).await?);
    }
    let used = store.use_recovery_code(user, &recovery_hash(code), app.now()).await?;
    if used {
        app.audit(user, "session.recovery_code", user, serde_json::Value::Null).await?;
    }
    Ok(used)
}

/// Recovery codes are read from paper: case and hyphens do not count.
pub(crate) fn recovery_hash(code: &str) -> TokenHash {
    let plain: String = code.chars().filter(|one| one.is_alphanumeric()).collect();
    TokenHash::of(&plain.to_lowercase())
}

pub(crate) fn unix_s(app: &App) -> u64 {
    app.now().as_unix_micros().unsigned_abs() / 1_000_000
}

/// A session that is to begin.
pub(crate) struct Begin {
    pub(crate) kind: SessionKind,
    pub(crate) name: String,
    pub(crate) lifetime: Duration,
    pub(crate) limited: bool,
    pub(crate) grants: Option<Grants>,
    pub(crate) origin: Origin,
}

/// Keeps a new session and gives its secret.
pub(crate) async fn begin(app: &App, user: &str, begin: Begin) -> Result<(String, Session), ApiError> {
    let secret = random_hex::<32>()?;
    let now = app.now();
    // No better moment: as many go as come.
    app.ports.store.delete_expired_sessions(now).await?;
    let session = Session {
        token: TokenHash::of(&secret),
        id: random_hex::<8>()?,
        user: user.to_owned(),
        kind: begin.kind,
        name: begin.name,
        created_at: now,
        expires_at: Some(now + begin.lifetime),
        last_seen_at: now,
        limited: begin.limited,
        grants: begin.grants,
        address: Some(begin.origin.address.to_string()),
    };
    app.ports.store.create_session(&session).await?;
    Ok((secret, session))
}

/// So many random bytes that nobody can guess.
pub(crate) fn random_hex<const N: usize>() -> Result<String, ApiError> {
    let mut random = [0; N];
    getrandom::fill(&mut random).map_err(|_| ApiError::Panicked)?;
    Ok(random.map(|byte| format!("{byte:02x}")).concat())
}

fn count(outcome: &'static str) {
    Metric::ApiSignIns.increment_for([outcome]);
}
