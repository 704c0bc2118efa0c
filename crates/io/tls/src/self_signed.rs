//! A certificate that this server makes for itself: browsers warn of it, and encrypt nevertheless. For a trial in a local network,
//! and until an authority has given one.

use std::io::{self, Write as _};
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair};
use time::{Duration, OffsetDateTime};

use crate::facts::Facts;
use crate::files::{ClientAuth, Identity, TlsConfig, check};

/// Days that a certificate is good for: no browser takes a longer one of a web server.
pub const VALID_DAYS: i64 = 397;
/// One that ends within so many days is made anew.
const LEFT_DAYS: i64 = 30;
/// Names in one certificate.
const NAMES_MAX: usize = 64;

/// Why no certificate could be made.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// A file could not be written.
    #[error("{path} cannot be written", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A name cannot stand in a certificate, or the system gives no randomness.
    #[error("no certificate can be made")]
    Certificate(#[from] rcgen::Error),
}

/// The certificate and key in `folder`, made if there is none, if it ends soon or if it is for other names.
///
/// # Errors
/// [`MakeError`]; then what was there is there.
pub fn made(folder: &Path, names: &[String]) -> Result<Identity, MakeError> {
    let identity = identity_in(folder);
    if identity.key.exists() && is_good(&identity.certificate, names) {
        return Ok(identity);
    }
    std::fs::create_dir_all(folder).map_err(|source| MakeError::File { path: folder.to_owned(), source })?;
    let Pair { certificate, key } = make(names)?;
    write(&identity.key, &key, 0o600)?;
    write(&identity.certificate, &certificate, 0o644)?;
    Ok(identity)
}

/// Certificate and key in one file, which is replaced as a whole. One of an authority stays, whatever it is for: what comes in its
/// place is the authority's too. If there is none, one is made, until an authority gives one.
///
/// # Errors
/// [`MakeError`]; then what was there is there.
pub fn made_in_one(file: &Path, names: &[String]) -> Result<Identity, MakeError> {
    let identity = Identity { certificate: file.to_owned(), key: file.to_owned() };
    let config = TlsConfig { identity: Some(identity.clone()), ..TlsConfig::default() };
    let is_others = Facts::read(file).is_some_and(|facts| !facts.is_self_signed);
    if check(&config, &[ClientAuth::None]).is_ok() && (is_others || is_good(file, names)) {
        return Ok(identity);
    }
    if let Some(folder) = file.parent() {
        let uncreated = |source| MakeError::File { path: folder.to_owned(), source };
        std::fs::create_dir_all(folder).map_err(uncreated)?;
    }
    let Pair { certificate, key } = make(names)?;
    write(file, &format!("{certificate}{key}"), 0o600)?;
    Ok(identity)
}

/// Both in PEM.
struct Pair {
    certificate: String,
    key: String,
}

fn make(names: &[String]) -> Result<Pair, rcgen::Error> {
    let mut params = CertificateParams::new(names.iter().take(NAMES_MAX).cloned().collect::<Vec<_>>())?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Hotline");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let now = OffsetDateTime::now_utc();
    params.not_before = now - Duration::days(1);
    params.not_after = now + Duration::days(VALID_DAYS - 1);
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    Ok(Pair { certificate: certificate.pem(), key: key.serialize_pem() })
}

/// Where certificate and key are in `folder`.
#[must_use]
pub fn identity_in(folder: &Path) -> Identity {
    Identity { certificate: folder.join("certificate.pem"), key: folder.join("key.pem") }
}

/// Puts a file there at once or not at all.
///
/// # Errors
/// [`MakeError::File`]; then what was there is there.
pub fn write(path: &Path, text: &str, mode: u32) -> Result<(), MakeError> {
    let unwritten = |source| MakeError::File { path: path.to_owned(), source };
    let beside = path.with_extension("new");
    let written =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&beside);
    let mut file = written.map_err(unwritten)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(unwritten)?;
    std::fs::rename(&beside, path).map_err(unwritten)
}

