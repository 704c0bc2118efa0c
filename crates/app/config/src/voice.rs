//! `audio:` of the center and of each trunk: which codecs, and how they are agreed on.

use std::ops::RangeInclusive;

use hotline_call::{Encryption, Voice};
use hotline_sdp::{Codec, Preference};
use hotline_yaml::{Node, Reader, suggest};

use crate::format::{AUDIO, names};
use crate::trunks::choice;

const PACKET_MS: RangeInclusive<usize> = 10..=60;

/// What is left out is as in `default`.
pub(crate) fn voice(reader: &mut Reader<'_>, node: Option<&Node>, default: &Voice) -> Option<Voice> {
    let Some(node) = node else { return Some(default.clone()) };
    let fields = reader.fields(node, "audio", &names(&AUDIO))?;
    // What is named is all that there is.
    let (codecs, also_taken) = match fields.optional("codecs") {
        Some(node) => (codecs(reader, node), Vec::new()),
        None => (Some(default.codecs.clone()), default.also_taken.clone()),
    };
    let choice = match fields.optional("choice") {
        Some(node) => {
            choice(reader, node, "choice", &[("ours", Preference::Ours), ("theirs", Preference::Theirs)])
        }
        None => Some(default.choice),
    };
    let packet_ms = match fields.optional("packet_ms") {
        Some(node) => packet_ms(reader, node),
        None => Some(default.packet_ms),
    };
    let encryption = match fields.optional("encryption") {
        Some(node) => encryption(reader, node),
        None => Some(default.encryption),
    };
    Some(Voice {
        codecs: codecs?,
        also_taken,
        choice: choice?,
        packet_ms: packet_ms?,
        encryption: encryption?,
    })
}

/// Whether audio is encrypted: of a trunk, of all phones, or of one agent's.
pub(crate) fn encryption(reader: &mut Reader<'_>, node: &Node) -> Option<Encryption> {
    let words = [
        ("never", Encryption::Never),
        ("optional", Encryption::IfOffered),
        ("required", Encryption::Required),
    ];
    choice(reader, node, "encryption", &words)
}

fn packet_ms(reader: &mut Reader<'_>, node: &Node) -> Option<u8> {
    let length = reader.count(node, PACKET_MS)?;
    if !length.is_multiple_of(10) {
        reader.mistake(
            node.place,
            format!("phones send no packets of {length} ms"),
            "10, 20, 30, 40, 50 or 60",
        );
        return None;
    }
    u8::try_from(length).ok()
}

fn codecs(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<Codec>> {
    let items = reader.list(node, "codecs", Codec::ALL.len())?;
    let mut codecs = Vec::new();
    for item in items {
        let name = reader.text(item, "the name of a codec")?;
        let Some(codec) = Codec::ALL.into_iter().find(|codec| codec.name().eq_ignore_ascii_case(name)) else {
            let remedy = suggest(name, Codec::ALL.into_iter().map(Codec::name));
            reader.mistake(item.place, format!("unknown codec `{name}`"), remedy);
            return None;
        };
        if codecs.contains(&codec) {
            reader.mistake(item.place, format!("`{name}` is there twice"), "name it once");
            return None;
        }
        codecs.push(codec);
    }
    Some(codecs)
}
