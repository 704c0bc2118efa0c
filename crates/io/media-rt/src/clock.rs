//! The two clocks of the machine.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hotline_base::{Now, Time, WallTime};

/// Both clocks, from one origin for all media threads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    origin: Instant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { origin: Instant::now() }
    }

    pub(crate) fn mono(self) -> Time {
        Time::ZERO + self.origin.elapsed()
    }

    pub(crate) fn now(self) -> Now {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Now { mono: self.mono(), wall: WallTime::default() + since_epoch }
    }
}
