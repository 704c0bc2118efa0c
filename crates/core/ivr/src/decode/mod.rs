//! YAML nodes to a [`Flow`]. What can be written is in `format.rs`; this checks and converts it.

mod ask;
mod header;
mod request;
mod say;
mod step;

use std::collections::{BTreeMap, BTreeSet};

use hotline_base::FlowId;
use hotline_yaml::{At, Diagnostic, Fields, Node, Place, Reader, Source, Value as Yaml, shown, suggest};

use crate::expression::{Expression, Misspelt, Type, Types, Value};
use crate::format::{self, Field, Shape};
use crate::model::{Flow, Gaps, Step, StepKind};
use crate::name::{StepName, Variable};
use crate::sequence::{KEYS, KeySequence, MAX_SEQUENCE};
use crate::template::Template;

/// The most steps in a flow.
pub const MAX_STEPS: usize = 1000;
/// The most languages of a flow.
pub const MAX_LANGUAGES: usize = 32;
/// The most variables of a flow.
pub const MAX_VARIABLES: usize = 100;
/// The most things that are said in one go.
pub const MAX_PROMPTS: usize = 16;
/// The most repetitions of a question.
pub const MAX_RETRIES: usize = 10;
/// The most digits that a step collects or sends.
pub const MAX_DIGITS: usize = 32;
/// The longest wait for a digit, in seconds.
pub const MAX_DIGIT_WAIT_S: u32 = 120;
/// The most entries of a list or mapping in a step.
pub(crate) const MAX_ENTRIES: usize = 32;

/// Reads a flow. `file` is named in diagnostics; its name without ending must be the flow's.
///
/// # Errors
/// All mistakes of the file at once (a mistake in the YAML itself comes alone), at most 100, in the file's order.
pub fn parse(file: &str, text: &str) -> Result<Flow, Vec<Diagnostic>> {
    match draft(file, text) {
        (Some(flow), mistakes) if mistakes.is_empty() => Ok(flow),
        (Some(_) | None, mistakes) => Err(mistakes),
    }
}

/// Reads of a flow what can be read, with all mistakes of the file, at most 100, in the file's order. There is no flow if the
/// file is no YAML or no mapping. One that is not whole ([`Flow::is_whole`]) is for [`crate::check()`] alone, which says what
/// else is wrong with it.
#[must_use]
pub fn draft(file: &str, text: &str) -> (Option<Flow>, Vec<Diagnostic>) {
    let source = Source::new(file, text);
    let root = match hotline_yaml::read(&source) {
        Ok(root) => root,
        Err(mistake) => return (None, vec![mistake]),
    };
    let mut decoder = Decoder {
        r: Reader::new(&source),
        source: &source,
        types: Types::new(),
        sensitive: BTreeSet::new(),
        unread: Unread::Named(BTreeSet::new()),
        gaps: Gaps::default(),
    };
    let flow = decoder.flow(&root);
    let mut mistakes = decoder.r.into_diagnostics();
    mistakes.sort_by_key(|mistake| (mistake.line, mistake.column));
    (flow, mistakes)
}

/// Reads one file. Every method returns `None` after noting a mistake.
struct Decoder<'s> {
    r: Reader<'s>,
    source: &'s Source,
    /// The declared variables, known before the first step is read.
    types: Types,
    /// Those of them that are sensitive.
    sensitive: BTreeSet<Variable>,
    unread: Unread,
    gaps: Gaps,
}

/// The variables whose declaration has a mistake.
enum Unread {
    /// These, as they are written.
    Named(BTreeSet<String>),
    /// Whatever is declared.
    All,
}

impl Unread {
    fn insert(&mut self, name: &str) {
        match self {
            Self::Named(names) => {
                names.insert(name.to_owned());
            }
            Self::All => {}
        }
    }

