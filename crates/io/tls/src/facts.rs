//! What a certificate says of itself.

use std::net::IpAddr;
use std::path::Path;

use x509_parser::extensions::GeneralName;
use x509_parser::pem::Pem;

/// Of the first certificate of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Names and addresses that it is for.
    pub names: Vec<String>,
    /// From when it is good, in seconds since the Unix epoch.
    pub begins: i64,
    /// When it ends, in seconds since the Unix epoch.
    pub ends: i64,
    /// Nobody else vouches for it.
    pub is_self_signed: bool,
}

impl Facts {
    /// `None` if the file cannot be read, or does not begin with a certificate.
    #[must_use]
    pub fn read(file: &Path) -> Option<Self> {
        Self::of(&std::fs::read(file).ok()?)
    }

    /// The same of what is in a file.
    #[must_use]
    pub fn of(pem: &[u8]) -> Option<Self> {
        let pem = Pem::iter_from_buffer(pem).next()?.ok()?;
        let parsed = pem.parse_x509().ok()?;
        let alternatives = parsed.subject_alternative_name().ok()?;
        let names = alternatives.iter().flat_map(|names| &names.value.general_names);
        Some(Self {
            names: names.filter_map(name).collect(),
            begins: parsed.validity().not_before.timestamp(),
            ends: parsed.validity().not_after.timestamp(),
            is_self_signed: parsed.subject().as_raw() == parsed.issuer().as_raw(),
        })
    }

    /// Whether it is for each of these.
    #[must_use]
    pub fn is_for(&self, names: &[String]) -> bool {
        names.iter().all(|name| self.names.iter().any(|known| known.eq_ignore_ascii_case(name)))
    }
}

fn name(of: &GeneralName<'_>) -> Option<String> {
    if let GeneralName::DNSName(name) = of {
        return Some((*name).to_owned());
    }
    let GeneralName::IPAddress(bytes) = of else { return None };
    let four = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
    let address = four.or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from));
    address.ok().map(|address| address.to_string())
}
