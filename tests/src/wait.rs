//! Waiting for conditions, never for time.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

/// How long a condition may take to come true. Generous, because machines that run tests are busy; a passing test
/// does not use it.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// How often a condition that nobody reports is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// What `future` gives, if it comes in time.
///
/// # Errors
/// It did not, or failed.
pub async fn within<T>(what: &str, future: impl Future<Output = Result<T>>) -> Result<T> {
    timeout(PATIENCE, future).await.with_context(|| format!("waited {PATIENCE:?} for {what}"))?
}

/// Looks until `look` finds something.
///
/// # Errors
/// It found nothing in time, or failed.
pub async fn eventually<T>(what: &str, look: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    in_time(PATIENCE, what, look).await
}

/// Looks until `look` finds something, which may take as long as the timers of a standard do.
///
/// # Errors
/// It found nothing in time, or failed.
pub async fn in_time<T>(
    patience: Duration,
    what: &str,
    mut look: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<T> {
    let deadline = Instant::now() + patience;
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        if Instant::now() > deadline {
            bail!("waited {patience:?} for {what}");
        }
        looks.tick().await;
    }
}
