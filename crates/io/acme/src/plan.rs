//! When an authority is asked, and how often at most.
//!
//! The limits are below those of Let's Encrypt (<https://letsencrypt.org/docs/rate-limits/>): five failed validations of a name an hour, five
//! certificates for the same names in seven days, 300 orders in three hours. They count over restarts.

use serde::{Deserialize, Serialize};

/// Orders in an hour, whether they came to something or not.
pub const ATTEMPTS_PER_HOUR_MAX: usize = 4;
/// Certificates in seven days, or in the life of one if that is shorter.
pub const CERTIFICATES_MAX: usize = 4;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
/// After the first failure; twice as long after each further one.
const BACKOFF: i64 = 600;
/// The longest pause after a failure.
const BACKOFF_MAX: i64 = 12 * HOUR;
/// An authority that says that it was asked too often is left alone for so long at least.
const LIMITED: i64 = HOUR;
/// What is said of a failure, in bytes.
const REASON_MAX: usize = 500;

/// What was asked before, as it is kept in a file. Times are seconds since the Unix epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct History {
    /// When orders were begun, the latest last.
    pub attempts: Vec<i64>,
    /// When certificates came, the latest last.
    pub issued: Vec<i64>,
    /// How many orders have failed since.
    pub failures: u32,
    /// Why the last one did.
    pub reason: Option<String>,
    /// When it is tried again.
    pub retry_at: Option<i64>,
}

/// The certificate that there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) begins: i64,
    pub(crate) ends: i64,
}

impl Held {
    /// A third of its life before its end.
    pub(crate) fn renewed_at(self) -> i64 {
        self.ends - (self.ends - self.begins) / 3
    }

    /// Whether so little is left that somebody should look: a sixth of its life.
    pub(crate) fn is_short(self, now: i64) -> bool {
        self.ends - now < (self.ends - self.begins) / 6
    }
}

impl History {
    /// When the authority is asked next. `wished` is the time for which it has asked itself, if it has. Whoever has just started does not
    /// wait for the pause after a failure: somebody may have put right what was wrong.
    pub(crate) fn next(&self, held: Option<Held>, wished: Option<i64>, has_just_started: bool) -> i64 {
        let due = held.map_or(0, |held| wished.unwrap_or_else(|| held.renewed_at()).min(held.renewed_at()));
        let retry = self.retry_at.filter(|_| !has_just_started).unwrap_or(0);
        let life = held.map_or(7 * DAY, |held| (held.ends - held.begins).clamp(0, 7 * DAY));
        let attempts = within(&self.attempts, ATTEMPTS_PER_HOUR_MAX, HOUR);
        let issued = within(&self.issued, CERTIFICATES_MAX, life);
        due.max(retry).max(attempts).max(issued)
    }

    pub(crate) fn begin(&mut self, now: i64) {
        push(&mut self.attempts, now, ATTEMPTS_PER_HOUR_MAX);
    }

    pub(crate) fn succeed(&mut self, now: i64) {
        push(&mut self.issued, now, CERTIFICATES_MAX);
        (self.failures, self.reason, self.retry_at) = (0, None, None);
    }

    /// `chance` is between 0 and 1: servers that fail together do not come back together.
    pub(crate) fn fail(&mut self, now: i64, reason: &str, is_limited: bool, chance: f64) {
        let doubled = BACKOFF.saturating_mul(1 << self.failures.min(16)).min(BACKOFF_MAX);
        let pause = if is_limited { doubled.max(LIMITED) } else { doubled };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            reason = "half a day of seconds"
        )]
        let spread = (pause as f64 * 0.5 * chance) as i64;
        self.retry_at = Some(now + pause + spread);
        self.failures = self.failures.saturating_add(1);
        let end =
            reason.char_indices().map(|(at, _)| at).take_while(|at| *at <= REASON_MAX).last().unwrap_or(0);
        let cut = if reason.len() > REASON_MAX { &reason[..end] } else { reason };
        // It comes from elsewhere, and is shown on terminals.
        self.reason = Some(cut.chars().map(|one| if one.is_control() { ' ' } else { one }).collect());
    }
}

