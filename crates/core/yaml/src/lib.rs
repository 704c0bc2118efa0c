//! YAML documents with the place of every value, and diagnostics that show the line and what would be right.
//!
//! Everything that an administrator writes is read through here: flows, the center, the server's own settings.
//! Must never know: files on disk, what the values mean. Start reading at [`read`], then [`Reader`].

mod diagnostic;
mod edit;
mod fields;
mod layout;
mod node;
mod write;

pub use diagnostic::{Diagnostic, Place, Severity, Source, is_near, suggest};
pub use edit::{EditError, Scalar, edit, field_at, place_at, same, scalars};
pub use fields::{At, Fields, MAX_DIAGNOSTICS, MAX_NAME, Reader, is_name, shown};
pub use node::{Key, MAX_BYTES, Node, Value, read};
