//! Rules that one file can break by itself: its name, its length, its first line and what must not stand in it.

use super::Problem;

/// The most lines of a source file, without its tests.
const MAX_LINES: usize = 800;

/// Files that may be longer, and how long. This list only shrinks: a file that became shorter lowers its number,
/// one that fits is taken off.
const LONG_FILES: &[(&str, usize)] = &[];

/// Words that say nothing about what a file holds.
const EMPTY_NAMES: &[&str] =
    &["common", "helper", "helpers", "manager", "misc", "new", "old", "util", "utils", "v2"];

/// Files that a person reads, by their ending.
const TEXTS: &[&str] = &[
    "css", "html", "js", "json", "md", "mjs", "rs", "sh", "sql", "toml", "ts", "tsx", "yaml", "yml", "run",
    "Makefile",
];

/// What the core cannot have, beyond what `crates/core/clippy.toml` refuses by type.
const NOT_IN_CORE: &[&str] = &[
    "Instant",
    "SystemTime",
    "Mutex",
    "RwLock",
    "Condvar",
    "async",
    "await",
    "thread_local",
    "std::env",
    "std::fs",
    "std::io",
    "std::process",
    "std::sync::mpsc",
    "std::thread",
    "UdpSocket",
    "TcpStream",
    "TcpListener",
    "tokio",
];

/// Where nothing ever waits for the clock.
const CORE: &str = "crates/core/";

/// Where one loop waits for whatever comes first; nothing inside a turn of it may wait for the clock.
const LOOP: &str = "crates/app/shard/";

/// Folders of somebody's machine. Written in two halves, since this file is checked too.
const MACHINE_FOLDERS: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];

/// Registries that only a person's own settings may name.
const REGISTRIES: &[&str] = &[
    concat!("registry.", "npmjs"),
    concat!("npm", "mirror"),
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
    concat!("rs", "proxy"),
    concat!("proxy.", "golang"),
];

/// The only place that packages come from, as the lock file spells it.
const CRATES_IO: &str = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";

/// What a path alone can break.
pub(super) fn check_path(path: &str) -> Vec<Problem> {
    let code = ["rs", "ts", "tsx", "mjs"].contains(&ending(path));
    let words = path.split(['/', '.', '_', '-']);
    let empty = words.filter(|word| code && EMPTY_NAMES.contains(&word.to_lowercase().as_str()));
    empty.map(|word| Problem::new(path, 0, format!("`{word}` in a name says nothing"))).collect()
}

/// What a text can break.
pub(super) fn check_text(path: &str, text: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    if !TEXTS.contains(&ending(path)) {
        return problems;
    }
    let mut note = |line: usize, what: &str| problems.push(Problem::new(path, line, what));
    for (number, line) in (1..).zip(text.lines()) {
        check_line(path, line, &mut |what| note(number, what));
    }
    if !text.is_empty() && !text.ends_with('\n') {
        note(0, "no line end at the end");
    }
    if ending(path) == "rs" {
        check_rust(path, text, &mut note);
    }
    if path == "Cargo.lock" {
        let elsewhere = |line: &&str| line.starts_with("source = ") && *line != CRATES_IO;
        text.lines().filter(elsewhere).for_each(|line| note(0, &format!("not from crates.io: {line}")));
    }
    // The one that is no address is the workspace beside the pages.
    let address = |line: &str| line.contains("\"resolved\":") && !line.contains("\"resolved\": \"openapi\"");
    if path.ends_with("package-lock.json") && text.lines().any(address) {
        note(0, "holds addresses of packages: install with the `.npmrc` beside it");
    }
    problems.extend(check_length(path, text, LONG_FILES));
    problems
}

/// Exceptions for files that are no longer there.
pub(super) fn stale_exceptions(files: &[String]) -> Vec<Problem> {
    let gone = LONG_FILES.iter().filter(|(path, _)| !files.iter().any(|file| file == path));
    gone.map(|(path, _)| Problem::new(path, 0, "is gone: take it off LONG_FILES")).collect()
}

fn ending(path: &str) -> &str {
    path.rsplit(['.', '/']).next().unwrap_or(path)
}

fn check_line(path: &str, line: &str, note: &mut impl FnMut(&str)) {
    if line.ends_with([' ', '\t']) {
        note("ends with a space");
    }
    if MACHINE_FOLDERS.iter().any(|folder| names_folder(line, folder)) {
        note("names a folder of one machine");
    }
    if REGISTRIES.iter().any(|registry| line.contains(registry)) {
        note("names a registry");
    }
    // This file has to name what it looks for.
    if !path.starts_with("xtask/") && unnumbered(line) {
        note("a reminder without an issue: write `TODO(#12)`");
    }
}

