//! `http:` of the server: where it listens, what passwords must be like, how long tokens may live.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use hotline_access::PasswordRules;
use hotline_yaml::{Fields, Node, Reader};

use crate::server::address;

/// Days that a token may live at most unless said otherwise.
const TOKEN_DAYS: usize = 365;
const DAY: Duration = Duration::from_secs(86_400);

/// Pages and API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Http {
    /// Where HTTP is listened on.
    pub listen: SocketAddr,
    /// What passwords must be like.
    pub passwords: PasswordRules,
    /// How long a token may live at most.
    pub token_age_max: Duration,
}

impl Http {
    /// Listens there; the rest is as usual.
    #[must_use]
    pub fn at(listen: SocketAddr) -> Self {
        Self { listen, passwords: PasswordRules::default(), token_age_max: days(TOKEN_DAYS) }
    }
}

pub(crate) fn http(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Http> {
    let node = reader.required(fields, "http")?;
    let fields = reader.fields(node, "http", &["listen", "passwords", "token_days_max"])?;
    let listen = address(reader, &fields, "listen");
    let passwords = passwords(reader, fields.optional("passwords"));
    let token_days = number(reader, &fields, "token_days_max", 1..=3650, TOKEN_DAYS);
    Some(Http { listen: listen?, passwords: passwords?, token_age_max: days(token_days?) })
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