/// Whether it is for these names and has some days left.
fn is_good(certificate: &Path, names: &[String]) -> bool {
    let Some(facts) = Facts::read(certificate) else { return false };
    let lasts = facts.ends - OffsetDateTime::now_utc().unix_timestamp() > LEFT_DAYS * 86_400;
    lasts && facts.is_for(&names[..names.len().min(NAMES_MAX)])
}

/// What this machine is called in its own network: `localhost`, its name, and the addresses of its interfaces.
#[must_use]
pub fn local_names() -> Vec<String> {
    let mut names = vec!["localhost".to_owned()];
    if let Ok(host) = nix::unistd::gethostname()
        && let Ok(host) = host.into_string()
        && !host.is_empty()
    {
        names.push(host);
    }
    let interfaces = nix::ifaddrs::getifaddrs().into_iter().flatten();
    let addresses = interfaces.filter_map(|interface| {
        let address = interface.address?;
        let four = address.as_sockaddr_in().map(|address| IpAddr::from(address.ip()));
        four.or_else(|| address.as_sockaddr_in6().map(|address| IpAddr::from(address.ip())))
    });
    // Addresses of one link alone change with the interface, and nobody types them.
    let named = addresses.filter(|address| match address {
        IpAddr::V4(_) => true,
        IpAddr::V6(address) => !address.is_unicast_link_local(),
    });
    names.extend(named.map(|address| address.to_string()));
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use tempfile::TempDir;

    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_certificate_is_made_once_for_its_names_and_nobody_else_reads_its_key() {
        let directory = TempDir::new().unwrap();
        let folder = directory.path().join("data/tls");
        let identity = made(&folder, &names(&["localhost", "192.0.2.7"])).unwrap();
        let tls = TlsConfig { identity: Some(identity.clone()), ..TlsConfig::default() };
        check(&tls, &[ClientAuth::None]).unwrap();
        assert_eq!(std::fs::metadata(&identity.key).unwrap().permissions().mode() & 0o777, 0o600);
        let first = std::fs::read(&identity.certificate).unwrap();
        made(&folder, &names(&["192.0.2.7"])).unwrap();
        assert_eq!(std::fs::read(&identity.certificate).unwrap(), first, "it has that name");
        made(&folder, &names(&["192.0.2.8"])).unwrap();
        assert_ne!(std::fs::read(&identity.certificate).unwrap(), first, "another address");
        let days = (Facts::read(&identity.certificate).unwrap().ends
            - OffsetDateTime::now_utc().unix_timestamp())
            / 86_400;
        assert!((VALID_DAYS - 3..VALID_DAYS).contains(&days), "{days}");
    }

    #[test]
    fn one_file_for_both_is_made_until_an_authority_fills_it() {
        let directory = TempDir::new().unwrap();
        let file = directory.path().join("data/tls/acme.pem");
        let identity = made_in_one(&file, &names(&["center.example"])).unwrap();
        let tls = TlsConfig { identity: Some(identity), ..TlsConfig::default() };
        check(&tls, &[ClientAuth::None]).unwrap();
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(Facts::read(&file).unwrap().is_self_signed);
        let made = std::fs::read(&file).unwrap();
        made_in_one(&file, &names(&["other.example"])).unwrap();
        assert_ne!(std::fs::read(&file).unwrap(), made, "one of our own follows the names");

        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "an authority");
        let authority = rcgen::CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let given = CertificateParams::new(names(&["center.example"])).unwrap();
        let given = given.signed_by(&key, &authority).unwrap();
        let given = format!("{}{}", given.pem(), key.serialize_pem());
        write(&file, &given, 0o600).unwrap();
        made_in_one(&file, &names(&["third.example"])).unwrap();
        assert_eq!(
            std::fs::read_to_string(&file).unwrap(),
            given,
            "an authority's stays until it gives another"
        );
        std::fs::write(&file, &given[..given.len() / 2]).unwrap();
        made_in_one(&file, &names(&["third.example"])).unwrap();
        assert!(Facts::read(&file).unwrap().is_self_signed, "half a file is none");
    }

    #[test]
    fn this_machine_knows_what_it_is_called() {
        let names = local_names();
        assert!(
            names.contains(&"localhost".to_owned()) && names.contains(&"127.0.0.1".to_owned()),
            "{names:?}"
        );
    }
}