/// True if the folder stands at the beginning of a path, not within one or within an address.
fn names_folder(line: &str, folder: &str) -> bool {
    let part_of_path = |byte: u8| byte.is_ascii_alphanumeric() || b"._-~$}".contains(&byte);
    line.match_indices(folder).any(|(at, _)| at == 0 || !part_of_path(line.as_bytes()[at - 1]))
}

fn unnumbered(line: &str) -> bool {
    let reminders = ["TODO", "FIXME", "XXX"].iter().flat_map(|word| word_matches(line, word));
    reminders.into_iter().any(|rest| {
        let number = rest.strip_prefix("(#").and_then(|rest| rest.split_once(')'));
        number.is_none_or(|(number, _)| number.parse::<u32>().is_err())
    })
}

/// What follows each place where `word` stands as a word.
fn word_matches<'t>(text: &'t str, word: &str) -> Vec<&'t str> {
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word)
        .filter(|(at, _)| !text[..*at].ends_with(inside) && !text[at + word.len()..].starts_with(inside))
        .map(|(at, _)| &text[at + word.len()..])
        .collect()
}

fn check_rust(path: &str, text: &str, note: &mut impl FnMut(usize, &str)) {
    if !text.starts_with("//! ") {
        note(1, "does not begin with `//!` and what it is for");
    }
    if path.starts_with("crates/") && path.ends_with("/src/lib.rs") {
        let about: String =
            text.lines().map_while(|line| line.strip_prefix("//!")).collect::<Vec<_>>().concat();
        if !about.contains("Start reading at") {
            note(1, "does not say \"Start reading at …\"");
        }
        if !about.contains("Must never know") {
            note(1, "does not say \"Must never know: …\"");
        }
    }
    for (number, line) in (1..).zip(text.lines()) {
        let code = without_comment(line);
        if !path.starts_with("xtask/") {
            let left = ["todo!", "unimplemented!", "dbg!"].into_iter().filter(|name| code.contains(name));
            left.for_each(|name| note(number, &format!("`{name}` is not finished work")));
        }
        if let Some(name) =
            code.trim_start().strip_prefix("mod ").or(code.trim_start().strip_prefix("pub mod "))
            && EMPTY_NAMES.contains(&name.trim_end_matches([';', ' ', '{']))
        {
            note(number, "a module whose name says nothing");
        }
        let waits = path.starts_with(CORE) || path.starts_with(LOOP) && code.contains(".await");
        if waits && !word_matches(code, "sleep").is_empty() {
            note(number, "sleeps; time is an argument here");
        }
    }
    if path.starts_with(CORE) && path.contains("/src/") {
        check_core(text, note);
    }
}

/// The core decides and never does. Its tests may read files.
fn check_core(text: &str, note: &mut impl FnMut(usize, &str)) {
    for (number, line) in (1..=length(text)).zip(text.lines()) {
        let code = without_comment(line);
        for name in NOT_IN_CORE {
            if !word_matches(code, name).is_empty() {
                note(number, &format!("`{name}` in the core"));
            }
        }
    }
}

/// The line without its comment. A `//` inside a text counts as a comment too, which only makes rules milder.
fn without_comment(line: &str) -> &str {
    line.split_once("//").map_or(line, |(code, _)| code)
}

fn check_length(path: &str, text: &str, exceptions: &[(&str, usize)]) -> Option<Problem> {
    let is_test = path.contains("/tests/") || path.starts_with("tests/") || path.ends_with("tests.rs");
    if is_test || !["rs", "ts", "tsx", "mjs"].contains(&ending(path)) {
        return None;
    }
    let lines = length(text);
    let exception = exceptions.iter().find(|(long, _)| *long == path).map(|(_, lines)| *lines);
    let problem = match exception {
        None if lines > MAX_LINES => format!("{lines} lines; at most {MAX_LINES}"),
        Some(allowed) if lines > allowed => format!("{lines} lines; its exception allows {allowed}"),
        Some(_) if lines <= MAX_LINES => "fits now: take it off LONG_FILES".to_owned(),
        Some(allowed) if lines < allowed => format!("{lines} lines now: lower its number in LONG_FILES"),
        None | Some(_) => return None,
    };
    Some(Problem::new(path, 0, problem))
}

