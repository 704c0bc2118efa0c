//! Keys of encrypted streams, as `a=crypto` carries them (RFC 4568), and the choice among them.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::base64;
use crate::error::NegotiationError;
use crate::session::Media;

/// The most keys in one `a=crypto` line; a line with more is not kept.
pub const KEYS_MAX: usize = 8;
/// The most packets that one key may protect (RFC 4568 §6.1).
const LIFETIME_MAX: u64 = 1 << 48;
/// The longest master key identifier that is read, in bytes. RFC 3711 allows 128; phones use 1 or 4.
const MKI_BYTES_MAX: u8 = 8;

/// A crypto suite: how a stream is encrypted and authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Suite {
    /// RFC 4568 §6.2.1: AES-128 in counter mode, tags of 80 bits.
    AesCm128HmacSha1Tag80,
    /// RFC 4568 §6.2.2: AES-128 in counter mode, tags of 32 bits.
    AesCm128HmacSha1Tag32,
    /// RFC 6188 §4: AES-256 in counter mode, tags of 80 bits.
    AesCm256HmacSha1Tag80,
    /// RFC 6188 §4: AES-256 in counter mode, tags of 32 bits.
    AesCm256HmacSha1Tag32,
    /// RFC 7714 §14.2: AES-128 in Galois/counter mode.
    AeadAes128Gcm,
    /// RFC 7714 §14.2: AES-256 in Galois/counter mode.
    AeadAes256Gcm,
}

/// Suite, registered name, bytes of key, bytes of salt.
const SUITES: [(Suite, &str, usize, usize); 6] = [
    (Suite::AesCm128HmacSha1Tag80, "AES_CM_128_HMAC_SHA1_80", 16, 14),
    (Suite::AesCm128HmacSha1Tag32, "AES_CM_128_HMAC_SHA1_32", 16, 14),
    (Suite::AesCm256HmacSha1Tag80, "AES_256_CM_HMAC_SHA1_80", 32, 14),
    (Suite::AesCm256HmacSha1Tag32, "AES_256_CM_HMAC_SHA1_32", 32, 14),
    (Suite::AeadAes128Gcm, "AEAD_AES_128_GCM", 16, 12),
    (Suite::AeadAes256Gcm, "AEAD_AES_256_GCM", 32, 12),
];

impl Suite {
    /// Every suite that can be named.
    pub const ALL: [Self; SUITES.len()] = {
        let mut all = [SUITES[0].0; SUITES.len()];
        let mut row = 0;
        while row < SUITES.len() {
            assert!(SUITES[row].0 as usize == row, "the table is in the order of the enum");
            all[row] = SUITES[row].0;
            row += 1;
        }
        all
    };

    /// The registered name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        SUITES[self as usize].1
    }

    /// The length of a master key in bytes.
    #[must_use]
    pub const fn key_bytes(self) -> usize {
        SUITES[self as usize].2
    }

    /// The length of a master salt in bytes.
    #[must_use]
    pub const fn salt_bytes(self) -> usize {
        SUITES[self as usize].3
    }

    fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.name().eq_ignore_ascii_case(name))
    }
}

/// A master key with its salt. Prints as `***`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MasterKey {
    key: Vec<u8>,
    salt: Vec<u8>,
}

impl MasterKey {
    /// A key for `suite`, with bytes from the caller's source of secrets.
    pub fn generate(suite: Suite, fill: impl FnOnce(&mut [u8])) -> Self {
        let mut bytes = vec![0; suite.key_bytes() + suite.salt_bytes()];
        fill(&mut bytes);
        let salt = bytes.split_off(suite.key_bytes());
        Self { key: bytes, salt }
    }

    /// The key itself, for the cipher alone.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// The salt, for the cipher alone.
    #[must_use]
    pub fn salt(&self) -> &[u8] {
        &self.salt
    }

