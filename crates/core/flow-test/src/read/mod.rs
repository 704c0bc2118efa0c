//! YAML nodes to a [`TestFile`]. Every reader returns `None` after noting a mistake.

mod expected;
mod given;
mod step;

use core::time::Duration;

use hotline_base::FlowId;
use hotline_ivr::{HangupCause, Value};
use hotline_yaml::{At, Diagnostic, Node, Reader, Source, Value as Yaml, shown, suggest};

use crate::model::{End, Test, TestFile};
#[cfg(test)]
pub(crate) use step::answer_of_word;

/// The most tests of a file.
pub const MAX_TESTS: usize = 1000;
/// The most steps of a test.
pub const MAX_STEPS_PER_TEST: usize = 500;
/// The most keys that are pressed in one step of a test.
pub const MAX_KEYS: usize = 64;
/// The longest time that a test may name, in seconds: a day.
pub const MAX_SECONDS: u32 = 86_400;
/// The most entries of a list or mapping.
const MAX_ENTRIES: usize = 64;
/// The longest name of a test, in characters.
const MAX_TEST_NAME: usize = 200;

const TOP: &[&str] = &["flow", "tests"];
const TEST: &[&str] = &[
    "name", "caller", "called", "trunk", "area", "language", "at", "hours", "customer", "queues", "steps",
    "ends", "within_s",
];
const ENDS: &[&str] = &["hangup", "connected", "hangs_up"];

/// Reads a file of tests. `file` is named in messages; without `.test.yaml` it must be the flow's name.
///
/// # Errors
/// All mistakes of the file at once (a mistake in the YAML itself comes alone), at most 100, in the file's order.
pub fn parse(file: &str, text: &str) -> Result<TestFile, Vec<Diagnostic>> {
    let source = Source::new(file, text);
    let root = hotline_yaml::read(&source).map_err(|diagnostic| vec![diagnostic])?;
    let mut decoder = Decoder { r: Reader::new(&source) };
    let read = decoder.file(&root, &source);
    let mut diagnostics = decoder.r.into_diagnostics();
    match read {
        Some(read) if diagnostics.is_empty() => Ok(read),
        Some(_) | None => {
            diagnostics.sort_by_key(|diagnostic| (diagnostic.line, diagnostic.column));
            Err(diagnostics)
        }
    }
}

struct Decoder<'s> {
    r: Reader<'s>,
}

/// `ivr-flows/main.test.yaml` is about `main`.
fn file_stem(file: &str) -> &str {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    name.strip_suffix(".test.yaml").unwrap_or(name)
}

