//! The whole core as bytes, with which another process goes on. The format is private and described in
//! `docs/adr/0008-state-as-bytes.md`; what programs outside may read is in `api-types`.

use std::collections::BTreeMap;
use std::sync::Arc;

use hotline_base::{CallId, Given, Now};
use hotline_sip::EndpointConfig;

use super::Controller;
use crate::call::Call;
use crate::center::Center;
use crate::env::Env;

/// The format of [`Controller::save`]. To be raised with every change of a type that is part of the state.
pub const VERSION: u32 = 1;

/// Why nobody can go on with these bytes. Nothing was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// They are of another version of the program.
    #[error("the state is in format {0}, not {VERSION}")]
    OtherVersion(u32),
    /// They are cut off, have something behind them, or are no state at all.
    #[error("this is no state, or not a whole one")]
    Malformed,
    /// The monotonic clock is behind the time of saving: it began anew, and every timer would be wrong.
    #[error("the monotonic clock does not go on from where the state was saved")]
    ClockBehind,
}

impl Controller {
    /// Everything but configuration and secrets, between two turns. The bytes hold personal data, and passwords of
    /// what is being sent: who stores them keeps them from others. `now` is that of the last turn or later; nothing may be given to this controller
    /// any more if another goes on.
    ///
    /// # Panics
    /// Never: no part of the state can fail to be written.
    #[must_use]
    pub fn save(&self, now: Now) -> Vec<u8> {
        let state = (VERSION, now, (&self.env, &self.calls, self.draining));
        postcard::to_allocvec(&state).expect("plain data of known length can be written")
    }

    /// When `bytes` were saved. The clock of whoever goes on must count on from there: its monotonic time begins
    /// with the saved one and what has passed on the wall clock since.
    ///
    /// # Errors
    /// [`RestoreError`], if they cannot be read.
    pub fn saved_at(bytes: &[u8]) -> Result<Now, RestoreError> {
        read_head(bytes).map(|(at, _)| at)
    }

    /// Goes on with what [`Self::save`] wrote. Configuration and secret are given anew and may be others: calls go on
    /// as [`Endpoint::reconfigure`](hotline_sip::Endpoint::reconfigure) and
    /// [`Acd::reconfigure`](hotline_acd::Acd::reconfigure) say, and a running flow is the one that the call began
    /// with. With another secret, phones are challenged again. Outputs are there to be polled as after a turn.
    ///
    /// # Errors
    /// [`RestoreError`], if it cannot.
    pub fn restore(
        now: Now,
        center: Arc<Center>,
        endpoint: EndpointConfig,
        nonce_secret: [u8; 32],
        bytes: &[u8],
    ) -> Result<Self, RestoreError> {
        let (at, rest) = read_head(bytes)?;
        let state = postcard::take_from_bytes::<(Env, BTreeMap<CallId, Call>, bool)>(rest);
        let ((mut env, calls, draining), []) = state.map_err(|_| RestoreError::Malformed)? else {
            return Err(RestoreError::Malformed);
        };
        if now.mono < at.mono {
            return Err(RestoreError::ClockBehind);
        }
        env.sip.restore(endpoint, nonce_secret);
        env.acd.reconfigure(now, center.acd_config());
        env.center = Given::new(center);
        let mut controller = Self { env, calls, draining, acting: None };
        controller.settle(now);
        Ok(controller)
    }
}

/// The time of saving, and what follows it.
fn read_head(bytes: &[u8]) -> Result<(Now, &[u8]), RestoreError> {
    let malformed = |_: postcard::Error| RestoreError::Malformed;
    let (version, rest) = postcard::take_from_bytes::<u32>(bytes).map_err(malformed)?;
    if version != VERSION {
        return Err(RestoreError::OtherVersion(version));
    }
    postcard::take_from_bytes(rest).map_err(malformed)
}
