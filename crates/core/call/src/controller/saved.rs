//! The whole core as bytes, with which another process goes on. The format is private and described in
//! `docs/adr/0008-state-as-bytes.md`; what programs outside may read is in `api-types`.

use std::collections::BTreeMap;
use std::sync::Arc;

use hotline_base::{CallId, Given, Now};
use hotline_sip::EndpointConfig;
use sha2::{Digest as _, Sha256};

use super::Controller;
use crate::call::Call;
use crate::center::Center;
use crate::env::Env;

/// The format of [`Controller::save`]. To be raised with every change of a type that is part of the state.
pub const VERSION: u32 = 21;

/// Why nobody can go on with these bytes. Nothing was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// They are of another version of the program.
    #[error("the state is in format {0}, not {VERSION}")]
    OtherVersion(u32),
    /// They are cut off, damaged, or no state at all.
    #[error("this is no state, or a damaged one")]
    Malformed,
    /// The monotonic clock is behind the time of saving: it began anew, and every timer would be wrong.
    #[error("the monotonic clock does not go on from where the state was saved")]
    ClockBehind,
}

impl Controller {
    /// Everything but configuration and secrets, between two turns. `now` is that of the last turn or later; if
    /// another process goes on, this controller must be given nothing more. The bytes hold personal data, and
    /// the passwords with which we register or call elsewhere: who stores them keeps them from others.
    ///
    /// # Panics
    /// Never: no part of the state can fail to be written.
    #[must_use]
    pub fn save(&self, now: Now) -> Vec<u8> {
        let written = "plain data of known length can be written";
        let state = (now, (&self.env, &self.calls, self.draining));
        let body = postcard::to_allocvec(&state).expect(written);
        let mut bytes = postcard::to_allocvec(&(VERSION, seal(&body))).expect(written);
        bytes.extend(body);
        bytes
    }

    /// When `bytes` were saved. The clock of whoever goes on must count on from there: its monotonic time begins
    /// with the saved one and what has passed on the wall clock since.
    ///
    /// # Errors
    /// [`RestoreError`], if they cannot be read.
    pub fn saved_at(bytes: &[u8]) -> Result<Now, RestoreError> {
        let (at, _) = postcard::take_from_bytes(body(bytes)?).map_err(malformed)?;
        Ok(at)
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
        type State = (Now, (Env, BTreeMap<CallId, Call>, bool));
        let ((at, (mut env, calls, draining)), rest) =
            postcard::take_from_bytes::<State>(body(bytes)?).map_err(malformed)?;
        if !rest.is_empty() {
            return Err(RestoreError::Malformed);
        }
        if now.mono < at.mono {
            return Err(RestoreError::ClockBehind);
        }
        env.sip.restore(endpoint, nonce_secret);
        env.acd.reconfigure(now, center.acd_config());
        env.center = Given::new(center);
        env.with_trunks(now, |trunks, outer| trunks.configure(now, outer));
        let mut controller = Self { env, calls, draining, acting: None };
        controller.settle(now);
        Ok(controller)
    }
}

/// What follows version and seal, if both are right.
fn body(bytes: &[u8]) -> Result<&[u8], RestoreError> {
    let (version, rest) = postcard::take_from_bytes::<u32>(bytes).map_err(malformed)?;
    if version != VERSION {
        return Err(RestoreError::OtherVersion(version));
    }
    let (expected, body) = postcard::take_from_bytes::<[u8; 32]>(rest).map_err(malformed)?;
    if expected == seal(body) { Ok(body) } else { Err(RestoreError::Malformed) }
}

/// SHA-256: tells a state that a disk has damaged, which could be read and would break what the core relies on.
fn seal(body: &[u8]) -> [u8; 32] {
    Sha256::digest(body).into()
}

const fn malformed(_: postcard::Error) -> RestoreError {
    RestoreError::Malformed
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use hotline_base::{Rng, Time, WallTime};
    use hotline_sip::uri::Host;

    use super::*;
    use crate::center::{RecordingPolicy, Timing};
    use crate::number::DialPlan;
    use crate::speech::SpeechPolicy;
    use crate::voice::Voice;

    const NOW: Now = Now { mono: Time(5_000_000), wall: WallTime(1_700_000_000_000_000) };

    fn center() -> Arc<Center> {
        Arc::new(Center {
            web: crate::guests::Web::default(),
            dial_plan: DialPlan::default(),
            numbers: BTreeMap::new(),
            flows: std::sync::Arc::default(),
            areas: BTreeMap::new(),
            zone: hotline_hours::Zone::utc(),
            queues: BTreeMap::new(),
            agents: BTreeMap::new(),
            staffing: crate::Staffing::default(),
            trunks: BTreeMap::new(),
            routes: Vec::new(),
            hours: BTreeMap::new(),
            screening: crate::screening::Screening::default(),
            crm: None,
            language: "en".into(),
            domain: Host::parse("hotline.example").unwrap(),
            media_address: [192, 0, 2, 1].into(),
            browsers: None,
            voice: Voice::default(),
            speech: SpeechPolicy::default(),
            parties_max: 8,
            tells_of_listening: false,
            recording: RecordingPolicy::default(),
            timing: Timing::default(),
        })
    }

    fn endpoint() -> EndpointConfig {
        EndpointConfig::new("hotline.example", "192.0.2.1:5060".parse().unwrap())
    }

    fn saved() -> Vec<u8> {
        Controller::new(NOW, center(), endpoint(), Rng::from_number(1), [1; 32], 7).with_shard(3).save(NOW)
    }

    fn restore(now: Now, bytes: &[u8]) -> Result<Controller, RestoreError> {
        Controller::restore(now, center(), endpoint(), [1; 32], bytes)
    }

    #[test]
    fn what_was_saved_is_read_and_saved_again_the_same() {
        let bytes = saved();
        assert_eq!(Controller::saved_at(&bytes), Ok(NOW));
        assert!(restore(NOW, &bytes).unwrap().save(NOW) == bytes);
    }

    #[test]
    fn ids_begin_where_those_of_the_shard_do_also_in_another_process() {
        let mut controller = restore(NOW, &saved()).unwrap();
        assert_eq!(hotline_base::shard_of(controller.env.next_play().0), 3);
    }

    #[test]
    fn another_version_is_refused_by_name() {
        let mut bytes = saved();
        bytes[0] += 1;
        assert_eq!(restore(NOW, &bytes).err(), Some(RestoreError::OtherVersion(VERSION + 1)));
        assert_eq!(Controller::saved_at(&bytes), Err(RestoreError::OtherVersion(VERSION + 1)));
    }

    #[test]
    fn what_is_cut_off_too_long_or_damaged_is_refused() {
        let bytes = saved();
        for length in 0..bytes.len() {
            assert_eq!(restore(NOW, &bytes[..length]).err(), Some(RestoreError::Malformed), "{length}");
        }
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert!(restore(NOW, &damaged).is_err(), "{at}");
        }
        let too_long = [&bytes[..], &[0]].concat();
        assert_eq!(restore(NOW, &too_long).err(), Some(RestoreError::Malformed));
    }

    #[test]
    fn a_clock_that_began_anew_is_refused() {
        let anew = Now { mono: Time::ZERO, wall: NOW.wall + Duration::from_secs(1) };
        assert_eq!(restore(anew, &saved()).err(), Some(RestoreError::ClockBehind));
    }
}
