//! What is kept in a folder: the certificate with its key, the account at the authority, and what was asked before. All of it is for
//! the server alone, and each file is replaced at once or not at all.

use std::path::{Path, PathBuf};

use hotline_tls::{ClientAuth, Facts, Identity, TlsConfig, check, write};
use instant_acme::AccountCredentials;
use serde::{Deserialize, Serialize};

use crate::order::AcmeError;
use crate::plan::{Held, History};

const MODE: u32 = 0o600;
/// Files of ours are small; one that is not is none of ours.
const BYTES_MAX: u64 = 64 * 1024;

/// The folder of one server.
#[derive(Clone, Debug)]
pub(crate) struct Files(PathBuf);

/// Certificate and key in one file, so that nobody ever reads one of two that do not belong together.
#[must_use]
pub fn certificate_in(folder: &Path) -> PathBuf {
    folder.join("acme.pem")
}

/// An account at an authority, with what it was made for.
#[derive(Deserialize, Serialize)]
pub(crate) struct Kept {
    pub(crate) directory: String,
    pub(crate) contact: Vec<String>,
    pub(crate) credentials: AccountCredentials,
}

/// How things stand, as another program may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether the certificate in use is from an authority and for all names.
    pub is_given: bool,
    /// Whether it ends so soon that somebody should look.
    pub is_short: bool,
    /// What was asked.
    pub history: History,
}

impl Standing {
    /// Of what is in the folder, at this time in seconds since the Unix epoch.
    #[must_use]
    pub fn read(folder: &Path, names: &[String], now: i64) -> Self {
        let files = Files::new(folder);
        let held = files.held(names);
        let is_short = held.is_none_or(|held| held.is_short(now));
        Self { is_given: held.is_some(), is_short, history: files.history() }
    }
}

impl Files {
    pub(crate) fn new(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    pub(crate) fn certificate(&self) -> PathBuf {
        certificate_in(&self.0)
    }

    fn account_file(&self) -> PathBuf {
        self.0.join("acme-account.json")
    }

    fn history_file(&self) -> PathBuf {
        self.0.join("acme-history.json")
    }

    /// The certificate of an authority that is for these names.
    pub(crate) fn held(&self, names: &[String]) -> Option<Held> {
        let facts = Facts::read(&self.certificate())?;
        let is_given = !facts.is_self_signed && facts.is_for(names);
        is_given.then_some(Held { begins: facts.begins, ends: facts.ends })
    }

    /// What was asked before; nothing if there is no such file, or none of ours.
    pub(crate) fn history(&self) -> History {
        read(&self.history_file()).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    }

    pub(crate) fn put_history(&self, history: &History) -> Result<(), AcmeError> {
        let text = serde_json::to_string(history).map_err(AcmeError::Unwritable)?;
        Ok(write(&self.history_file(), &text, MODE)?)
    }

    /// The account at this authority.
    pub(crate) fn account(&self, directory: &str) -> Option<Kept> {
        let kept: Kept = serde_json::from_str(&read(&self.account_file())?).ok()?;
        (kept.directory == directory).then_some(kept)
    }

    pub(crate) fn put_account(&self, kept: &Kept) -> Result<(), AcmeError> {
        let text = serde_json::to_string(kept).map_err(AcmeError::Unwritable)?;
        Ok(write(&self.account_file(), &text, MODE)?)
    }

    /// For an account that the authority has forgotten.
    pub(crate) fn forget_account(&self) -> Result<(), AcmeError> {
        match std::fs::remove_file(self.account_file()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(AcmeError::File(error)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Puts a certificate there if it can be used in the place of the one before: with this key, for these names, at this time.
    pub(crate) fn put_certificate(
        &self,
        chain: &str,
        key: &str,
        names: &[String],
        now: i64,
    ) -> Result<Held, AcmeError> {
        let unusable = |problem: String| AcmeError::Unusable(problem);
        let text = format!("{}\n{key}", chain.trim_end());
        let facts = Facts::of(text.as_bytes()).ok_or_else(|| unusable("it is none".to_owned()))?;
        if !facts.is_for(names) {
            return Err(unusable(format!("it is for other names: {}", facts.names.join(", "))));
        }
        if facts.is_self_signed {
            return Err(unusable("nobody vouches for it".to_owned()));
        }
        if facts.ends <= now {
            return Err(unusable("it has ended".to_owned()));
        }
        let candidate = self.0.join("acme-candidate.pem");
        write(&candidate, &text, MODE)?;
        let identity = Identity { certificate: candidate.clone(), key: candidate.clone() };
        let checked =
            check(&TlsConfig { identity: Some(identity), ..TlsConfig::default() }, &[ClientAuth::None]);
        std::fs::remove_file(&candidate).map_err(AcmeError::File)?;
        checked.map_err(AcmeError::Unfit)?;
        write(&self.certificate(), &text, MODE)?;
        Ok(Held { begins: facts.begins, ends: facts.ends })
    }
}

fn read(path: &Path) -> Option<String> {
    let is_small = std::fs::metadata(path).is_ok_and(|file| file.len() <= BYTES_MAX);
    is_small.then(|| std::fs::read_to_string(path).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use rcgen::{CertificateParams, CertifiedIssuer, DnType, KeyPair};
    use tempfile::TempDir;

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn given(name: &str) -> (String, String) {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "an authority");
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (certificate.signed_by(&key, &authority).unwrap().pem(), key.serialize_pem())
    }

    #[test]
    fn only_a_certificate_that_can_be_used_takes_the_place_of_the_one_before() {
        let folder = TempDir::new().unwrap();
        let files = Files::new(folder.path());
        let names = vec!["center.example".to_owned()];
        let (chain, key) = given("center.example");
        files.put_certificate(&chain, &key, &names, NOW).unwrap();
        let kept = std::fs::read(files.certificate()).unwrap();
        assert_eq!(std::fs::metadata(files.certificate()).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(files.held(&names).is_some());

        let (other, other_key) = given("other.example");
        for (chain, key, said) in [
            (&other, &other_key, "other names: other.example"),
            (&chain, &other_key, "cannot be used"),
            (&"<html>".to_owned(), &key, "none"),
            (&chain[..chain.len() / 2].to_owned(), &key, "none"),
        ] {
            let error = files.put_certificate(chain, key, &names, NOW).unwrap_err();
            let told = error.told();
            assert!(told.contains(said), "{told}");
        }
        let ends = Facts::of(chain.as_bytes()).unwrap().ends;
        let error = files.put_certificate(&chain, &key, &names, ends).unwrap_err();
        assert!(error.told().contains("has ended"), "{error:?}");
        assert_eq!(std::fs::read(files.certificate()).unwrap(), kept);
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "{left:?}");
        assert_eq!(files.held(&["third.example".to_owned()]), None, "names that were added need another one");
    }

    #[test]
    fn a_history_that_cannot_be_read_is_none() {
        let folder = TempDir::new().unwrap();
        let files = Files::new(folder.path());
        assert_eq!(files.history(), History::default());
        let history = History { attempts: vec![1, 2], failures: 1, ..History::default() };
        files.put_history(&history).unwrap();
        assert_eq!(files.history(), history);
        std::fs::write(files.history_file(), "{\"attempts\": 7}").unwrap();
        assert_eq!(files.history(), History::default());
    }
}
