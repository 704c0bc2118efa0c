//! Tones in the place of words: who hears whom between a browser and a phone.

use anyhow::Result;
use hotline_phone::Phone;
use hotline_tests::{Watch, hears, listen, wait_until_heard};
use serde_json::json;

use crate::page::Page;

/// Who calls browsers.
pub(crate) const CALLER: &str = "+15550100123";
/// What a browser's microphone hears.
pub(crate) const BROWSER_HZ: f64 = 600.0;
/// What the phone at the other end says.
pub(crate) const OTHER_HZ: f64 = 1000.0;

/// From here on each hears the other.
pub(crate) async fn hear_each_other(page: &mut Page, phone: &Phone) -> Result<()> {
    phone.forget_heard();
    wait_until_heard(phone, BROWSER_HZ).await?;
    page.order("hear", json!({"hz": OTHER_HZ})).await?;
    Ok(())
}

/// The call that 1001 took in a browser is over, and its recording has both.
pub(crate) async fn is_recorded(watch: &mut Watch, call: &str) -> Result<()> {
    let record = watch.over(call).await?;
    assert_eq!((record.agent.as_deref(), record.recordings.len()), (Some("1001"), 1));
    let sound = listen(watch.client(), call).await?;
    assert!(hears(&sound.customer, OTHER_HZ) && hears(&sound.agent, BROWSER_HZ));
    Ok(())
}
