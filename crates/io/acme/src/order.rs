//! One certificate, from the order to the chain (RFC 8555 §7.4).

use std::error::Error as StdError;
use std::time::Duration;

use hotline_tls::{Challenges, MakeError, TlsError};
use instant_acme::{
    Account, AuthorizationStatus, CertificateIdentifier, ChallengeType, Identifier, NewOrder, Order,
    OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, DistinguishedName, KeyPair};

use crate::settings::{Challenge, Settings};

/// How long the authority may take to look, and to sign.
const PATIENCE: RetryPolicy = RetryPolicy::new().timeout(Duration::from_secs(120));
/// What an authority says when it was asked too often.
const LIMITED: &str = "urn:ietf:params:acme:error:rateLimited";
/// What it says when it does not know us.
const NO_ACCOUNT: &str = "urn:ietf:params:acme:error:accountDoesNotExist";

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum AcmeError {
    /// The authority refuses, is not reached, or does not keep to the standard.
    #[error("the authority")]
    Authority(#[from] instant_acme::Error),
    /// It looked, and did not find this server.
    #[error("the authority does not find this server at `{name}`: {reason}")]
    NotFound {
        /// The name.
        name: String,
        /// What it says.
        reason: String,
    },
    /// It does not look in the way that is configured.
    #[error(
        "the authority does not offer {wanted} for `{name}`, but {offered}; `acme.challenge` chooses another one"
    )]
    NotOffered {
        /// The name.
        name: String,
        /// What is configured.
        wanted: &'static str,
        /// What it offers.
        offered: String,
    },
    /// It speaks of something that was not asked.
    #[error("the authority answers for `{0}`, which it was not asked")]
    Unasked(String),
    /// It does not come to an end.
    #[error("the authority came to no end in time")]
    Slow,
    /// The order ended without a certificate.
    #[error("the authority has refused the order and does not say why")]
    Refused,
    /// What came is not what was asked for.
    #[error("the certificate that came cannot be used: {0}")]
    Unusable(String),
    /// What came does not belong to the key.
    #[error("the certificate that came cannot be used")]
    Unfit(#[source] TlsError),
    /// No key or request can be made, or a file cannot be written.
    #[error("a certificate cannot be asked for")]
    Make(#[from] MakeError),
    /// The request cannot be made.
    #[error("the request for a certificate cannot be made")]
    Request(#[from] rcgen::Error),
    /// A file cannot be removed.
    #[error("a file of the certificate")]
    File(#[source] std::io::Error),
    /// What is to be kept cannot be written as text.
    #[error("what is to be kept cannot be written")]
    Unwritable(#[source] serde_json::Error),
}

impl AcmeError {
    /// With all causes, in one line.
    #[must_use]
    pub fn told(&self) -> String {
        let causes = std::iter::successors(self.source(), |cause| (*cause).source());
        causes.fold(self.to_string(), |text, cause| format!("{text}: {cause}"))
    }

    /// Whether the authority says that it was asked too often.
    pub(crate) fn is_limited(&self) -> bool {
        self.is(LIMITED)
    }

    /// Whether it has forgotten our account.
    pub(crate) fn is_unknown(&self) -> bool {
        self.is(NO_ACCOUNT)
    }

    fn is(&self, kind: &str) -> bool {
        matches!(self, Self::Authority(instant_acme::Error::Api(problem)) if problem.r#type.as_deref() == Some(kind))
    }
}

/// A certificate with those between it and the authority, and its key, in PEM.
pub(crate) struct Issued {
    pub(crate) chain: String,
    pub(crate) key: String,
}

/// Asks for a certificate. The answers that the authority looks for are in `challenges` meanwhile.
pub(crate) async fn order(
    account: &Account,
    settings: &Settings,
    challenges: &Challenges,
    replaces: Option<CertificateIdentifier<'_>>,
) -> Result<Issued, AcmeError> {
    let identifiers: Vec<Identifier> = settings.names.iter().cloned().map(Identifier::Dns).collect();
    let mut wanted = NewOrder::new(&identifiers);
    if let Some(replaced) = replaces {
        wanted = wanted.replaces(replaced);
    }
    let mut order = account.new_order(&wanted).await?;
    prove(&mut order, settings, challenges).await?;
    match order.poll_ready(&PATIENCE).await {
        Ok(OrderStatus::Ready) => {}
        // Pending, processing and valid do not come out of it.
        Ok(_) => return Err(refusal(&mut order).await),
        Err(instant_acme::Error::Timeout(_)) => return Err(AcmeError::Slow),
        // What it found at the name says more than that the order failed.
        Err(error) => {
            let found = refusal(&mut order).await;
            let is_known = matches!(found, AcmeError::NotFound { .. });
            return Err(if is_known { found } else { error.into() });
        }
    }
    let mut params = CertificateParams::new(settings.names.clone())?;
    params.distinguished_name = DistinguishedName::new();
    let key = KeyPair::generate()?;
    let request = params.serialize_request(&key)?;
    order.finalize_csr(request.der()).await?;
    match order.poll_certificate(&PATIENCE).await {
        Ok(chain) => Ok(Issued { chain, key: key.serialize_pem() }),
        Err(instant_acme::Error::Timeout(_)) => Err(AcmeError::Slow),
        Err(error) => Err(error.into()),
    }
}

/// Puts the answers there and tells the authority to look, name by name.
async fn prove(order: &mut Order, settings: &Settings, challenges: &Challenges) -> Result<(), AcmeError> {
    let mut all = order.authorizations();
    while let Some(authorization) = all.next().await {
        let mut authorization = authorization?;
        let Identifier::Dns(name) = authorization.identifier().identifier.clone() else {
            return Err(AcmeError::Unasked("something that is no name".to_owned()));
        };
        if !settings.names.iter().any(|asked| asked.eq_ignore_ascii_case(&name)) {
            return Err(AcmeError::Unasked(name));
        }
        if authorization.status == AuthorizationStatus::Valid {
            // It has looked before.
            continue;
        }
        let kind = match settings.challenge {
            Challenge::TlsAlpn01 => ChallengeType::TlsAlpn01,
            Challenge::Http01 => ChallengeType::Http01,
        };
        let kinds: Vec<String> =
            authorization.challenges.iter().map(|one| format!("{:?}", one.r#type)).collect();
        let Some(mut challenge) = authorization.challenge(kind) else {
            let wanted = settings.challenge.name();
            return Err(AcmeError::NotOffered { name, wanted, offered: kinds.join(", ") });
        };
        let answer = challenge.key_authorization();
        match settings.challenge {
            Challenge::TlsAlpn01 => {
                let mut digest = [0; 32];
                digest.copy_from_slice(answer.digest().as_ref());
                challenges.answer_tls(&name, digest)?;
            }
            Challenge::Http01 => challenges.answer_http(&challenge.token, answer.as_str()),
        }
        challenge.set_ready().await?;
    }
    Ok(())
}

/// What the authority says of the name that it did not find.
async fn refusal(order: &mut Order) -> AcmeError {
    let mut all = order.authorizations();
    while let Some(Ok(mut authorization)) = all.next().await {
        if let Err(error) = authorization.refresh().await {
            return error.into();
        }
        if authorization.status == AuthorizationStatus::Valid {
            continue;
        }
        let name = authorization.identifier().to_string();
        let failed = authorization.challenges.iter().find_map(|challenge| challenge.error.as_ref());
        if let Some(problem) = failed {
            return AcmeError::NotFound { name, reason: problem.to_string() };
        }
    }
    AcmeError::Refused
}
