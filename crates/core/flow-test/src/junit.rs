//! Results as JUnit XML, which CI servers show.

use core::fmt::Write as _;
use core::time::Duration;

use crate::outcome::Outcome;

/// The outcomes of several files, one suite for each. Times are those of the calls, not of the machine.
#[must_use]
pub fn junit(suites: &[(String, Vec<Outcome>)]) -> String {
    let all = || suites.iter().flat_map(|(_, outcomes)| outcomes);
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let (tests, failures, time) = totals(all());
    write!(
        xml,
        "<testsuites name=\"ivr-flows\" tests=\"{tests}\" failures=\"{failures}\" time=\"{time:.3}\">"
    )
    .expect(WRITES);
    for (name, outcomes) in suites {
        let (tests, failures, time) = totals(outcomes.iter());
        write!(
            xml,
            "\n  <testsuite name=\"{}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\" time=\"{time:.3}\">",
            escaped(name)
        )
        .expect(WRITES);
        for outcome in outcomes {
            case(&mut xml, name, outcome);
        }
        xml.push_str("\n  </testsuite>");
    }
    xml.push_str("\n</testsuites>\n");
    xml
}

const WRITES: &str = "a string takes everything";

fn totals<'o>(outcomes: impl Iterator<Item = &'o Outcome> + Clone) -> (usize, usize, f64) {
    let failures = outcomes.clone().filter(|outcome| outcome.failure.is_some()).count();
    let time: Duration = outcomes.clone().map(|outcome| outcome.duration).sum();
    (outcomes.count(), failures, time.as_secs_f64())
}

fn case(xml: &mut String, suite: &str, outcome: &Outcome) {
    write!(
        xml,
        "\n    <testcase name=\"{}\" classname=\"{}\" file=\"{}\" line=\"{}\" time=\"{:.3}\"",
        escaped(&outcome.test),
        escaped(suite),
        escaped(&outcome.file),
        outcome.line,
        outcome.duration.as_secs_f64()
    )
    .expect(WRITES);
    match &outcome.failure {
        None => xml.push_str("/>"),
        Some(failure) => {
            let message = format!("expected: {}; happened: {}", failure.expected, failure.happened);
            write!(
                xml,
                ">\n      <failure type=\"expectation\" message=\"{}\">{}</failure>\n    </testcase>",
                escaped(&message),
                escaped(&failure.to_string())
            )
            .expect(WRITES);
        }
    }
}

/// Text for an attribute or an element. Characters that XML 1.0 §2.2 does not allow become U+FFFD.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            // As references they stay what they are in attributes too (§3.3.3).
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            '\r' => escaped.push_str("&#13;"),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_forbids_does_not_reach_it() {
        assert_eq!(escaped("a<b>&\"'\u{1}\n\u{ffff}é"), "a&lt;b&gt;&amp;&quot;&apos;\u{fffd}&#10;\u{fffd}é");
    }
}
