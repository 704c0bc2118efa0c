//! What a peer wishes of the Opus stream to it: `a=fmtp` of RFC 7587 §6.1.

use serde::{Deserialize, Serialize};

/// What the receiver of an Opus stream wishes. What it says of stereo is not kept: we send one channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpusWishes {
    /// `maxaveragebitrate`, bits a second; `None` leaves it to us.
    pub bitrate_max: Option<u32>,
    /// `useinbandfec=1`: forward error correction is of use.
    pub fec: bool,
    /// `usedtx=1`: silence need not be sent.
    pub dtx: bool,
}

impl OpusWishes {
    /// Reads parameters such as `maxaveragebitrate=20000;useinbandfec=1`. What cannot be read is no wish.
    pub(crate) fn read(parameters: &str) -> Self {
        let mut wishes = Self::default();
        for parameter in parameters.split(';') {
            let Some((name, value)) = parameter.split_once('=') else { continue };
            let value = value.trim();
            match name.trim().to_ascii_lowercase().as_str() {
                // The range of RFC 7587 §6.1.
                "maxaveragebitrate" => {
                    wishes.bitrate_max =
                        value.parse().ok().filter(|bitrate| (6000..=510_000).contains(bitrate));
                }
                "useinbandfec" => wishes.fec = value == "1",
                "usedtx" => wishes.dtx = value == "1",
                _ => {}
            }
        }
        wishes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_are_read_as_far_as_they_make_sense() {
        let wishes =
            OpusWishes::read("minptime=10; MaxAverageBitrate=20000 ;useinbandfec=1;usedtx=0;stereo=1");
        assert_eq!(wishes, OpusWishes { bitrate_max: Some(20_000), fec: true, dtx: false });
        for nonsense in ["", ";;", "=", "maxaveragebitrate=9", "useinbandfec=yes", "usedtx"] {
            assert_eq!(OpusWishes::read(nonsense), OpusWishes::default(), "{nonsense}");
        }
    }
}
