//! `retention:` of the server's file: how long what callers left and what was counted of them is kept.

use hotline_yaml::{Node, Reader};

use crate::format::{RETENTION, names};

/// Days that anything may be kept.
const DAYS_MAX: usize = 36_500;

/// How long things are kept; `None`: for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Days that messages of callers are kept, sound and entry.
    pub messages_days: Option<u32>,
    /// Days that recordings are kept, unless their queue says otherwise.
    pub recordings_days: Option<u32>,
    /// Days that figures of flows are kept.
    pub flow_figures_days: Option<u32>,
}

pub(crate) fn retention(reader: &mut Reader<'_>, node: Option<&Node>) -> Option<Retention> {
    let Some(node) = node else { return Some(Retention::default()) };
    let fields = reader.fields(node, "retention", &names(&RETENTION))?;
    let [messages_days, recordings_days, flow_figures_days] =
        ["messages_days", "recordings_days", "flow_figures_days"]
            .map(|key| days(reader, fields.optional(key)));
    Some(Retention {
        messages_days: messages_days?,
        recordings_days: recordings_days?,
        flow_figures_days: flow_figures_days?,
    })
}

/// For how many days something is kept; the inner `None`: that is not said.
pub(crate) fn days(reader: &mut Reader<'_>, node: Option<&Node>) -> Option<Option<u32>> {
    match node {
        Some(node) => reader.count(node, 1..=DAYS_MAX).map(|days| u32::try_from(days).ok()),
        None => Some(None),
    }
}

#[cfg(test)]
mod tests {
    use hotline_yaml::{Source, read};

    use super::*;

    #[test]
    fn things_are_kept_for_ever_or_for_some_days() {
        let told = |text: &str| {
            let source = Source::new("hotline.yaml", text);
            let root = read(&source).expect("YAML");
            let mut reader = Reader::new(&source);
            let retention = retention(&mut reader, Some(&root));
            (retention, reader.into_diagnostics().len())
        };
        let only = Retention { messages_days: Some(90), ..Retention::default() };
        assert_eq!(told("messages_days: 90\n"), (Some(only), 0));
        assert_eq!(told("messages_days: 0\nflow_figures_days: many\n"), (None, 2));
    }
}
