//! What a waiting caller is told, and when: position, expected wait, comfort messages.

use hotline_base::{PlayId, Time};
use serde::{Deserialize, Serialize};

use crate::queue::Announcements;

/// What one caller has been told so far.
#[derive(Serialize, Deserialize)]
pub(super) struct Announcer {
    /// The announcement under way.
    pub(super) playing: Option<PlayId>,
    /// The position last reported.
    pub(super) position: u32,
    /// The position last told; 0 before the first.
    told: u32,
    told_at: Time,
    pub(super) joined_at: Time,
    /// When the last thing that was said ended.
    quiet_since: Option<Time>,
    /// How many comfort messages were said.
    comforts: usize,
}

/// What is to be said next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Position and wait, as far as they are told.
    Place,
    /// The comfort message with this index.
    Comfort(usize),
}

impl Announcer {
    pub(super) const fn new(now: Time) -> Self {
        Self {
            playing: None,
            position: 0,
            told: 0,
            told_at: now,
            joined_at: now,
            quiet_since: None,
            comforts: 0,
        }
    }

    /// The same caller in another queue, where nothing was told yet. What is being said is let finish.
    pub(super) const fn elsewhere(&self, now: Time) -> Self {
        Self { playing: self.playing, ..Self::new(now) }
    }

    /// What is said next, and when. `None` while something is said, and if nothing is left to say.
    pub(super) fn next(&self, rules: &Announcements) -> Option<(Time, Next)> {
        if self.playing.is_some() {
            return None;
        }
        let place = self.place_due(rules).map(|at| (at, Next::Place));
        let comfort = (!rules.comfort.is_empty()).then(|| {
            let at = self.quiet_since.unwrap_or(self.joined_at) + rules.comfort_every;
            (at, Next::Comfort(self.comforts % rules.comfort.len()))
        });
        // Of two at one time the place is news.
        place.into_iter().chain(comfort).min_by_key(|(at, _)| *at)
    }

    fn place_due(&self, rules: &Announcements) -> Option<Time> {
        if self.position == 0 || !(rules.position || rules.wait) {
            return None;
        }
        let earliest = match self.quiet_since {
            Some(since) => since + rules.interval,
            None => self.joined_at + rules.after,
        };
        if self.told != self.position {
            return Some(earliest);
        }
        rules.repeat.map(|repeat| earliest.max(self.told_at + repeat))
    }

    /// This is being said.
    pub(super) fn said(&mut self, now: Time, what: Next, play: PlayId) {
        self.playing = Some(play);
        self.noted(now, what);
    }

    /// This has been dealt with: there was nothing to say of it.
    pub(super) fn noted(&mut self, now: Time, what: Next) {
        match what {
            Next::Place => (self.told, self.told_at) = (self.position, now),
            Next::Comfort(_) => self.comforts += 1,
        }
        self.quiet_since = Some(now);
    }

    /// True if it was an announcement that has ended.
    pub(super) fn ended(&mut self, now: Time, play: PlayId) -> bool {
        let is_own = self.playing == Some(play);
        if is_own {
            self.playing = None;
            self.quiet_since = Some(now);
        }
        is_own
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn at(second: u64) -> Time {
        Time::ZERO + seconds(second)
    }

    fn rules() -> Announcements {
        Announcements { after: seconds(2), repeat: Some(seconds(60)), ..Announcements::default() }
    }

    #[test]
    fn the_place_is_told_after_joining_and_when_it_changes_but_not_too_often() {
        let mut announcer = Announcer::new(at(0));
        assert_eq!(announcer.next(&rules()), None);
        announcer.position = 3;
        assert_eq!(announcer.next(&rules()), Some((at(2), Next::Place)));
        announcer.said(at(2), Next::Place, PlayId(1));
        assert_eq!(announcer.next(&rules()), None);
        announcer.position = 2;
        assert!(!announcer.ended(at(4), PlayId(2)));
        assert!(announcer.ended(at(5), PlayId(1)));
        assert_eq!(announcer.next(&rules()), Some((at(20), Next::Place)));
        announcer.said(at(20), Next::Place, PlayId(3));
        announcer.ended(at(23), PlayId(3));
        assert_eq!(announcer.next(&rules()), Some((at(80), Next::Place)));
    }

    #[test]
    fn comfort_messages_take_turns_in_the_quiet() {
        let comfort = vec!["busy".into(), "thanks".into()];
        let rules = Announcements { comfort, comfort_every: seconds(30), ..Announcements::default() };
        let mut announcer = Announcer::new(at(0));
        announcer.position = 1;
        announcer.said(at(0), Next::Place, PlayId(1));
        announcer.ended(at(4), PlayId(1));
        for (start, index) in [(34, 0), (66, 1), (98, 0)] {
            assert_eq!(announcer.next(&rules), Some((at(start), Next::Comfort(index))));
            announcer.said(at(start), Next::Comfort(index), PlayId(start));
            announcer.ended(at(start + 2), PlayId(start));
        }
    }

    #[test]
    fn who_is_told_nothing_hears_nothing() {
        let rules = Announcements { position: false, ..Announcements::default() };
        let mut announcer = Announcer::new(at(0));
        announcer.position = 1;
        assert_eq!(announcer.next(&rules), None);
    }
}
