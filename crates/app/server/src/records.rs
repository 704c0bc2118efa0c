//! After a start: calls that were written by a version that had no search become found by it, from the latest back.

use std::time::Duration;

use hotline_store::Store;
use tokio::time::sleep;
use tracing::{info, warn};

/// How long the database may do other things between two portions.
const PAUSE: Duration = Duration::from_millis(100);
/// After a portion that failed.
const AGAIN: Duration = Duration::from_secs(60);

/// Fills the search until nothing is left.
pub(crate) async fn fill_search(store: Store) {
    let mut portions: u64 = 0;
    loop {
        match store.fill_search().await {
            Ok(true) => {
                if portions == 0 {
                    info!("older calls are made found by the search, from the latest back");
                }
                portions += 1;
                sleep(PAUSE).await;
            }
            Ok(false) => break,
            Err(error) => {
                warn!(%error, "older calls are not yet found by the search; it is tried again");
                sleep(AGAIN).await;
            }
        }
    }
    if portions > 0 {
        info!("all calls are found by the search");
    }
}
