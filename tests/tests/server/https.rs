//! Pages and phones by HTTPS.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, Result};
use futures_util::{SinkExt, StreamExt};
use hotline_tests::{Center, Certificate, Hotline, eventually};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;

const REGISTER: &str = "REGISTER sip:hotline.test SIP/2.0\r\nVia: SIP/2.0/WSS page.invalid;branch=z9hG4bK1\r\n\
    Max-Forwards: 70\r\nFrom: <sip:1001@hotline.test>;tag=a\r\nTo: <sip:1001@hotline.test>\r\nCall-ID: page\r\n\
    CSeq: 1 REGISTER\r\nContact: <sip:1001@page.invalid;transport=ws>\r\nContent-Length: 0\r\n\r\n";

/// Where HTTPS is listened on, as the terminal says.
fn place(hotline: &Hotline) -> Result<SocketAddr> {
    let output = hotline.output();
    let (_, rest) = output.split_once("https://").context("an address of HTTPS")?;
    Ok(rest.split_whitespace().next().context("an address")?.parse()?)
}

/// A connection of a browser that trusts this certificate alone.
async fn connect(hotline: &Hotline, trusted: &str) -> Result<TlsStream<TcpStream>> {
    let trusted =
        Certificate { authority: trusted.to_owned(), certificate: String::new(), key: String::new() };
    let at = place(hotline)?;
    let name = ServerName::from(at.ip());
    Ok(trusted.connector()?.connect(name, TcpStream::connect(at).await?).await?)
}

async fn pem(folder: &Path) -> Result<String> {
    Ok(tokio::fs::read_to_string(folder.join("certificate.pem")).await?)
}

#[tokio::test]
async fn pages_and_phones_come_by_https_and_a_new_certificate_counts_at_once() -> Result<()> {
    let hotline = Center::new();
    let host = hotline.addresses().server();
    let https = format!("http:\n  https: {{listen: \"{host}:0\", folder: tls}}\n");
    let hotline = hotline.edit("config/hotline.yaml", "http:\n", &https).start().await?;
    let folder = hotline.directory().join("tls");
    let made = pem(&folder).await?;

    let mut page = connect(&hotline, &made).await?;
    page.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await?;
    let mut answer = String::new();
    page.read_to_string(&mut answer).await?;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");

    // A phone in the page is asked for its password over the same port.
    let mut request = format!("wss://{host}/sip").into_client_request()?;
    request.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static("sip"));
    let (mut phone, _) = client_async(request, connect(&hotline, &made).await?).await?;
    phone.send(Message::text(REGISTER)).await?;
    let asked = phone.next().await.context("an answer")??.into_text()?;
    assert!(asked.starts_with("SIP/2.0 401 ") && asked.contains("WWW-Authenticate: Digest"), "{asked}");

    // Somebody puts another one there: who is connected stays so.
    let other = Certificate::of(host)?;
    tokio::fs::write(folder.join("key.pem"), &other.key).await?;
    tokio::fs::write(folder.join("certificate.pem"), &other.certificate).await?;
    eventually("the other certificate", async || Ok(connect(&hotline, &other.authority).await.ok())).await?;
    assert!(connect(&hotline, &made).await.is_err(), "the first one is gone");
    phone.send(Message::text(REGISTER.replace("z9hG4bK1", "z9hG4bK2"))).await?;
    let asked = phone.next().await.context("an answer")??.into_text()?;
    assert!(asked.starts_with("SIP/2.0 401 "), "{asked}");
    Ok(())
}
