//! Lookups beside the loop, in the address book and in DNS: bounded in number and in time.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hotline_base::{CallId, Pii};
use hotline_call::{Answer, Callback, Question, Reply, TrunkFault};
use hotline_ivr::RequestTag;
use hotline_sip::{Destination, Located};
use hotline_store::{BookedCallback, Store};
use hotline_web_client::Client;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;
use tracing::warn;

use crate::outside;

/// Lookups that may run at once; a call beyond them goes on as if the number were unknown.
const RUNNING_MAX: usize = 256;
/// Questions of flows that may wait at once; one beyond them fails at once.
const ASKED_MAX: usize = 2048;
/// A lookup that takes longer is given up: the pop must not wait for a slow database.
const TIME_MAX: Duration = Duration::from_secs(2);

/// Where a server is, or why that is not known (RFC 3263).
pub type Locating = Pin<Box<dyn Future<Output = Result<Located, TrunkFault>> + Send>>;
/// Asks DNS; bounds its time itself.
pub type Locate = dyn Fn(Destination) -> Locating + Send + Sync;

pub(crate) struct Lookups {
    store: Store,
    locate: Arc<Locate>,
    client: Client,
    running: JoinSet<Reply>,
    /// What flows wait for, until it is answered or no longer wanted.
    asked: BTreeMap<(CallId, RequestTag), AbortHandle>,
}

impl Lookups {
    pub(crate) fn new(store: Store, locate: Arc<Locate>, client: Client) -> Self {
        Self { store, locate, client, running: JoinSet::new(), asked: BTreeMap::new() }
    }

    /// Asks for a flow. `Some` at once if there is too much under way.
    pub(crate) fn ask(&mut self, call: CallId, tag: RequestTag, question: Question) -> Option<Reply> {
        if self.asked.len() >= ASKED_MAX {
            warn!(%call, "too many questions of flows are under way");
            return Some(Reply::Answer { call, tag, answer: Answer::Other(hotline_ivr::Reply::Failed) });
        }
        let (store, client) = (self.store.clone(), self.client.clone());
        let task = self.running.spawn(async move {
            let answer = match question {
                Question::Customer(number) => customer(&store, call, &number).await,
                Question::Http { request, paths } => {
                    Answer::Other(outside::ask(&client, call, &request, &paths).await)
                }
                Question::Webhook(request) => Answer::Other(outside::tell(&client, call, &request).await),
            };
            Reply::Answer { call, tag, answer }
        });
        self.asked.insert((call, tag), task);
        None
    }

    /// Keeps a wish to be called back. That is not given up when its caller hangs up meanwhile.
    pub(crate) fn book_callback(&mut self, call: CallId, tag: RequestTag, callback: Box<Callback>) {
        let store = self.store.clone();
        self.running.spawn(async move {
            let booked = BookedCallback { callback: *callback, call };
            Reply::Booked { call, tag, callback: outside::book(&store, booked).await }
        });
    }

    /// Nobody waits for the answer any more.
    pub(crate) fn forget(&mut self, call: CallId, tag: RequestTag) {
        if let Some(task) = self.asked.remove(&(call, tag)) {
            task.abort();
        }
    }

    fn answered(&mut self, reply: &Reply) {
        if let Reply::Answer { call, tag, .. } = reply {
            self.asked.remove(&(*call, *tag));
        }
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
            return Some(Reply::Customer { call, found: None });
        }
        let store = self.store.clone();
        self.running.spawn(async move {
            let found = match timeout(TIME_MAX, store.find_caller(&number)).await {
                Ok(Ok(found)) => found.map(Arc::new),
                Ok(Err(error)) => {
                    warn!(%call, %error, "looking up the customer");
                    None
                }
                Err(_) => {
                    warn!(%call, "the lookup of the customer took too long");
                    None
                }
            };
            Reply::Customer { call, found }
        });
        None
    }

    /// An answer that is there.
    pub(crate) fn try_next(&mut self) -> Option<Reply> {
        loop {
            match self.running.try_join_next()? {
                Ok(reply) => {
                    self.answered(&reply);
                    return Some(reply);
                }
                Err(error) if error.is_cancelled() => {}
                Err(error) => warn!(%error, "a lookup died"),
            }
        }
    }

    /// The next answer; waits for ever while nothing is asked.
    pub(crate) async fn next(&mut self) -> Reply {
        loop {
            match self.running.join_next().await {
                Some(Ok(reply)) => {
                    self.answered(&reply);
                    return reply;
                }
                Some(Err(error)) if error.is_cancelled() => {}
                Some(Err(error)) => warn!(%error, "a lookup died"),
                None => std::future::pending().await,
            }
        }
    }
}

/// Who has this number. A database that does not answer is a failure, not an unknown customer.
async fn customer(store: &Store, call: CallId, number: &Pii<String>) -> Answer {
    match store.find_caller(number).await {
        Ok(found) => Answer::Customer(found.map(Arc::new)),
        Err(error) => {
            warn!(%call, %error, "looking up a customer for a flow");
            Answer::Other(hotline_ivr::Reply::Failed)
        }
    }
}
