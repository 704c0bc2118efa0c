//! From a text to its file, through the folder, those who speak it already, and the engine.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use hotline_telemetry::Metric;
use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, spawn_blocking};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::cache::{Cache, Spoken};
use crate::flights::Flights;
use crate::utterance::Key;
use crate::{Engine, Failure, Limits, SpeechConfig, StartError, Utterance};

/// How often what is too old is looked for.
const SWEEP_INTERVAL: Duration = Duration::from_secs(3600);

/// Speaks; cheap to clone, all clones share folder and limits.
#[derive(Clone)]
pub struct Speech {
    shared: Arc<Shared>,
    flights: Arc<Flights>,
    _sweeper: Arc<Sweeper>,
}

struct Shared {
    engine: Engine,
    cache: Arc<Cache>,
    engines: Semaphore,
    limits: Limits,
}

impl Speech {
    /// Reads the folder. Within the runtime and after the recorder of metrics is installed.
    ///
    /// # Errors
    /// If the folder cannot be used.
    pub async fn start(config: SpeechConfig) -> Result<Self, StartError> {
        let SpeechConfig { engine, cache, limits } = config;
        let path = cache.folder.clone();
        let opened = spawn_blocking(|| Cache::open(cache)).await.map_err(std::io::Error::other);
        let cache = opened.flatten().map_err(|source| StartError::Folder { path, source })?;
        let cache = Arc::new(cache);
        let sweeper = Arc::new(Sweeper::start(&cache));
        let shared = Shared { engine, cache, engines: Semaphore::new(limits.engines), limits };
        Ok(Self { shared: Arc::new(shared), flights: Flights::new(limits.waiting), _sweeper: sweeper })
    }

    /// Speaks a text, or gives what was spoken. Dropping the future calls it off, unless somebody else waits for the same.
    ///
    /// # Errors
    /// Why there is no sound.
    pub async fn speak(&self, utterance: &Utterance) -> Result<Spoken, Failure> {
        let outcome = self.find_or_make(utterance).await;
        let label = match &outcome {
            Ok((_, how)) => how,
            Err(failure) => failure.label(),
        };
        Metric::SpeechRequests.increment_for([label]);
        outcome.map(|(spoken, _)| spoken)
    }

    async fn find_or_make(&self, utterance: &Utterance) -> Result<(Spoken, &'static str), Failure> {
        let utterance = utterance.checked()?;
        let key = self.shared.engine.key(&utterance);
        if let Some(spoken) = self.shared.cache.find(&key, SystemTime::now()) {
            if tokio::fs::try_exists(spoken.path()).await? {
                return Ok((spoken, "kept"));
            }
            self.shared.cache.forget(&key);
        }
        let shared = Arc::clone(&self.shared);
        let (flight, joined) = self.flights.join(&key, {
            let key = key.clone();
            || async move { shared.make(key, utterance).await }
        })?;
        let spoken = flight.outcome().await?;
        Ok((spoken, if joined { "joined" } else { "made" }))
    }
}

impl Shared {
    async fn make(&self, key: Key, utterance: Utterance) -> Result<Spoken, Failure> {
        let limit = self.limits.timeout;
        let place = timeout(limit, self.engines.acquire()).await.map_err(|_| Failure::Timeout)?;
        let place = place.map_err(|_| Failure::Defect)?;
        let begun = Instant::now();
        let output = self.cache.part();
        let sound = timeout(limit, self.engine.speak(&utterance, &output.0, limit)).await;
        Metric::SpeechTime.record(begun.elapsed().as_secs_f64());
        drop((place, output));
        let sound = sound.unwrap_or(Err(Failure::Timeout)).inspect_err(|failure| {
            tracing::warn!(%failure, "a text was not spoken");
        })?;
        let cache = Arc::clone(&self.cache);
        let put = spawn_blocking(move || cache.put(&key, &sound, SystemTime::now()));
        Ok(put.await.map_err(|_| Failure::Defect)??)
    }
}

/// Looks for what is too old. Dropping it ends that.
struct Sweeper(AbortHandle);

impl Sweeper {
    fn start(cache: &Arc<Cache>) -> Self {
        let cache = Arc::clone(cache);
        let task = tokio::spawn(async move {
            let mut hours = interval(SWEEP_INTERVAL);
            hours.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                hours.tick().await;
                let cache = Arc::clone(&cache);
                if spawn_blocking(move || cache.sweep(SystemTime::now())).await.is_err() {
                    tracing::error!("looking for old spoken texts panicked");
                }
            }
        });
        Self(task.abort_handle())
    }
}

impl Drop for Sweeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}
