//! `http:` of the server: where it listens, what passwords must be like, how long tokens may live.

use std::error::Error as _;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use hotline_access::PasswordRules;
use hotline_tls::{ClientAuth, Identity, TlsConfig};
use hotline_yaml::{Fields, Node, Reader};

use crate::acme::acme;
use crate::server::{address, parsed};

/// Days that a token may live at most unless said otherwise.
const TOKEN_DAYS: usize = 365;
/// Where certificates are kept unless it is said.
const TLS_FOLDER: &str = "data/tls";
/// Names of one certificate, and bytes of each.
const NAMES_MAX: usize = 32;
const NAME_BYTES_MAX: usize = 253;
const DAY: Duration = Duration::from_secs(86_400);

/// Pages and API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Http {
    /// Where HTTP is listened on.
    pub listen: SocketAddr,
    /// Where HTTPS is listened on, if it is.
    pub https: Option<Https>,
    /// What passwords must be like.
    pub passwords: PasswordRules,
    /// How long a token may live at most.
    pub token_age_max: Duration,
}

/// HTTPS of pages, API and phones in browsers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Https {
    /// Where it is listened on.
    pub listen: SocketAddr,
    /// The address that browsers see, if it is another.
    pub external: Option<SocketAddr>,
    /// Where the certificate comes from.
    pub certificate: CertificateSource,
}

/// Where a certificate comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateSource {
    /// From files that somebody puts there.
    Files(Identity),
    /// Made by this server, in this folder, for these names beside those of the machine.
    Made {
        /// Where it is kept.
        folder: PathBuf,
        /// Names and addresses.
        names: Vec<String>,
    },
    /// From an authority that is asked by this server.
    Authority(hotline_acme::Settings),
}

impl Http {
    /// Listens there; the rest is as usual.
    #[must_use]
    pub fn at(listen: SocketAddr) -> Self {
        Self { listen, https: None, passwords: PasswordRules::default(), token_age_max: days(TOKEN_DAYS) }
    }
}

