//! The database: whether it answers, is whole, and keeps what it says it keeps.

use std::time::Instant;

use hotline_api_types::{Found, Looked};
use hotline_config::Configuration;
use hotline_store::{Complaint, OpenError, Store};

use super::finding::Finding;

pub(super) async fn look(configuration: &Configuration) -> Vec<Finding> {
    let url = &configuration.server.storage.database;
    if let Some(file) = url.strip_prefix("sqlite://")
        && !std::path::Path::new(file).exists()
    {
        return vec![Finding::good(
            Looked::Database,
            Found::DatabaseMissing { file: file.to_owned() },
            format!("{file} is not there yet; the server makes it"),
        )];
    }
    let store = match Store::open_for_reading(url).await {
        Ok(store) => store,
        Err(error) => return vec![shut(&error)],
    };
    let mut findings = vec![answers(&store).await];
    match store.condition().await {
        Ok(complaints) if complaints.is_empty() => findings.push(Finding::good(
            Looked::DatabaseFiles,
            Found::DatabaseWhole,
            "whole, and what was acknowledged is on disk",
        )),
        Ok(complaints) => findings.extend(complaints.into_iter().map(complained)),
        Err(error) => findings.push(Finding::bad(
            Looked::DatabaseFiles,
            Found::DatabaseUnseen { said: error.to_string() },
            error.to_string(),
            "look at the database's log",
        )),
    }
    store.close().await;
    findings
}

fn shut(error: &OpenError) -> Finding {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    let says = format!("{error}{cause}");
    match error {
        OpenError::Earlier { database } => {
            Finding::good(Looked::Database, Found::DatabaseEarlier { database: database.clone() }, says)
        }
        OpenError::Later { database } => Finding::bad(
            Looked::Database,
            Found::DatabaseLater { database: database.clone() },
            says,
            "start the later version, or restore a backup of this one",
        ),
        OpenError::Scheme
        | OpenError::Url(_)
        | OpenError::File { .. }
        | OpenError::Refused { .. }
        | OpenError::Occupied { .. }
        | OpenError::Migrate { .. }
        | OpenError::Roles(_) => Finding::bad(
            Looked::Database,
            Found::DatabaseShut { said: says.clone() },
            says,
            "is it there, and may this user read it?",
        ),
    }
}

fn complained(complaint: Complaint) -> Finding {
    let says = complaint.to_string();
    let found = match complaint {
        Complaint::SettingOff(setting) => Found::SettingOff { setting },
        Complaint::Damaged(said) => Found::DatabaseDamaged { said },
    };
    Finding::bad(Looked::DatabaseFiles, found, says, "mend the setting, or restore the last good backup")
}

async fn answers(store: &Store) -> Finding {
    let began = Instant::now();
    match store.ping().await {
        Ok(()) => {
            let took = began.elapsed();
            Finding::good(
                Looked::Database,
                Found::DatabaseAnswers { took_us: u64::try_from(took.as_micros()).unwrap_or(u64::MAX) },
                format!("answers in {:.1} ms", took.as_secs_f64() * 1e3),
            )
        }
        Err(error) => fails(Looked::Database, &error.to_string(), "is it running?"),
    }
}

/// The database did not answer a question of the doctor.
pub(super) fn fails(about: Looked, said: &str, advice: &str) -> Finding {
    Finding::bad(about, Found::DatabaseFails { said: said.to_owned() }, said, advice)
}
