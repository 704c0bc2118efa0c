//! The certificates of TLS.

use std::path::Path;

use hotline_acme::{Settings, Standing};
use hotline_api_types::{Found, Looked};
use hotline_config::{CertificateSource, Server};
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
    if let Some(CertificateSource::Authority(settings)) =
        server.http.https.as_ref().map(|https| &https.certificate)
    {
        let now = now().as_unix_seconds();
        findings.push(authority(settings, &Standing::read(&settings.folder, &settings.names, now), now));
    }
    findings
}

/// How things stand with the authority that is asked for certificates.
fn authority(settings: &Settings, standing: &Standing, now: i64) -> Finding {
    let about = Looked::Authority { directory: settings.directory.clone() };
    let names = settings.names.join(", ");
    let Standing { is_given, is_short, history } = standing;
    let Some(said) = history.reason.clone() else {
        return if *is_given {
            let says = format!("has given one for {names}");
            Finding::good(about, Found::AuthorityGave { names }, says)
        } else {
            let says =
                format!("none yet for {names}; until then browsers warn of the one that the server makes");
            Finding::doubtful(
                about,
                Found::AuthorityUnasked { names },
                says,
                "start the server: it asks at once",
            )
        };
    };
    let minutes = history.retry_at.map(|at| (at - now).div_euclid(60).max(0));
    let again = minutes.map_or(String::new(), |minutes| format!(", again in {minutes} minutes"));
    let (failures, port) = (history.failures, settings.challenge.port());
    let says = format!("{failures} attempts for {names} have failed{again}; the last one: {said}");
    let advice = format!(
        "the authority must be reached from here, and reach this server at port {port} of each name ({}); a restart tries at once",
        settings.challenge.name()
    );
    let challenge = settings.challenge.name().to_owned();
    let minutes = minutes.unwrap_or_default();
    let found = Found::AuthorityFails { names, failures: failures.into(), minutes, port, challenge, said };
    let judge = if *is_short { Finding::bad } else { Finding::doubtful };
    judge(about, found, says, advice)
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
    use hotline_acme::{Challenge, History};

    use super::super::finding::Verdict;
    use super::*;

    #[test]
    fn an_authority_is_judged_by_what_it_has_given_and_what_has_failed() {
        let settings = Settings {
            directory: "https://ca.example/directory".to_owned(),
            names: vec!["center.example".to_owned()],
            contact: Vec::new(),
            challenge: Challenge::TlsAlpn01,
            binding: None,
            folder: "tls".into(),
        };
        let told = |is_given, is_short, reason: Option<&str>| {
            let reason = reason.map(str::to_owned);
            let history = History { failures: 3, retry_at: Some(1_000_600), reason, ..History::default() };
            authority(&settings, &Standing { is_given, is_short, history }, 1_000_000)
        };
        assert_eq!(told(true, false, None).verdict, Verdict::Good);
        assert_eq!(told(false, true, None).verdict, Verdict::Doubtful);
        let failing = told(true, false, Some("it says no"));
        assert_eq!(failing.verdict, Verdict::Doubtful);
        assert!(failing.says.contains("again in 10 minutes; the last one: it says no"), "{}", failing.says);
        assert!(failing.advice.unwrap().contains("port 443"));
        assert_eq!(told(true, true, Some("it says no")).verdict, Verdict::Bad);
    }

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