pub(crate) fn http(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Http> {
    let node = reader.required(fields, "http")?;
    let fields = reader.fields(node, "http", &["listen", "https", "passwords", "token_days_max"])?;
    let https = match fields.optional("https") {
        Some(node) => https(reader, node).map(Some),
        None => Some(None),
    };
    let listen = address(reader, &fields, "listen");
    let passwords = passwords(reader, fields.optional("passwords"));
    let token_days = number(reader, &fields, "token_days_max", 1..=3650, TOKEN_DAYS);
    Some(Http { listen: listen?, https: https?, passwords: passwords?, token_age_max: days(token_days?) })
}

fn https(reader: &mut Reader<'_>, node: &Node) -> Option<Https> {
    let known = ["listen", "external", "certificate", "key", "folder", "names", "acme"];
    let fields = reader.fields(node, "https", &known)?;
    let listen = address(reader, &fields, "listen");
    let external = match fields.optional("external") {
        Some(node) => parsed(reader, node, "an address and port such as `203.0.113.7:443`").map(Some),
        None => Some(None),
    };
    let certificate = certificate(reader, &fields);
    Some(Https { listen: listen?, external: external?, certificate: certificate? })
}

fn certificate(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<CertificateSource> {
    let names = names(reader, fields.optional("names"));
    let folder = match fields.optional("folder") {
        Some(node) => reader.text(node, "a folder").map(PathBuf::from),
        None => Some(PathBuf::from(TLS_FOLDER)),
    };
    let (certificate, key) = (fields.optional("certificate"), fields.optional("key"));
    if let Some(node) = fields.optional("acme") {
        for (other, instead) in [
            (certificate, "keep the files or `acme`: where a certificate comes from is one of them"),
            (key, "keep the files or `acme`: where a certificate comes from is one of them"),
            (fields.optional("names"), "write them under `acme`: `acme: {names: [hotline.example]}`"),
        ] {
            if let Some(other) = other {
                reader.mistake(other.place, "stands beside `acme`", instead);
                return None;
            }
        }
        return acme(reader, node, folder?).map(CertificateSource::Authority);
    }
    let Some(place) = certificate.or(key).map(|node| node.place) else {
        return Some(CertificateSource::Made { folder: folder?, names: names? });
    };
    let mut file = |key: &str| {
        let node = reader.required(fields, key)?;
        reader.text(node, "a PEM file").map(PathBuf::from)
    };
    let (certificate, key) = (file("certificate"), file("key"));
    let identity = Identity { certificate: certificate?, key: key? };
    let config = TlsConfig { identity: Some(identity.clone()), ..TlsConfig::default() };
    if let Err(problem) = hotline_tls::check(&config, &[ClientAuth::None]) {
        let causes = std::iter::successors(problem.source(), |cause| (*cause).source());
        let text = causes.fold(problem.to_string(), |text, cause| format!("{text}: {cause}"));
        let remedy = "a file in PEM that this program may read; relative paths begin where it is started";
        reader.mistake(place, text, remedy);
        return None;
    }
    Some(CertificateSource::Files(identity))
}

/// Names that a certificate is for.
pub(crate) fn names(reader: &mut Reader<'_>, node: Option<&Node>) -> Option<Vec<String>> {
    let Some(node) = node else { return Some(Vec::new()) };
    let items = reader.list(node, "names and addresses", NAMES_MAX)?;
    let mut names = Vec::new();
    for item in items {
        let text = reader.text(item, "a name such as `hotline.example`")?;
        let fits =
            |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '.' | ':');
        if text.is_empty() || text.len() > NAME_BYTES_MAX || !text.chars().all(fits) {
            reader.mistake(
                item.place,
                format!("`{text}` is no name of a machine"),
                "such as `hotline.example`",
            );
            return None;
        }
        names.push(text.to_owned());
    }
    Some(names)
}

fn passwords(reader: &mut Reader<'_>, node: Option<&Node>) -> Option<PasswordRules> {
    let usual = PasswordRules::default();
    let Some(node) = node else { return Some(usual) };
    let keys = ["length", "classes", "days", "remembered", "failures", "lock_minutes"];
    let fields = reader.fields(node, "passwords", &keys)?;
    let length = number(reader, &fields, "length", 8..=128, usual.length);
    let classes = number(reader, &fields, "classes", 1..=4, usual.classes);
    // 0 is for ever.
    let age = number(reader, &fields, "days", 0..=3650, 90);
    let remembered = number(reader, &fields, "remembered", 0..=24, usual.remembered);
    let failures = number(reader, &fields, "failures", 3..=1000, 10);
    let minutes = number(reader, &fields, "lock_minutes", 1..=10_080, 30);
    let age = age?;
    Some(PasswordRules {
        length: length?,
        classes: classes?,
        age_max: (age > 0).then(|| days(age)),
        remembered: remembered?,
        failures: u32::try_from(failures?).ok()?,
        lock: Duration::from_secs(60 * u64::try_from(minutes?).ok()?),
    })
}

fn number(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    key: &str,
    allowed: RangeInclusive<usize>,
    usual: usize,
) -> Option<usize> {
    match fields.optional(key) {
        Some(node) => reader.count(node, allowed),
        None => Some(usual),
    }
}

fn days(days: usize) -> Duration {
    DAY * u32::try_from(days).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use hotline_yaml::Source;

    use super::*;
    use crate::server::parse;
    use crate::server::tests::GOOD;

    fn read(http: &str) -> Result<Http, Vec<String>> {
        let text = GOOD.replace("http: {listen: 127.0.0.1:8080}", &format!("http: {http}"));
        let read = parse(&Source::new("hotline.yaml", &text));
        read.map(|server| server.http).map_err(|found| found.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn rules_for_passwords_are_as_usual_unless_it_says_otherwise() {
        let usual = read("{listen: 127.0.0.1:8080}").unwrap();
        assert_eq!(usual, Http::at("127.0.0.1:8080".parse().unwrap()));
        let rules = &usual.passwords;
        assert_eq!((rules.length, rules.classes, rules.remembered, rules.failures), (8, 3, 5, 10));
        assert_eq!((rules.age_max, rules.lock), (Some(90 * DAY), Duration::from_secs(1800)));
        let told = read(
            "{listen: 127.0.0.1:8080, token_days_max: 30,
            passwords: {length: 12, classes: 4, days: 0, remembered: 10, failures: 5, lock_minutes: 60}}",
        );
        let told = told.unwrap();
        let expected = PasswordRules {
            length: 12,
            classes: 4,
            age_max: None,
            remembered: 10,
            failures: 5,
            lock: Duration::from_secs(3600),
        };
        assert_eq!((told.passwords, told.token_age_max), (expected, 30 * DAY));
    }

    #[test]
    fn https_is_off_made_by_the_server_or_from_files_that_can_be_used() {
        assert_eq!(read("{listen: 127.0.0.1:8080}").unwrap().https, None);
        let made = read("{listen: 127.0.0.1:8080, https: {listen: 0.0.0.0:8443, names: [hotline.lan]}}");
        let made = made.unwrap().https.unwrap();
        let names = vec!["hotline.lan".to_owned()];
        assert_eq!(made.certificate, CertificateSource::Made { folder: "data/tls".into(), names });
        for (https, said) in [
            ("{listen: 0.0.0.0:8443, names: [a b]}", "`a b` is no name of a machine"),
            ("{listen: 0.0.0.0:8443, certificate: there.pem}", "`key`"),
            ("{listen: 0.0.0.0:8443, certificate: there.pem, key: there.pem}", "there.pem: not readable"),
            ("{listen: nowhere}", "`nowhere` cannot be used"),
        ] {
            let found = read(&format!("{{listen: 127.0.0.1:8080, https: {https}}}")).unwrap_err();
            assert!(found[0].contains(said), "{found:?}");
        }
    }

    #[test]
    fn rules_that_protect_nobody_are_refused() {
        for (rule, allowed) in
            [("length: 4", "8 to 128"), ("classes: 5", "1 to 4"), ("failures: 1", "3 to 1000")]
        {
            let found = read(&format!("{{listen: 127.0.0.1:8080, passwords: {{{rule}}}}}")).unwrap_err();
            assert!(found[0].contains(allowed), "{found:?}");
        }
        let found = read("{listen: 127.0.0.1:8080, passwords: {lenght: 9}}").unwrap_err();
        assert!(found[0].contains("did you mean `length`?"), "{found:?}");
    }
}