/// From when on there are fewer than `max` of them in `window` seconds.
fn within(times: &[i64], max: usize, window: i64) -> i64 {
    times.len().checked_sub(max).map_or(0, |first| times[first].saturating_add(window))
}

fn push(times: &mut Vec<i64>, now: i64, max: usize) {
    times.push(now);
    times.drain(..times.len().saturating_sub(max));
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000;

    #[test]
    fn a_certificate_is_renewed_at_a_third_of_its_life_or_when_the_authority_wishes_it_earlier() {
        let held = Held { begins: NOW, ends: NOW + 90 * DAY };
        let none = History::default();
        assert!(none.next(None, None, false) <= NOW, "at once if there is none");
        assert_eq!(none.next(Some(held), None, false), NOW + 60 * DAY);
        assert_eq!(none.next(Some(held), Some(NOW + 5 * DAY), false), NOW + 5 * DAY);
        assert_eq!(none.next(Some(held), Some(NOW + 80 * DAY), false), NOW + 60 * DAY, "a late wish is none");
        assert!(!held.is_short(NOW + 74 * DAY) && held.is_short(NOW + 76 * DAY));
    }

    #[test]
    fn failures_make_it_wait_longer_each_time_and_a_restart_does_not() {
        let mut history = History::default();
        let mut pauses = Vec::new();
        for _ in 0..9 {
            history.fail(NOW, "it says no", false, 0.0);
            pauses.push((history.next(None, None, false) - NOW) / 60);
        }
        assert_eq!(pauses, [10, 20, 40, 80, 160, 320, 640, 720, 720]);
        assert!(history.next(None, None, true) <= NOW);
        history.fail(NOW, "it says no", false, 1.0);
        assert_eq!(history.next(None, None, false), NOW + 18 * HOUR, "spread over half as much again");
        history.succeed(NOW);
        assert_eq!((history.failures, &history.reason), (0, &None));
        history.fail(NOW, "asked too often", true, 0.0);
        assert_eq!(history.next(None, None, false), NOW + LIMITED);
    }

    #[test]
    fn a_server_that_starts_again_and_again_asks_no_more_than_the_authority_bears() {
        let mut history = History::default();
        let (mut now, mut asked) = (NOW, Vec::new());
        // A start every minute for a day.
        while now < NOW + DAY {
            if history.next(None, None, true) <= now {
                asked.push(now);
                history.begin(now);
                history.fail(now, "no", false, 0.5);
                history = serde_json::from_str(&serde_json::to_string(&history).unwrap()).unwrap();
            }
            now += 60;
        }
        for window in asked.windows(ATTEMPTS_PER_HOUR_MAX + 1) {
            assert!(window[ATTEMPTS_PER_HOUR_MAX] - window[0] >= HOUR, "{window:?}");
        }
        assert_eq!(asked.len(), 24 * ATTEMPTS_PER_HOUR_MAX);
    }

    #[test]
    fn an_authority_whose_certificates_are_always_about_to_end_is_not_asked_for_ever() {
        let mut history = History::default();
        let old = Held { begins: NOW - 80 * DAY, ends: NOW + 10 * DAY };
        for certificate in 0..i64::try_from(CERTIFICATES_MAX).unwrap() {
            assert!(history.next(Some(old), None, false) <= NOW + certificate);
            history.succeed(NOW + certificate);
        }
        assert_eq!(history.next(Some(old), None, false), NOW + 7 * DAY);
        // Those of a day are renewed more often.
        let short = Held { begins: NOW, ends: NOW + DAY };
        assert_eq!(history.next(Some(short), None, false), NOW + DAY);
    }

    #[test]
    fn what_an_authority_says_is_kept_short_and_in_one_line() {
        let mut history = History::default();
        history.fail(NOW, &format!("no\n\u{1b}[2J{}", "ü".repeat(REASON_MAX)), false, 0.0);
        let reason = history.reason.unwrap();
        assert!(reason.len() <= REASON_MAX + 2 && reason.starts_with("no  [2J"), "{reason}");
    }
}
