//! Who may do what, as values and functions: permissions and how far they reach, the roles that every center begins with,
//! rules for passwords, one-time codes, and what is left of a telephone number that somebody may not read.
//!
//! Must never know: users, sessions, HTTP, the database. Start reading at [`Permission`] and [`Grants`]; why it is so is in
//! docs/adr/0024.

mod grants;
mod mask;
mod password;
mod permission;
mod roles;
mod totp;

pub use grants::{Grants, Scope};
pub use mask::{MASKED_DIGITS_MIN, SHOWN_DIGITS, mask};
pub use password::{PASSWORD_BYTES_MAX, PasswordRules, Weakness};
pub use permission::Permission;
pub use roles::{ADMIN, BUILT_IN, BuiltInRole};
pub use totp::{CODE_DIGITS, SECRET_BYTES, STEP_S, TotpSecret};
