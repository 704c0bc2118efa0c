//! What is decided by hand about opening hours: kept in the database, and given to call processing.

use std::collections::BTreeMap;

use hotline_base::{HoursId, WallTime};
use hotline_call::Command;
use hotline_hours::{Override, Schedule, Status};
use hotline_shard::Handle;
use hotline_store::{Store, StoreError};
use tokio::sync::Mutex;

use crate::error::ApiError;

/// Under which name the database keeps them.
const STATE: &str = "hours_by_hand";

/// What is decided about the opening hours of the center.
pub struct HoursByHand {
    /// Held while a decision is written: one at a time.
    decided: Mutex<BTreeMap<HoursId, Override>>,
}

/// One of the opening hours.
pub(crate) struct View {
    pub(crate) hours: HoursId,
    pub(crate) status: Status,
    pub(crate) by_hand: Option<Override>,
}

impl HoursByHand {
    /// Reads what was decided. What is over, or about hours that there are no more, is forgotten.
    ///
    /// # Errors
    /// [`StoreError`] from the database.
    pub async fn open(
        store: &Store,
        schedules: &BTreeMap<HoursId, Schedule>,
        now: WallTime,
    ) -> Result<Self, StoreError> {
        let text = store.state_or(STATE, "{}").await?;
        let mut decided: BTreeMap<HoursId, Override> = serde_json::from_str(&text).unwrap_or_else(|error| {
            tracing::error!(%error, "what was decided about opening hours cannot be read; the hours count");
            BTreeMap::new()
        });
        decided.retain(|hours, decided| schedules.contains_key(hours) && lasts(*decided, now));
        Ok(Self { decided: Mutex::new(decided) })
    }

    /// The commands that tell a new call processing.
    pub async fn commands(&self) -> Vec<Command> {
        let decided = self.decided.lock().await;
        decided.iter().map(|(hours, decided)| Command::OverrideHours(hours.clone(), Some(*decided))).collect()
    }

    pub(crate) async fn list(&self, schedules: &BTreeMap<HoursId, Schedule>, now: WallTime) -> Vec<View> {
        let decided = self.decided.lock().await;
        let view = |(hours, schedule): (&HoursId, &Schedule)| {
            let by_hand = decided.get(hours).copied().filter(|decided| lasts(*decided, now));
            View { hours: hours.clone(), status: schedule.at(now, by_hand), by_hand }
        };
        schedules.iter().map(view).collect()
    }

    /// Decides, or takes a decision back (`None`). On return it is on disk and counts.
    pub(crate) async fn decide(
        &self,
        (store, shard): (&Store, &Handle),
        schedules: &BTreeMap<HoursId, Schedule>,
        hours: &HoursId,
        by_hand: Option<Override>,
        now: WallTime,
    ) -> Result<(), ApiError> {
        if !schedules.contains_key(hours) {
            return Err(ApiError::NotFound);
        }
        let mut decided = self.decided.lock().await;
        let mut wanted = decided.clone();
        wanted.retain(|_, decided| lasts(*decided, now));
        match by_hand {
            Some(by_hand) => drop(wanted.insert(hours.clone(), by_hand)),
            None => drop(wanted.remove(hours)),
        }
        let text =
            serde_json::to_string(&wanted).map_err(|error| ApiError::Data(StoreError::Encode(error)))?;
        store.put_state(STATE, &text).await?;
        *decided = wanted;
        shard.command(Command::OverrideHours(hours.clone(), by_hand)).await?;
        Ok(())
    }
}

fn lasts(decided: Override, now: WallTime) -> bool {
    decided.until.is_none_or(|until| now < until)
}
