//! What a test expects of the flow.

use std::collections::BTreeMap;

use hotline_base::QueueId;
use hotline_yaml::{At, Fields, Node, Value as Yaml, is_name, shown, suggest};

use super::{Decoder, MAX_ENTRIES};
use crate::model::{Expected, Heard, Question, QueueEntry, Whom};

/// Values that are said by recorded phrases, as in a flow.
const VALUES: &[&str] = &["number", "ordinal", "digits", "date", "time", "duration", "money"];
const HEARD: &[&str] = &[
    "prompt", "speech", "recorded", "beep", "number", "ordinal", "digits", "date", "time", "duration",
    "money",
];
const METHODS: &[&str] = &["GET", "POST", "PUT"];

impl Decoder<'_> {
    pub(super) fn expected(&mut self, name: &str, node: &Node) -> Option<Expected> {
        match name {
            "hears" => self.hears(node).map(Expected::Hears),
            "queued" => self.queued(node).map(Expected::Queued),
            "transferred" => self.transferred(node),
            "asks" => self.asks(node).map(Expected::Asks),
            "records" => self.records(node),
            "stream" => self.stream(node),
            "sends" => self.digits(node, "keys").map(Expected::Sends),
            _ => None,
        }
    }

    /// One thing, or a list of them.
    fn hears(&mut self, node: &Node) -> Option<Vec<At<Heard>>> {
        if !matches!(node.value, Yaml::List(_)) {
            return self.heard(node).map(|heard| vec![heard]);
        }
        let items = self.r.list(node, "things that are heard", MAX_ENTRIES)?;
        let read: Vec<_> = items.iter().map(|item| self.heard(item)).collect();
        read.into_iter().collect()
    }

    /// A prompt's name, a text that is spoken, or `{speech: …}`, `{recorded: true}`, `{number: 5}` and so on.
    fn heard(&mut self, node: &Node) -> Option<At<Heard>> {
        let place = node.place;
        let Yaml::Map(entries) = &node.value else {
            let text = self.r.text(node, "a prompt's name or a text that is spoken")?;
            let heard =
                if is_name(text) { Heard::Prompt(text.to_owned()) } else { Heard::Speech(text.to_owned()) };
            return Some(At { value: heard, place });
        };
        let Some((key, value)) = entries.first() else {
            self.r.mistake(place, "nothing to hear", suggest("", HEARD.iter().copied()));
            return None;
        };
        let money = key.text == "money";
        if entries.len() > if money { 2 } else { 1 } {
            self.r.mistake(place, "one thing too many to hear", "one of them for each entry of the list");
            return None;
        }
        let heard = match key.text.as_str() {
            "prompt" => Heard::Prompt(self.r.text(value, "a prompt's name")?.to_owned()),
            "speech" => Heard::Speech(self.digits(value, "a text that is spoken")?),
            "recorded" => {
                self.yes(value)?;
                Heard::Recorded
            }
            "beep" => {
                self.yes(value)?;
                Heard::Beep
            }
            kind if VALUES.contains(&kind) => {
                let currency = match entries.get(1) {
                    Some((second, currency)) if second.text == "currency" => {
                        let text = self.r.text(currency, "a currency")?;
                        self.r.check_name(text, currency.place, "a currency")?;
                        Some(text.to_owned())
                    }
                    Some(_) | None if money => {
                        let remedy = "write `{money: 12.5, currency: EUR}`";
                        self.r.mistake(place, "money without `currency`", remedy);
                        return None;
                    }
                    Some(_) | None => None,
                };
                let expression = self.constant(kind, value)?;
                Heard::Value { kind: kind.to_owned(), expression, currency }
            }
            other => {
                let problem = format!("nothing can be heard as `{}`", shown(other));
                self.r.mistake(key.place, problem, suggest(other, HEARD.iter().copied()));
                return None;
            }
        };
        Some(At { value: heard, place })
    }

    /// The value as an expression of a flow.
    fn constant(&mut self, kind: &str, node: &Node) -> Option<String> {
        match &node.value {
            Yaml::Integer(number) if kind == "digits" => Some(format!("'{number}'")),
            Yaml::Integer(number) => Some(number.to_string()),
            Yaml::Decimal(number) => Some(number.to_string()),
            Yaml::Text(text) if !text.contains(['\'', '\\']) && !text.contains(char::is_control) => {
                Some(format!("'{text}'"))
            }
            Yaml::Null | Yaml::Bool(_) | Yaml::Text(_) | Yaml::List(_) | Yaml::Map(_) => {
                self.r.mistake(
                    node.place,
                    format!("this cannot be heard as {kind}"),
                    "a number or a plain text",
                );
                None
            }
        }
    }

    /// A queue's name, or a mapping with what else is of interest.
    fn queued(&mut self, node: &Node) -> Option<QueueEntry> {
        let nothing = |queue| QueueEntry { queue, skills: None, credit: None, agent: None, agent_wait: None };
        if let Yaml::Text(_) = node.value {
            return self.r.name::<QueueId>(node, "a queue's name").map(|queue| nothing(queue.value));
        }
        let known = &["queue", "skills", "credit_s", "agent", "agent_wait_s"];
        let fields = self.r.fields(node, "queued", known)?;
        let queue =
            self.r.required(&fields, "queue").and_then(|node| self.r.name::<QueueId>(node, "a queue's name"));
        let skills = match fields.optional("skills") {
            Some(node) => self.skills(node).map(Some),
            None => Some(None),
        };
        let credit = self.optional_seconds(&fields, "credit_s");
        let agent = self.optional_text(&fields, "agent");
        let agent_wait = self.optional_seconds(&fields, "agent_wait_s");
        let queue = queue?.value;
        Some(QueueEntry { queue, skills: skills?, credit: credit?, agent: agent?, agent_wait: agent_wait? })
    }

    fn skills(&mut self, node: &Node) -> Option<BTreeMap<String, u8>> {
        let mut skills = BTreeMap::new();
        for (key, value) in self.r.entries(node, "skills")?.into_iter().take(MAX_ENTRIES) {
            let level = self.r.count(value, 0..=usize::from(u8::MAX))?;
            skills.insert(key.text.clone(), u8::try_from(level).ok()?);
        }
        Some(skills)
    }

    fn optional_text(&mut self, fields: &Fields<'_>, key: &str) -> Option<Option<String>> {
        match fields.optional(key) {
            Some(node) => self.digits(node, key).map(Some),
            None => Some(None),
        }
    }

    /// `{extension: "1001"}`, `{agent: ada}` or `{number: "+49…"}`, with `ring_s`.
    fn transferred(&mut self, node: &Node) -> Option<Expected> {
        let fields = self.r.fields(node, "transferred", &["extension", "agent", "number", "ring_s"])?;
        let ring = self.optional_seconds(&fields, "ring_s");
        let mut found =
            Whom::ALL.into_iter().filter_map(|whom| fields.optional(whom.name()).map(|node| (whom, node)));
        let (Some((to, number)), None) = (found.next(), found.next()) else {
            let remedy = "`{extension: \"1001\"}`, `{agent: ada}` or `{number: \"+49…\"}`";
            self.r.mistake(node.place, "not exactly one to whom the call goes", remedy);
            return None;
        };
        let number = self.digits(number, "a number")?;
        Some(Expected::Transferred { to, number, ring: ring? })
    }

    /// `GET https://…`, or a mapping.
    fn asks(&mut self, node: &Node) -> Option<Question> {
        if let Yaml::Text(text) = &node.value {
            let (method, url) = text.split_once(' ').unwrap_or((text, ""));
            if !METHODS.contains(&method) || url.is_empty() {
                let remedy =
                    "`GET https://…`, `{http: https://…}`, `{customer: \"+49…\"}` or `{callback: sales}`";
                self.r.mistake(node.place, format!("`{}` is no question", shown(text)), remedy);
                return None;
            }
            let (method, url) = (method.to_owned(), url.trim().to_owned());
            return Some(Question::Http { method, url, headers: BTreeMap::new(), body: None });
        }
        let known = &["http", "method", "headers", "body", "customer", "callback", "number"];
        let fields = self.r.fields(node, "asks", known)?;
        match (fields.optional("http"), fields.optional("customer"), fields.optional("callback")) {
            (Some(url), None, None) => self.http(url, &fields),
            (None, Some(number), None) => self.digits(number, "a number").map(Question::Customer),
            (None, None, Some(queue)) => {
                let queue = self.r.name::<QueueId>(queue, "a queue's name");
                let number = self.optional_text(&fields, "number");
                Some(Question::Callback { queue: queue?.value, number: number? })
            }
            _ => {
                self.r.mistake(
                    node.place,
                    "not exactly one question",
                    "one of `http`, `customer` and `callback`",
                );
                None
            }
        }
    }

    fn http(&mut self, url: &Node, fields: &Fields<'_>) -> Option<Question> {
        let url = self.r.text(url, "an address");
        let method = match fields.optional("method") {
            Some(node) => self.one_of(node, "method", METHODS, |method| Some(method.to_owned())),
            None => Some("GET".to_owned()),
        };
        let headers = match fields.optional("headers") {
            Some(node) => self.texts(node, "headers"),
            None => Some(BTreeMap::new()),
        };
        let body = match fields.optional("body") {
            None => Some(None),
            Some(node) => {
                let mut body = BTreeMap::new();
                for (key, value) in self.r.entries(node, "body")?.into_iter().take(MAX_ENTRIES) {
                    if let Some(value) = self.value(value, "member of a body")? {
                        body.insert(key.text.clone(), value);
                    }
                }
                Some(Some(body))
            }
        };
        Some(Question::Http { method: method?, url: url?.to_owned(), headers: headers?, body: body? })
    }

    /// `records: true`, or `{mailbox: ada}`.
    fn records(&mut self, node: &Node) -> Option<Expected> {
        if matches!(node.value, Yaml::Null | Yaml::Bool(true)) {
            return Some(Expected::Records { mailbox: None });
        }
        let fields = self.r.fields(node, "records", &["mailbox"])?;
        let mailbox = self.r.required(&fields, "mailbox")?;
        let mailbox = self.digits(mailbox, "a mailbox")?;
        Some(Expected::Records { mailbox: Some(mailbox) })
    }

    /// An address, or `{url: …, parameters: {…}}`.
    fn stream(&mut self, node: &Node) -> Option<Expected> {
        if let Yaml::Text(url) = &node.value {
            return Some(Expected::Stream { url: url.clone(), parameters: None });
        }
        let fields = self.r.fields(node, "stream", &["url", "parameters"])?;
        let url = self.r.required(&fields, "url").and_then(|node| self.r.text(node, "an address"));
        let parameters = match fields.optional("parameters") {
            Some(node) => self.texts(node, "parameters").map(Some),
            None => Some(None),
        };
        Some(Expected::Stream { url: url?.to_owned(), parameters: parameters? })
    }
}