/// Lines before the tests at the end.
fn length(text: &str) -> usize {
    let end = text.find("\n#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    text[..end].lines().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(path: &str, text: &str) -> Vec<String> {
        check_text(path, text).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_clean_file_has_no_problem() {
        let text = "//! Sorts calls.\n\n/// Sorts.\npub fn sort() {} // TODO(#12): faster\n";
        assert_eq!(problems("crates/core/acd/src/sort.rs", text), [""; 0]);
        assert_eq!(problems("sounds/en/hello.wav", "\u{1} TODO "), [""; 0]);
    }

    #[test]
    fn names_must_say_something() {
        for path in ["web/src/utils.ts", "crates/io/x/src/phone_manager.rs", "crates/io/common/src/lib.rs"] {
            assert_eq!(check_path(path).len(), 1, "{path}");
        }
        assert!(check_path("crates/core/sip/src/renewal.rs").is_empty());
        assert!(check_path("docs/old.md").is_empty());
        assert_eq!(problems("a.rs", "//! A.\nmod helper;\n"), ["a.rs:2: a module whose name says nothing"]);
    }

    #[test]
    fn reminders_need_an_issue() {
        for line in ["// TODO: later", "// FIXME", "# TODO(me): later", "// XXX(#a)"] {
            assert!(unnumbered(line), "{line}");
        }
        for line in ["// TODO(#7): later", "METHOD_TODOS", "let xxx = 1;"] {
            assert!(!unnumbered(line), "{line}");
        }
    }

    #[test]
    fn unfinished_code_is_found_outside_comments() {
        assert_eq!(
            problems("a.rs", "//! A.\nfn a() { todo!() }\n"),
            ["a.rs:2: `todo!` is not finished work"]
        );
        assert_eq!(problems("a.rs", "//! A.\n// no dbg! here\n"), [""; 0]);
    }

    #[test]
    fn the_first_line_says_what_the_file_is_for() {
        assert_eq!(problems("a.rs", "use b;\n"), ["a.rs:1: does not begin with `//!` and what it is for"]);
    }

    #[test]
    fn every_crate_says_where_to_start_and_what_it_must_not_know() {
        let good = "//! Calls. Must\n//! never know: sockets. Start reading at [`A`].\n";
        assert_eq!(problems("crates/core/call/src/lib.rs", good), [""; 0]);
        assert_eq!(problems("crates/core/call/src/lib.rs", "//! Calls.\n").len(), 2);
    }

    #[test]
    fn nothing_sleeps_where_time_is_an_argument() {
        let text = "//! A.\nfn a() { time::sleep(b).await }\n";
        assert_eq!(problems("crates/core/acd/tests/a.rs", "//! A.\nfn a() { sleep(b) }\n").len(), 1);
        assert_eq!(problems("crates/app/shard/tests/a.rs", text).len(), 1);
        assert_eq!(problems("crates/app/api/src/a.rs", text), [""; 0]);
        assert_eq!(
            problems("crates/app/shard/src/a.rs", "//! A.\n() = sleep(wait) => core.handle_timeout(),\n"),
            [""; 0]
        );
    }

    #[test]
    fn the_core_names_no_clock_lock_thread_or_file_outside_its_tests() {
        let code = "//! A.\nuse std::sync::Mutex;\nfn a() { std::env::var(\"B\") }\n// an Instant\n";
        let tests = "\n#[cfg(test)]\nmod tests {\n    use std::fs;\n}\n";
        assert_eq!(problems("crates/core/sip/src/a.rs", &format!("{code}{tests}")).len(), 2);
        assert_eq!(problems("crates/io/sip-net/src/a.rs", code), [""; 0]);
    }

    #[test]
    fn machines_and_registries_stay_outside() {
        let folder = MACHINE_FOLDERS[1];
        assert_eq!(
            problems("a.md", &format!("see {folder}notes\n")),
            ["a.md:1: names a folder of one machine"]
        );
        assert_eq!(
            problems("a.md", &format!("see https://example.org{folder}notes and ~{folder}b\n")),
            [""; 0]
        );
        assert_eq!(
            problems("a.toml", &format!("at = \"{}\"\n", REGISTRIES[0])),
            ["a.toml:1: names a registry"]
        );
        let lock = "{\n  \"resolved\": \"https://a.example/b.tgz\"\n}\n";
        assert_eq!(problems("web/package-lock.json", lock).len(), 1);
    }

    #[test]
    fn lines_end_without_spaces_and_files_with_a_line_end() {
        let found = ["a.md:1: ends with a space", "a.md: no line end at the end"];
        assert_eq!(problems("a.md", "a \nb"), found);
    }

    #[test]
    fn exceptions_for_long_files_only_shrink() {
        let text = |lines: usize| format!("//! A.\n{}", "\n".repeat(lines - 1));
        let length =
            |lines: usize, exceptions| check_length("a.rs", &text(lines), exceptions).map(|p| p.what);
        assert_eq!(length(MAX_LINES, &[]), None);
        assert!(length(MAX_LINES + 1, &[]).is_some());
        assert_eq!(length(900, &[("a.rs", 900)]), None);
        assert!(length(901, &[("a.rs", 900)]).unwrap().contains("allows 900"));
        assert!(length(899, &[("a.rs", 900)]).unwrap().contains("lower"));
        assert!(length(MAX_LINES, &[("a.rs", 900)]).unwrap().contains("take it off"));
        let tests = format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", text(700), "\n".repeat(400));
        assert_eq!(check_length("a.rs", &tests, &[]), None);
    }
}
