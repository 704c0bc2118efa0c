//! The database: whether it answers, is whole, and keeps what it says it keeps.

use std::time::Instant;

use hotline_config::Configuration;
use hotline_store::{OpenError, Store};

use super::finding::Finding;

pub(super) async fn look(configuration: &Configuration) -> Vec<Finding> {
    let url = &configuration.server.storage.database;
    let subject = "database";
    if let Some(file) = url.strip_prefix("sqlite://")
        && !std::path::Path::new(file).exists()
    {
        return vec![Finding::good(subject, format!("{file} is not there yet; the server makes it"))];
    }
    let store = match Store::open_for_reading(url).await {
        Ok(store) => store,
        Err(error @ OpenError::Earlier { .. }) => {
            return vec![Finding::good(subject, error.to_string())];
        }
        Err(error) => {
            let advice = if matches!(error, OpenError::Later { .. }) {
                "start the later version, or restore a backup of this one"
            } else {
                "is it there, and may this user read it?"
            };
            let cause =
                std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            return vec![Finding::bad(subject, format!("{error}{cause}"), advice)];
        }
    };
    let mut findings = vec![answers(&store).await];
    match store.condition().await {
        Ok(complaints) if complaints.is_empty() => {
            findings.push(Finding::good("database files", "whole, and what was acknowledged is on disk"));
        }
        Ok(complaints) => findings.extend(complaints.into_iter().map(|complaint| {
            Finding::bad("database files", complaint, "mend the setting, or restore the last good backup")
        })),
        Err(error) => {
            findings.push(Finding::bad("database files", error.to_string(), "look at the database's log"))
        }
    }
    store.close().await;
    findings
}

async fn answers(store: &Store) -> Finding {
    let began = Instant::now();
    match store.ping().await {
        Ok(()) => {
            let took = began.elapsed();
            Finding::good("database", format!("answers in {:.1} ms", took.as_secs_f64() * 1e3))
        }
        Err(error) => Finding::bad("database", error.to_string(), "is it running?"),
    }
}
