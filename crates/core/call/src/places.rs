//! The places in line of callers who were cut off, kept for a while: who calls again by the same number has it back.

use std::collections::BTreeMap;
use std::time::Duration;

use hotline_base::{Now, Pii, QueueId, Time};
use serde::{Deserialize, Serialize};

/// Places that are kept at once. Beyond it the one that would be given up first is.
pub(crate) const PLACES_KEPT_MAX: usize = 1_000;

/// Kept places by queue and normalised number.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct KeptPlaces(BTreeMap<(QueueId, Pii<String>), Place>);

#[derive(Debug, Serialize, Deserialize)]
struct Place {
    /// When its caller first joined.
    enqueued: Now,
    until: Time,
}

impl KeptPlaces {
    /// Keeps the place of somebody who joined at `enqueued`.
    pub(crate) fn keep(
        &mut self,
        now: Now,
        queue: QueueId,
        number: Pii<String>,
        enqueued: Now,
        length: Duration,
    ) {
        self.0.retain(|_, place| place.until > now.mono);
        if self.0.len() >= PLACES_KEPT_MAX
            && let Some(next) =
                self.0.iter().min_by_key(|(_, place)| place.until).map(|(whose, _)| whose.clone())
        {
            self.0.remove(&next);
        }
        self.0.insert((queue, number), Place { enqueued, until: now.mono + length });
    }

    /// Gives the place back: when its caller first joined.
    pub(crate) fn take(&mut self, now: Now, queue: &QueueId, number: &Pii<String>) -> Option<Now> {
        let place = self.0.remove(&(queue.clone(), number.clone()))?;
        (place.until > now.mono).then_some(place.enqueued)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> Now {
        Now::default() + Duration::from_secs(second)
    }

    fn number(last: usize) -> Pii<String> {
        Pii::new(format!("+1555{last:07}"))
    }

    #[test]
    fn a_place_is_given_back_once_to_whom_it_belongs_and_in_time() {
        let mut kept = KeptPlaces::default();
        let (sales, support) = (QueueId::from("sales"), QueueId::from("support"));
        kept.keep(at(100), sales.clone(), number(1), at(7), Duration::from_secs(60));
        assert_eq!(kept.take(at(120), &sales, &number(2)), None);
        assert_eq!(kept.take(at(120), &support, &number(1)), None);
        assert_eq!(kept.take(at(120), &sales, &number(1)), Some(at(7)));
        assert_eq!(kept.take(at(121), &sales, &number(1)), None);
        kept.keep(at(200), sales.clone(), number(1), at(150), Duration::from_secs(60));
        assert_eq!(kept.take(at(260), &sales, &number(1)), None);
    }

    #[test]
    fn more_places_than_are_kept_give_up_the_oldest() {
        let mut kept = KeptPlaces::default();
        let sales = QueueId::from("sales");
        for caller in 0..=PLACES_KEPT_MAX {
            let second = u64::try_from(caller).unwrap();
            kept.keep(at(second), sales.clone(), number(caller), at(1), Duration::from_secs(100_000));
        }
        let now = at(2_000);
        assert_eq!(kept.take(now, &sales, &number(0)), None);
        assert_eq!(kept.take(now, &sales, &number(1)), Some(at(1)));
    }
}
