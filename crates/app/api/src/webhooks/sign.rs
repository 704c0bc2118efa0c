//! The header fields by which a receiver knows that an event is ours, and new: Standard Webhooks 1.0.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use hotline_base::WallTime;
use sha2::Sha256;

/// What names an event to its receiver; the same each time it is sent.
pub(super) fn id(seq: u64) -> String {
    format!("evt_{seq}")
}

/// Id, time and signature of a message that is sent `now`.
pub(super) fn headers(key: &[u8], seq: u64, now: WallTime, body: &str) -> Vec<(String, String)> {
    let (id, seconds) = (id(seq), now.as_unix_millis() / 1000);
    let signature = format!("v1,{}", sign(key, &format!("{id}.{seconds}.{body}")));
    let fields = [
        ("webhook-id", id),
        ("webhook-timestamp", seconds.to_string()),
        ("webhook-signature", signature),
        ("content-type", "application/json".to_owned()),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn sign(key: &[u8], text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's reference libraries.
    #[test]
    fn a_message_is_signed_as_the_standard_says() {
        let key = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let text = "msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{\"test\": 2432232314}";
        assert_eq!(sign(&key, text), "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn the_same_event_has_the_same_id_and_another_signature_at_another_time() {
        let at = |micros| headers(b"key", 7, WallTime(micros), "{}");
        let (one, other) = (at(1_700_000_000_000_000), at(1_700_000_001_000_000));
        assert_eq!((&one[0].1, &one[1].1), (&"evt_7".to_owned(), &"1700000000".to_owned()));
        assert_eq!(one[0], other[0]);
        assert_ne!(one[2], other[2]);
    }
}
