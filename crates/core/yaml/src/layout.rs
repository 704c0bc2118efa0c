//! Where every value of a document begins and ends, so that a part can be written anew and the rest stays as it is.
//!
//! Beside `node.rs` the only module that knows the YAML library.

use core::ops::Range;

use granit_parser::{Event, Parser, Span};

use crate::{Diagnostic, Node, Source, Value, read};

/// A value, with the bytes that it takes in the text.
#[derive(Clone, Debug)]
pub(crate) struct Spot {
    pub(crate) node: Node,
    /// Empty for a value that is not written.
    pub(crate) bytes: Range<usize>,
    pub(crate) form: Form,
}

/// How a value is written.
#[derive(Clone, Debug)]
pub(crate) enum Form {
    /// Alone.
    Scalar,
    /// By lines.
    Block(Parts),
    /// In braces or brackets.
    Flow(Parts),
}

/// What is in a collection.
#[derive(Clone, Debug)]
pub(crate) enum Parts {
    /// Values.
    List(Vec<Spot>),
    /// Keys with the bytes that each takes, and their values.
    Map(Vec<(String, Range<usize>, Spot)>),
}

/// The whole document.
pub(crate) fn layout(source: &Source) -> Result<Spot, Diagnostic> {
    let node = read(source)?;
    let mut reading = Reading { text: source.text(), offsets: offsets(source.text()), events: Vec::new() };
    for event in Parser::new_from_str(source.text()) {
        // What can be read as values can be read as events; the end of the text ends the look for them.
        let Ok((event, span)) = event else { break };
        if let Some(step) = step(&event) {
            let bytes = reading.bytes(&span);
            reading.events.push((step, bytes));
        }
    }
    reading.events.reverse();
    let spot = reading.value(node.clone(), 0);
    Ok(spot.unwrap_or(Spot { node, bytes: 0..0, form: Form::Scalar }))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Scalar,
    ListStart,
    ListEnd,
    MapStart,
    MapEnd,
}

fn step(event: &Event<'_>) -> Option<Step> {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "nothing else is a value: anchors and aliases are refused"
    )]
    match event {
        Event::Scalar(..) => Some(Step::Scalar),
        Event::SequenceStart(..) => Some(Step::ListStart),
        Event::SequenceEnd => Some(Step::ListEnd),
        Event::MappingStart(..) => Some(Step::MapStart),
        Event::MappingEnd => Some(Step::MapEnd),
        _ => None,
    }
}

/// The byte at which each character begins, and where the text ends.
fn offsets(text: &str) -> Vec<usize> {
    text.char_indices().map(|(at, _)| at).chain([text.len()]).collect()
}

struct Reading<'s> {
    text: &'s str,
    offsets: Vec<usize>,
    /// Those that are not yet read, the next one last.
    events: Vec<(Step, Range<usize>)>,
}

impl Reading<'_> {
    fn bytes(&self, span: &Span) -> Range<usize> {
        let at = |chars: usize| self.offsets.get(chars).copied().unwrap_or(self.text.len());
        at(span.start.index())..at(span.end.index())
    }

    /// The next value, which is `node`; `after`: where it begins if it is not written.
    fn value(&mut self, node: Node, after: usize) -> Option<Spot> {
        let (step, bytes) = self.events.pop()?;
        match (step, node.value.clone()) {
            (Step::Scalar, _) if bytes.is_empty() => {
                Some(Spot { node, bytes: after..after, form: Form::Scalar })
            }
            (Step::Scalar, _) => {
                let bytes = bytes.start..self.text_end(bytes.clone());
                Some(Spot { node, bytes, form: Form::Scalar })
            }
            (Step::ListStart, Value::List(items)) => self.list(node, items, bytes.start),
            (Step::MapStart, Value::Map(entries)) => self.map(node, entries, bytes.start),
            // The tree was made of the same text.
            (Step::ListStart | Step::MapStart | Step::ListEnd | Step::MapEnd, _) => None,
        }
    }

    /// Without the line ends that a text of several lines takes with it.
    fn text_end(&self, bytes: Range<usize>) -> usize {
        bytes.start + self.text[bytes].trim_end().len()
    }

    fn list(&mut self, node: Node, items: Vec<Node>, start: usize) -> Option<Spot> {
        let is_flow = self.text[start..].starts_with('[');
        let (mut end, mut spots) = (start, Vec::with_capacity(items.len()));
        for item in items {
            let spot = self.value(item, end)?;
            end = end.max(spot.bytes.end);
            spots.push(spot);
        }
        let (_, closing) = self.events.pop()?;
        let parts = Parts::List(spots);
        Some(collection(node, parts, start, if is_flow { Some(closing.end) } else { None }, end))
    }

    fn map(&mut self, node: Node, entries: Vec<(crate::Key, Node)>, start: usize) -> Option<Spot> {
        let is_flow = self.text[start..].starts_with('{');
        let (mut end, mut spots) = (start, Vec::with_capacity(entries.len()));
        for (key, value) in entries {
            let (_, key_bytes) = self.events.pop()?;
            let key_bytes = key_bytes.start..self.text_end(key_bytes.clone());
            let colon =
                self.text[key_bytes.end..].find(':').map_or(key_bytes.end, |at| key_bytes.end + at + 1);
            let spot = self.value(value, colon)?;
            end = end.max(spot.bytes.end);
            spots.push((key.text, key_bytes, spot));
        }
        let (_, closing) = self.events.pop()?;
        let parts = Parts::Map(spots);
        Some(collection(node, parts, start, if is_flow { Some(closing.end) } else { None }, end))
    }
}

fn collection(node: Node, parts: Parts, start: usize, closed: Option<usize>, last: usize) -> Spot {
    match closed {
        Some(end) => Spot { node, bytes: start..end, form: Form::Flow(parts) },
        None => Spot { node, bytes: start..last, form: Form::Block(parts) },
    }
}
