//! Lookups beside the loop, in the address book and in DNS: bounded in number and in time.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hotline_base::{CallId, Pii};
use hotline_call::Reply;
use hotline_sip::{Destination, Located};
use hotline_store::Store;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::warn;

/// Lookups that may run at once; a call beyond them goes on as if the number were unknown.
const RUNNING_MAX: usize = 256;
/// A lookup that takes longer is given up: the pop must not wait for a slow database.
const TIME_MAX: Duration = Duration::from_secs(2);

/// Where a server is, or in words why that is not known (RFC 3263).
pub type Locating = Pin<Box<dyn Future<Output = Result<Located, String>> + Send>>;
/// Asks DNS; bounds its time itself.
pub type Locate = dyn Fn(Destination) -> Locating + Send + Sync;

pub(crate) struct Lookups {
    store: Store,
    locate: Arc<Locate>,
    running: JoinSet<Reply>,
}

impl Lookups {
    pub(crate) fn new(store: Store, locate: Arc<Locate>) -> Self {
        Self { store, locate, running: JoinSet::new() }
    }

    /// Asks where a server is. There are as many questions at a time as servers are configured.
    pub(crate) fn locate(&mut self, destination: Destination) {
        let answer = (self.locate)(destination.clone());
        self.running.spawn(async move { Reply::Located { destination, answer: answer.await } });
    }

    /// Looks for the customer with `number`. `Some` at once if there are too many lookups already.
    pub(crate) fn find_customer(&mut self, call: CallId, number: Pii<String>) -> Option<Reply> {
        if self.running.len() >= RUNNING_MAX {
            warn!(%call, "too many lookups, the customer stays unknown");
            return Some(Reply::Customer { call, customer: None });
        }
        let store = self.store.clone();
        self.running.spawn(async move {
            let customer = match timeout(TIME_MAX, store.find_customer(&number)).await {
                Ok(Ok(customer)) => customer.map(Box::new),
                Ok(Err(error)) => {
                    warn!(%call, %error, "looking up the customer");
                    None
                }
                Err(_) => {
                    warn!(%call, "the lookup of the customer took too long");
                    None
                }
            };
            Reply::Customer { call, customer }
        });
        None
    }

    /// An answer that is there.
    pub(crate) fn try_next(&mut self) -> Option<Reply> {
        loop {
            match self.running.try_join_next()? {
                Ok(reply) => return Some(reply),
                Err(error) => warn!(%error, "a lookup died"),
            }
        }
    }

    /// The next answer; waits for ever while nothing is asked.
    pub(crate) async fn next(&mut self) -> Reply {
        loop {
            match self.running.join_next().await {
                Some(Ok(reply)) => return reply,
                Some(Err(error)) => warn!(%error, "a lookup died"),
                None => std::future::pending().await,
            }
        }
    }
}
