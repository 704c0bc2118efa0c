//! `hotline audit verify`: whether the audit log is what was written.

use anyhow::{Result, bail};
use hotline_config::Configuration;
use hotline_store::{AuditVerdict, Store};

use crate::banner;

/// Computes the whole chain anew. The server may run.
///
/// # Errors
/// The chain is broken, or the database cannot be read.
pub(crate) async fn verify(configuration: &Configuration) -> Result<()> {
    let store = Store::open(&configuration.server.storage.database).await?;
    let verdict = store.verify_audit().await;
    store.close().await;
    match verdict? {
        AuditVerdict::Intact { rows } => {
            banner::print(&format!("The audit log is whole: {rows} rows."));
            Ok(())
        }
        AuditVerdict::Broken { seq: 0 } => {
            bail!("the audit log has lost its head: somebody has changed the database")
        }
        AuditVerdict::Broken { seq } => bail!(
            "the audit log is broken at row {seq}: that row is missing, or it or the one before is not what was written; \
             the rows before it are whole"
        ),
    }
}
