//! Logs and metrics: set-up, metric names, redaction.
