//! What a server asks: WWW-Authenticate and Proxy-Authenticate (RFC 7616 §3.3).

use core::fmt;

use super::credentials::{Credentials, Qop};
use super::fields::{Fields, write_quoted};
use super::{Algorithm, DigestError, Ha1, response};

/// One challenge. Its `Display` is the value of the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// For whose users.
    pub realm: Box<str>,
    /// What the answer must include.
    pub nonce: Box<str>,
    /// With which hash to answer; MD5 if the server does not say.
    pub algorithm: Algorithm,
    /// To be sent back as it is.
    pub opaque: Option<Box<str>>,
    /// The password was right but the nonce too old: answer again without asking anybody.
    pub stale: bool,
    /// Whether the server knows `qop=auth`; those of RFC 2069 do not.
    pub qop_auth: bool,
}

impl Challenge {
    /// Reads the value of one header.
    ///
    /// # Errors
    /// Why it cannot be answered.
    pub fn parse(text: &str) -> Result<Self, DigestError> {
        let fields = Fields::parse(text)?;
        let qop = fields.get("qop");
        let qop_auth =
            qop.is_some_and(|list| list.split(',').any(|one| one.trim().eq_ignore_ascii_case("auth")));
        if qop.is_some() && !qop_auth {
            return Err(DigestError::Qop);
        }
        Ok(Self {
            realm: fields.need("realm")?,
            nonce: fields.need("nonce")?,
            algorithm: fields.get("algorithm").map_or(Ok(Algorithm::Md5), str::parse)?,
            opaque: fields.get("opaque").map(Box::from),
            stale: fields.get("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
            qop_auth,
        })
    }

    /// The credentials for a request. `nc` counts the requests answered with this nonce from 1 (RFC 7616 §3.4);
    /// `cnonce` is ours and random.
    #[must_use]
    pub fn answer(
        &self,
        user: &str,
        password: &str,
        method: &str,
        uri: &str,
        cnonce: &str,
        nc: u32,
    ) -> Credentials {
        let ha1 = Ha1::new(self.algorithm, user, &self.realm, password);
        let qop = self.qop_auth.then(|| Qop { nc: format!("{nc:08x}").into(), cnonce: cnonce.into() });
        Credentials {
            username: user.into(),
            realm: self.realm.clone(),
            nonce: self.nonce.clone(),
            uri: uri.into(),
            response: response(&ha1, method, uri, &self.nonce, qop.as_ref()).into(),
            algorithm: self.algorithm,
            opaque: self.opaque.clone(),
            qop,
        }
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest realm=")?;
        write!(f, "{}", crate::message::lexis::quoted(&self.realm))?;
        write_quoted(f, "nonce", &self.nonce)?;
        if let Some(opaque) = &self.opaque {
            write_quoted(f, "opaque", opaque)?;
        }
        if self.stale {
            f.write_str(", stale=true")?;
        }
        write!(f, ", algorithm={}", self.algorithm)?;
        if self.qop_auth {
            f.write_str(", qop=\"auth\"")?;
        }
        Ok(())
    }
}

/// The challenges to answer, one for each realm (RFC 3261 §22.3): of those that can be, the one with the strongest
/// algorithm, among equals the server's first. RFC 8760 §2.4 has a client without a policy of its own take the first;
/// this is ours, as whoever can reorder headers on the way would choose otherwise. Each item is the value of one
/// header.
#[must_use]
pub fn choose(challenges: impl IntoIterator<Item = impl AsRef<str>>) -> Vec<Challenge> {
    let mut chosen: Vec<Challenge> = Vec::new();
    for challenge in challenges.into_iter().filter_map(|text| Challenge::parse(text.as_ref()).ok()) {
        match chosen.iter_mut().find(|known| known.realm == challenge.realm) {
            None => chosen.push(challenge),
            Some(known) if known.algorithm < challenge.algorithm => *known = challenge,
            Some(_) => {}
        }
    }
    chosen
}
