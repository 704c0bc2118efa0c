#![allow(missing_docs, clippy::all, reason = "stub")]
use core::time::Duration;

use hotline_base::{CallId, Now};

use crate::Acd;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    Wait,
    Unstaffed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitRange {
    pub from: Duration,
    pub to: Duration,
}

impl Acd {
    pub fn hold_back(&mut self, _now: Now, _call: CallId, _until: hotline_base::Time) {}

    pub fn offer_accepted(
        &mut self,
        _now: Now,
        _reservation: hotline_base::ReservationId,
        _longest: Duration,
    ) {
    }

    pub fn say_wait(&mut self, _now: Now, _call: CallId) -> Option<WaitRange> {
        None
    }
}
