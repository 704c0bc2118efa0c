//! Time as a value: the shell samples both clocks once per loop turn and passes them in.

use core::ops::{Add, Sub};
use core::time::Duration;

use serde::{Deserialize, Serialize};

/// Monotonic time in microseconds since an origin the process chose. Never goes back; says nothing about dates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Time(pub u64);

impl Time {
    /// The origin.
    pub const ZERO: Self = Self(0);

    /// Microseconds since the origin.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// The time that passed since `earlier`; zero if `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    /// Saturates at the end of time instead of wrapping.
    fn add(self, rhs: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(rhs.as_micros()).unwrap_or(u64::MAX)))
    }
}

impl Sub for Time {
    type Output = Duration;

    fn sub(self, rhs: Self) -> Duration {
        self.since(rhs)
    }
}

/// Wall-clock time in microseconds since the Unix epoch, UTC. May jump; for people and records only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WallTime(pub i64);

impl WallTime {
    /// Microseconds since the Unix epoch.
    #[must_use]
    pub const fn as_unix_micros(self) -> i64 {
        self.0
    }

    /// Milliseconds since the Unix epoch, rounded down.
    #[must_use]
    pub const fn as_unix_millis(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Whole seconds since the Unix epoch, rounded down.
    #[must_use]
    pub const fn as_unix_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The time that passed since `earlier`; zero if `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl Add<Duration> for WallTime {
    type Output = Self;

    fn add(self, rhs: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(rhs.as_micros()).unwrap_or(i64::MAX)))
    }
}

/// Both clocks, sampled together once per turn of the shell's loop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Now {
    /// For timers and durations.
    pub mono: Time,
    /// For records and people.
    pub wall: WallTime,
}

impl Now {
    /// The moment of `wall` by both clocks. What lies before the monotonic clock's origin counts from there.
    #[must_use]
    pub fn then(self, wall: WallTime) -> Self {
        let mono = if wall > self.wall {
            self.mono + wall.since(self.wall)
        } else {
            Time::ZERO + self.mono.since(Time::ZERO).saturating_sub(self.wall.since(wall))
        };
        Self { mono, wall }
    }
}

impl Add<Duration> for Now {
    type Output = Self;

    fn add(self, rhs: Duration) -> Self {
        Self { mono: self.mono + rhs, wall: self.wall + rhs }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_never_go_below_zero() {
        assert_eq!(Time(5).since(Time(9)), Duration::ZERO);
        assert_eq!(WallTime(5).since(WallTime(9)), Duration::ZERO);
        assert_eq!(Time(9) - Time(5), Duration::from_micros(4));
    }

    #[test]
    fn what_is_known_by_the_wall_clock_has_its_time_by_the_other() {
        let now = Now { mono: Time(90), wall: WallTime(100) };
        let mono = |wall| now.then(WallTime(wall)).mono;
        assert_eq!([105, 100, 99, 11, 10, 0].map(mono), [95, 90, 89, 1, 0, 0].map(Time));
    }

    #[test]
    fn adding_saturates() {
        assert_eq!(Time(u64::MAX) + Duration::from_secs(1), Time(u64::MAX));
    }

    #[test]
    fn wall_time_before_the_epoch_rounds_down() {
        assert_eq!(WallTime(-1).as_unix_seconds(), -1);
        assert_eq!(WallTime(-1).as_unix_millis(), -1);
    }
}
