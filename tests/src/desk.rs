//! Names and passwords of a test center.

/// The SIP domain and realm.
pub const DOMAIN: &str = "hotline.test";
/// The administrator's name.
pub const ADMIN: &str = "admin";
/// The administrator's password.
pub const ADMIN_PASSWORD: &str = "admin-password";

/// The password of an agent's page; the user's name is `desk` and the agent's id.
#[must_use]
pub fn desk_password(agent: &str) -> String {
    format!("desk-password-{agent}")
}

/// The password of an agent's phone.
#[must_use]
pub fn sip_password(agent: &str) -> String {
    format!("phone-password-{agent}")
}
