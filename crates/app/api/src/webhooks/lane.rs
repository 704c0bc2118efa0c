//! What waits of each call because its receiver did not take something: sent in order, the first when its pause is over.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use hotline_base::{CallId, WallTime};
use hotline_store::ParkedEvent;

/// Events that may wait for one receiver; with more, no new ones are sent.
pub(super) const PARKED_MAX: usize = 10_000;
/// The pauses after the first failures; the last one counts for all further ones.
const PAUSES: [u64; 6] = [5, 30, 120, 600, 1800, 3600];
/// An event so old that was sent in vain is given up.
pub(super) const GIVE_UP: Duration = Duration::from_hours(72);

/// How long to wait after so many tries.
pub(super) fn pause(attempts: u32) -> Duration {
    let place = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX).min(PAUSES.len() - 1);
    Duration::from_secs(PAUSES[place])
}

/// The parked events, by call; those of no call wait behind one another too.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    lanes: BTreeMap<Option<CallId>, VecDeque<ParkedEvent>>,
    count: usize,
}

impl Lanes {
    pub(super) fn new(parked: Vec<ParkedEvent>) -> Self {
        let mut lanes = Self::default();
        parked.into_iter().for_each(|event| lanes.push(event));
        lanes
    }

    /// Behind what waits of its call.
    pub(super) fn push(&mut self, event: ParkedEvent) {
        self.lanes.entry(event.call).or_default().push_back(event);
        self.count += 1;
    }

    pub(super) const fn len(&self) -> usize {
        self.count
    }

    /// Whether something of this call waits.
    pub(super) fn holds(&self, call: Option<CallId>) -> bool {
        self.lanes.contains_key(&call)
    }

    /// The first of each call whose pause is over, the one that waits the longest first.
    pub(super) fn due(&self, now: WallTime) -> Option<ParkedEvent> {
        let heads = self.lanes.values().filter_map(VecDeque::front);
        heads.filter(|event| event.next_at <= now).min_by_key(|event| event.next_at).cloned()
    }

    /// When the next one is due.
    pub(super) fn next_at(&self) -> Option<WallTime> {
        self.lanes.values().filter_map(VecDeque::front).map(|event| event.next_at).min()
    }

    /// The first of its call is settled: what waits behind it is due at once.
    pub(super) fn pop(&mut self, call: Option<CallId>) {
        let Some(lane) = self.lanes.get_mut(&call) else { return };
        self.count -= usize::from(lane.pop_front().is_some());
        match lane.front_mut() {
            Some(next) => next.next_at = WallTime(0),
            None => drop(self.lanes.remove(&call)),
        }
    }

    /// The first of its call was sent in vain once more.
    pub(super) fn put_off(&mut self, event: &ParkedEvent) {
        if let Some(head) = self.lanes.get_mut(&event.call).and_then(VecDeque::front_mut) {
            head.clone_from(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use hotline_base::Rng;

    use super::*;

    fn parked(seq: u64, call: Option<CallId>, next_at: i64) -> ParkedEvent {
        ParkedEvent { seq, call, attempts: 1, next_at: WallTime(next_at) }
    }

    #[test]
    fn calls_wait_for_themselves_alone_and_in_order() {
        let call = |number| Some(CallId::generate(WallTime(0), &mut Rng::from_number(number)));
        let (one, other) = (call(1), call(2));
        let mut lanes = Lanes::new(vec![
            parked(1, one, 500),
            parked(2, one, 100),
            parked(3, other, 300),
            parked(4, None, 900),
        ]);
        assert_eq!((lanes.len(), lanes.next_at()), (4, Some(WallTime(300))));
        assert!(lanes.holds(one) && lanes.holds(None) && !lanes.holds(call(3)));
        assert_eq!(lanes.due(WallTime(299)), None, "the second of a call waits for the first");
        assert_eq!(lanes.due(WallTime(600)).unwrap().seq, 3);
        lanes.pop(other);
        let first = lanes.due(WallTime(600)).unwrap();
        assert_eq!(first.seq, 1);
        lanes.put_off(&ParkedEvent { next_at: WallTime(2000), attempts: 2, ..first });
        assert_eq!(lanes.due(WallTime(1000)).unwrap().seq, 4);
        lanes.pop(one);
        assert_eq!(lanes.due(WallTime(1)).unwrap().seq, 2, "due at once");
        lanes.pop(one);
        assert!(!lanes.holds(one));
        assert_eq!(lanes.len(), 1);
    }

    #[test]
    fn pauses_grow_to_an_hour() {
        let pauses: Vec<u64> = (0..9).map(|attempts| pause(attempts).as_secs()).collect();
        assert_eq!(pauses, [5, 5, 30, 120, 600, 1800, 3600, 3600, 3600]);
    }
}