    /// Whether an expression or a text names one of them.
    fn is_in(&self, text: &str) -> bool {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        match self {
            Self::Named(names) => names.iter().any(|name| {
                let is_word = name.chars().all(is_part);
                if is_word {
                    text.split(|c| !is_part(c)).any(|word| word == name)
                } else {
                    text.contains(name)
                }
            }),
            Self::All => true,
        }
    }
}

/// `ivr-flows/main.yaml` is `main`.
fn file_stem(file: &str) -> &str {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")).unwrap_or(name)
}

impl Decoder<'_> {
    fn flow(&mut self, root: &Node) -> Option<Flow> {
        let fields = self.known_fields(root, "flow", format::TOP)?;
        self.name(&fields);
        let (languages, whole) = self.whole(|d| {
            let node = d.r.required(&fields, "languages")?;
            d.languages(node)
        });
        // What could be one of them must not be called unknown.
        let languages = languages.filter(|_| whole).unwrap_or_default();
        let ((variables, parameters, results), whole) = self.whole(|d| {
            (
                d.variables(&fields),
                d.variable_list(&fields, "parameters"),
                d.variable_list(&fields, "results"),
            )
        });
        self.gaps.variables = !whole;
        let start = self.r.required(&fields, "start").and_then(|node| self.step_name(node));
        let steps = self.r.required(&fields, "steps").and_then(|node| self.steps(node));
        self.gaps.unlinked |= start.is_none();
        self.gaps.unnamed |= steps.is_none();
        self.gaps.any = self.r.mistakes() > 0;
        Some(Flow {
            name: FlowId::from(file_stem(self.source.file())),
            languages,
            variables: variables.unwrap_or_default(),
            parameters: parameters.unwrap_or_default(),
            results: results.unwrap_or_default(),
            start: start.unwrap_or(At { value: StepName::from(""), place: root.place }),
            steps: steps.unwrap_or_default(),
            source: self.source.clone(),
            gaps: core::mem::take(&mut self.gaps),
        })
    }

    /// What `read` gives, and whether that is without a mistake.
    fn whole<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> (T, bool) {
        let before = self.r.mistakes();
        let value = read(self);
        (value, self.r.mistakes() == before)
    }

    /// The flow must be named like its file.
    fn name(&mut self, fields: &Fields<'_>) {
        let Some(node) = self.r.required(fields, "flow") else { return };
        let Some(name) = self.r.name::<FlowId>(node, "a flow's name") else { return };
        let stem = file_stem(self.source.file());
        if name.value.as_str() != stem {
            let problem = format!("the flow is named `{}` but its file `{stem}`", name.value);
            let remedy = format!("write `flow: {}` or rename the file", shown(stem));
            self.r.mistake(name.place, problem, remedy);
        }
    }

    fn steps(&mut self, node: &Node) -> Option<BTreeMap<StepName, Step>> {
        let (entries, whole) = self.whole(|d| d.r.entries(node, "steps"));
        let entries = entries?;
        self.gaps.unnamed |= entries.len() > MAX_STEPS;
        self.gaps.unlinked |= !whole || self.gaps.unnamed;
        if entries.is_empty() || entries.len() > MAX_STEPS {
            self.r.mistake(
                node.place,
                format!("{} steps", entries.len()),
                format!("1 to {MAX_STEPS} of them"),
            );
        }
        let mut steps = BTreeMap::new();
        for (key, value) in entries.into_iter().take(MAX_STEPS) {
            let absences = self.r.absences();
            let (step, whole) = self.whole(|d| {
                let name = d.r.check_name(&key.text, key.place, "a step's name");
                name.and(d.step(key, value))
            });
            match step {
                Some(kind) if whole => {
                    steps.insert(StepName::from(key.text.as_str()), Step { place: key.place, kind });
                }
                // With mistakes it may say less than it is meant to.
                Some(_) | None => {
                    self.gaps.step(&key.text, value);
                    // What is not there may be where the step was to lead.
                    self.gaps.unlinked |= self.r.absences() > absences;
                }
            }
        }
        Some(steps)
    }

    /// A mapping with the keys that `known` lists.
    fn known_fields<'n>(
        &mut self,
        node: &'n Node,
        what: &'static str,
        known: &[Field],
    ) -> Option<Fields<'n>> {
        let names: Vec<&'static str> = known.iter().map(|field| field.name).collect();
        self.r.fields(node, what, &names)
    }

    fn then(&mut self, fields: &Fields<'_>) -> Option<At<StepName>> {
        let node = self.r.required(fields, "then")?;
        self.step_name(node)
    }

    fn optional_step(&mut self, fields: &Fields<'_>, key: &str) -> Option<Option<At<StepName>>> {
        match fields.optional(key) {
            Some(node) => self.step_name(node).map(Some),
            None => Some(None),
        }
    }

    fn step_name(&mut self, node: &Node) -> Option<At<StepName>> {
        self.r.name::<StepName>(node, "a step's name")
    }

    /// The `exits` of a kind of step; each that is required must be there.
    fn exits<E: Ord>(
        &mut self,
        kind: &str,
        fields: &Fields<'_>,
        from_name: fn(&str) -> Option<E>,
    ) -> Option<BTreeMap<E, At<StepName>>> {
        let node = self.r.required(fields, "exits")?;
        let known = format::exits(kind);
        let fields = self.known_fields(node, "exits", known)?;
        let mut exits = BTreeMap::new();
        let mut complete = true;
        for field in known {
            let node = match fields.optional(field.name) {
                None if field.required => self.r.required(&fields, field.name),
                node => node,
            };
            let Some(node) = node else {
                complete &= !field.required;
                continue;
            };
            match (self.step_name(node), from_name(field.name)) {
                (Some(step), Some(exit)) => {
                    exits.insert(exit, step);
                }
                (None, _) | (_, None) => complete = false,
            }
        }
        complete.then_some(exits)
    }

    fn seconds(
        &mut self,
        kind: &[Field],
        fields: &Fields<'_>,
        key: &'static str,
        default_s: u32,
    ) -> Option<core::time::Duration> {
        let Some(node) = fields.optional(key) else {
            return Some(core::time::Duration::from_secs(default_s.into()));
        };
        let allowed = kind.iter().find(|field| field.name == key).map(|field| field.shape);
        let Some(Shape::Seconds(least, most)) = allowed else { return None };
        self.r.seconds(node, least..=most)
    }

    fn single_key(&mut self, text: &str, place: Place) -> Option<char> {
        let mut chars = text.chars();
        if let (Some(key), None) = (chars.next(), chars.next())
            && KEYS.contains(key)
        {
            return Some(key);
        }
        let remedy = "0 to 9, \"*\", \"#\" or A to D";
        self.r.mistake(place, format!("`{}` is no key of a telephone", shown(text)), remedy);
        None
    }

    fn optional_key(&mut self, fields: &Fields<'_>, key: &str) -> Option<Option<char>> {
        match fields.optional(key) {
            Some(node) => {
                let text = self.r.text(node, "one key")?;
                self.single_key(text, node.place).map(Some)
            }
            None => Some(None),
        }
    }

    /// Keys of a telephone and where they lead; empty if absent.
    fn keys(&mut self, node: Option<&Node>, what: &'static str) -> Option<BTreeMap<char, At<StepName>>> {
        let Some(node) = node else { return Some(BTreeMap::new()) };
        let entries = self.r.entries(node, what)?;
        if entries.is_empty() {
            self.r.mistake(node.place, format!("no {what}"), "add `1: <step>`");
        }
        let mut keys = BTreeMap::new();
        for (key, value) in entries {
            let digit = self.single_key(&key.text, key.place);
            if let (Some(digit), Some(step)) = (digit, self.step_name(value)) {
                keys.insert(digit, step);
            }
        }
        Some(keys)
    }

    /// Where several keys in a row lead.
    fn key_sequences(&mut self, node: Option<&Node>) -> Option<BTreeMap<KeySequence, At<StepName>>> {
        let Some(node) = node else { return Some(BTreeMap::new()) };
        let entries = self.r.entries(node, "keys")?;
        if entries.is_empty() {
            self.r.mistake(node.place, "no keys", "add `1: <step>`");
        }
        let mut ways = BTreeMap::new();
        for (key, value) in entries {
            let keys = KeySequence::new(&key.text);
            if keys.is_none() {
                let problem = format!("`{}` are no keys of a telephone", shown(&key.text));
                self.r.mistake(
                    key.place,
                    problem,
                    format!("1 to {MAX_SEQUENCE} of 0 to 9, *, # and A to D, in quotes"),
                );
            }
            if let (Some(keys), Some(step)) = (keys, self.step_name(value)) {
                ways.insert(keys, step);
            }
        }
        Some(ways)
    }

    /// A variable that is declared.
    fn variable(&mut self, node: &Node) -> Option<At<Variable>> {
        let name = self.r.name::<Variable>(node, "a variable's name")?;
        self.declared(&name)?;
        Some(name)
    }

    fn declared(&mut self, name: &At<Variable>) -> Option<Type> {
        let declared = self.types.get(&name.value).copied();
        if declared.is_none() && !self.unread.is_in(name.value.as_str()) {
            let remedy = suggest(name.value.as_str(), self.types.keys().map(Variable::as_str));
            let problem = format!("unknown variable `{}`", name.value);
            self.r.mistake(
                name.place,
                problem,
                format!("{remedy}; variables are declared at the top of the flow"),
            );
        }
        declared
    }

    /// A variable of type `wanted`.
    fn variable_of(&mut self, node: &Node, wanted: Type) -> Option<At<Variable>> {
        let name = self.variable(node)?;
        let found = self.types.get(&name.value).copied()?;
        if found == wanted {
            return Some(name);
        }
        let problem = format!("`{}` is {found}, not {wanted}", name.value);
        self.r.mistake(name.place, problem, format!("declare a variable of type `{wanted}` for it"));
        None
    }

    /// An expression, or a constant.
    fn expression(&mut self, node: &Node) -> Option<Expression> {
        let constant = match &node.value {
            Yaml::Text(text) => {
                return match Expression::parse(text, &self.types, node.place) {
                    Ok(expression) => Some(expression),
                    Err(misspelt) => self.misspelt(node.place, text, misspelt),
                };
            }
            Yaml::Integer(number) => Value::Integer(*number),
            Yaml::Decimal(number) if number.is_finite() => Value::Decimal(*number),
            Yaml::Bool(value) => Value::Boolean(*value),
            Yaml::Decimal(_) | Yaml::Null | Yaml::List(_) | Yaml::Map(_) => {
                let problem = format!("{} where an expression is needed", node.value.describe());
                self.r.mistake(node.place, problem, "write it in quotes, such as \"tries < 3\"");
                return None;
            }
        };
        Some(Expression::constant(constant, node.place))
    }

    /// An expression that gives `wanted`.
    fn expression_of(&mut self, node: &Node, wanted: Type) -> Option<Expression> {
        let expression = self.expression(node)?;
        let found = expression.value_type();
        if found == wanted || (found == Type::Integer && wanted == Type::Decimal) {
            return Some(expression);
        }
        let remedy = match wanted {
            Type::Boolean => "compare something, as in \"tries < 3\"",
            Type::Text => "`text(…)` makes a text of it",
            Type::Integer | Type::Decimal => "`integer(…)` or `decimal(…)` makes a number of it",
        };
        self.r.mistake(node.place, format!("{found} where {wanted} is needed"), remedy);
        None
    }

    fn template(&mut self, node: &Node) -> Option<Template> {
        let text = At { value: self.r.text(node, "a text")?.to_owned(), place: node.place };
        self.template_at(&text)
    }

    fn template_at(&mut self, text: &At<String>) -> Option<Template> {
        match Template::parse(text, &self.types) {
            Ok(template) => Some(template),
            Err(misspelt) => self.misspelt(text.place, &text.value, misspelt),
        }
    }

    /// A text with values in it, or a number, `true` or `false` as it is.
    fn template_or_scalar(&mut self, node: &Node) -> Option<Template> {
        match &node.value {
            Yaml::Integer(_) | Yaml::Decimal(_) | Yaml::Bool(_) => {
                self.expression(node).map(|value| Template::constant(value, node.place))
            }
            Yaml::Text(_) | Yaml::Null | Yaml::List(_) | Yaml::Map(_) => self.template(node),
        }
    }

    /// Notes a mistake inside a text of the file, at its place as far as that can be told.
    fn misspelt<T>(&mut self, place: Place, text: &str, misspelt: Misspelt) -> Option<T> {
        // Without the types of its variables it cannot be understood, which is told where these are declared.
        if self.unread.is_in(text) {
            return None;
        }
        let line = self.source.text().lines().nth(usize::try_from(place.line).ok()?.saturating_sub(1));
        let column = usize::try_from(place.column).ok()?.saturating_sub(1);
        let first = line.and_then(|line| line.chars().nth(column));
        // A block or folded text begins in another line, where its own lines cannot be told.
        let place = match first {
            _ if text.contains('\n') => place,
            Some('|' | '>') => place,
            Some('"' | '\'') => Place { column: place.column + 1 + misspelt.offset, ..place },
            Some(_) | None => Place { column: place.column + misspelt.offset, ..place },
        };
        self.r.mistake(place, misspelt.problem, misspelt.remedy);
        None
    }

    /// Entries of a mapping as pairs; empty if absent.
    fn pairs<'n, T>(
        &mut self,
        node: Option<&'n Node>,
        what: &'static str,
        mut read: impl FnMut(&mut Self, At<&'n str>, &'n Node) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Some(node) = node else { return Some(Vec::new()) };
        let entries = self.r.entries(node, what)?;
        if entries.len() > MAX_ENTRIES {
            let problem = format!("{} entries in {what}", entries.len());
            self.r.mistake(node.place, problem, format!("at most {MAX_ENTRIES}"));
            return None;
        }
        let read: Vec<Option<T>> = entries
            .into_iter()
            .map(|(key, value)| read(self, At { value: key.text.as_str(), place: key.place }, value))
            .collect();
        read.into_iter().collect()
    }

    /// A variable named by a key.
    fn key_variable(&mut self, key: &At<&str>) -> Option<At<Variable>> {
        self.r.check_name(key.value, key.place, "a variable's name")?;
        let name = At { value: Variable::from(key.value), place: key.place };
        self.declared(&name)?;
        Some(name)
    }

    fn kind_fields<'n>(&mut self, kind: &'static str, node: &'n Node) -> Option<Fields<'n>> {
        self.known_fields(node, kind, format::fields(kind))
    }

    /// One of a closed list.
    fn one_of<T>(
        &mut self,
        node: &Node,
        what: &str,
        names: &[&'static str],
        from_name: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.r.text(node, &format!("a {what}"))?;
        let found = names.contains(&text).then(|| from_name(text)).flatten();
        if found.is_none() {
            let remedy = suggest(text, names.iter().copied());
            self.r.mistake(node.place, format!("unknown {what} `{}`", shown(text)), remedy);
        }
        found
    }

    /// Notes that a step was told nothing or too much of what excludes one another.
    fn exactly_one(&mut self, place: Place, what: &str, names: &[&str]) -> Option<StepKind> {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        self.r.mistake(place, format!("{what} needs exactly one of {}", names.join(", ")), "keep or add one");
        None
    }
}
