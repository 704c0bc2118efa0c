//! What packets of one direction are encrypted with.

use aes_gcm::aead::{AeadInOut as _, KeyInit as _};
use aes_gcm::{Aes128Gcm, Aes256Gcm};
use hmac::{Hmac, Mac as _};
use sha1::Sha1;

use crate::aes_counter::Aes;
use crate::master::MasterKey;
use crate::packet::RTCP_HEAD;

/// The length of the key of an HMAC-SHA1 (RFC 3711 §5.2).
const AUTH_KEY_LEN: usize = 20;
/// The label of what encrypts RTP; that of its tags and that of its salt follow, then the three of RTCP (RFC 3711 §4.3.2).
const LABEL_RTP: u8 = 0;
const LABEL_RTCP: u8 = 3;
/// The salt of an AEAD, and its nonce.
const NONCE_LEN: usize = 12;
/// The salt of counter mode.
const SALT_LEN: usize = 14;
/// What an AEAD authenticates of an RTCP packet: [`RTCP_HEAD`] bytes and a word.
const AAD_LEN: usize = RTCP_HEAD + 4;

/// The session keys of RTP and of RTCP.
pub(crate) struct Sessions {
    pub(crate) rtp: Session,
    pub(crate) rtcp: Session,
}

impl Sessions {
    pub(crate) fn of(master: &MasterKey) -> Self {
        Self { rtp: Session::derive(master, LABEL_RTP), rtcp: Session::derive(master, LABEL_RTCP) }
    }
}

/// The session keys of RTP or RTCP.
pub(crate) enum Session {
    Counter { cipher: Aes, salt: [u8; SALT_LEN], auth: Box<Hmac<Sha1>> },
    Gcm { cipher: Gcm, salt: [u8; NONCE_LEN] },
}

pub(crate) enum Gcm {
    Short(Box<Aes128Gcm>),
    Long(Box<Aes256Gcm>),
}

/// Which packet: what makes its counter or nonce unlike that of any other.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) ssrc: u32,
    /// 48 bits of an RTP packet: how often the numbers began again, and its number; 31 bits of an RTCP packet.
    pub(crate) index: u64,
}

impl Session {
    /// Derives the keys from a master key (RFC 3711 §4.3.1). The salt of an AEAD is filled up with zeros (RFC 7714 §11).
    fn derive(master: &MasterKey, label: u8) -> Self {
        let (suite, source) = (master.suite(), Aes::new(master.key()));
        let fill = |label: u8, out: &mut [u8]| {
            let mut iv = [0; 16];
            iv[..master.salt().len()].copy_from_slice(master.salt());
            iv[7] ^= label;
            source.apply(&iv, out);
        };
        let mut key = [0; 32];
        let key = &mut key[..suite.key_len()];
        fill(label, key);
        if suite.is_aead() {
            let mut salt = [0; NONCE_LEN];
            fill(label + 2, &mut salt);
            let cipher = match Aes128Gcm::new_from_slice(key) {
                Ok(cipher) => Gcm::Short(Box::new(cipher)),
                Err(_) => Gcm::Long(Box::new(Aes256Gcm::new_from_slice(key).expect("16 or 32 bytes"))),
            };
            return Self::Gcm { cipher, salt };
        }
        let (mut salt, mut auth) = ([0; SALT_LEN], [0; AUTH_KEY_LEN]);
        fill(label + 1, &mut auth);
        fill(label + 2, &mut salt);
        let auth = Hmac::new_from_slice(&auth).expect("an HMAC takes keys of any length");
        Self::Counter { cipher: Aes::new(key), salt, auth: Box::new(auth) }
    }

    /// Encrypts `body` in its place and writes its tag. `head` is not encrypted; `tail`, of four bytes or none, is authenticated with both.
    pub(crate) fn seal(&self, place: Place, head: &[u8], body: &mut [u8], tail: &[u8], tag: &mut [u8]) {
        match self {
            Self::Counter { cipher, salt, auth } => {
                cipher.apply(&counter(salt, place), body);
                let code = code(auth, [head, body, tail]).finalize().into_bytes();
                tag.copy_from_slice(&code[..tag.len()]);
            }
            Self::Gcm { cipher, salt } => {
                let (nonce, mut room) = (nonce(salt, place).into(), [0; AAD_LEN]);
                let aad = aad(head, tail, &mut room);
                let sealed = match cipher {
                    Gcm::Short(cipher) => cipher.encrypt_inout_detached(&nonce, aad, body.into()),
                    Gcm::Long(cipher) => cipher.encrypt_inout_detached(&nonce, aad, body.into()),
                };
                tag.copy_from_slice(&sealed.expect("no packet is too long for GCM"));
            }
        }
    }

    /// Decrypts `body` in its place; false, and nothing of use in it, if the tag is not right.
    pub(crate) fn open(&self, place: Place, head: &[u8], body: &mut [u8], tail: &[u8], tag: &[u8]) -> bool {
        match self {
            Self::Counter { cipher, salt, auth } => {
                let is_right = code(auth, [head, body, tail]).verify_truncated_left(tag).is_ok();
                if is_right {
                    cipher.apply(&counter(salt, place), body);
                }
                is_right
            }
            Self::Gcm { cipher, salt } => {
                let (nonce, mut room) = (nonce(salt, place).into(), [0; AAD_LEN]);
                let aad = aad(head, tail, &mut room);
                let Ok(tag) = tag.try_into() else { return false };
                let opened = match cipher {
                    Gcm::Short(cipher) => cipher.decrypt_inout_detached(&nonce, aad, body.into(), tag),
                    Gcm::Long(cipher) => cipher.decrypt_inout_detached(&nonce, aad, body.into(), tag),
                };
                opened.is_ok()
            }
        }
    }
}

