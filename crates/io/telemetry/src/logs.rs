//! Where log lines go and in which form.

use std::io::{self, IsTerminal, Write};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use crate::redact::redact;

/// The form of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For a terminal.
    #[default]
    Human,
    /// One JSON object a line, for a log collector.
    Json,
}

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter of the configuration is malformed.
    #[error("the log filter {filter:?} is malformed")]
    Filter {
        /// As it was written.
        filter: String,
        /// What is wrong with it.
        source: ParseError,
    },
    /// This process logs already.
    #[error("logging is set up already")]
    Installed(#[from] TryInitError),
}

/// Sends the log lines of this process to standard error, in colour if that is a terminal. `filter` is a level
/// or a list like `info,hotline_sip_net=debug` (`tracing_subscriber::EnvFilter`); it comes from the
/// configuration, the environment is not asked.
///
/// # Errors
/// [`LogError`].
pub fn install_logs(filter: &str, format: LogFormat) -> Result<(), LogError> {
    let filter = parse_filter(filter)?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(Redacting(io::stderr));
    match format {
        LogFormat::Human => lines.finish().try_init()?,
        LogFormat::Json => lines.json().flatten_event(true).finish().try_init()?,
    }
    Ok(())
}

fn parse_filter(filter: &str) -> Result<EnvFilter, LogError> {
    EnvFilter::builder()
        .parse(filter)
        .map_err(|source| LogError::Filter { filter: filter.to_owned(), source })
}

/// Makes writers that mask personal data. The formatter hands over each line in one piece.
struct Redacting<M>(M);

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for Redacting<M> {
    type Writer = RedactingWriter<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        RedactingWriter(self.0.make_writer())
    }
}

struct RedactingWriter<W>(W);

impl<W: Write> Write for RedactingWriter<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.write_all(redact(&String::from_utf8_lossy(line)).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_number_in_a_message_or_a_field_does_not_reach_the_log() {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber =
            tracing_subscriber::fmt().json().with_writer(Redacting(move || writer.clone())).finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(uri = "sip:+4930901820@trunk", "refused by +4930901821");
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert!(!text.contains("30901"), "{text}");
        assert!(text.contains("sip:***@trunk") && text.contains("refused by +***"), "{text}");
    }

    #[test]
    fn a_malformed_filter_is_named() {
        let error = parse_filter("info,hotline=loud").unwrap_err();
        assert_eq!(error.to_string(), "the log filter \"info,hotline=loud\" is malformed");
        assert!(parse_filter("info,hotline_store=debug").is_ok());
    }
}
