//! What stands before the steps: languages and variables.

use std::collections::BTreeMap;

use hotline_yaml::{At, Fields, Node, Value as Yaml};

use super::{Decoder, MAX_LANGUAGES, MAX_VARIABLES, Unread};
use crate::expression::{Fact, Type, Value};
use crate::format::{DECLARATION, TYPES};
use crate::model::Declaration;
use crate::name::{Language, Variable};

/// Words of the expression language, which cannot name a variable.
const RESERVED: &[&str] =
    &["and", "or", "not", "in", "is", "if", "else", "true", "false", "none", "True", "False", "None"];

impl Decoder<'_> {
    pub(super) fn languages(&mut self, node: &Node) -> Option<Vec<At<Language>>> {
        let mut languages: Vec<At<Language>> = Vec::new();
        for item in self.r.list(node, "languages", MAX_LANGUAGES)? {
            let Some(language) = self.r.name::<Language>(item, "a language") else { continue };
            if languages.iter().any(|known| known.value == language.value) {
                self.r.mistake(item.place, format!("`{}` is there twice", language.value), "keep one");
            }
            languages.push(language);
        }
        Some(languages)
    }

    /// The declared variables, which from here on can be named.
    pub(super) fn variables(&mut self, fields: &Fields<'_>) -> Option<BTreeMap<Variable, Declaration>> {
        let Some(node) = fields.optional("variables") else { return Some(BTreeMap::new()) };
        let Some(entries) = self.r.entries(node, "variables") else {
            self.unread = Unread::All;
            return None;
        };
        if entries.len() > MAX_VARIABLES {
            self.unread = Unread::All;
            let problem = format!("{} variables", entries.len());
            self.r.mistake(node.place, problem, format!("at most {MAX_VARIABLES}"));
        }
        let mut variables = BTreeMap::new();
        for (key, value) in entries.into_iter().take(MAX_VARIABLES) {
            let name = key.text.as_str();
            let plain = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if !plain || RESERVED.contains(&name) || Fact::GROUPS.contains(&name) {
                let problem = format!("`{}` cannot be a variable's name", hotline_yaml::shown(name));
                let remedy = "letters, digits and `_`, not a word of the expressions and not call, time, customer or queue";
                self.r.mistake(key.place, problem, remedy);
                self.unread.insert(name);
                continue;
            }
            let Some(mut declared) = self.declaration(value) else {
                self.unread.insert(name);
                continue;
            };
            declared.place = key.place;
            self.types.insert(Variable::from(name), declared.value_type);
            if declared.sensitive {
                self.sensitive.insert(Variable::from(name));
            }
            variables.insert(Variable::from(name), declared);
        }
        Some(variables)
    }

    /// `text`, or `{type: text, initial: …, sensitive: true}`.
    fn declaration(&mut self, node: &Node) -> Option<Declaration> {
        let place = node.place;
        if matches!(node.value, Yaml::Text(_)) {
            let value_type = self.one_of(node, "type", TYPES, Type::from_name)?;
            return Some(Declaration { place, value_type, initial: None, sensitive: false });
        }
        let fields = self.known_fields(node, "variable", DECLARATION)?;
        let value_type = self
            .r
            .required(&fields, "type")
            .and_then(|node| self.one_of(node, "type", TYPES, Type::from_name));
        let sensitive = self.r.bool(fields.optional("sensitive"), false);
        let value_type = value_type?;
        let initial = match fields.optional("initial") {
            Some(node) => Some(self.initial(node, value_type)?),
            None => None,
        };
        Some(Declaration { place, value_type, initial, sensitive: sensitive? })
    }

    fn initial(&mut self, node: &Node, wanted: Type) -> Option<Value> {
        let value = match &node.value {
            Yaml::Text(text) => Some(Value::text(text)),
            Yaml::Integer(number) => Some(Value::Integer(*number)),
            Yaml::Decimal(number) if number.is_finite() => Some(Value::Decimal(*number)),
            Yaml::Bool(value) => Some(Value::Boolean(*value)),
            Yaml::Decimal(_) | Yaml::Null | Yaml::List(_) | Yaml::Map(_) => None,
        };
        let initial = value.and_then(|value| value.widened(wanted));
        if initial.is_none() {
            let remedy = match wanted {
                Type::Text => "a text in quotes",
                Type::Integer => "a whole number",
                Type::Decimal => "a number",
                Type::Boolean => "`true` or `false`",
            };
            self.r.mistake(node.place, format!("this is no {wanted}"), remedy);
        }
        initial
    }

    /// `parameters` and `results`: variables, each once.
    pub(super) fn variable_list(
        &mut self,
        fields: &Fields<'_>,
        key: &'static str,
    ) -> Option<Vec<At<Variable>>> {
        let Some(node) = fields.optional(key) else { return Some(Vec::new()) };
        let mut variables: Vec<At<Variable>> = Vec::new();
        for item in self.r.list(node, key, MAX_VARIABLES)? {
            let Some(variable) = self.variable(item) else { continue };
            if variables.iter().any(|known| known.value == variable.value) {
                self.r.mistake(item.place, format!("`{}` is there twice", variable.value), "keep one");
            }
            variables.push(variable);
        }
        Some(variables)
    }
}