/// What an HMAC is made of.
fn code(auth: &Hmac<Sha1>, parts: [&[u8]; 3]) -> Hmac<Sha1> {
    let mut code = auth.clone();
    for part in parts {
        code.update(part);
    }
    code
}

/// What an AEAD authenticates beside what it encrypts: the header of an RTP packet; the first eight bytes of an RTCP packet and the
/// word behind it (RFC 7714 §9.2).
fn aad<'a>(head: &'a [u8], tail: &[u8], room: &'a mut [u8; AAD_LEN]) -> &'a [u8] {
    if tail.is_empty() {
        return head;
    }
    room[..RTCP_HEAD].copy_from_slice(head);
    room[RTCP_HEAD..].copy_from_slice(tail);
    room
}

/// RFC 3711 §4.1.1.
fn counter(salt: &[u8; SALT_LEN], place: Place) -> [u8; 16] {
    let mut counter = [0; 16];
    counter[..SALT_LEN].copy_from_slice(salt);
    for (byte, ssrc) in counter[4..8].iter_mut().zip(place.ssrc.to_be_bytes()) {
        *byte ^= ssrc;
    }
    for (byte, index) in counter[8..14].iter_mut().zip(&place.index.to_be_bytes()[2..]) {
        *byte ^= index;
    }
    counter
}

/// RFC 7714 §8.1 for RTP, §9.1 for RTCP: the index stands in the last six bytes, of which that of RTCP fills four.
fn nonce(salt: &[u8; NONCE_LEN], place: Place) -> [u8; NONCE_LEN] {
    let mut nonce = [0; NONCE_LEN];
    nonce[2..6].copy_from_slice(&place.ssrc.to_be_bytes());
    nonce[6..].copy_from_slice(&place.index.to_be_bytes()[2..]);
    for (byte, salt) in nonce.iter_mut().zip(salt) {
        *byte ^= salt;
    }
    nonce
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::Suite;

    /// Text in hexadecimal, as the standards print it.
    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u32> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
        digits.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
    }

    /// RFC 3711 appendix B.3.
    #[test]
    fn session_keys_are_those_of_the_standard() {
        let (key, salt) = (hex("E1F97A0D3E018BE0D64FA32C06DE4139"), hex("0EC675AD498AFEEBB6960B3AABE6"));
        let master = MasterKey::new(Suite::AesCm128HmacSha1Tag80, &key, &salt).unwrap();
        let Session::Counter { cipher, salt, auth } = Session::derive(&master, LABEL_RTP) else { panic!() };
        assert_eq!(salt[..], hex("30CBBC08863D8C85D49DB34A9AE1"));
        let streams = [cipher, Aes::new(&hex("C61E7A93744F39EE10734AFE3FF7A087"))].map(|cipher| {
            let mut stream = [0; 16];
            cipher.apply(&[0; 16], &mut stream);
            stream
        });
        assert_eq!(streams[0], streams[1]);
        let known = Hmac::<Sha1>::new_from_slice(&hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4")).unwrap();
        assert_eq!(auth.finalize().into_bytes(), known.finalize().into_bytes());
    }

    fn gcm() -> Session {
        let key: Vec<u8> = (0..16).collect();
        let cipher = Gcm::Short(Box::new(Aes128Gcm::new_from_slice(&key).unwrap()));
        Session::Gcm { cipher, salt: *b"Quid pro quo" }
    }

    /// RFC 7714 §16.1.1.
    #[test]
    fn an_rtp_packet_in_gcm_is_that_of_the_standard() {
        let head = hex("8040f17b 8041f8d3 5501a0b2");
        let place = Place { ssrc: 0x5501_A0B2, index: 0xF17B };
        let (mut body, mut tag) = (b"Gallia est omnis divisa in partes tres".to_vec(), [0; 16]);
        gcm().seal(place, &head, &mut body, &[], &mut tag);
        let sealed = "f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf 8833";
        assert_eq!(body, hex(sealed));
        assert_eq!(tag[..], hex("899d7f27 beb16a91 52cf765e e4390cce"));
        assert!(gcm().open(place, &head, &mut body, &[], &tag));
        assert_eq!(body, b"Gallia est omnis divisa in partes tres");
    }

    /// RFC 7714 §17.1.
    #[test]
    fn an_rtcp_packet_in_gcm_is_that_of_the_standard() {
        let head = hex("81c8000d 4d617273");
        let plain = hex(
            "4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef deadbeef deadbeef deadbeef",
        );
        let place = Place { ssrc: 0x4D61_7273, index: 0x5D4 };
        let (mut body, mut tag) = (plain.clone(), [0; 16]);
        gcm().seal(place, &head, &mut body, &hex("800005d4"), &mut tag);
        let sealed = "63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda 4ce09b46 86303ded 0bb9275b";
        assert_eq!(body, hex(sealed));
        assert_eq!(tag[..], hex("c84aa458 96cf4d2f c5abf872 45d9eade"));
        assert!(gcm().open(place, &head, &mut body, &hex("800005d4"), &tag));
        assert_eq!(body, plain);
        assert!(!gcm().open(place, &head, &mut body, &hex("800005d5"), &tag));
    }
}
