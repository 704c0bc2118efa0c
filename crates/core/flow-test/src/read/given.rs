//! What there is before the call begins.

use std::collections::BTreeMap;

use hotline_base::{Pii, QueueId};
use hotline_ivr::{Customer, Facts, FieldName, HoursExit, Language, QueueFact};
use hotline_yaml::{Fields, Node, Value as Yaml, shown, suggest};

use super::{Decoder, MAX_ENTRIES};
use crate::calendar::Moment;
use crate::model::Given;

const CUSTOMER: &[&str] =
    &["name", "company", "class", "language", "vip", "blocked", "agent", "last_agent", "fields"];

impl Decoder<'_> {
    pub(super) fn given(&mut self, fields: &Fields<'_>) -> Option<Given> {
        let facts = self.facts(fields);
        let at = match fields.optional("at") {
            Some(node) => self.moment(node),
            None => Some(Moment::default()),
        };
        let hours = match fields.optional("hours") {
            Some(node) => self.hours(node),
            None => Some(BTreeMap::new()),
        };
        let customer = match fields.optional("customer") {
            Some(node) => self.customer(node).map(Some),
            None => Some(None),
        };
        let queues = match fields.optional("queues") {
            Some(node) => self.queues(node),
            None => Some(BTreeMap::new()),
        };
        Some(Given { facts: facts?, at: at?, hours: hours?, customer: customer?, queues: queues? })
    }

    fn facts(&mut self, fields: &Fields<'_>) -> Option<Facts> {
        let caller = self.optional_digits(fields, "caller");
        let called = self.optional_digits(fields, "called");
        let trunk = self.optional_digits(fields, "trunk");
        let area = self.optional_digits(fields, "area");
        let language = match fields.optional("language") {
            Some(node) => self.r.name::<Language>(node, "a language").map(|language| Some(language.value)),
            None => Some(None),
        };
        Some(Facts {
            caller: Pii::new(caller?),
            called: Pii::new(called?),
            trunk: trunk?,
            area: area?,
            language: language?,
        })
    }

    fn optional_digits(&mut self, fields: &Fields<'_>, key: &str) -> Option<String> {
        match fields.optional(key) {
            Some(node) => self.digits(node, key),
            None => Some(String::new()),
        }
    }

    fn moment(&mut self, node: &Node) -> Option<Moment> {
        let text = self.r.text(node, "a local time such as `2026-11-30 09:05`")?;
        let moment = Moment::parse(text);
        if moment.is_none() {
            let problem = format!("`{}` is no day and time", shown(text));
            self.r.mistake(node.place, problem, "write `2026-11-30 09:05`");
        }
        moment
    }

    fn hours(&mut self, node: &Node) -> Option<BTreeMap<String, HoursExit>> {
        let names: Vec<&str> = HoursExit::ALL.iter().map(|exit| exit.name()).collect();
        let mut hours = BTreeMap::new();
        for (key, value) in self.r.entries(node, "hours")?.into_iter().take(MAX_ENTRIES) {
            if let Some(exit) = self.one_of(value, "answer of a calendar", &names, HoursExit::from_name) {
                hours.insert(key.text.clone(), exit);
            }
        }
        Some(hours)
    }

    pub(super) fn customer(&mut self, node: &Node) -> Option<Customer> {
        let fields = self.r.fields(node, "customer", CUSTOMER)?;
        let name = self.optional_digits(&fields, "name");
        let company = self.optional_digits(&fields, "company");
        let class = self.optional_digits(&fields, "class");
        let language = self.optional_digits(&fields, "language");
        let vip = self.r.bool(fields.optional("vip"), false);
        let blocked = self.r.bool(fields.optional("blocked"), false);
        let agent = self.optional_digits(&fields, "agent");
        let last_agent = self.optional_digits(&fields, "last_agent");
        let added = match fields.optional("fields") {
            Some(node) => self.added_fields(node),
            None => Some(BTreeMap::new()),
        };
        Some(Customer {
            name: Pii::new(name?),
            company: Pii::new(company?),
            class: class?,
            language: language?,
            vip: vip?,
            blocked: blocked?,
            agent: agent?,
            last_agent: last_agent?,
            fields: added?,
        })
    }

    /// What a center has added to its customers: texts, numbers, `true` and `false`.
    fn added_fields(&mut self, node: &Node) -> Option<BTreeMap<FieldName, Pii<String>>> {
        let mut added = BTreeMap::new();
        for (key, value) in self.r.entries(node, "fields of a customer")?.into_iter().take(MAX_ENTRIES) {
            self.r.check_name(&key.text, key.place, "a field's name");
            let text = match &value.value {
                Yaml::Bool(truth) => truth.to_string(),
                Yaml::Integer(number) => number.to_string(),
                Yaml::Decimal(number) => number.to_string(),
                Yaml::Text(text) => text.clone(),
                Yaml::Null | Yaml::List(_) | Yaml::Map(_) => {
                    self.r.mistake(
                        value.place,
                        "this is no field's value",
                        "a text, a number, `true` or `false`",
                    );
                    continue;
                }
            };
            added.insert(key.text.as_str().into(), Pii::new(text));
        }
        Some(added)
    }

    fn queues(&mut self, node: &Node) -> Option<BTreeMap<QueueId, BTreeMap<QueueFact, i64>>> {
        let mut queues = BTreeMap::new();
        for (key, value) in self.r.entries(node, "queues")?.into_iter().take(MAX_ENTRIES) {
            self.r.check_name(&key.text, key.place, "a queue's name");
            let Some(entries) = self.r.entries(value, "figures of a queue") else { continue };
            let mut facts = BTreeMap::new();
            for (fact, number) in entries {
                let known = QueueFact::from_name(&fact.text);
                match (known, &number.value) {
                    (Some(known), Yaml::Integer(number)) => {
                        facts.insert(known, *number);
                    }
                    (Some(_), _) => self.r.mistake(number.place, "this is no figure", "a whole number"),
                    (None, _) => {
                        let problem = format!("queues have no figure `{}`", shown(&fact.text));
                        let remedy = suggest(&fact.text, QueueFact::ALL.iter().map(|fact| fact.name()));
                        self.r.mistake(fact.place, problem, remedy);
                    }
                }
            }
            queues.insert(QueueId::from(key.text.as_str()), facts);
        }
        Some(queues)
    }
}
