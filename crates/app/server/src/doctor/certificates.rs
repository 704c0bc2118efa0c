//! The certificates of TLS.

use std::path::Path;

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
    let subject = format!("certificate {}", identity.certificate.display());
    if let Err(error) = check_tls(tls, &[]) {
        return vec![Finding::bad(
            subject,
            error.to_string(),
            "put a certificate and the key that belongs to it there",
        )];
    }
    vec![match ends(&identity.certificate) {
        Ok((name, ends)) => judge(subject, &name, ends, now().as_unix_seconds()),
        Err(problem) => {
            Finding::bad(subject, problem, "put a PEM file there, the server's own certificate first")
        }
    }]
}

fn judge(subject: String, name: &str, ends: i64, now: i64) -> Finding {
    let days = (ends - now).div_euclid(86_400);
    match days {
        ..0 => {
            Finding::bad(subject, format!("{name}: ended {} days ago", -days), "renew it: no phone trusts it")
        }
        0..DAYS_LEFT => Finding::doubtful(subject, format!("{name}: ends in {days} days"), "renew it"),
        _ => Finding::good(subject, format!("{name}: good for {days} days")),
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
        let verdict = |ends| judge(String::new(), "CN=x", ends, 1_000_000).verdict;
        assert_eq!(verdict(999_999), Verdict::Bad);
        assert_eq!(verdict(1_000_000 + 13 * 86_400), Verdict::Doubtful);
        assert_eq!(verdict(1_000_000 + 14 * 86_400), Verdict::Good);
    }
}
