//! Every metric by name, in one table: Prometheus naming, unit last, `_total` for what only grows.
//!
//! A crate that counts takes its name from here, so that the table is complete and a name is never written
//! twice.

use metrics::{Counter, Gauge, Histogram, Unit};

/// How a metric moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Many values, counted by size.
    Histogram,
}

macro_rules! metrics_table {
    ($($variant:ident, $kind:ident, $unit:ident, $name:literal, $help:literal;)*) => {
        /// A metric.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Metric {
            $(#[doc = $help] $variant,)*
        }

        impl Metric {
            /// All of them, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name as it is exported.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it says, for the exported help line.
            #[must_use]
            pub const fn help(self) -> &'static str {
                match self { $(Self::$variant => $help,)* }
            }

            /// How it moves.
            #[must_use]
            pub const fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind,)* }
            }

            /// What is counted or measured in.
            #[must_use]
            pub const fn unit(self) -> Unit {
                match self { $(Self::$variant => Unit::$unit,)* }
            }
        }
    };
}

metrics_table! {
    JournalEntries, Counter, Count, "hotline_journal_entries_total",
        "Events and records that reached the database.";
    JournalLost, Counter, Count, "hotline_journal_lost_total",
        "Events and records lost because the writer's queue was full.";
    JournalRefused, Counter, Count, "hotline_journal_refused_total",
        "Events and records dropped because the database can never take them.";
    JournalUnreadable, Counter, Count, "hotline_journal_unreadable_total",
        "Stored or spooled entries passed over because they cannot be read.";
    JournalQueue, Gauge, Count, "hotline_journal_queue_entries",
        "Events and records waiting in the writer's queue.";
    JournalSpool, Gauge, Bytes, "hotline_journal_spool_bytes",
        "Events and records on disk that wait for the database.";
    JournalCommit, Histogram, Seconds, "hotline_journal_commit_seconds",
        "Time to write one batch of events and records to the database.";
    StoreAvailable, Gauge, Count, "hotline_store_available",
        "1 while the database takes events, 0 while it does not.";
}

impl Metric {
    /// A handle, to be kept where counting is frequent.
    pub fn counter(self) -> Counter {
        metrics::counter!(self.name())
    }

    /// A handle, to be kept where the value changes frequently.
    pub fn gauge(self) -> Gauge {
        metrics::gauge!(self.name())
    }

    /// A handle, to be kept where measuring is frequent.
    pub fn histogram(self) -> Histogram {
        metrics::histogram!(self.name())
    }

    /// Counts `by` more; for a counter.
    pub fn increment(self, by: u64) {
        self.counter().increment(by);
    }

    /// Sets the value; for a gauge.
    pub fn set(self, value: f64) {
        self.gauge().set(value);
    }

    /// Notes one value; for a histogram.
    pub fn record(self, value: f64) {
        self.histogram().record(value);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_follow_prometheus_and_are_unique() {
        let mut seen = BTreeSet::new();
        for metric in Metric::ALL {
            let name = metric.name();
            assert!(seen.insert(name), "{name} twice");
            assert!(name.starts_with("hotline_"), "{name}");
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
            assert_eq!(name.ends_with("_total"), metric.kind() == Kind::Counter, "{name}");
            let unit = metric.unit();
            assert!([Unit::Count, Unit::Seconds, Unit::Bytes].contains(&unit), "{name}: base units only");
            assert_eq!(name.ends_with("_seconds"), unit == Unit::Seconds, "{name}");
            assert_eq!(name.ends_with("_bytes"), unit == Unit::Bytes, "{name}");
            assert!(metric.help().ends_with('.'), "{name}");
        }
    }
}
