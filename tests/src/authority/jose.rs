//! Signed requests (RFC 7515, as RFC 8555 §6.2 has them) and nonces that are good once.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::Value;

/// The public key of an account, on P-256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    x: String,
    y: String,
}

/// A request that is what it says.
pub(super) struct Signed {
    pub(super) key: Key,
    /// `Null` if it only reads.
    pub(super) payload: Value,
}

/// RFC 8555 §6.5.
#[derive(Default)]
pub(super) struct Nonces {
    given: u64,
    good: BTreeSet<String>,
}

impl Nonces {
    pub(super) fn fresh(&mut self) -> String {
        self.given += 1;
        let nonce = BASE64_URL_SAFE_NO_PAD.encode(format!("nonce {}", self.given));
        // The first one is forgotten, as an authority may: the request comes again with another.
        if self.given > 1 {
            self.good.insert(nonce.clone());
        }
        nonce
    }
}

impl Key {
    fn of(jwk: &Value) -> Option<Self> {
        let text = |key: &str| jwk[key].as_str().map(str::to_owned);
        let is_p256 = jwk["kty"] == "EC" && jwk["crv"] == "P-256";
        is_p256.then_some(Self { x: text("x")?, y: text("y")? })
    }

    /// RFC 7638 §3.
    pub(super) fn thumbprint(&self) -> String {
        let Self { x, y } = self;
        let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes()))
    }

    fn verifies(&self, signed: &[u8], signature: &[u8]) -> bool {
        let point = [&self.x, &self.y].map(|part| BASE64_URL_SAFE_NO_PAD.decode(part).unwrap_or_default());
        let point = [&[4][..], &point[0], &point[1]].concat();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed, signature).is_ok()
    }
}

/// The request, if everything about it is right; else what is not.
pub(super) fn verify(
    body: &[u8],
    url: &str,
    nonces: &mut Nonces,
    accounts: &BTreeMap<String, Key>,
) -> Result<Signed, &'static str> {
    let body: Value = serde_json::from_slice(body).map_err(|_| "no JSON")?;
    let text = |key: &str| body[key].as_str().ok_or("no JWS");
    let (protected, payload, signature) = (text("protected")?, text("payload")?, text("signature")?);
    let decode = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| "no base64url");
    let head: Value = serde_json::from_slice(&decode(protected)?).map_err(|_| "no JSON in `protected`")?;
    if head["alg"] != "ES256" {
        return Err("another algorithm");
    }
    if head["url"] != url {
        return Err("another address is signed");
    }
    if !head["nonce"].as_str().is_some_and(|nonce| nonces.good.remove(nonce)) {
        return Err("nonce");
    }
    let account = head["kid"].as_str().map(str::to_owned);
    let key = match (&account, head.get("jwk")) {
        (Some(account), None) => accounts.get(account).cloned().ok_or("nobody's account")?,
        (None, Some(jwk)) if url.ends_with("/account") => Key::of(jwk).ok_or("no key")?,
        (Some(_) | None, _) => return Err("`kid` and `jwk`"),
    };
    if !key.verifies(format!("{protected}.{payload}").as_bytes(), &decode(signature)?) {
        return Err("the signature is wrong");
    }
    let payload = match decode(payload)? {
        empty if empty.is_empty() => Value::Null,
        payload => serde_json::from_slice(&payload).map_err(|_| "no JSON in `payload`")?,
    };
    Ok(Signed { key, payload })
}
