//! Midnight where the center is: what counts by the day begins anew.

use hotline_acd::{Acd, StateSpan};
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
    /// Since when [`remember`](Self::remember) is to be told what agents did.
    #[must_use]
    pub fn remembers_since(&self, now: Now) -> WallTime {
        Acd::remembers_since(now, self.env.center.zone.day_of(now.wall))
    }

    /// Agents did this before the process began: their quotas, their calls of the day and what queues spread calls by go on
    /// from there. To be called once, before anything comes.
    pub fn remember(&mut self, now: Now, spans: Vec<StateSpan>) {
        let day = self.env.center.zone.day_of(now.wall);
        self.env.acd.remember(now, day, spans);
        self.settle(now);
    }

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
