//! The request of a client for which a task works.

use std::future::Future;

use hotline_base::RequestId;

tokio::task_local! {
    static REQUEST: RequestId;
}

/// Runs `future` for that request: what it asks of the shard is done for it.
pub async fn for_request<F: Future>(request: RequestId, future: F) -> F::Output {
    REQUEST.scope(request, future).await
}

/// The request for which this task works, if it is one.
#[must_use]
pub fn current_request() -> Option<RequestId> {
    REQUEST.try_with(Clone::clone).ok()
}
