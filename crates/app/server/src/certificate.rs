//! Brings what is wrong with the certificate's files to the alarms.

use std::time::Duration;

use hotline_call::Command;
use hotline_shard::{Handle, HandleError};
use tokio::sync::watch;
use tokio::time::sleep;

/// Before an alarm that the call task had no time for is brought again.
const PAUSE: Duration = Duration::from_secs(1);

/// Runs until the shard or the network is gone.
pub(crate) async fn report(mut trouble: watch::Receiver<Option<String>>, shard: Handle) {
    while trouble.changed().await.is_ok() {
        let command = match trouble.borrow_and_update().clone() {
            Some(problem) => Command::CertificateUnusable(problem),
            None => Command::CertificateUsable,
        };
        loop {
            match shard.command(command.clone()).await {
                Ok(()) | Err(HandleError::Refused(_)) => break,
                Err(HandleError::Stopped) => return,
                Err(HandleError::Busy) => sleep(PAUSE).await,
            }
        }
    }
}
