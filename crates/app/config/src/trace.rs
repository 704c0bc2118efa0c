//! `sip.trace` and `sip.hep`: which SIP messages are kept, and where they are sent to as well.

use std::net::SocketAddr;
use std::time::Duration;

use hotline_base::Pii;
use hotline_yaml::{Node, Reader};

use crate::server::address;

const MEBIBYTE: usize = 1024 * 1024;
const HOUR_S: u64 = 3600;
/// The longest password of a HEP collector, in bytes.
const PASSWORD_MAX: usize = 128;

/// Which messages are kept in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SipTrace {
    /// Memory for all of them; 0 keeps none.
    pub bytes: usize,
    /// The most of one dialog.
    pub dialog_messages: usize,
    /// How long a dialog is kept after its last message.
    pub age: Duration,
}

impl Default for SipTrace {
    fn default() -> Self {
        Self { bytes: 64 * MEBIBYTE, dialog_messages: 500, age: Duration::from_secs(24 * HOUR_S) }
    }
}

/// A HEP collector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hep {
    /// Where it listens for UDP.
    pub collector: SocketAddr,
    /// The number of this server there.
    pub capture_id: u32,
    /// What it lets capture agents in by.
    pub password: Option<Pii<String>>,
}

/// `None` after a mistake.
pub(crate) fn kept(reader: &mut Reader<'_>, node: &Node) -> Option<SipTrace> {
    let mut trace = SipTrace::default();
    let fields = reader.fields(node, "the trace", &["memory_mb", "dialog_messages", "age_h"])?;
    let mut good = true;
    let mut count = |key: &str, allowed, set: &mut dyn FnMut(usize)| {
        if let Some(node) = fields.optional(key) {
            match reader.count(node, allowed) {
                Some(value) => set(value),
                None => good = false,
            }
        }
    };
    count("memory_mb", 0..=4096, &mut |megabytes| trace.bytes = megabytes * MEBIBYTE);
    count("dialog_messages", 10..=10_000, &mut |messages| trace.dialog_messages = messages);
    count("age_h", 1..=168, &mut |hours| trace.age = Duration::from_secs(hours as u64 * HOUR_S));
    good.then_some(trace)
}

/// `None` after a mistake.
pub(crate) fn hep(reader: &mut Reader<'_>, node: &Node) -> Option<Hep> {
    let fields = reader.fields(node, "the HEP collector", &["collector", "capture_id", "password"])?;
    let collector = address(reader, &fields, "collector").and_then(|collector| {
        if collector.port() != 0 && !collector.ip().is_unspecified() {
            return Some(collector);
        }
        let place = fields.optional("collector")?.place;
        reader.mistake(place, format!("nobody can be reached at {collector}"), "such as `10.0.0.5:9060`");
        None
    });
    let capture_id = reader.required(&fields, "capture_id").and_then(|node| {
        let number = reader.count(node, 1..=u32::MAX as usize)?;
        u32::try_from(number).ok()
    });
    let password = match fields.optional("password") {
        Some(node) => Some(password(reader, node)?),
        None => None,
    };
    Some(Hep { collector: collector?, capture_id: capture_id?, password })
}

fn password(reader: &mut Reader<'_>, node: &Node) -> Option<Pii<String>> {
    let text = reader.text(node, "a password")?;
    if (1..=PASSWORD_MAX).contains(&text.len()) {
        return Some(Pii::from(text));
    }
    let remedy = format!("1 to {PASSWORD_MAX} bytes, or leave `password` out");
    reader.mistake(node.place, "the password cannot be used", remedy);
    None
}

#[cfg(test)]
mod tests {
    use hotline_yaml::{Source, read};

    use super::*;

    fn parse<T>(text: &str, parse: impl FnOnce(&mut Reader<'_>, &Node) -> T) -> (T, Vec<String>) {
        let source = Source::new("hotline.yaml", text);
        let node = read(&source).unwrap();
        let mut reader = Reader::new(&source);
        let value = parse(&mut reader, &node);
        (value, reader.into_diagnostics().iter().map(ToString::to_string).collect())
    }

    #[test]
    fn what_is_left_out_of_the_trace_is_as_usual() {
        let (trace, mistakes) = parse("{memory_mb: 8, age_h: 2}", kept);
        let expected = SipTrace { bytes: 8 << 20, age: Duration::from_secs(7200), ..SipTrace::default() };
        assert_eq!((trace, mistakes), (Some(expected), Vec::new()));
    }

    #[test]
    fn every_wrong_number_of_the_trace_is_told() {
        let (trace, mistakes) = parse("memory_mb: 5000\ndialog_messages: few\nage: 3\n", kept);
        assert_eq!(trace, None);
        let told = |part: &str| {
            assert!(mistakes.iter().any(|mistake| mistake.contains(part)), "{part}: {mistakes:?}")
        };
        told("a number from 0 to 4096");
        told("a number from 10 to 10000");
        told("did you mean `age_h`?");
    }

    #[test]
    fn a_collector_needs_an_address_and_a_number() {
        let (hep, mistakes) =
            parse("{collector: \"10.0.0.5:9060\", capture_id: 2001, password: secret}", hep);
        let collector = "10.0.0.5:9060".parse().unwrap();
        let expected = Hep { collector, capture_id: 2001, password: Some("secret".into()) };
        assert_eq!((hep, mistakes), (Some(expected), Vec::new()));
    }

    #[test]
    fn mistakes_about_the_collector_are_told_without_its_password() {
        for (text, told) in [
            ("{collector: \"homer.example:9060\", capture_id: 1}", "cannot be used"),
            ("{collector: \"10.0.0.5:0\", capture_id: 1}", "nobody can be reached at 10.0.0.5:0"),
            ("{collector: \"0.0.0.0:9060\", capture_id: 1}", "nobody can be reached at 0.0.0.0:9060"),
            ("{collector: \"10.0.0.5:9060\"}", "without `capture_id`"),
            ("{collector: \"10.0.0.5:9060\", capture_id: 0}", "a number from 1 to 4294967295"),
            ("{collector: \"10.0.0.5:9060\", capture_id: 1, password: \"\"}", "the password cannot be used"),
            ("{collector: \"10.0.0.5:9060\", capture_id: 1, pasword: x}", "did you mean `password`?"),
        ] {
            let (hep, mistakes) = parse(text, hep);
            assert!(mistakes.iter().any(|mistake| mistake.contains(told)), "{text}: {hep:?} {mistakes:?}");
        }
    }
}
