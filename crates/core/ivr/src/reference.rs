//! The tables of `docs/flows.md`, out of the table of the language.

use core::fmt::Write as _;

use crate::expression::{CallFact, CustomerFact, CustomerField, Fact, Function, QueueFact, TimeFact};
use crate::format::{DECLARATION, Field, Shape, TOP, kinds};

/// What stands before a table in the text: `<!-- table: menu -->`.
const BEGIN: &str = "<!-- table: ";
/// What stands behind it.
const END: &str = "<!-- end -->";

/// The reference with its tables as they must be: what stands between `<!-- table: menu -->` and `<!-- end -->` is
/// replaced, the rest is kept. A table that is not known becomes empty.
#[must_use]
pub fn with_tables(text: &str) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut skipping = false;
    for line in text.lines() {
        if line == END {
            skipping = false;
        }
        if skipping {
            continue;
        }
        whole.push_str(line);
        whole.push('\n');
        if let Some(name) = line.strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(" -->")) {
            whole.push_str(&table(name));
            skipping = true;
        }
    }
    whole
}

/// The names of all tables that the reference must have.
#[must_use]
pub fn tables() -> Vec<&'static str> {
    let kinds = kinds().iter().map(|kind| kind.name);
    ["top", "variable", "kinds", "functions", "facts"].into_iter().chain(kinds).collect()
}

fn table(name: &str) -> String {
    match name {
        "top" => rows(TOP),
        "variable" => rows(DECLARATION),
        "kinds" => overview(),
        "functions" => functions(),
        "facts" => facts(),
        _ => match kinds().iter().find(|kind| kind.name == name).map(|kind| (kind.about, kind.shape)) {
            Some((about, Shape::Fields([]))) => format!("{about} It is told nothing: `{name}: {{}}`.\n"),
            Some((about, Shape::Fields(fields))) => format!("{about}\n\n{}", rows(fields)),
            Some((about, shape)) => format!("{about} It is told {}.\n", words(shape)),
            None => String::new(),
        },
    }
}

fn overview() -> String {
    let mut table = "| Kind | What it does |\n|---|---|\n".to_owned();
    for kind in kinds() {
        writeln!(table, "| [`{0}`](#{0}) | {1} |", kind.name, kind.about).expect("a string takes everything");
    }
    table
}

fn functions() -> String {
    Function::ALL.iter().map(|function| format!("- `{function}`\n")).collect()
}

fn facts() -> String {
    let mut table = "| Fact | Type |\n|---|---|\n".to_owned();
    let mut row = |name: String, fact: Fact| {
        writeln!(table, "| `{name}` | {} |", fact.value_type()).expect("a string takes everything");
    };
    CallFact::ALL.iter().for_each(|fact| row(format!("call.{}", fact.name()), Fact::Call(*fact)));
    TimeFact::ALL.iter().for_each(|fact| row(format!("time.{}", fact.name()), Fact::Time(*fact)));
    CustomerFact::ALL
        .iter()
        .for_each(|fact| row(format!("customer.{}", fact.name()), Fact::Customer(CustomerField::Own(*fact))));
    row("customer.fields.<name>".to_owned(), Fact::Customer(CustomerField::Added("name".into())));
    QueueFact::ALL
        .iter()
        .for_each(|fact| row(format!("queue.<name>.{}", fact.name()), Fact::Queue("name".into(), *fact)));
    table
}

fn rows(fields: &[Field]) -> String {
    let mut table = "| Key | Required | What stands there | What it means |\n|---|---|---|---|\n".to_owned();
    add(&mut table, "", fields);
    table
}

fn add(table: &mut String, before: &str, fields: &[Field]) {
    for field in fields {
        let required = if field.required { "yes" } else { "" };
        let name = format!("{before}{}", field.name);
        writeln!(table, "| `{name}` | {required} | {} | {} |", words(field.shape), field.about)
            .expect("a string takes everything");
        if let Shape::Fields(inner) = field.shape {
            add(table, &format!("{name}."), inner);
        }
        if let Shape::List(inner) = field.shape {
            add(table, &format!("{name}[]."), inner);
        }
    }
}

fn words(shape: Shape) -> String {
    let plain = match shape {
        Shape::Step => "a step",
        Shape::Prompts => "a list of what is said",
        Shape::Boolean => "`true` or `false`",
        Shape::Seconds(least, most) => return format!("{least} to {most} seconds"),
        Shape::Count(least, most) => return format!("{least} to {most}"),
        Shape::Key => "a key",
        Shape::Keys | Shape::KeySequences => "keys and a step each",
        Shape::Expression => "an expression",
        Shape::Template => "a text with `{{ … }}`",
        Shape::Retries => "a list of lists of what is said",
        Shape::Name => "a name",
        Shape::Text => "a text",
        Shape::Scalar => "a text, a number, `true` or `false`",
        Shape::OneOf(names) => {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            return names.join(", ");
        }
        Shape::Assignments => "names and an expression each",
        Shape::Templates => "names and a text with `{{ … }}`, a number, `true` or `false` each",
        Shape::Headers => "names and a text with `{{ … }}` each",
        Shape::Names => "variables and a name each",
        Shape::Levels => "skills and a level each",
        Shape::Counts => "a list of numbers",
        Shape::Languages => "a list of languages",
        Shape::Variables => "a list of variables",
        Shape::Declarations => "variables and a type each",
        Shape::Steps => "names and a step each",
        Shape::Fields(_) => "a mapping",
        Shape::List(_) => "a list of mappings",
    };
    plain.to_owned()
}
