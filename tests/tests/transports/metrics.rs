//! What an operator sees of connections.

use anyhow::Result;
use hotline_tests::{Center, Line, eventually};

#[tokio::test]
async fn tcp_connections_are_counted_by_transport_and_reason() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut line = Line::tcp(&hotline, hotline.addresses().phones()).await?;
    line.register("1001").await?;
    let mut bad = Line::tcp(&hotline, hotline.addresses().stranger()).await?;
    bad.send_bytes(b"GET / HTTP/1.1\r\n\r\n").await?;
    bad.ended().await?;
    let admin = hotline.admin().await?;
    eventually("the numbers", async || {
        let text = String::from_utf8(admin.get_bytes("/metrics").await?.to_vec())?;
        let expected = [
            "hotline_sip_connections{transport=\"TCP\"} 1",
            "hotline_sip_connections_accepted_total{transport=\"TCP\"} 2",
            "hotline_sip_connections_closed_total{transport=\"TCP\",reason=\"garbage\"} 1",
            "hotline_sip_datagrams_dropped_total 0",
        ];
        Ok(expected.iter().all(|line| text.lines().any(|found| found == *line)).then_some(()))
    })
    .await
}