    fn of_base64(suite: Suite, text: &str) -> Option<Self> {
        let mut bytes = base64::decode(text)?;
        if bytes.len() != suite.key_bytes() + suite.salt_bytes() {
            return None;
        }
        let salt = bytes.split_off(suite.key_bytes());
        Some(Self { key: bytes, salt })
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A key of ours and the suite that it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuiteKey {
    /// The suite.
    pub suite: Suite,
    /// What we encrypt with.
    pub key: MasterKey,
}

impl SuiteKey {
    /// A key for `suite`, with bytes from the caller's source of secrets.
    pub fn generate(suite: Suite, fill: impl FnOnce(&mut [u8])) -> Self {
        Self { suite, key: MasterKey::generate(suite, fill) }
    }
}

/// One `a=crypto` line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crypto {
    /// What an answer names the line by.
    pub tag: u32,
    /// How its writer encrypts.
    pub suite: Suite,
    /// What its writer encrypts with, one or several; of several each has an identifier.
    pub keys: Vec<InlineKey>,
    /// The session parameters, as written (RFC 4568 §6.3).
    pub parameters: Vec<String>,
}

/// One key of an `a=crypto` line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InlineKey {
    /// The key.
    pub key: MasterKey,
    /// The most packets that it may protect.
    pub lifetime: Option<u64>,
    /// How packets name it.
    pub mki: Option<Mki>,
}

/// A master key identifier (RFC 3711 §3.1): appended to each packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mki {
    /// Its value.
    pub value: u64,
    /// Its length in packets, in bytes.
    pub bytes: u8,
}

/// What both sides of an encrypted stream encrypt with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Srtp {
    /// The suite of both directions.
    pub suite: Suite,
    /// What we encrypt with.
    pub ours: MasterKey,
    /// What the peer encrypts with: one key, or several with identifiers.
    pub theirs: Vec<InlineKey>,
}

/// Writes our keys into our offer, the preferred first.
pub(crate) fn offer_keys(media: &mut Media, keys: &[SuiteKey]) {
    media.crypto = (1..).zip(keys).map(|(tag, key)| Crypto::of(tag, key)).collect();
}

/// Our line in the answer to `offered`, and what it means: the first line of the offer that we can speak (RFC 4568
/// §5.1.2).
pub(crate) fn answer_key(offered: &Media, keys: &[SuiteKey]) -> Result<(Crypto, Srtp), NegotiationError> {
    offered
        .crypto
        .iter()
        .filter(|line| line.is_understood())
        .find_map(|line| {
            let ours = keys.iter().find(|key| key.suite == line.suite)?;
            let srtp = Srtp { suite: line.suite, ours: ours.key.clone(), theirs: line.keys.clone() };
            Some((Crypto::of(line.tag, ours), srtp))
        })
        .ok_or(NegotiationError::NoCommonSuite)
}

/// What the answer to our line means: it must take exactly one of the offered keys.
pub(crate) fn answered_key(ours: &Media, theirs: &Media) -> Result<Srtp, NegotiationError> {
    let [line] = theirs.crypto.as_slice() else { return Err(NegotiationError::KeyNotOffered) };
    if !line.is_understood() {
        return Err(NegotiationError::NoCommonSuite);
    }
    let offered = ours.crypto.iter().find(|offered| offered.tag == line.tag && offered.suite == line.suite);
    let ours = offered.and_then(|offered| offered.keys.first()).ok_or(NegotiationError::KeyNotOffered)?;
    Ok(Srtp { suite: line.suite, ours: ours.key.clone(), theirs: line.keys.clone() })
}

impl Crypto {
    fn of(tag: u32, key: &SuiteKey) -> Self {
        let inline = InlineKey { key: key.key.clone(), lifetime: None, mki: None };
        Self { tag, suite: key.suite, keys: vec![inline], parameters: Vec::new() }
    }

