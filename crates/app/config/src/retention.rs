//! `retention:` of the server's file and of the center's: how long what callers left and what was counted of them is kept.

use std::collections::{BTreeMap, BTreeSet};

use hotline_base::QueueId;
use hotline_yaml::{Fields, Node, Reader};

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
    /// Days that records of calls are kept, unless their queue says otherwise; their recordings go with them at the latest.
    pub calls_days: Option<u32>,
    /// Days that figures of flows are kept.
    pub flow_figures_days: Option<u32>,
}

/// How long things of one queue are kept; `None`: as [`Retention`] says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueRetention {
    /// Days that messages in its mailbox are kept.
    pub messages_days: Option<u32>,
    /// Days that recordings of calls are kept that waited here last.
    pub recordings_days: Option<u32>,
    /// Days that records of calls are kept that waited here last.
    pub calls_days: Option<u32>,
}

/// How long things are kept, by queue and otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Where nothing else is said.
    pub retention: Retention,
    /// Of queues that say something themselves.
    pub queues: BTreeMap<QueueId, QueueRetention>,
}

impl Kept {
    /// Queues that say something themselves.
    #[must_use]
    pub fn named(&self) -> BTreeSet<QueueId> {
        self.queues.keys().cloned().collect()
    }

    /// Days that messages are kept; of one queue, or of all others.
    #[must_use]
    pub fn messages_days(&self, queue: Option<&QueueId>) -> Option<u32> {
        self.of(queue).messages_days.or(self.retention.messages_days)
    }

    /// Days that records of calls are kept.
    #[must_use]
    pub fn calls_days(&self, queue: Option<&QueueId>) -> Option<u32> {
        self.of(queue).calls_days.or(self.retention.calls_days)
    }

    /// Days that recordings are kept: no longer than the records of their calls, by which alone they are found.
    #[must_use]
    pub fn recordings_days(&self, queue: Option<&QueueId>) -> Option<u32> {
        let own = self.of(queue).recordings_days.or(self.retention.recordings_days);
        [own, self.calls_days(queue)].into_iter().flatten().min()
    }

    fn of(&self, queue: Option<&QueueId>) -> QueueRetention {
        queue.and_then(|queue| self.queues.get(queue)).copied().unwrap_or_default()
    }
}

pub(crate) fn retention(reader: &mut Reader<'_>, node: Option<&Node>) -> Option<Retention> {
    let Some(node) = node else { return Some(Retention::default()) };
    let fields = reader.fields(node, "retention", &names(&RETENTION))?;
    let [messages_days, recordings_days, calls_days, flow_figures_days] =
        ["messages_days", "recordings_days", "calls_days", "flow_figures_days"]
            .map(|key| days(reader, fields.optional(key)));
    Some(Retention {
        messages_days: messages_days?,
        recordings_days: recordings_days?,
        calls_days: calls_days?,
        flow_figures_days: flow_figures_days?,
    })
}

/// What a queue says itself; the inner `None`: nothing.
pub(crate) fn of_queue(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Option<QueueRetention>> {
    let [messages_days, recordings_days, calls_days] =
        ["messages_days", "recordings_days", "calls_days"].map(|key| days(reader, fields.optional(key)));
    let said = QueueRetention {
        messages_days: messages_days?,
        recordings_days: recordings_days?,
        calls_days: calls_days?,
    };
    Some((said != QueueRetention::default()).then_some(said))
}

/// For how many days something is kept; the inner `None`: that is not said.
fn days(reader: &mut Reader<'_>, node: Option<&Node>) -> Option<Option<u32>> {
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

    #[test]
    fn a_recording_is_kept_no_longer_than_the_record_of_its_call() {
        let sales = QueueId::from("sales");
        let own = QueueRetention { recordings_days: Some(300), ..QueueRetention::default() };
        let mut kept = Kept {
            retention: Retention { recordings_days: Some(90), calls_days: Some(200), ..Retention::default() },
            queues: [(sales.clone(), own)].into(),
        };
        assert_eq!((kept.recordings_days(None), kept.recordings_days(Some(&sales))), (Some(90), Some(200)));
        kept.retention.calls_days = None;
        assert_eq!((kept.recordings_days(Some(&sales)), kept.calls_days(Some(&sales))), (Some(300), None));
        kept.retention = Retention { calls_days: Some(30), ..Retention::default() };
        assert_eq!((kept.recordings_days(None), kept.messages_days(Some(&sales))), (Some(30), None));
    }
}
