//! Both clocks of this process, sampled together.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use hotline_base::{Now, Time, WallTime};

/// The origin of monotonic time. Every part of the server that speaks of [`Time`] shares one.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Instant,
}

impl Clock {
    /// A clock that begins at this moment.
    #[must_use]
    pub fn start() -> Self {
        Self { origin: Instant::now() }
    }

    /// Both clocks.
    #[must_use]
    pub fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now {
            mono: Time(u64::try_from(self.origin.elapsed().as_micros()).unwrap_or(u64::MAX)),
            wall: WallTime(i64::try_from(wall.as_micros()).unwrap_or(i64::MAX)),
        }
    }
}
