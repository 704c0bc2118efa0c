//! Master keys: they open the key that each file has of its own, and nothing else.

use std::fmt;
use std::sync::Arc;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use sha2::{Digest, Sha256};

use super::SealError;

/// Bytes of a key of AES-256.
pub(crate) const KEY_LEN: usize = 32;
/// A key of a file as it is kept: itself, and the tag that proves it (NIST SP 800-38D).
pub(crate) const WRAPPED_LEN: usize = KEY_LEN + TAG_LEN;
/// What proves that something is as it was written.
pub(crate) const TAG_LEN: usize = 16;

/// Names a master key without telling it: the beginning of its digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId(pub(crate) [u8; 8]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// A key that wraps the keys of files. Prints as its name.
#[derive(Clone)]
pub struct MasterKey {
    key: Arc<LessSafeKey>,
    id: KeyId,
}

impl MasterKey {
    /// Reads the 64 hexadecimal digits of a key; space around them does not matter. `None` if it is anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.trim().as_bytes();
        let mut bytes = [0; KEY_LEN];
        let (pairs, rest) = digits.as_chunks::<2>();
        if pairs.len() != KEY_LEN || !rest.is_empty() {
            return None;
        }
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            let digit = |digit: u8| char::from(digit).to_digit(16);
            *byte = u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()?;
        }
        Some(Self::new(&bytes))
    }

    fn new(bytes: &[u8; KEY_LEN]) -> Self {
        let digest = Sha256::new().chain_update(b"hotline recordings key").chain_update(bytes).finalize();
        let mut id = [0; 8];
        id.copy_from_slice(&digest[..8]);
        Self { key: Arc::new(key_of(bytes)), id: KeyId(id) }
    }

    /// The digits of a key that nobody has yet.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn generate() -> Result<String, SealError> {
        let bytes: [u8; KEY_LEN] = random()?;
        Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Its name.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// Wraps the key of a file; `label` is proved with it.
    pub(crate) fn wrap(
        &self,
        key: &[u8; KEY_LEN],
        label: &[u8],
    ) -> Result<([u8; NONCE_LEN], [u8; WRAPPED_LEN]), SealError> {
        let nonce = random()?;
        let mut wrapped = [0; WRAPPED_LEN];
        wrapped[..KEY_LEN].copy_from_slice(key);
        let (sealed, tag) = wrapped.split_at_mut(KEY_LEN);
        tag.copy_from_slice(&seal(&self.key, nonce, label, sealed));
        Ok((nonce, wrapped))
    }

    /// The key of a file; `None` if it is not as it was written.
    pub(crate) fn unwrap(
        &self,
        nonce: [u8; NONCE_LEN],
        wrapped: [u8; WRAPPED_LEN],
        label: &[u8],
    ) -> Option<[u8; KEY_LEN]> {
        let mut wrapped = wrapped;
        let opened = open(&self.key, nonce, label, &mut wrapped)?;
        opened.try_into().ok()
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", self.id)
    }
}

/// The master keys of a server: the one that new files get, and those that still open older ones. Cheap to clone. Without
/// any, recordings are plain.
#[derive(Clone, Debug, Default)]
pub struct Keyring {
    keys: Arc<[MasterKey]>,
}

impl PartialEq for Keyring {
    fn eq(&self, other: &Self) -> bool {
        self.keys.iter().map(MasterKey::id).eq(other.keys.iter().map(MasterKey::id))
    }
}

impl Eq for Keyring {}

impl Keyring {
    /// New files get `current`; files of the others can be read.
    #[must_use]
    pub fn new(current: MasterKey, previous: impl IntoIterator<Item = MasterKey>) -> Self {
        Self { keys: std::iter::once(current).chain(previous).collect() }
    }

    /// The key that new files get; `None` if these are plain.
    #[must_use]
    pub fn current(&self) -> Option<&MasterKey> {
        self.keys.first()
    }

    pub(crate) fn find(&self, id: KeyId) -> Option<&MasterKey> {
        self.keys.iter().find(|key| key.id == id)
    }
}

/// So many bytes that nobody can guess.
pub(crate) fn random<const LEN: usize>() -> Result<[u8; LEN], SealError> {
    let mut bytes = [0; LEN];
    SystemRandom::new().fill(&mut bytes).map_err(|_| SealError::NoRandomness)?;
    Ok(bytes)
}

pub(crate) fn key_of(bytes: &[u8; KEY_LEN]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, bytes).expect("a key of AES-256 has 32 bytes"))
}

/// Makes `bytes` unreadable in place, and gives what proves them and `beside`. A nonce must never be used again with a key.
pub(crate) fn seal(
    key: &LessSafeKey,
    nonce: [u8; NONCE_LEN],
    beside: &[u8],
    bytes: &mut [u8],
) -> [u8; TAG_LEN] {
    let nonce = Nonce::assume_unique_for_key(nonce);
    let tag = key
        .seal_in_place_separate_tag(nonce, Aad::from(beside), bytes)
        .expect("AES-GCM seals up to 64 GiB at once, and nothing here is near that");
    let mut proof = [0; TAG_LEN];
    proof.copy_from_slice(tag.as_ref());
    proof
}

/// What was sealed, from `bytes` with the tag at their end; `None` if they or `beside` are not as they were.
pub(crate) fn open<'b>(
    key: &LessSafeKey,
    nonce: [u8; NONCE_LEN],
    beside: &[u8],
    bytes: &'b mut [u8],
) -> Option<&'b [u8]> {
    let opened = key.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(beside), bytes);
    opened.ok().map(|opened| &*opened)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_64_digits_and_prints_as_its_name() {
        let digits = MasterKey::generate().unwrap();
        assert_ne!(digits, MasterKey::generate().unwrap());
        let key = MasterKey::parse(&format!(" {}\n", digits.to_uppercase())).unwrap();
        assert_eq!(key.id(), MasterKey::parse(&digits).unwrap().id());
        assert_eq!(format!("{key:?}"), format!("MasterKey({})", key.id()));
        assert!(!digits.contains(&key.id().to_string()), "the name tells nothing of the key");
        for wrong in ["", "00", &digits[1..], &format!("{digits}0"), &digits.replace(&digits[..1], "x")] {
            assert!(MasterKey::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_wrapped_key_opens_with_its_master_key_and_label_alone() {
        let [master, other] = [0x11, 0x22].map(|byte| MasterKey::new(&[byte; KEY_LEN]));
        let (nonce, wrapped) = master.wrap(&[7; KEY_LEN], b"label").unwrap();
        assert_eq!(master.unwrap(nonce, wrapped, b"label"), Some([7; KEY_LEN]));
        assert_eq!(master.unwrap(nonce, wrapped, b"labe1"), None);
        assert_eq!(other.unwrap(nonce, wrapped, b"label"), None);
        let mut changed = wrapped;
        changed[0] ^= 1;
        assert_eq!(master.unwrap(nonce, changed, b"label"), None);
    }
}
