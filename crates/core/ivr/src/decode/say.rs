//! What is said: names of prompts, values, texts.

use hotline_yaml::{Node, Value as Yaml, suggest};

use super::{Decoder, MAX_PROMPTS, MAX_RETRIES};
use crate::expression::{Expression, Type};
use crate::format::{CURRENCIES, SPOKEN};
use crate::model::{SayItem, SpokenAs};
use crate::name::PromptName;

/// What can be said besides recorded prompts and values.
const OTHERS: &[&str] = &["speak", "recorded"];

impl Decoder<'_> {
    pub(super) fn prompts(&mut self, node: &Node) -> Option<Vec<SayItem>> {
        let items = self.r.list(node, "prompts", MAX_PROMPTS)?;
        let read: Vec<_> = items.iter().map(|item| self.say_item(item)).collect();
        read.into_iter().collect()
    }

    pub(super) fn retries(&mut self, node: Option<&Node>) -> Option<Vec<Vec<SayItem>>> {
        let Some(node) = node else { return Some(Vec::new()) };
        let items = self.r.list(node, "retries", MAX_RETRIES)?;
        let read: Vec<_> = items.iter().map(|item| self.prompts(item)).collect();
        read.into_iter().collect()
    }

    fn say_item(&mut self, node: &Node) -> Option<SayItem> {
        let Yaml::Map(entries) = &node.value else {
            return self.r.name::<PromptName>(node, "a prompt's name").map(SayItem::Prompt);
        };
        let kinds = || SPOKEN.iter().chain(OTHERS).copied();
        let Some((key, value)) = entries.first() else {
            self.r.mistake(node.place, "nothing to say", suggest("", kinds()));
            return None;
        };
        let money = key.text == "money";
        if entries.len() > if money { 2 } else { 1 } {
            self.r.mistake(node.place, "one thing too many to say", "one of them for each entry of the list");
            return None;
        }
        match key.text.as_str() {
            "speak" => self.template(value).map(SayItem::Speech),
            "recorded" => self.variable_of(value, Type::Text).map(SayItem::Recorded),
            "money" => {
                let amount = self.expression(value);
                let currency = self.currency(node, entries.get(1));
                let value = self.fits(value, amount?, &[Type::Text, Type::Integer, Type::Decimal])?;
                Some(SayItem::Value { kind: SpokenAs::Money(currency?), value })
            }
            name => {
                let Some((kind, types)) = spoken(name) else {
                    let problem = format!("nothing can be said as `{}`", hotline_yaml::shown(name));
                    self.r.mistake(key.place, problem, suggest(name, kinds()));
                    return None;
                };
                let expression = self.expression(value)?;
                let value = self.fits(value, expression, types)?;
                Some(SayItem::Value { kind, value })
            }
        }
    }

    fn currency(&mut self, node: &Node, entry: Option<&(hotline_yaml::Key, Node)>) -> Option<String> {
        match entry {
            Some((key, value)) if key.text == "currency" => {
                self.one_of(value, "currency", CURRENCIES, |name| Some(name.to_owned()))
            }
            Some(_) | None => {
                self.r.mistake(
                    node.place,
                    "money without `currency`",
                    "write `{money: amount, currency: EUR}`",
                );
                None
            }
        }
    }

    fn fits(&mut self, node: &Node, expression: Expression, types: &[Type]) -> Option<Expression> {
        if types.contains(&expression.value_type()) {
            return Some(expression);
        }
        let wanted: Vec<&str> = types.iter().map(|one| one.name()).collect();
        let problem = format!("{} cannot be said like this", expression.value_type());
        self.r.mistake(node.place, problem, format!("it must be {}", wanted.join(" or ")));
        None
    }
}

fn spoken(name: &str) -> Option<(SpokenAs, &'static [Type])> {
    match name {
        "number" => Some((SpokenAs::Number, &[Type::Integer, Type::Decimal])),
        "ordinal" => Some((SpokenAs::Ordinal, &[Type::Integer])),
        "digits" => Some((SpokenAs::Digits, &[Type::Text])),
        "date" => Some((SpokenAs::Date, &[Type::Text])),
        "date_with_weekday" => Some((SpokenAs::DateWithWeekday, &[Type::Text])),
        "time" => Some((SpokenAs::Time, &[Type::Text])),
        "duration" => Some((SpokenAs::Duration, &[Type::Integer])),
        _ => None,
    }
}
