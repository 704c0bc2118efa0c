//! Steps that ask something outside: `lookup`, `webhook`, `stream`.

use core::time::Duration;

use hotline_yaml::{At, Node, shown, suggest};

use super::Decoder;
use crate::end::{LookupExit, StreamExit, WebhookExit};
use crate::expression::{CustomerFact, CustomerField, Type};
use crate::format::{self, HTTP};
use crate::model::{Http, Lookup, LookupSource, Method, StepKind, Stream, Webhook};
use crate::name::Variable;
use crate::template::Template;

/// Seconds for a customer in the address book unless the step says otherwise.
const CUSTOMER_S: u32 = 3;
/// Seconds in which a service must be there unless the step says otherwise.
const CONNECT_S: u32 = 5;
/// Header fields that are the client's own.
const OWN_HEADERS: &[&str] = &[
    "host",
    "content-length",
    "content-type",
    "connection",
    "transfer-encoding",
    "upgrade",
    "te",
    "trailer",
];

impl Decoder<'_> {
    pub(super) fn lookup(&mut self, node: &Node) -> Option<StepKind> {
        let fields = self.kind_fields("lookup", node)?;
        let exits = self.exits("lookup", &fields, LookupExit::from_name);
        let source = match (fields.optional("customer"), fields.optional("http")) {
            (Some(number), None) => {
                let number = self.expression_of(number, Type::Text);
                let timeout = self.seconds(format::fields("lookup"), &fields, "timeout_s", CUSTOMER_S);
                let into = self
                    .pairs(fields.optional("into"), "into", |d, key, value| d.customer_field(&key, value));
                LookupSource::Customer { number: number?, into: into?, timeout: timeout? }
            }
            (None, Some(http)) => {
                if let Some(node) = fields.optional("timeout_s") {
                    self.r.mistake(node.place, "`timeout_s` beside `http`", "write it within `http`");
                }
                let http = self.http(http, Method::Get);
                let into = self.pairs(fields.optional("into"), "into", |d, key, value| d.path(&key, value));
                LookupSource::Http { http: http?, into: into? }
            }
            (Some(_), Some(_)) | (None, None) => {
                return self.exactly_one(node.place, "lookup", &["customer", "http"]);
            }
        };
        Some(StepKind::Lookup(Lookup { source, exits: exits? }.into()))
    }

    fn customer_field(&mut self, key: &At<&str>, node: &Node) -> Option<(At<Variable>, CustomerField)> {
        let variable = self.key_variable(key)?;
        let text = self.r.text(node, "a customer's field")?;
        let added = text.strip_prefix(CustomerField::ADDED).and_then(|rest| rest.strip_prefix('.'));
        if let Some(name) = added {
            // What it holds is read as what the variable is.
            self.types.get(&variable.value)?;
            self.r.check_name(name, node.place, "a field's name")?;
            return Some((variable, CustomerField::Added(name.into())));
        }
        let Some(fact) = CustomerFact::from_name(text) else {
            let remedy = suggest(text, CustomerFact::ALL.iter().map(|fact| fact.name()));
            self.r.mistake(node.place, format!("a customer has no `{}`", shown(text)), remedy);
            return None;
        };
        let wanted = self.types.get(&variable.value).copied()?;
        if wanted != fact.value_type() {
            let problem = format!("`{}` is {wanted}, the field {}", variable.value, fact.value_type());
            self.r.mistake(key.place, problem, format!("declare it as {}", fact.value_type()));
            return None;
        }
        Some((variable, CustomerField::Own(fact)))
    }

    fn path(&mut self, key: &At<&str>, node: &Node) -> Option<(At<Variable>, At<String>)> {
        let variable = self.key_variable(key)?;
        let text = self.r.text(node, "a path into the answer")?;
        if let Err(why) = hotline_json_path::validate(text) {
            self.r.mistake(
                node.place,
                format!("not a path into JSON: {why}"),
                "such as $.customer.balance or $.items[0].id",
            );
            return None;
        }
        Some((variable, At { value: text.to_owned(), place: node.place }))
    }

    fn http(&mut self, node: &Node, default: Method) -> Option<Http> {
        let fields = self.known_fields(node, "http", HTTP)?;
        let url = self.r.required(&fields, "url").and_then(|node| self.url(node, &["https://", "http://"]));
        let method = match fields.optional("method") {
            Some(node) => self.one_of(node, "method", Method::NAMES, Method::from_name),
            None => Some(default),
        };
        let headers =
            self.pairs(fields.optional("headers"), "headers", |d, key, value| d.header(&key, value));
        let body = self.pairs(fields.optional("body"), "body", |d, key, value| {
            Some((key.value.to_owned(), d.template_or_scalar(value)?))
        });
        let timeout = match self.r.required(&fields, "timeout_s") {
            Some(_) => self.seconds(HTTP, &fields, "timeout_s", 0),
            None => None,
        };
        let retries = match fields.optional("retries") {
            Some(node) => self.r.count(node, 0..=3),
            None => Some(0),
        };
        let (method, body) = (method?, body?);
        if method == Method::Get && !body.is_empty() {
            self.r.mistake(
                node.place,
                "a body with GET",
                "write `method: POST`, or put the values into the address",
            );
            return None;
        }
        let retries = u8::try_from(retries?).ok()?;
        Some(Http {
            place: node.place,
            url: url?,
            method,
            headers: headers?,
            body,
            timeout: timeout?,
            retries,
        })
    }

    fn header(&mut self, key: &At<&str>, node: &Node) -> Option<(String, Template)> {
        let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if key.value.is_empty() || key.value.len() > 64 || !key.value.chars().all(token) {
            let problem = format!("`{}` cannot be a header field's name", shown(key.value));
            self.r.mistake(key.place, problem, "letters, digits and `-`");
            return None;
        }
        if OWN_HEADERS.contains(&key.value.to_ascii_lowercase().as_str()) {
            self.r.mistake(key.place, format!("`{}` is set by the server itself", key.value), "leave it out");
            return None;
        }
        Some((key.value.to_owned(), self.template(node)?))
    }

    /// An address whose scheme and host are fixed: values may only stand behind them.
    fn url(&mut self, node: &Node, schemes: &[&str]) -> Option<Template> {
        let template = self.template(node)?;
        let beginning = template.beginning();
        let rest = schemes.iter().find_map(|scheme| beginning.strip_prefix(scheme));
        let Some(rest) = rest else {
            let problem = format!("an address without {}", schemes.join(" or "));
            self.r.mistake(node.place, problem, format!("such as {}example.net/path", schemes[0]));
            return None;
        };
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        // It would end up in logs of proxies.
        if host.contains('@') {
            self.r.mistake(
                node.place,
                "an address with a user's name or password",
                "leave it out; a key goes into `services` of the server's file",
            );
            return None;
        }
        let whole = host.len() < rest.len() || template.as_constant().is_some();
        let sound = !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || c.is_control());
        if !whole || !sound {
            self.r.mistake(
                node.place,
                "an address whose host is not fixed",
                "values may only stand behind the first `/`",
            );
            return None;
        }
        Some(template)
    }

    pub(super) fn webhook(&mut self, node: &Node) -> Option<StepKind> {
        let fields = self.kind_fields("webhook", node)?;
        let http = self.r.required(&fields, "http").and_then(|node| self.http(node, Method::Post));
        let exits = self.exits("webhook", &fields, WebhookExit::from_name);
        Some(StepKind::Webhook(Webhook { http: http?, exits: exits? }.into()))
    }

    pub(super) fn stream(&mut self, node: &Node) -> Option<StepKind> {
        let kind = format::fields("stream");
        let fields = self.kind_fields("stream", node)?;
        let url = self.r.required(&fields, "url").and_then(|node| self.url(node, &["wss://", "ws://"]));
        let parameters = self.pairs(fields.optional("parameters"), "parameters", |d, key, value| {
            Some((key.value.to_owned(), d.template_or_scalar(value)?))
        });
        let into = self.pairs(fields.optional("into"), "into", |d, key, value| {
            let variable = d.key_variable(&key)?;
            Some((variable, d.r.text(value, "a member of the result")?.to_owned()))
        });
        let connect = self.seconds(kind, &fields, "connect_s", CONNECT_S);
        let longest = match self.r.required(&fields, "timeout_s") {
            Some(_) => self.seconds(kind, &fields, "timeout_s", 0),
            None => None,
        };
        let exits = self.exits("stream", &fields, StreamExit::from_name);
        let (connect, longest): (Duration, Duration) = (connect?, longest?);
        let stream = Stream {
            place: node.place,
            url: url?,
            parameters: parameters?,
            into: into?,
            connect,
            longest,
            exits: exits?,
        };
        Some(StepKind::Stream(stream.into()))
    }
}
