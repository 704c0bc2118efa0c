//! Customers out of a file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// A file of customers: what it would change, then how far that has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Import {
    /// The import.
    pub id: String,
    /// How far it is.
    pub state: ImportState,
    /// When it is forgotten.
    pub expires_at: Timestamp,
    /// The columns of the file, in their order.
    pub columns: Vec<ImportColumn>,
    /// Lines below the first that are not empty.
    pub rows: u64,
    /// Customers that are not known yet.
    pub new: u64,
    /// Customers that are known and are different in the file.
    pub changed: u64,
    /// Customers that are known and the same in the file.
    pub unchanged: u64,
    /// Lines with a number, or of a customer, that stands in an earlier line; they are left out.
    pub duplicates: u64,
    /// Lines with mistakes.
    pub wrong: u64,
    /// The first 100 mistakes.
    pub errors: Vec<ImportError>,
    /// Customers that are done, of `new` and `changed`.
    pub done: u64,
    /// Why nothing was imported.
    pub problem: Option<String>,
}

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportState {
    /// It was looked at, and nothing is changed.
    Preview,
    /// It is being written.
    Running,
    /// All of it is written.
    Done,
    /// Nothing of it is written.
    Failed,
}

/// A column of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImportColumn {
    /// What stands in the first line.
    pub heading: String,
    /// Which part of a customer it is, such as `name`, `numbers` or `field:segment`; `null` if it is left out.
    pub part: Option<String>,
}

/// A mistake in a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImportError {
    /// The line in the file, 1 is the first.
    pub row: u64,
    /// Which part of the customer.
    pub field: String,
    /// What is wrong with it.
    pub problem: String,
}

/// Body of `PUT /api/v1/imports/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetImportColumns {
    /// For each column of the file which part of a customer it is, or `null`.
    #[schemars(length(max = 100))]
    pub columns: Vec<Option<String>>,
}

/// Body of `POST /api/v1/imports/{id}/commit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommitImport {
    /// Whether lines with mistakes are left out; without it they are in the way.
    #[serde(default)]
    pub skip_wrong: bool,
}
