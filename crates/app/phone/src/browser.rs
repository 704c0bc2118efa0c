//! How a phone meets the server as a browser does: found by ICE, known by its certificate, keyed by a handshake.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use hotline_base::{Pii, Rng};
use hotline_media as media;
use hotline_media_rt::{BrowserEnd, Identity, IdentityError, Meeting, Terms};
use hotline_sdp::{self as sdp, IceCredentials};

/// Of the characters that ICE allows, those that are easy to draw.
const CHARS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz012345";
const UFRAG_CHARS: usize = 8;
const PASSWORD_CHARS: usize = 24;

/// A browser: one certificate, and one name for all its checks.
pub struct Browser {
    terms: Terms,
    fingerprint: sdp::Fingerprint,
    credentials: IceCredentials,
    addresses: [IpAddr; 1],
}

impl core::fmt::Debug for Browser {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Browser(***)")
    }
}

impl Browser {
    /// One with a new certificate, whose sockets are at `address`.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub fn generate(address: IpAddr, rng: &mut Rng) -> Result<Self, IdentityError> {
        let identity = Identity::generate()?;
        let media::Fingerprint { hash, value } = identity.fingerprint();
        let hash = match hash {
            media::Hash::Sha256 => sdp::Hash::Sha256,
            media::Hash::Sha384 => sdp::Hash::Sha384,
            media::Hash::Sha512 => sdp::Hash::Sha512,
        };
        let mut draw = |chars: usize| -> String {
            (0..chars).map(|_| char::from(CHARS[rng.next_u32() as usize % CHARS.len()])).collect()
        };
        let (ufrag, password) = (draw(UFRAG_CHARS), Pii::new(draw(PASSWORD_CHARS)));
        Ok(Self {
            terms: Terms::of(&identity)?,
            fingerprint: sdp::Fingerprint { hash, value },
            credentials: IceCredentials { ufrag, password },
            addresses: [address],
        })
    }

    /// What stands of it in descriptions, which are then a browser's; `is_client` says whether it began the handshake, if there was
    /// one in this call.
    #[must_use]
    pub fn described(&self, is_client: Option<bool>) -> sdp::Browser<'_> {
        sdp::Browser {
            is_peer: true,
            credentials: &self.credentials,
            fingerprint: &self.fingerprint,
            addresses: &self.addresses,
            tcp: &[],
            is_client,
        }
    }

    /// Where the server is by its description, and our side of the leg there. `None` if it does not say how it is found.
    #[must_use]
    pub fn meet(
        &self,
        theirs: &sdp::Session,
        agreed: &sdp::Dtls,
        now: Instant,
    ) -> Option<(SocketAddr, BrowserEnd)> {
        let line = theirs.media.iter().find(|line| !line.candidates.is_empty())?;
        let server = line.candidates.iter().max_by_key(|candidate| candidate.priority)?.address;
        let password = line.connecting.password.as_ref().or(theirs.connecting.password.as_ref())?;
        let fingerprint = |theirs: &sdp::Fingerprint| media::Fingerprint {
            hash: match theirs.hash {
                sdp::Hash::Sha256 => media::Hash::Sha256,
                sdp::Hash::Sha384 => media::Hash::Sha384,
                sdp::Hash::Sha512 => media::Hash::Sha512,
            },
            value: theirs.value.clone(),
        };
        let meeting = Meeting {
            ufrag: agreed.ours.ufrag.clone(),
            peer_ufrag: agreed.peer_ufrag.clone(),
            peer_password: password.clone(),
            fingerprints: agreed.fingerprints.iter().map(fingerprint).collect(),
            is_client: agreed.is_client,
        };
        Some((server, BrowserEnd::new(&self.terms, meeting, now)))
    }
}
