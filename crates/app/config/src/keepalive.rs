//! `sip.keepalive`: which registered phones are asked whether they are there.

use hotline_sip::endpoint::{PROBE_INTERVAL, ProbeConfig, Probed};
use hotline_yaml::{Fields, Reader, suggest};

/// Without a word in the file.
pub(crate) const DEFAULT: ProbeConfig = ProbeConfig { whom: Probed::BehindNat, interval: PROBE_INTERVAL };

pub(crate) fn keepalive(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<ProbeConfig> {
    const WORDS: [&str; 3] = ["nat", "all", "none"];
    let whom = match fields.optional("keepalive") {
        None => DEFAULT.whom,
        Some(node) => match reader.text(node, "`nat`, `all` or `none`")? {
            "nat" => Probed::BehindNat,
            "all" => Probed::Everybody,
            "none" => Probed::Nobody,
            other => {
                let problem = format!("`{other}` does not say whom to keep reachable");
                reader.mistake(node.place, problem, suggest(other, WORDS));
                return None;
            }
        },
    };
    let interval = match fields.optional("keepalive_s") {
        None => DEFAULT.interval,
        Some(node) => reader.seconds(node, 10..=300)?,
    };
    Some(ProbeConfig { whom, interval })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hotline_yaml::Source;

    use super::*;
    use crate::server::parse;
    use crate::server::tests::GOOD;

    #[test]
    fn phones_behind_a_nat_are_kept_reachable_unless_the_file_says_otherwise() {
        let keepalive = |text: &str| {
            let text = GOOD.replace("127.0.0.1:5060", &format!("127.0.0.1:5060{text}"));
            parse(&Source::new("hotline.yaml", &text)).map(|server| server.sip.keepalive)
        };
        let of = |whom, seconds| ProbeConfig { whom, interval: Duration::from_secs(seconds) };
        assert_eq!(keepalive(""), Ok(of(Probed::BehindNat, 25)));
        assert_eq!(keepalive(", keepalive: all, keepalive_s: 60"), Ok(of(Probed::Everybody, 60)));
        assert_eq!(keepalive(", keepalive: none"), Ok(of(Probed::Nobody, 25)));
        for (wrong, problem) in [
            (", keepalive: every", "`every` does not say whom to keep reachable"),
            (", keepalive_s: 5", "seconds from 10 to 300"),
        ] {
            let found = keepalive(wrong).unwrap_err();
            assert!(found[0].to_string().contains(problem), "{found:?}");
        }
    }
}
