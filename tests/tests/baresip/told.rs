//! What baresip is told without a call: what others write.

use anyhow::Result;
use hotline_tests::{DeskPhone, status};
use serde_json::json;

use crate::center;
use crate::phone::Baresip;

#[tokio::test]
async fn baresip_shows_what_a_colleague_and_an_administrator_write() -> Result<()> {
    let hotline = center().start().await?;
    let mut phone = Baresip::agent(&hotline, "1001").await?;
    let mut colleague = DeskPhone::register(&hotline, "1002").await?;
    let answer = colleague.write("1001", "back at five").await?;
    assert_eq!(status(&answer), Some(200), "{answer}");
    phone.says("back at five").await?;
    let admin = hotline.admin().await?;
    let sent = admin.post("/api/v1/agents/1001/messages", &json!({ "text": "well done" })).await?;
    assert_eq!(sent, json!({ "taken": true }));
    phone.says("well done").await
}