impl Decoder<'_> {
    fn file(&mut self, root: &Node, source: &Source) -> Option<TestFile> {
        let fields = self.r.fields(root, "tests of a flow", TOP)?;
        let flow =
            self.r.required(&fields, "flow").and_then(|node| self.r.name::<FlowId>(node, "a flow's name"));
        if let Some(flow) = &flow {
            let stem = file_stem(source.file());
            if flow.value.as_str() != stem {
                let problem =
                    format!("the tests are for flow `{}` but their file for `{}`", flow.value, shown(stem));
                self.r.mistake(flow.place, problem, format!("name the file `{}.test.yaml`", flow.value));
            }
        }
        let tests = self.r.required(&fields, "tests").and_then(|node| self.tests(node));
        Some(TestFile { flow: flow?.value, tests: tests?, source: source.clone() })
    }

    fn tests(&mut self, node: &Node) -> Option<Vec<Test>> {
        let items = self.r.list(node, "tests", MAX_TESTS)?;
        let mut tests: Vec<Test> = Vec::with_capacity(items.len());
        for item in items {
            let Some(test) = self.test(item) else { continue };
            if let Some(first) = tests.iter().find(|known| known.name == test.name) {
                let remedy = format!("give each its own name; the first is in line {}", first.place.line);
                self.r.mistake(test.place, format!("two tests are named `{}`", shown(&test.name)), remedy);
            }
            tests.push(test);
        }
        Some(tests)
    }

    fn test(&mut self, node: &Node) -> Option<Test> {
        let fields = self.r.fields(node, "test", TEST)?;
        let name = self.r.required(&fields, "name").and_then(|node| self.test_name(node));
        let given = self.given(&fields);
        let steps = match fields.optional("steps") {
            Some(node) => self.steps(node),
            None => Some(Vec::new()),
        };
        let ends = match fields.optional("ends") {
            Some(node) => self.ends(node).map(Some),
            None => Some(None),
        };
        let within = match fields.optional("within_s") {
            Some(node) => self.seconds(node).map(|value| Some(At { value, place: node.place })),
            None => Some(None),
        };
        if fields.optional("steps").is_none() && fields.optional("ends").is_none() {
            self.r.mistake(node.place, "a test that expects nothing", "add `steps: […]` or `ends: …`");
        }
        Some(Test {
            name: name?,
            place: node.place,
            given: given?,
            steps: steps?,
            ends: ends?,
            within: within?,
        })
    }

    fn test_name(&mut self, node: &Node) -> Option<String> {
        let name = self.r.text(node, "what the test is called")?;
        if name.trim().is_empty() || name.chars().count() > MAX_TEST_NAME {
            let remedy = format!("1 to {MAX_TEST_NAME} characters that say what a caller does and gets");
            self.r.mistake(node.place, "this cannot be a test's name", remedy);
            return None;
        }
        Some(name.to_owned())
    }

    /// `connected`, `hangs_up`, or `{hangup: CAUSE}`.
    fn ends(&mut self, node: &Node) -> Option<At<End>> {
        let end = match &node.value {
            Yaml::Text(text) if text == "connected" => End::Connected,
            Yaml::Text(text) if text == "hangs_up" => End::HungUp,
            Yaml::Text(text) => {
                let problem = format!("a call cannot end by `{}`", shown(text));
                self.r.mistake(node.place, problem, suggest(text, ENDS.iter().copied()));
                return None;
            }
            Yaml::Null
            | Yaml::Bool(_)
            | Yaml::Integer(_)
            | Yaml::Decimal(_)
            | Yaml::List(_)
            | Yaml::Map(_) => {
                let fields = self.r.fields(node, "end", &["hangup"])?;
                let cause = self.r.required(&fields, "hangup")?;
                let names: Vec<&str> = HangupCause::ALL.iter().map(|cause| cause.name()).collect();
                End::Hangup(self.one_of(cause, "cause", &names, HangupCause::from_name)?)
            }
        };
        Some(At { value: end, place: node.place })
    }

    fn seconds(&mut self, node: &Node) -> Option<Duration> {
        self.r.seconds(node, 0..=MAX_SECONDS)
    }

    /// One of some words.
    fn one_of<T>(
        &mut self,
        node: &Node,
        what: &str,
        known: &[&str],
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.r.text(node, what)?;
        let found = read(text).filter(|_| known.contains(&text));
        if found.is_none() {
            let problem = format!("`{}` is no {what}", shown(text));
            self.r.mistake(node.place, problem, suggest(text, known.iter().copied()));
        }
        found
    }

    /// A text, or a number as it is written: `1`, `1001`.
    fn digits(&mut self, node: &Node, what: &str) -> Option<String> {
        match node.value {
            Yaml::Integer(number) if number >= 0 => Some(number.to_string()),
            Yaml::Null
            | Yaml::Bool(_)
            | Yaml::Integer(_)
            | Yaml::Decimal(_)
            | Yaml::Text(_)
            | Yaml::List(_)
            | Yaml::Map(_) => self.r.text(node, what).map(str::to_owned),
        }
    }

    /// A value of a variable; `None` inside for `~`.
    fn value(&mut self, node: &Node, what: &str) -> Option<Option<Value>> {
        match &node.value {
            Yaml::Null => Some(None),
            Yaml::Bool(value) => Some(Some(Value::Boolean(*value))),
            Yaml::Integer(number) => Some(Some(Value::Integer(*number))),
            Yaml::Decimal(number) => Some(Some(Value::Decimal(*number))),
            Yaml::Text(text) => Some(Some(Value::text(text))),
            Yaml::List(_) | Yaml::Map(_) => {
                self.r.mistake(
                    node.place,
                    format!("this is no {what}"),
                    "a text, a number, `true` or `false`",
                );
                None
            }
        }
    }
}
