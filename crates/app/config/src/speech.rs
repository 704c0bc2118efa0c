//! `speech:` of the center and of each queue: levels, and keys that nobody is to hear.

use std::ops::RangeInclusive;

use hotline_call::{Sides, SpeechPolicy};
use hotline_media::Gain;
use hotline_yaml::{Node, Reader, Value};

use crate::format::{SPEECH, names};
use crate::trunks::choice;

const LEVELS_DBFS: RangeInclusive<i8> = -60..=-3;
const GAINS_DB: RangeInclusive<usize> = 0..=40;

/// What is left out is as in `default`.
pub(crate) fn speech(
    reader: &mut Reader<'_>,
    node: Option<&Node>,
    default: &SpeechPolicy,
) -> Option<SpeechPolicy> {
    let Some(node) = node else { return Some(*default) };
    let fields = reader.fields(node, "speech", &names(&SPEECH))?;
    let agc = match fields.optional("agc") {
        Some(node) => sides(reader, node),
        None => Some(default.agc),
    };
    let target_dbfs = match fields.optional("agc_dbfs") {
        Some(node) => level(reader, node),
        None => Some(default.level.target_dbfs),
    };
    let most_db = match fields.optional("agc_gain_max_db") {
        Some(node) => reader.count(node, GAINS_DB).and_then(|gain| u8::try_from(gain).ok()),
        None => Some(default.level.most_db),
    };
    let hide_keys = match fields.optional("hide_keys") {
        Some(node) => sides(reader, node),
        None => Some(default.hide_keys),
    };
    let level = Gain { target_dbfs: target_dbfs?, most_db: most_db? };
    Some(SpeechPolicy { agc: agc?, level, hide_keys: hide_keys? })
}

fn sides(reader: &mut Reader<'_>, node: &Node) -> Option<Sides> {
    let (none, both) = (Sides::default(), Sides { customer: true, agent: true });
    let known = [
        ("none", none),
        ("customer", Sides { customer: true, ..none }),
        ("agent", Sides { agent: true, ..none }),
        ("both", both),
    ];
    choice(reader, node, "side", &known)
}

fn level(reader: &mut Reader<'_>, node: &Node) -> Option<i8> {
    if let Value::Integer(level) = node.value
        && let Some(level) = i8::try_from(level).ok().filter(|level| LEVELS_DBFS.contains(level))
    {
        return Some(level);
    }
    let remedy =
        format!("a whole number from {} to {}; -20 is usual", LEVELS_DBFS.start(), LEVELS_DBFS.end());
    reader.mistake(node.place, "speech cannot be brought to that level", remedy);
    None
}
