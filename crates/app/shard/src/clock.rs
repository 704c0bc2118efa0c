//! Both clocks of this process, sampled together.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hotline_base::{Now, Time, WallTime};

/// How long before its start a clock's origin lies: places in line and the time of agents date from before the process.
/// What is older counts from the origin.
pub(crate) const REACH_BACK: Duration = Duration::from_hours(24 * 366);

/// The origin of monotonic time. Every part of the server that speaks of [`Time`] shares one.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// The monotonic time at `started`.
    first: Time,
    started: Instant,
}

impl Clock {
    /// A clock that has run for a year at this moment: it can speak of what was before the process.
    #[must_use]
    pub fn start() -> Self {
        Self { first: Time::ZERO + REACH_BACK, started: Instant::now() }
    }

    /// A clock that goes on counting where that of another process was at `at`: for a core that was saved then, see
    /// [`Controller::saved_at`](hotline_call::Controller::saved_at). What has passed since is taken from the wall
    /// clock; if that was set back, none has.
    #[must_use]
    pub fn resume(at: Now) -> Self {
        let mut clock = Self::start();
        clock.first = at.mono + clock.now().wall.since(at.wall);
        clock
    }

    /// Both clocks.
    #[must_use]
    pub fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now {
            mono: self.first + self.started.elapsed(),
            wall: WallTime(i64::try_from(wall.as_micros()).unwrap_or(i64::MAX)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn a_clock_that_begins_can_speak_of_what_was_before() {
        let now = Clock::start().now();
        assert!(now.mono - Time::ZERO >= REACH_BACK);
    }

    #[test]
    fn a_clock_goes_on_where_another_was_and_never_before() {
        let mono = Time::ZERO + HOUR;
        let wall = Clock::start().now().wall;
        let late = WallTime(wall.0 - 2_000_000);
        assert!(Clock::resume(Now { mono, wall: late }).now().mono >= mono + Duration::from_secs(2));
        let set_back = Clock::resume(Now { mono, wall: wall + HOUR }).now().mono;
        assert!(set_back >= mono && set_back < mono + HOUR);
    }
}
