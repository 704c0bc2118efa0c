//! Passwords: Argon2id, away from the async threads, a few at a time, and as slow for a user who does not exist.

use std::sync::Arc;
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use hotline_access::PASSWORD_BYTES_MAX;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// Passwords that are hashed at the same time: each takes 19 MiB and a core for some 30 ms.
pub(crate) const HASHES_AT_ONCE: usize = 2;
/// How long a sign-in waits for its turn; then the client is told that the server is busy.
pub(crate) const TURN_MAX: Duration = Duration::from_secs(5);

/// Why a password could not be hashed or checked.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Too many are being checked.
    #[error("too many sign-ins at once")]
    Busy,
    /// The hash in the database is no Argon2 hash, or the system gives no randomness.
    #[error("the password cannot be hashed")]
    Hash(#[source] argon2::password_hash::Error),
    /// The check died.
    #[error("the password check died")]
    Died(#[source] tokio::task::JoinError),
}

/// Hashes `password` with a random salt, as a PHC string for the database (Argon2id, 19 MiB, 2 passes: the first
/// choice of the OWASP cheat sheet). Takes some 30 ms of one core: not for an async thread.
///
/// # Errors
/// [`PasswordError::Hash`] when the system gives no randomness.
pub fn hash_password(password: &str) -> Result<String, PasswordError> {
    let hash: PasswordHash =
        Argon2::default().hash_password(password.as_bytes()).map_err(PasswordError::Hash)?;
    Ok(hash.to_string())
}

/// Characters of a password that the server makes, without those that look like others.
const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyzACDEFHJKL";
const DIGITS: &[u8; 8] = b"23456789";

/// A password for one sign-in: 80 random bits, in groups that people can read to one another, of all four classes.
///
/// # Errors
/// The system gives no randomness.
pub fn one_time_password() -> Result<String, PasswordError> {
    let mut random = [0_u8; 18];
    getrandom::fill(&mut random).map_err(|_| PasswordError::Hash(argon2::password_hash::Error::Crypto))?;
    let mut password = String::new();
    for (place, byte) in random.iter().enumerate() {
        if place == 6 || place == 12 {
            password.push('-');
        }
        let byte = usize::from(*byte);
        password.push(char::from(if place % 6 == 5 { DIGITS[byte % 8] } else { LETTERS[byte % 32] }));
    }
    // One letter of each kind, whatever came by chance.
    password.replace_range(0..1, char::from(LETTERS[usize::from(random[0]) % 23]).encode_utf8(&mut [0; 4]));
    password
        .replace_range(1..2, char::from(LETTERS[23 + usize::from(random[1]) % 9]).encode_utf8(&mut [0; 4]));
    Ok(password)
}

/// Checks passwords.
pub(crate) struct Checker {
    turns: Arc<Semaphore>,
    /// The hash of a password nobody knows, checked for users who do not exist.
    decoy: Arc<str>,
}

impl Checker {
    pub(crate) async fn new() -> Result<Self, PasswordError> {
        let decoy = spawn_blocking(|| {
            let mut secret = [0; 32];
            getrandom::fill(&mut secret)
                .map_err(|_| PasswordError::Hash(argon2::password_hash::Error::Crypto))?;
            hash_password(&secret.map(|byte| format!("{byte:02x}")).concat())
        });
        let decoy = decoy.await.map_err(PasswordError::Died)??;
        Ok(Self { turns: Arc::new(Semaphore::new(HASHES_AT_ONCE)), decoy: decoy.into() })
    }

    /// Hashes a password, in its turn.
    pub(crate) async fn hash(&self, password: String) -> Result<String, PasswordError> {
        let turn = timeout(TURN_MAX, Arc::clone(&self.turns).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(PasswordError::Busy) };
        let hashing = spawn_blocking(move || {
            let hash = hash_password(&password);
            drop(turn);
            hash
        });
        hashing.await.map_err(PasswordError::Died)?
    }

    /// Whether `password` fits `hash`; without a hash it takes as long and does not fit.
    pub(crate) async fn fits(&self, password: String, hash: Option<String>) -> Result<bool, PasswordError> {
        let turn = timeout(TURN_MAX, Arc::clone(&self.turns).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(PasswordError::Busy) };
        let decoy = Arc::clone(&self.decoy);
        let check = spawn_blocking(move || {
            let fits = verify(&password, hash.as_deref().unwrap_or(&decoy));
            // Held in here: a client that goes away must not let another check in beside this one.
            drop(turn);
            Ok(fits? && hash.is_some())
        });
        check.await.map_err(PasswordError::Died)?
    }
}

fn verify(password: &str, hash: &str) -> Result<bool, PasswordError> {
    match Argon2::default().verify_password(password.as_bytes(), hash) {
        Ok(()) => Ok(password.len() <= PASSWORD_BYTES_MAX),
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(PasswordError::Hash(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_of_an_existing_user_fits() {
        let checker = Checker::new().await.unwrap();
        let hash = hash_password("correct horse").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(checker.fits("correct horse".into(), Some(hash.clone())).await.unwrap());
        assert!(!checker.fits("correct horsf".into(), Some(hash)).await.unwrap());
        assert!(!checker.fits("correct horse".into(), None).await.unwrap());
        assert!(checker.fits("x".into(), Some("plain".into())).await.is_err());
    }

    #[test]
    fn a_password_that_the_server_makes_keeps_the_strictest_rules() {
        let rules = hotline_access::PasswordRules { length: 20, classes: 4, ..Default::default() };
        for _ in 0..200 {
            let password = one_time_password().unwrap();
            assert_eq!(rules.check(&password, "admin"), Ok(()), "{password}");
        }
        assert_ne!(one_time_password().unwrap(), one_time_password().unwrap());
    }

    #[test]
    fn the_same_password_hashes_differently_each_time() {
        assert_ne!(hash_password("a").unwrap(), hash_password("a").unwrap());
    }
}
