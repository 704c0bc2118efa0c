//! AES in counter mode (RFC 3711 §4.1.1).

use aes::cipher::{InnerIvInit as _, KeyInit as _, StreamCipherCore as _};
use aes::{Aes128, Aes256};
use ctr::CtrCore;
use ctr::flavors::Ctr128BE;

/// A key, ready for use.
#[derive(Clone)]
pub(crate) enum Aes {
    Short(Box<Aes128>),
    Long(Box<Aes256>),
}

impl Aes {
    /// `key` has 16 or 32 bytes.
    pub(crate) fn new(key: &[u8]) -> Self {
        match Aes128::new_from_slice(key) {
            Ok(cipher) => Self::Short(Box::new(cipher)),
            Err(_) => Self::Long(Box::new(Aes256::new_from_slice(key).expect("16 or 32 bytes"))),
        }
    }

    /// Encrypts or decrypts `data` in its place, from the counter `iv` on.
    pub(crate) fn apply(&self, iv: &[u8; 16], data: &mut [u8]) {
        match self {
            Self::Short(cipher) => {
                CtrCore::<&Aes128, Ctr128BE>::inner_iv_init(&**cipher, iv.into())
                    .apply_keystream_partial(data.into());
            }
            Self::Long(cipher) => {
                CtrCore::<&Aes256, Ctr128BE>::inner_iv_init(&**cipher, iv.into())
                    .apply_keystream_partial(data.into());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3711 appendix B.2.
    #[test]
    fn the_key_stream_is_that_of_the_standard() {
        let key = 0x2B7E_1516_28AE_D2A6_ABF7_1588_09CF_4F3C_u128.to_be_bytes();
        let iv = 0xF0F1_F2F3_F4F5_F6F7_F8F9_FAFB_FCFD_0000_u128.to_be_bytes();
        let mut stream = [0; 48];
        Aes::new(&key).apply(&iv, &mut stream);
        assert_eq!(stream[..16], 0xE03E_AD09_35C9_5E80_E166_B16D_D92B_4EB4_u128.to_be_bytes());
        assert_eq!(stream[16..32], 0xD235_1316_2B02_D0F7_2A43_A2FE_4A5F_97AB_u128.to_be_bytes());
        assert_eq!(stream[32..], 0x41E9_5B3B_B0A2_E8DD_4779_01E4_FCA8_94C0_u128.to_be_bytes());
    }
}
