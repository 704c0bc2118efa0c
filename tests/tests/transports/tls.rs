//! TLS: calls, and a certificate that changes.

use anyhow::{Result, ensure};
use hotline_tests::{Center, Certificate, Hotline, Line, eventually};

use crate::{is_called_over, is_registered, wait_until_unregistered};

const SIP: &str = "listen:\n  - HERE:0\n  - {transport: tls, address: HERE:0}\n\
    tls: {certificate: tls/certificate.pem, key: tls/key.pem}";

async fn start() -> Result<(Hotline, Certificate)> {
    let center = Center::new();
    let certificate = Certificate::of(center.addresses().server())?;
    let center = center
        .sip(SIP)
        .file("tls/certificate.pem", &certificate.certificate)
        .file("tls/key.pem", &certificate.key);
    Ok((center.start().await?, certificate))
}

#[tokio::test]
async fn tls_an_agent_registers_and_is_called_over_its_connection() -> Result<()> {
    let (hotline, certificate) = start().await?;
    let mut line = Line::tls(&hotline, hotline.addresses().phones(), &certificate).await?;
    line.register("1001").await?;
    is_called_over(&hotline, &mut line, "1001").await?;
    drop(line);
    wait_until_unregistered(&hotline, "1001").await
}

#[tokio::test]
async fn tls_a_new_certificate_is_used_without_a_restart_and_a_bad_one_never() -> Result<()> {
    let (hotline, old) = start().await?;
    let phones = hotline.addresses().phones();
    let mut before = Line::tls(&hotline, phones, &old).await?;
    before.register("1001").await?;
    let put = |file: &str, text: &str| std::fs::write(hotline.directory().join("tls").join(file), text);

    put("certificate.pem", "this is none")?;
    let mut watch = hotline.watch().await?;
    let told =
        watch.state("an alarm", |live| live.alarms.iter().any(|one| one.kind == "certificate_unusable"));
    told.await?;
    Line::tls(&hotline, phones, &old).await?.register("1002").await?;

    let new = Certificate::of(hotline.addresses().server())?;
    put("key.pem", &new.key)?;
    put("certificate.pem", &new.certificate)?;
    let mut after =
        eventually("the new certificate", async || Ok(Line::tls(&hotline, phones, &new).await.ok())).await?;
    watch.state("no alarm", |live| live.alarms.is_empty()).await?;
    after.register("1003").await?;
    ensure!(is_registered(&hotline, "1001").await?, "the connection from before was closed");
    is_called_over(&hotline, &mut before, "1001").await
}
