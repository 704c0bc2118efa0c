//! Questions: `menu`, `collect`, `survey`.

use core::time::Duration;

use hotline_yaml::{Fields, Node, Place};

use super::{Decoder, MAX_DIGITS, MAX_ENTRIES};
use crate::digits;
use crate::expression::Type;
use crate::format::{self, CHECK, DATE_FORMATS, DIRECT_DIAL, FAILURE, QUESTION};
use crate::model::{Ask, Check, Collect, DirectDial, Failure, Menu, Question, Survey};

/// Seconds to wait for the first digit unless the step says otherwise.
const FIRST_DIGIT_S: u32 = 5;
/// Seconds to wait for each further digit unless the step says otherwise.
const NEXT_DIGIT_S: u32 = 3;

impl Decoder<'_> {
    pub(super) fn menu(&mut self, node: &Node) -> Option<Menu> {
        let fields = self.kind_fields("menu", node)?;
        let ask = self.ask("menu", &fields);
        let choices = self.r.required(&fields, "choices").and_then(|node| self.keys(Some(node), "choices"));
        let direct_dial = match fields.optional("direct_dial") {
            Some(node) => self.direct_dial(node).map(Some),
            None => Some(None),
        };
        Some(Menu { ask: ask?, choices: choices?, direct_dial: direct_dial? })
    }

    fn direct_dial(&mut self, node: &Node) -> Option<DirectDial> {
        let fields = self.known_fields(node, "direct_dial", DIRECT_DIAL)?;
        let digits = self.r.required(&fields, "digits").and_then(|node| self.r.count(node, 1..=10));
        let into = self.r.required(&fields, "into").and_then(|node| self.variable_of(node, Type::Text));
        let next_digit = self.seconds(DIRECT_DIAL, &fields, "next_digit_s", NEXT_DIGIT_S);
        let then = self.then(&fields);
        Some(DirectDial { digits: digits?, into: into?, next_digit: next_digit?, then: then? })
    }

    pub(super) fn collect(&mut self, node: &Node) -> Option<Collect> {
        let fields = self.kind_fields("collect", node)?;
        let ask = self.ask("collect", &fields);
        let into = self.r.required(&fields, "into").and_then(|node| self.variable_of(node, Type::Text));
        let min = self.r.required(&fields, "min_digits").and_then(|node| self.r.count(node, 1..=MAX_DIGITS));
        let max = self.r.required(&fields, "max_digits").and_then(|node| self.r.count(node, 1..=MAX_DIGITS));
        if let (Some(min), Some(max), Some(node)) = (min, max, fields.optional("max_digits"))
            && min > max
        {
            let remedy = format!("{min} or more");
            self.r.mistake(node.place, format!("at most {max} digits but at least {min}"), remedy);
        }
        let terminator = self.optional_key(&fields, "terminator");
        let next_digit = self.seconds(format::fields("collect"), &fields, "next_digit_s", NEXT_DIGIT_S);
        let check = match fields.optional("check") {
            Some(node) => self.check(node, min?..=max?),
            None => Some(Check::default()),
        };
        let sensitive = self.r.bool(fields.optional("sensitive"), false);
        let then = self.then(&fields);
        let into = into?;
        // What is kept in a sensitive variable must not reach records on its way there.
        let sensitive = sensitive? || self.sensitive.contains(&into.value);
        Some(Collect {
            ask: ask?,
            into,
            min_digits: min?,
            max_digits: max?,
            terminator: terminator?,
            next_digit: next_digit?,
            check: check?,
            sensitive,
            then: then?,
        })
    }

    fn check(&mut self, node: &Node, digits: core::ops::RangeInclusive<usize>) -> Option<Check> {
        let fields = self.known_fields(node, "check", CHECK)?;
        let place = fields.optional("regex").map(|node| node.place);
        let regex = match fields.optional("regex") {
            Some(node) => {
                let text = self.r.text(node, "a regular expression")?;
                if let Err(why) = digits::regex(text) {
                    self.r.mistake(
                        node.place,
                        format!("not a regular expression: {why}"),
                        "such as \"4[0-9]{3}\"",
                    );
                    return None;
                }
                Some(text.to_owned())
            }
            None => None,
        };
        let luhn = self.r.bool(fields.optional("luhn"), false)?;
        let date = match fields.optional("date") {
            Some(node) => {
                let format =
                    self.one_of(node, "form of dates", DATE_FORMATS, |name| Some(name.to_owned()))?;
                if !digits.contains(&format.len()) {
                    let problem = format!("a date as {format} has {} digits", format.len());
                    self.r.mistake(node.place, problem, "let `min_digits` and `max_digits` allow as many");
                }
                Some(format)
            }
            None => None,
        };
        let mut lengths = Vec::new();
        if let Some(node) = fields.optional("length") {
            for item in self.r.list(node, "length", MAX_DIGITS)? {
                lengths.push(self.r.count(item, digits.clone())?);
            }
        }
        let check = Check { regex, luhn, date, lengths };
        if let (Some(place), Some(regex)) = (place, &check.regex) {
            self.takes(place, regex, &digits.filter(|length| check.allows(*length)).collect::<Vec<_>>());
        }
        Some(check)
    }

    /// A number of so many digits must be able to fit: no caller would get on else.
    fn takes(&mut self, place: Place, regex: &str, allowed: &[usize]) {
        let Some(lengths) = digits::lengths_of(regex) else { return };
        if lengths.iter().any(|length| allowed.contains(length)) {
            return;
        }
        let problem = match allowed {
            [one] => format!("no number of {one} digits fits"),
            [first, .., last] => format!("no number of {first} to {last} digits fits"),
            [] => return,
        };
        let remedy = match lengths[..] {
            [] => "such as \"4[0-9]{3}\"; it fits no keys of a telephone at all".to_owned(),
            [one] => format!("let `min_digits` and `max_digits` allow {one}, which it takes"),
            [first, .., last] => {
                format!("let `min_digits` and `max_digits` allow some of {first} to {last}, which it takes")
            }
        };
        self.r.mistake(place, problem, remedy);
    }

    fn ask(&mut self, kind: &'static str, fields: &Fields<'_>) -> Option<Ask> {
        let prompts = self.r.required(fields, "prompts").and_then(|node| self.prompts(node));
        let barge_in = self.r.bool(fields.optional("barge_in"), true);
        let first_digit = self.first_digit(kind, fields);
        let no_input = self.r.required(fields, "no_input").and_then(|node| self.failure(node, "no_input"));
        let invalid = self.r.required(fields, "invalid").and_then(|node| self.failure(node, "invalid"));
        Some(Ask {
            prompts: prompts?,
            barge_in: barge_in?,
            first_digit: first_digit?,
            no_input: no_input?,
            invalid: invalid?,
        })
    }

    fn first_digit(&mut self, kind: &'static str, fields: &Fields<'_>) -> Option<Duration> {
        self.seconds(format::fields(kind), fields, "timeout_s", FIRST_DIGIT_S)
    }

    fn failure(&mut self, node: &Node, what: &'static str) -> Option<Failure> {
        let fields = self.known_fields(node, what, FAILURE)?;
        let retries = self.retries(fields.optional("retries"));
        let then = self.then(&fields);
        Some(Failure { retries: retries?, then: then? })
    }

    pub(super) fn survey(&mut self, node: &Node) -> Option<Survey> {
        let fields = self.kind_fields("survey", node)?;
        let name =
            self.r.required(&fields, "name").and_then(|node| self.r.name::<String>(node, "a survey's name"));
        let questions = self.r.required(&fields, "questions").and_then(|node| self.questions(node));
        let first_digit = self.first_digit("survey", &fields);
        let then = self.then(&fields);
        Some(Survey { name: name?.value, questions: questions?, first_digit: first_digit?, then: then? })
    }

    fn questions(&mut self, node: &Node) -> Option<Vec<Question>> {
        let mut questions: Vec<Question> = Vec::new();
        for item in self.r.list(node, "questions", MAX_ENTRIES)? {
            let question = self.question(item)?;
            if questions.iter().any(|known| known.name == question.name) {
                self.r.mistake(
                    item.place,
                    format!("two questions `{}`", question.name),
                    "give each its own name",
                );
            }
            questions.push(question);
        }
        Some(questions)
    }

    fn question(&mut self, node: &Node) -> Option<Question> {
        let fields = self.known_fields(node, "question", QUESTION)?;
        let name = self
            .r
            .required(&fields, "name")
            .and_then(|node| self.r.name::<String>(node, "a question's name"));
        let prompts = self.r.required(&fields, "prompts").and_then(|node| self.prompts(node));
        let from = self.r.required(&fields, "from").and_then(|node| self.r.count(node, 0..=9));
        let to = self.r.required(&fields, "to").and_then(|node| self.r.count(node, 0..=9));
        let (name, from, to) = (name?, from?, to?);
        if from >= to {
            self.r.mistake(
                node.place,
                format!("a scale from {from} to {to}"),
                "from less to more, such as 1 to 5",
            );
            return None;
        }
        let scale = (u8::try_from(from).ok()?, u8::try_from(to).ok()?);
        Some(Question { name: name.value, prompts: prompts?, scale })
    }
}
