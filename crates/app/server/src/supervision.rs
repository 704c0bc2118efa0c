//! Knows when a part of the server has ended by itself, so that nothing lives on that only looks alive.

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tracing::{debug, error};

/// There are fewer parts; each is told once.
const PARTS_MAX: usize = 16;

/// The parts that must live as long as the server.
pub(crate) struct Supervision {
    tell: mpsc::Sender<&'static str>,
    ended: mpsc::Receiver<&'static str>,
}

impl Default for Supervision {
    fn default() -> Self {
        let (tell, ended) = mpsc::channel(PARTS_MAX);
        Self { tell, ended }
    }
}

impl Supervision {
    /// Runs `task`; its end, by a panic too, is told to [`Supervision::failed`]. The handle waits for the end and
    /// does not end badly itself.
    pub(crate) fn watch(
        &self,
        part: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> JoinHandle<()> {
        let tell = self.tell.clone();
        tokio::spawn(async move {
            if let Err(error) = tokio::spawn(task).await {
                error!(part, %error, "a part of the server has died");
            }
            if tell.try_send(part).is_err() {
                debug!(part, "ended; nobody listens, the server stops");
            }
        })
    }

    /// The first part that has ended; waits for ever while all live.
    pub(crate) async fn failed(&mut self) -> &'static str {
        match self.ended.recv().await {
            Some(part) => part,
            // Cannot be: this value holds a sender.
            None => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_part_that_panics_is_named_and_its_end_can_be_waited_for() {
        let mut parts = Supervision::default();
        parts.watch("what lives", std::future::pending());
        let dead = parts.watch("what dies", async { panic!("as the test wants it") });
        assert_eq!(parts.failed().await, "what dies");
        dead.await.unwrap();
    }

    #[tokio::test]
    async fn a_part_that_just_ends_is_named_too() {
        let mut parts = Supervision::default();
        parts.watch("what returns", async {});
        assert_eq!(parts.failed().await, "what returns");
    }
}
