//! Times of day, spans and distributions as they are written.

use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use hotline_yaml::{Node, Place, Reader, Value, shown, suggest};

use crate::Distribution;

const DISTRIBUTIONS: [&str; 5] = ["constant_s", "exponential", "log_normal", "gamma", "list_s"];
/// The longest time that can be asked for.
const LONGEST_S: u32 = 86_400;
/// The most values of a list.
const LISTED_MAX: usize = 10_000;

/// A number, whole or not.
pub(super) fn number(reader: &mut Reader<'_>, node: &Node, allowed: RangeInclusive<f64>) -> Option<f64> {
    let number = match node.value {
        #[expect(clippy::cast_precision_loss, reason = "beyond 2^53 it is out of range anyway")]
        Value::Integer(number) => Some(number as f64),
        Value::Decimal(number) => Some(number),
        Value::Null | Value::Bool(_) | Value::Text(_) | Value::List(_) | Value::Map(_) => None,
    };
    let found = number.filter(|number| allowed.contains(number));
    if found.is_none() {
        let remedy = format!("a number from {} to {}", allowed.start(), allowed.end());
        reader.mistake(node.place, "this is not a number that fits here", remedy);
    }
    found
}

/// A time of day from midnight, up to `24:00`.
pub(super) fn time(reader: &mut Reader<'_>, text: &str, place: Place) -> Option<Duration> {
    let time = clock(text);
    if time.is_none() {
        let problem = format!("`{}` is no time of day", shown(text));
        reader.mistake(place, problem, "hours and minutes, such as \"08:30\"");
    }
    time
}

fn clock(text: &str) -> Option<Duration> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let two_digits = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !two_digits(hours) || !two_digits(minutes) {
        return None;
    }
    let (hours, minutes): (u64, u64) = (hours.parse().ok()?, minutes.parse().ok()?);
    let is_there = minutes < 60 && (hours < 24 || (hours, minutes) == (24, 0));
    is_there.then(|| Duration::from_secs(hours * 3600 + minutes * 60))
}

/// A span within the day: `08:00-16:30`.
pub(super) fn span(reader: &mut Reader<'_>, node: &Node) -> Option<Range<Duration>> {
    let text = reader.text(node, "a span such as \"08:00-16:30\"")?;
    let span = text.split_once('-').and_then(|(from, to)| Some(clock(from)?..clock(to)?));
    let span = span.filter(|span| span.start < span.end);
    if span.is_none() {
        let problem = format!("`{}` is no span of a day", shown(text));
        reader.mistake(node.place, problem, "from an earlier to a later time, such as \"08:00-16:30\"");
    }
    span
}

/// A number of seconds, or a mapping with the name of a distribution.
pub(super) fn distribution(reader: &mut Reader<'_>, node: &Node) -> Option<Distribution> {
    match &node.value {
        Value::Integer(_) | Value::Decimal(_) => {
            reader.seconds(node, 0..=LONGEST_S).map(Distribution::Constant)
        }
        Value::Map(entries) if entries.len() == 1 => {
            let (key, value) = &entries[0];
            match key.text.as_str() {
                "constant_s" => reader.seconds(value, 0..=LONGEST_S).map(Distribution::Constant),
                "exponential" => {
                    let fields = reader.fields(value, "an exponential distribution", &["mean_s"])?;
                    let mean = positive(reader, fields.optional("mean_s"), value.place, "mean_s")?;
                    Some(Distribution::Exponential { mean })
                }
                "log_normal" => {
                    let (mean, deviation) = moments(reader, value)?;
                    Some(Distribution::LogNormal { mean, deviation })
                }
                "gamma" => {
                    let (mean, deviation) = moments(reader, value)?;
                    Some(Distribution::Gamma { mean, deviation })
                }
                "list_s" => {
                    let items = reader.list(value, "seconds", LISTED_MAX)?;
                    let times: Vec<_> =
                        items.iter().map(|item| reader.seconds(item, 0..=LONGEST_S)).collect();
                    times.into_iter().collect::<Option<Vec<_>>>().map(Distribution::Listed)
                }
                other => {
                    let problem = format!("unknown distribution `{}`", shown(other));
                    reader.mistake(key.place, problem, suggest(other, DISTRIBUTIONS));
                    None
                }
            }
        }
        Value::Map(_) | Value::Null | Value::Bool(_) | Value::Text(_) | Value::List(_) => {
            let remedy = "seconds, or one of them such as `{exponential: {mean_s: 120}}`";
            reader.mistake(node.place, "this is not one distribution", remedy);
            None
        }
    }
}

fn moments(reader: &mut Reader<'_>, node: &Node) -> Option<(Duration, Duration)> {
    let fields = reader.fields(node, "a distribution", &["mean_s", "deviation_s"])?;
    let mean = positive(reader, fields.optional("mean_s"), node.place, "mean_s");
    let deviation = positive(reader, fields.optional("deviation_s"), node.place, "deviation_s");
    Some((mean?, deviation?))
}

/// Seconds above zero.
fn positive(reader: &mut Reader<'_>, node: Option<&Node>, place: Place, key: &str) -> Option<Duration> {
    let Some(node) = node else {
        reader.mistake(place, format!("a distribution without `{key}`"), format!("add `{key}: …`"));
        return None;
    };
    let time = reader.seconds(node, 0..=LONGEST_S)?;
    if time.is_zero() {
        reader.mistake(node.place, format!("`{key}` is zero"), "seconds above zero, or `constant_s: 0`");
        return None;
    }
    Some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day_are_read_and_nothing_else_is() {
        assert_eq!(clock("08:30"), Some(Duration::from_secs(8 * 3600 + 1800)));
        assert_eq!(clock("24:00"), Some(Duration::from_secs(86_400)));
        for wrong in ["24:01", "8:30", "08:60", "08", "-1:00", "08:30:00", "٠٨:30"] {
            assert_eq!(clock(wrong), None, "{wrong}");
        }
    }
}
