//! WebSocket: a browser registers and is called over its socket.

use anyhow::Result;
use hotline_tests::{Center, Line};

use crate::{is_called_over, is_registered, wait_until_unregistered};

#[tokio::test]
async fn websocket_a_browser_registers_by_digest_is_called_and_vanishes() -> Result<()> {
    let center = Center::new().sip("listen:\n  - HERE:0\n  - {transport: ws, address: HERE:0}");
    let hotline = center.start().await?;
    let mut line = Line::ws(&hotline, hotline.addresses().phones()).await?;
    line.register("1001").await?;
    assert!(is_registered(&hotline, "1001").await?);
    is_called_over(&hotline, &mut line, "1001").await?;
    drop(line);
    wait_until_unregistered(&hotline, "1001").await
}
