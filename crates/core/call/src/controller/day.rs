//! Midnight where the center is: what counts by the day begins anew.

use hotline_base::{Now, Time, WallTime};
use hotline_hours::Zone;
use serde::{Deserialize, Serialize};

use super::Controller;

/// When the next day begins.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct NextDay {
    begins: WallTime,
    /// When to look: by then the wall clock may have been set.
    look_at: Time,
}

impl NextDay {
    pub(crate) fn after(now: Now, zone: &Zone) -> Self {
        let begins = zone.day_after(now.wall);
        Self { begins, look_at: now.mono + begins.since(now.wall) }
    }

    pub(super) const fn look_at(&self) -> Time {
        self.look_at
    }
}

impl Controller {
    /// Begins the day if it is time.
    pub(super) fn follow_calendar(&mut self, now: Now) {
        let next = self.env.next_day;
        if now.mono < next.look_at {
            return;
        }
        if now.wall >= next.begins {
            self.env.acd.begin_day(now);
        }
        self.env.next_day = NextDay::after(now, &self.env.center.zone);
    }
}
