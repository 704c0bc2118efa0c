//! Whether two URIs mean the same (RFC 3261 §19.1.4, RFC 3966 §4).

use super::{SipUri, TelUri, escape};

/// Parameters that, when only one URI has them, make the two differ (RFC 3261 §19.1.4).
const NEVER_IGNORED: [&str; 4] = ["user", "ttl", "method", "maddr"];

impl SipUri {
    /// RFC 3261 §19.1.4: user and password compare exactly after escapes are undone, the rest without case; a
    /// missing port is not the default port; most parameters count only when both have them.
    #[must_use]
    pub fn equivalent(&self, other: &Self) -> bool {
        self.scheme == other.scheme
            && same_escaped(self.user.as_deref(), other.user.as_deref())
            && same_escaped(self.password.as_deref(), other.password.as_deref())
            && self.host.equivalent(&other.host)
            && self.port == other.port
            && params_agree(self, other)
            && params_agree(other, self)
            && sorted_headers(self) == sorted_headers(other)
    }
}

impl TelUri {
    /// RFC 3966 §4: numbers compare without visual separators, parameters without order or case. Of a parameter
    /// given twice, the first counts.
    #[must_use]
    pub fn equivalent(&self, other: &Self) -> bool {
        let digits = |uri: &Self| -> String {
            uri.number
                .chars()
                .filter(|character| !matches!(character, '-' | '.' | '(' | ')'))
                .map(|character| character.to_ascii_lowercase())
                .collect()
        };
        let within = |a: &Self, b: &Self| {
            a.params.iter().all(|(name, _)| match (a.params.get(name), b.params.get(name)) {
                (Some(value), Some(other)) => value.eq_ignore_ascii_case(other),
                (Some(_) | None, _) => false,
            })
        };
        digits(self) == digits(other) && within(self, other) && within(other, self)
    }
}

fn same_escaped(a: Option<&str>, b: Option<&str>) -> bool {
    let plain = |text: &str| escape::undone_bytes(text.as_bytes());
    a.map(plain) == b.map(plain)
}

/// Of a parameter given twice, which the grammar forbids, the first counts.
fn params_agree(a: &SipUri, b: &SipUri) -> bool {
    let plain =
        |text: Option<&str>| text.map(|text| escape::undone_bytes(text.as_bytes()).to_ascii_lowercase());
    a.params.iter().all(|(name, _)| match plain(b.params.get(name)) {
        Some(other) => plain(a.params.get(name)) == Some(other),
        None => !NEVER_IGNORED.iter().any(|never| never.eq_ignore_ascii_case(name)),
    })
}

/// Header fields never are ignored, but may be in any order.
fn sorted_headers(uri: &SipUri) -> Vec<(Vec<u8>, Vec<u8>)> {
    let Some(headers) = uri.headers.as_deref() else { return Vec::new() };
    let mut fields: Vec<_> = headers
        .split('&')
        .map(|field| {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            let name = escape::undone_bytes(name.as_bytes()).to_ascii_lowercase();
            (name, escape::undone_bytes(value.as_bytes()))
        })
        .collect();
    fields.sort();
    fields
}
