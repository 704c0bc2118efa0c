//! One type per kind of id, so that a leg cannot be passed where a call is meant.

use core::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::{Builder, Uuid};

use crate::{Rng, WallTime};

/// Ids that people see and that live across restarts: UUID version 7, ordered by time of birth.
macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id, ordered after every id made at an earlier millisecond (RFC 9562 §5.7).
            #[must_use]
            pub fn generate(wall: WallTime, rng: &mut Rng) -> Self {
                let mut random = [0; 10];
                rng.fill(&mut random);
                let millis = u64::try_from(wall.as_unix_millis()).unwrap_or(0);
                Self(Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
            }

            /// A new id that ends like this one: media places what may be joined by how its id ends.
            #[must_use]
            pub fn sibling(self, wall: WallTime, rng: &mut Rng) -> Self {
                let Self(mut sibling) = Self::generate(wall, rng);
                let mut bytes = *sibling.as_bytes();
                bytes[8..].copy_from_slice(&self.0.as_bytes()[8..]);
                sibling = Uuid::from_bytes(bytes);
                Self(sibling)
            }

            /// When it was made, to the millisecond; the epoch for one that is not of this kind.
            #[must_use]
            pub fn made_at(self) -> WallTime {
                let (seconds, nanos) = self.0.get_timestamp().map_or((0, 0), |made| made.to_unix());
                let micros = i64::try_from(seconds).unwrap_or(0).saturating_mul(1_000_000);
                WallTime(micros.saturating_add(i64::from(nanos / 1000)))
            }

            /// Reads the hyphenated form; `None` if it is not one.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Uuid::try_parse(text).ok().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    )*};
}

/// Ids an administrator chose: short text from the configuration, cheap to clone.
macro_rules! name_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id as it is written in the configuration.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

/// The shard that chose a number is in the bits from here on, its count in those below: enough for a thousand ids a
/// second over centuries, and with all 256 shards still exact in a JavaScript number.
const SHARD_BITS: u32 = 44;

/// The number before the first that `shard` chooses. Numbers of different shards never meet, and each tells whose it
/// is: whoever routes by it needs no table.
#[must_use]
pub const fn numbers_of(shard: u8) -> u64 {
    (shard as u64) << SHARD_BITS
}

/// The shard that chose this number, see [`numbers_of`].
#[must_use]
pub const fn shard_of(number: u64) -> u8 {
    (number >> SHARD_BITS) as u8
}

/// Ids that live only as long as the calls: counters that begin at [`numbers_of`] a shard.
macro_rules! number_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    )*};
}

uuid_id! {
    /// One call, from the caller's INVITE to its record.
    CallId;
    /// One recording of a conversation.
    RecordingId;
    /// One customer in the address book.
    CustomerId;
    /// One message that a caller left.
    VoiceMessageId;
}

name_id! {
    /// An agent: the user name, which is also the SIP user.
    AgentId;
    /// A queue.
    QueueId;
    /// An IVR flow: the file's name without its ending.
    FlowId;
    /// A number that callers dial.
    NumberId;
    /// A SIP trunk.
    TrunkId;
    /// Opening hours.
    HoursId;
    /// Something that some agents can do better than others: a language, a product.
    SkillId;
    /// Some of the agents: a team, a shift, a room.
    GroupId;
}

number_id! {
    /// One media leg.
    LegId;
    /// Two legs that hear each other.
    BridgeId;
    /// One playback of prompts to a leg.
    PlayId;
    /// One offer of a call to an agent.
    ReservationId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn call_ids_order_by_time_and_read_back() {
        let mut rng = Rng::from_number(1);
        let early = CallId::generate(WallTime(1_000_000), &mut rng);
        let late = CallId::generate(WallTime(2_000_000), &mut rng);
        assert!(early < late);
        assert_eq!(CallId::parse(&early.to_string()), Some(early));
        assert_eq!(CallId::parse("7"), None);
        assert_eq!((early.made_at(), CallId(Uuid::nil()).made_at()), (WallTime(1_000_000), WallTime(0)));
    }

    #[test]
    fn a_sibling_ends_alike_and_is_another() {
        let mut rng = Rng::from_number(1);
        let first = CallId::generate(WallTime(1_000_000), &mut rng);
        let sibling = first.sibling(WallTime(1_000_000), &mut rng);
        assert_ne!(first, sibling);
        assert_eq!(first.0.as_bytes()[8..], sibling.0.as_bytes()[8..]);
    }

    #[test]
    fn numbers_tell_their_shard_and_are_exact_in_a_javascript_number() {
        for shard in [0, 1, u8::MAX] {
            let last = numbers_of(shard) + (1 << SHARD_BITS) - 1;
            assert_eq!((shard_of(numbers_of(shard) + 1), shard_of(last)), (shard, shard));
            assert!(last < 1 << 53);
        }
    }

    #[test]
    fn names_print_as_written() {
        assert_eq!(AgentId::from("1001").to_string(), "1001");
        assert_eq!(serde_json::to_string(&QueueId::from("sales")).unwrap(), "\"sales\"");
    }
}
