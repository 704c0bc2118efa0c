//! `telemetry:` of the server's file: who gets traces.

use hotline_base::Pii;
use hotline_web_client::check_url;
use hotline_yaml::{Node, Reader};

use crate::services::secret;

/// Header fields for the collector.
const HEADERS_MAX: usize = 16;
/// The path of traces (OTLP 1, §OTLP/HTTP), if the address has none.
const PATH: &str = "/v1/traces";
const SERVICE_CHARS_MAX: usize = 100;

/// Where traces are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Otlp {
    /// The address of the collector, with its path.
    pub endpoint: String,
    /// Header fields of each request.
    pub headers: Vec<(String, Pii<String>)>,
    /// What this server is called there.
    pub service: String,
    /// How many of a hundred traces are sent.
    pub sample_percent: u8,
}

/// `None` inside: nothing is traced.
pub(crate) fn telemetry(reader: &mut Reader<'_>, node: Option<&Node>) -> Option<Option<Otlp>> {
    let Some(node) = node else { return Some(None) };
    let fields = reader.fields(node, "telemetry", &["otlp"])?;
    match fields.optional("otlp") {
        Some(node) => otlp(reader, node).map(Some),
        None => Some(None),
    }
}

fn otlp(reader: &mut Reader<'_>, node: &Node) -> Option<Otlp> {
    let fields = reader.fields(node, "traces", &["endpoint", "headers", "service", "sample_percent"])?;
    let endpoint = reader.required(&fields, "endpoint").and_then(|node| endpoint(reader, node));
    let headers = match fields.optional("headers") {
        Some(node) => headers(reader, node),
        None => Some(Vec::new()),
    };
    let service = match fields.optional("service") {
        Some(node) => service(reader, node),
        None => Some("hotline".to_owned()),
    };
    let sample_percent = match fields.optional("sample_percent") {
        Some(node) => reader.count(node, 1..=100).and_then(|percent| u8::try_from(percent).ok()),
        None => Some(100),
    };
    Some(Otlp { endpoint: endpoint?, headers: headers?, service: service?, sample_percent: sample_percent? })
}

fn endpoint(reader: &mut Reader<'_>, node: &Node) -> Option<String> {
    let text = reader.text(node, "an address")?;
    if let Err(failure) = check_url(text) {
        reader.mistake(node.place, failure.to_string(), "such as `http://127.0.0.1:4318`");
        return None;
    }
    let host = text.split_once("://").map_or(text, |(_, rest)| rest);
    Some(match host.find('/') {
        Some(at) if host[at..] != *"/" => text.to_owned(),
        Some(_) | None => format!("{}{PATH}", text.trim_end_matches('/')),
    })
}

fn service(reader: &mut Reader<'_>, node: &Node) -> Option<String> {
    let text = reader.text(node, "a name")?;
    if text.is_empty() || text.chars().count() > SERVICE_CHARS_MAX {
        reader.mistake(node.place, "no name of a service", format!("1 to {SERVICE_CHARS_MAX} characters"));
        return None;
    }
    Some(text.to_owned())
}

fn headers(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<(String, Pii<String>)>> {
    let entries = reader.entries(node, "header fields")?;
    if entries.len() > HEADERS_MAX {
        reader.mistake(node.place, "too many header fields", format!("{HEADERS_MAX} at most"));
        return None;
    }
    let all: Vec<Option<(String, Pii<String>)>> = entries
        .into_iter()
        .map(|(name, value)| {
            let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            if name.text.is_empty() || !name.text.bytes().all(is_name) {
                reader.mistake(name.place, "no name of a header field", "letters, digits and `-`");
                return None;
            }
            secret(reader, value).map(|value| (name.text.clone(), value))
        })
        .collect();
    all.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use hotline_yaml::{Source, read};

    use super::*;

    fn told(text: &str) -> (Option<Option<Otlp>>, Vec<String>) {
        let source = Source::new("hotline.yaml", text);
        let node = read(&source).expect("it is YAML");
        let mut reader = Reader::new(&source);
        let found = telemetry(&mut reader, Some(&node));
        (found, reader.into_diagnostics().iter().map(ToString::to_string).collect())
    }

    #[test]
    fn an_address_is_enough_and_its_path_is_the_usual_one() {
        for (written, meant) in [
            ("http://otel:4318", "http://otel:4318/v1/traces"),
            ("http://otel:4318/", "http://otel:4318/v1/traces"),
            ("https://otel.example/in/traces", "https://otel.example/in/traces"),
        ] {
            let (found, mistakes) = told(&format!("otlp: {{endpoint: \"{written}\"}}\n"));
            assert_eq!(mistakes, [""; 0]);
            let found = found.flatten().expect("traces");
            assert_eq!((found.endpoint.as_str(), found.service.as_str()), (meant, "hotline"));
            assert_eq!((found.sample_percent, found.headers.len()), (100, 0));
        }
        assert_eq!(told("{}").0, Some(None));
    }

    #[test]
    fn what_is_wrong_is_told_without_secrets() {
        for wrong in [
            "{}",
            "{endpoint: \"otel:4318\"}",
            "{endpoint: \"http://a\", sample_percent: 0}",
            "{endpoint: \"http://a\", service: \"\"}",
            "{endpoint: \"http://a\", headers: {\"a b\": hunter2}}",
            "{endpoint: \"http://a\", headers: {a: {env: HOTLINE_TEST_NO_SUCH}}}",
        ] {
            let (_, mistakes) = told(&format!("otlp: {wrong}\n"));
            assert_eq!(mistakes.len(), 1, "{wrong}: {mistakes:?}");
            assert!(!mistakes[0].lines().next().unwrap_or_default().contains("hunter2"));
        }
    }
}
