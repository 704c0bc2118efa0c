//! Where messages lie.

use hotline_base::VoiceMessageId;
use time::OffsetDateTime;

/// The path of a message's file below the directory of recordings: `messages/YYYY/MM/DD/<id>.wav`, by the UTC day on which its id was
/// made.
#[must_use]
pub fn path_of(id: VoiceMessageId) -> String {
    let made = OffsetDateTime::from_unix_timestamp(id.made_at().as_unix_seconds());
    let made = made.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (year, month, day) = (made.year(), u8::from(made.month()), made.day());
    format!("messages/{year:04}/{month:02}/{day:02}/{id}.wav")
}

#[cfg(test)]
mod tests {
    use hotline_base::{Rng, WallTime};

    use super::*;

    #[test]
    fn a_message_is_found_by_its_id_alone() {
        let id = VoiceMessageId::generate(WallTime(1_795_415_400_000_000), &mut Rng::from_number(1));
        assert_eq!(path_of(id), format!("messages/2026/11/23/{id}.wav"));
    }
}
