//! What agents do with calls.

use anyhow::Result;
use hotline_phone::{Phone, PhoneEvent};

use crate::wait::PATIENCE;

/// Waits until the phone is called, and lets it ring.
///
/// # Errors
/// It is not called in time.
pub async fn rings(phone: &mut Phone) -> Result<()> {
    phone.wait_for("a call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    Ok(phone.ring().await?)
}

/// Takes the next call, as soon as it comes.
///
/// # Errors
/// None comes in time.
pub async fn takes(phone: &mut Phone) -> Result<()> {
    rings(phone).await?;
    phone.answer().await?;
    Ok(phone.expect(&PhoneEvent::Up, PATIENCE).await?)
}
