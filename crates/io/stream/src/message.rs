//! The JSON of the protocol: `docs/stream.md`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Named values: the parameters a service is given, and its result.
pub type Values = serde_json::Map<String, Value>;

/// The version of the protocol.
pub(crate) const VERSION: u32 = 1;

/// What we tell a service.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ToService<'m> {
    Start {
        version: u32,
        call: &'m str,
        flow: &'m str,
        step: &'m str,
        language: &'m str,
        sample_rate: u32,
        parameters: &'m Values,
    },
    Dtmf {
        digit: char,
        duration_ms: u32,
    },
    Mark {
        name: &'m str,
    },
    Stop {
        reason: &'m str,
    },
}

/// What a service tells us. What is not known is passed over, so that services may be newer.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum FromService {
    Mark {
        name: String,
    },
    Clear,
    Dtmf {
        digits: String,
    },
    Result {
        #[serde(default)]
        values: Values,
    },
    Stop,
    #[serde(other)]
    Other,
}

impl ToService<'_> {
    pub(crate) fn text(&self) -> String {
        serde_json::to_string(self).expect("names, numbers and values are JSON")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_as_they_are_documented() {
        let start = ToService::Start {
            version: VERSION,
            call: "0192",
            flow: "main",
            step: "ask",
            language: "en",
            sample_rate: 8000,
            parameters: &Values::new(),
        };
        let written = "{\"type\":\"start\",\"version\":1,\"call\":\"0192\",\"flow\":\"main\",\"step\":\"ask\",\
                       \"language\":\"en\",\"sample_rate\":8000,\"parameters\":{}}";
        assert_eq!(start.text(), written);
        let dtmf = ToService::Dtmf { digit: '5', duration_ms: 120 };
        assert_eq!(dtmf.text(), "{\"type\":\"dtmf\",\"digit\":\"5\",\"duration_ms\":120}");
        let read = |text: &str| serde_json::from_str::<FromService>(text);
        assert!(
            matches!(read("{\"type\":\"mark\",\"name\":\"a\"}"), Ok(FromService::Mark { name }) if name == "a")
        );
        assert!(matches!(read("{\"type\":\"clear\",\"extra\":1}"), Ok(FromService::Clear)));
        assert!(
            matches!(read("{\"type\":\"result\"}"), Ok(FromService::Result { values }) if values.is_empty())
        );
        assert!(matches!(read("{\"type\":\"sing\",\"song\":[]}"), Ok(FromService::Other)));
        for bad in ["", "[]", "{}", "{\"type\":\"mark\"}", "{\"type\":\"result\",\"values\":3}"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
