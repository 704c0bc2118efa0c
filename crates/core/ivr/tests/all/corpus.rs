//! Flows that are wrong, one way each, and flows that are right: the first are all told at the place, the second never.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::caller::Known;
use hotline_ivr::{Diagnostic, Flow, Flows, Severity, check, draft, parse};

fn corpus(folder: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(folder)
}

/// The files of a folder by the names of their flows.
pub(crate) fn texts(folder: &str) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(corpus(folder)).expect("the folder is there");
    let paths = entries.map(|entry| entry.expect("it can be read").path());
    let flows = paths.filter(|path| path.extension().is_some_and(|ending| ending == "yaml"));
    let read = |path: &Path| {
        let name = path.file_stem().and_then(|stem| stem.to_str()).expect("a plain name").to_owned();
        (name, std::fs::read_to_string(path).expect("it can be read"))
    };
    flows.map(|path| read(&path)).collect()
}

fn read(name: &str, text: &str) -> Result<Flow, Vec<Diagnostic>> {
    parse(&format!("{name}.yaml"), text)
}

/// The flows of `called/`, which others call.
fn called() -> Vec<Flow> {
    let read = |(name, text): (String, String)| read(&name, &text).unwrap_or_else(|all| panic!("{}", all[0]));
    texts("called").into_iter().map(read).collect()
}

/// What is told of a flow that a number leads to, or that is called if its first line says so.
fn told(name: &str, text: &str) -> Vec<Diagnostic> {
    let (flow, mut told) = draft(&format!("{name}.yaml"), text);
    assert_eq!(flow.as_ref().is_some_and(Flow::is_whole), told.is_empty(), "{name}");
    let Some(flow) = flow else { return told };
    static KNOWN: LazyLock<Known> = LazyLock::new(Known::small);
    let mut known = KNOWN.clone();
    if !text.contains("# called by others") {
        known.entries.insert(name.into());
    }
    let flows: Flows = called().into_iter().chain([flow]).collect();
    told.extend(check(&flows, &known.world()));
    told.sort_by_key(|one| (one.line, one.column));
    told
}

fn in_words(found: &Diagnostic) -> String {
    let warning = if found.severity == Severity::Warning { "warning: " } else { "" };
    format!("{}:{}: {warning}{}", found.line, found.column, found.problem)
}

#[test]
fn every_seeded_defect_is_told_at_its_place_and_nothing_else() {
    let defects = texts("defects");
    assert!(defects.len() >= 60, "{} kinds of defects", defects.len());
    let mut wrong = Vec::new();
    for (name, text) in defects {
        let expected: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# expect ")).collect();
        let found: Vec<String> = told(&name, &text)
            .iter()
            .filter(|found| found.file == format!("{name}.yaml"))
            .map(in_words)
            .collect();
        if expected.is_empty() || found != expected {
            wrong.push(format!("{name}.yaml\n  expected {expected:#?}\n  found {found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// One mistake does not hide another of the same file, and is told once.
#[test]
fn what_is_wrong_beside_a_mistake_is_told_and_nothing_that_follows_from_it() {
    let mixed = texts("mixed");
    assert!(mixed.len() >= 12, "{} files", mixed.len());
    let mut wrong = Vec::new();
    for (name, text) in mixed {
        let expected: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# expect ")).collect();
        let told = told(&name, &text);
        let found: Vec<String> =
            told.iter().filter(|found| found.file == format!("{name}.yaml")).map(in_words).collect();
        if found != expected {
            wrong.push(format!("{name}.yaml\n  expected {expected:#?}\n  found {found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_diagnostic_says_what_would_be_right() {
    for (name, text) in texts("defects") {
        for found in told(&name, &text) {
            assert!(!found.remedy.is_empty() && found.line > 0 && found.column > 0, "{found}");
        }
    }
}

#[test]
fn good_flows_give_no_false_alarm() {
    let good = texts("good");
    assert!(good.len() >= 15, "{} good flows", good.len());
    for (name, text) in good {
        let found: Vec<Diagnostic> =
            told(&name, &text).into_iter().filter(|found| found.file == format!("{name}.yaml")).collect();
        assert!(found.is_empty(), "{}", found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    }
}

#[test]
fn good_flows_use_every_kind_of_step() {
    let flows: Vec<Flow> =
        texts("good").iter().map(|(name, text)| read(name, text).expect("it reads")).collect();
    let used: std::collections::BTreeSet<&str> = flows
        .iter()
        .chain(&called())
        .flat_map(|flow| hotline_ivr::graph(flow).nodes.into_iter().map(|node| node.kind).collect::<Vec<_>>())
        .collect();
    assert_eq!(used.len(), 23, "{used:?}");
}
