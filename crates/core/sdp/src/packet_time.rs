//! How much audio one packet holds: `a=ptime` and `a=maxptime` (RFC 8866 §6.4).

use core::ops::RangeInclusive;

use crate::local::Policy;
use crate::session::Media;

/// Milliseconds of audio per packet unless somebody wishes otherwise (RFC 3551 §4.2).
pub const DEFAULT_PTIME_MS: u8 = 20;
/// The shortest and longest packets that are sent. A wish beyond them is met as far as they go.
pub const PTIME_RANGE_MS: RangeInclusive<u8> = 10..=60;
/// What a packet holds is a multiple of this, in milliseconds: the shortest frame of every codec.
const STEP_MS: u8 = 10;

/// Says in our line what we wish to receive.
pub(crate) fn announce(media: &mut Media, policy: &Policy) {
    media.maxptime_ms = policy.maxptime_ms.map(in_range);
    let wish = in_range(policy.ptime_ms);
    media.ptime_ms = Some(media.maxptime_ms.map_or(wish, |most| wish.min(most)));
}

/// Milliseconds of audio in each packet that we send: what the peer wishes, or else what we do, and never more
/// than the peer can take, as long as that is not below what we can send.
pub(crate) fn sent(ours: &Media, theirs: &Media) -> u8 {
    let stated = |wish: Option<u8>| wish.filter(|&ms| ms != 0);
    let wish = stated(theirs.ptime_ms).or(ours.ptime_ms).unwrap_or(DEFAULT_PTIME_MS);
    in_range(stated(theirs.maxptime_ms).map_or(wish, |most| wish.min(most)))
}

fn in_range(ms: u8) -> u8 {
    ms.clamp(*PTIME_RANGE_MS.start(), *PTIME_RANGE_MS.end()) / STEP_MS * STEP_MS
}
