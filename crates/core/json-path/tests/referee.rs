//! Our paths against `serde_json_path`, which has all of RFC 9535: what we take gives the same there, and what we refuse is refused
//! there too or may give several values.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use hotline_json_path::{NoValue, Path, Problem, Scalar};
use proptest::prelude::*;
use serde_json::{Value, json};
use serde_json_path::JsonPath;

fn answer() -> Value {
    json!({"a": {"b": [1, "x", {"a": -2.5}], "姓": true}, "b": [[0], null], "0": "zero", "'": {"\"": 7}})
}

/// Pieces of paths, right and wrong, so that most have a meaning.
fn paths() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            ".a", ".b", ".姓", "[0]", "[1]", "[2]", "[-1]", "['a']", "[\"b\"]", "[ 'a' ]", "['0']", "['\\'']",
            "[\"'\"]", "['\"']", "[\"\\\"\"]", "['\\u0061']", "['\\u59d3']", " .a", "\n[0]",
        ]),
        1 => prop::sample::select(vec![
            "..a", ".*", "[*]", "[0,1]", "[0:1]", "[:]", "[?@.a]", "[-0]", "[00]", ".0", ". a", "['a", "\\", "a", "[]",
            "['\\q']", "['\\uD83D\\uDE00']", "['\\ud83d']", " ", "[9007199254740992]", "[-9007199254740991]",
        ]),
    ];
    prop::collection::vec(piece, 0..5).prop_map(|pieces| format!("${}", pieces.concat()))
}

fn of(value: &Value) -> Result<Scalar<'_>, NoValue> {
    Path::parse("$").unwrap().pick(value)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_path_means_what_the_rfc_says(path in paths()) {
        let answer = answer();
        match (Path::parse(&path), JsonPath::parse(&path)) {
            (Ok(ours), Ok(theirs)) => {
                let all = theirs.query(&answer).all();
                prop_assert!(all.len() <= 1, "{path}");
                let wanted = all.first().map_or(Err(NoValue::Missing), |value| of(value));
                prop_assert_eq!(ours.pick(&answer), wanted, "{}", path);
            }
            (Err(_), Err(_)) => {}
            (Err(error), Ok(_)) => prop_assert_eq!(error.problem, Problem::Several, "{}", path),
            (Ok(_), Err(error)) => prop_assert!(false, "{path}: {error}"),
        }
    }

    #[test]
    fn no_path_panics(path in ".{0,40}", tail in "[$.\\[\\]'\"\\\\a0u-]{0,20}") {
        drop(Path::parse(&path));
        drop(Path::parse(&format!("$.a{tail}")));
    }
}