    /// True if the session parameters change nothing about packets. Hints and optional extensions do not
    /// (RFC 4568 §6.3.6, §6.3.7); a rate of new keys, clear text and error correction do.
    fn is_understood(&self) -> bool {
        self.parameters.iter().all(|parameter| {
            parameter.starts_with('-')
                || parameter.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("WSH="))
        })
    }

    /// `<tag> <suite> inline:<key>[|<lifetime>][|<mki>:<bytes>][;…] [<parameter> …]`
    pub(crate) fn parse(value: &str) -> Option<Self> {
        let mut words = value.split_ascii_whitespace();
        let tag = number(words.next()?)?;
        let suite = Suite::of_name(words.next()?)?;
        let keys = words.next()?.split(';').take(KEYS_MAX + 1).map(|text| InlineKey::parse(suite, text));
        let keys: Vec<InlineKey> = keys.collect::<Option<_>>()?;
        let parameters = words.map(str::to_owned).collect();
        let has_names = keys.len() == 1 || keys.iter().all(|key| key.mki.is_some());
        (keys.len() <= KEYS_MAX && has_names).then_some(Self { tag, suite, keys, parameters })
    }
}

impl InlineKey {
    fn parse(suite: Suite, text: &str) -> Option<Self> {
        let (method, text) = text.split_once(':')?;
        if !method.eq_ignore_ascii_case("inline") {
            return None;
        }
        let mut parts = text.split('|');
        let key = MasterKey::of_base64(suite, parts.next()?)?;
        let (lifetime, mki) = match (parts.next(), parts.next()) {
            (None, _) => (None, None),
            (Some(mki), None) if mki.contains(':') => (None, Some(Mki::parse(mki)?)),
            (Some(lifetime), None) => (Some(lifetime_packets(lifetime)?), None),
            (Some(lifetime), Some(mki)) => (Some(lifetime_packets(lifetime)?), Some(Mki::parse(mki)?)),
        };
        parts.next().is_none().then_some(Self { key, lifetime, mki })
    }
}

impl Mki {
    fn parse(text: &str) -> Option<Self> {
        let (value, bytes) = text.split_once(':')?;
        let mki = Self { value: number(value)?, bytes: number(bytes)? };
        let fits =
            mki.bytes == MKI_BYTES_MAX || mki.bytes < MKI_BYTES_MAX && mki.value >> (8 * mki.bytes) == 0;
        (mki.bytes > 0 && fits).then_some(mki)
    }
}

/// `2^<power>` or a number of packets.
fn lifetime_packets(text: &str) -> Option<u64> {
    let packets = match text.strip_prefix("2^") {
        Some(power) => 1_u64.checked_shl(number(power)?)?,
        None => number(text)?,
    };
    (1..=LIFETIME_MAX).contains(&packets).then_some(packets)
}

/// Digits and nothing else; `parse` alone takes a sign.
fn number<T: core::str::FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// The value of an `a=crypto` line with its keys in clear, for the wire alone: [`Crypto`] itself does not print.
pub(crate) struct CryptoText<'a>(pub(crate) &'a Crypto);

impl fmt::Display for CryptoText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Crypto { tag, suite, keys, parameters } = self.0;
        write!(f, "{tag} {}", suite.name())?;
        for (place, InlineKey { key, lifetime, mki }) in keys.iter().enumerate() {
            let bytes = [key.key(), key.salt()].concat();
            write!(f, "{}inline:{}", if place == 0 { ' ' } else { ';' }, base64::encode(&bytes))?;
            match lifetime {
                Some(packets) if packets.is_power_of_two() => write!(f, "|2^{}", packets.ilog2())?,
                Some(packets) => write!(f, "|{packets}")?,
                None => {}
            }
            if let Some(Mki { value, bytes }) = mki {
                write!(f, "|{value}:{bytes}")?;
            }
        }
        parameters.iter().try_for_each(|parameter| write!(f, " {parameter}"))
    }
}
