//! What a client answers: Authorization and Proxy-Authorization (RFC 7616 §3.4).

use core::fmt;

use super::fields::{Fields, write_quoted};
use super::{Algorithm, DigestError, Ha1, response, same_secret};
use crate::message::lexis;

/// The fields that come with `qop=auth`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Qop {
    /// The nonce count in hexadecimal, as on the wire, since it is hashed as it is.
    pub nc: Box<str>,
    /// The client's own nonce.
    pub cnonce: Box<str>,
}

/// One answer. Its `Display` is the value of the header; `Debug` hides the user and the response.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Who says it is.
    pub username: Box<str>,
    /// For which realm.
    pub realm: Box<str>,
    /// The server's nonce.
    pub nonce: Box<str>,
    /// The Request-URI as the client sent it.
    pub uri: Box<str>,
    /// The proof, in hexadecimal.
    pub response: Box<str>,
    /// The hash used; MD5 if the client does not say.
    pub algorithm: Algorithm,
    /// As the server gave it.
    pub opaque: Option<Box<str>>,
    /// Absent in answers as of RFC 2069.
    pub qop: Option<Qop>,
}

impl Credentials {
    /// Reads the value of one header.
    ///
    /// # Errors
    /// Why it cannot be checked.
    pub fn parse(text: &str) -> Result<Self, DigestError> {
        let fields = Fields::parse(text)?;
        let qop = match fields.get("qop") {
            None => None,
            Some(qop) if qop.eq_ignore_ascii_case("auth") => {
                Some(Qop { nc: fields.need("nc")?, cnonce: fields.need("cnonce")? })
            }
            Some(_) => return Err(DigestError::Qop),
        };
        if qop.as_ref().is_some_and(|qop| count(&qop.nc).is_none()) {
            return Err(DigestError::Syntax);
        }
        if fields.get("userhash").is_some_and(|hashed| hashed.eq_ignore_ascii_case("true")) {
            return Err(DigestError::Userhash);
        }
        Ok(Self {
            username: fields.need("username")?,
            realm: fields.need("realm")?,
            nonce: fields.need("nonce")?,
            uri: fields.need("uri")?,
            response: fields.need("response")?,
            algorithm: fields.get("algorithm").map_or(Ok(Algorithm::Md5), str::parse)?,
            opaque: fields.get("opaque").map(Box::from),
            qop,
        })
    }

    /// Whether the response proves knowledge of the password for a request with this method. Says nothing about
    /// the nonce. The URI that counts is the one in the credentials: proxies on the way may have rewritten the
    /// Request-URI (RFC 3261 §22.4).
    #[must_use]
    pub fn prove(&self, ha1: &Ha1, method: &str) -> bool {
        let expected = response(ha1, method, &self.uri, &self.nonce, self.qop.as_ref());
        let given = self.response.to_ascii_lowercase();
        self.algorithm == ha1.algorithm() && same_secret(expected.as_bytes(), given.as_bytes())
    }

    /// Whether they only name the user and prove nothing: some phones send such ones at first, with empty fields, to
    /// be challenged (3GPP TS 24.229 §5.1.1.2.2).
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.nonce.is_empty() && self.response.is_empty()
    }

    /// The nonce count. Credentials without `qop` count as the first, which makes their nonce good for one
    /// request.
    #[must_use]
    pub fn count(&self) -> Option<u32> {
        self.qop.as_ref().map_or(Some(1), |qop| count(&qop.nc))
    }
}

/// The realm of credentials, also of those that cannot be used.
#[must_use]
pub fn realm_of(text: &str) -> Option<Box<str>> {
    Fields::parse(text).ok()?.get("realm").map(Box::from)
}

/// One to eight hexadecimal digits; the grammar has eight, some phones leave out zeros.
fn count(nc: &str) -> Option<u32> {
    let fine = (1..=8).contains(&nc.len()) && nc.bytes().all(|b| b.is_ascii_hexdigit());
    fine.then(|| u32::from_str_radix(nc, 16).ok()).flatten()
}

impl fmt::Display for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest username={}", lexis::quoted(&self.username))?;
        write_quoted(f, "realm", &self.realm)?;
        write_quoted(f, "nonce", &self.nonce)?;
        write_quoted(f, "uri", &self.uri)?;
        write_quoted(f, "response", &self.response)?;
        write!(f, ", algorithm={}", self.algorithm)?;
        if let Some(opaque) = &self.opaque {
            write_quoted(f, "opaque", opaque)?;
        }
        if let Some(Qop { nc, cnonce }) = &self.qop {
            write!(f, ", qop=auth, nc={nc}")?;
            write_quoted(f, "cnonce", cnonce)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("realm", &self.realm)
            .field("nonce", &self.nonce)
            .field("algorithm", &self.algorithm)
            .field("nc", &self.qop.as_ref().map(|qop| &qop.nc))
            .finish_non_exhaustive()
    }
}
