//! The certificates of TLS.

use std::path::Path;

use hotline_api_types::{Found, Looked};
use hotline_config::Server;
use hotline_sip_net::{TlsConfig, check_tls};
use x509_parser::pem::Pem;

use super::finding::Finding;
use crate::users::now;

/// A certificate that ends within so many days is doubtful; authorities give new ones a month before.
const DAYS_LEFT: i64 = 14;

pub(super) fn look(server: &Server) -> Vec<Finding> {
    let https = server.http.https.as_ref().map(|https| TlsConfig {
        identity: crate::https::identity_of(&https.certificate),
        ..TlsConfig::default()
    });
    let mut findings = of(&server.sip.tls);
    // SIP and HTTPS may share one.
    findings.extend(https.filter(|https| https.identity != server.sip.tls.identity).iter().flat_map(of));
    findings
}

fn of(tls: &TlsConfig) -> Vec<Finding> {
    let Some(identity) = &tls.identity else { return Vec::new() };
    let about = Looked::Certificate { file: identity.certificate.display().to_string() };
    if let Err(error) = check_tls(tls, &[]) {
        return vec![Finding::bad(
            about,
            Found::CertificateUnusable { said: error.to_string() },
            error.to_string(),
            "put a certificate and the key that belongs to it there",
        )];
    }
    vec![match ends(&identity.certificate) {
        Ok((name, ends)) => judge(about, name, ends, now().as_unix_seconds()),
        Err(said) => Finding::bad(
            about,
            Found::CertificateUnreadable { said: said.clone() },
            said,
            "put a PEM file there, the server's own certificate first",
        ),
    }]
}

fn judge(about: Looked, name: String, ends: i64, now: i64) -> Finding {
    let days = (ends - now).div_euclid(86_400);
    match days {
        ..0 => {
            let says = format!("{name}: ended {} days ago", -days);
            let found = Found::CertificateEnded { name, days: -days };
            Finding::bad(about, found, says, "renew it: no phone trusts it")
        }
        0..DAYS_LEFT => {
            let says = format!("{name}: ends in {days} days");
            Finding::doubtful(about, Found::CertificateEnds { name, days }, says, "renew it")
        }
        _ => {
            let says = format!("{name}: good for {days} days");
            Finding::good(about, Found::CertificateGood { name, days }, says)
        }
    }
}

/// The subject of the first certificate, and when it ends, in seconds since the Unix epoch.
fn ends(file: &Path) -> Result<(String, i64), String> {
    let text = std::fs::read(file).map_err(|error| error.to_string())?;
    let first = Pem::iter_from_buffer(&text).next().ok_or("holds no certificate")?;
    let pem = first.map_err(|error| error.to_string())?;
    let certificate = pem.parse_x509().map_err(|error| error.to_string())?;
    Ok((certificate.subject().to_string(), certificate.validity().not_after.timestamp()))
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;

    #[test]
    fn a_certificate_is_judged_by_the_days_that_it_has_left() {
        let verdict = |ends| {
            let about = Looked::Certificate { file: String::new() };
            judge(about, "CN=x".to_owned(), ends, 1_000_000).verdict
        };
        assert_eq!(verdict(999_999), Verdict::Bad);
        assert_eq!(verdict(1_000_000 + 13 * 86_400), Verdict::Doubtful);
        assert_eq!(verdict(1_000_000 + 14 * 86_400), Verdict::Good);
    }
}
