//! Certificates from an authority: got at the first start, renewed in time, and kept when the authority does not do as asked.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use hotline_tests::{Authority, Center, Certificate, Hotline, Mood, binary, eventually};
use rustls::pki_types::ServerName;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio_rustls::client::TlsStream;
use x509_parser::prelude::{FromDer, X509Certificate};

const NAME: &str = "center.example";
/// One whose last third has begun.
const SHORT: Mood = Mood::Gives { past: 120, left: 40 };

async fn start(authority: &Authority, center: Center, challenge: &str) -> Result<Hotline> {
    let host = center.addresses().server();
    let acme = format!(
        "http:\n  https:\n    listen: \"{host}:0\"\n    folder: tls\n    acme:\n      names: [{NAME}]\n      \
         terms_accepted: true\n      directory: \"{}\"\n      contact: [\"mailto:operations@center.example\"]\n      \
         challenge: {challenge}\n",
        authority.directory()
    );
    let center = center.edit("config/hotline.yaml", "http:\n", &acme);
    let center = center.edit("config/hotline.yaml", "http:\n", "services: {ca: ca.pem}\nhttp:\n");
    center.file("ca.pem", &authority.root()).start().await
}

/// Where HTTPS is listened on since the last start, as the terminal says.
fn https(hotline: &Hotline) -> Result<SocketAddr> {
    let (output, server) = (hotline.output(), format!("https://{}:", hotline.addresses().server()));
    let (_, rest) = output.rsplit_once(&server).context("an address of HTTPS")?;
    let port = rest.split_whitespace().next().context("a port")?.parse()?;
    Ok(SocketAddr::new(hotline.addresses().server(), port))
}

fn folder(hotline: &Hotline) -> PathBuf {
    hotline.directory().join("tls")
}

/// A browser that trusts this authority alone.
async fn connect(hotline: &Hotline, authority: &str) -> Result<TlsStream<TcpStream>> {
    let trusted =
        Certificate { authority: authority.to_owned(), certificate: String::new(), key: String::new() };
    let stream = TcpStream::connect(https(hotline)?).await?;
    Ok(trusted.connector()?.connect(ServerName::try_from(NAME)?, stream).await?)
}

/// Reads a page, and gives the end of the certificate by which it came, in seconds since the Unix epoch.
async fn page(hotline: &Hotline, authority: &str) -> Result<i64> {
    let mut page = connect(hotline, authority).await?;
    page.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await?;
    let mut answer = String::new();
    page.read_to_string(&mut answer).await?;
    ensure!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let shown = page.get_ref().1.peer_certificates().and_then(<[_]>::first).context("a certificate")?;
    Ok(X509Certificate::from_der(shown)?.1.validity().not_after.timestamp())
}

async fn metric(hotline: &Hotline, name: &str) -> Result<f64> {
    let text = String::from_utf8(hotline.admin().await?.get_bytes("/metrics").await?.to_vec())?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    Ok(line.unwrap_or("0").parse()?)
}

/// What the doctor says of the authority: verdict and words.
async fn doctor(hotline: &Hotline) -> Result<(String, String)> {
    let mut command = Command::new(binary()?);
    command.current_dir(hotline.directory()).env_remove("HOTLINE_CONFIG").args(["doctor", "--json"]);
    let said = String::from_utf8(command.output().await?.stdout)?;
    let end = said.rfind(']').with_context(|| said.clone())?;
    let findings: Value = serde_json::from_str(&said[..=end])?;
    let of_authority =
        |one: &&Value| one["subject"].as_str().is_some_and(|text| text.starts_with("certificates from"));
    let found = findings.as_array().context("a list")?.iter().find(of_authority).context("the authority")?;
    let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
    Ok((text("verdict"), text("says")))
}

fn mode(path: &Path) -> Result<u32> {
    Ok(std::fs::metadata(path)?.permissions().mode() & 0o777)
}

#[tokio::test]
async fn the_first_start_gets_a_certificate_and_it_is_renewed_before_its_end() -> Result<()> {
    let center = Center::new();
    let authority = Authority::start(center.addresses().carrier()).await?;
    authority.moods([SHORT]);
    let mut hotline = start(&authority, center, "tls-alpn-01").await?;
    // Until the authority has looked, pages come by a certificate of the server's own.
    let own = std::fs::read_to_string(folder(&hotline).join("acme.pem"))?;
    page(&hotline, &own).await?;
    assert!(connect(&hotline, &authority.root()).await.is_err(), "the authority has not looked yet");
    assert_eq!(doctor(&hotline).await?.0, "doubtful");

    authority.looks_at(https(&hotline)?);
    // The first one is about to end: the second one comes by itself, and pages come by it without a restart.
    let day = 86_400;
    let ends = eventually("a page by a certificate of 90 days", async || {
        let Ok(ends) = page(&hotline, &authority.root()).await else { return Ok(None) };
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs();
        Ok(Some(ends).filter(|ends| ends - i64::try_from(now).unwrap_or_default() > 80 * day))
    });
    let ends = ends.await?;
    assert_eq!(authority.given(), 2);
    assert_eq!(authority.accounts_and_faults(), (1, vec![]));
    for file in ["acme.pem", "acme-account.json", "acme-history.json"] {
        assert_eq!(mode(&folder(&hotline).join(file))?, 0o600, "{file}");
    }
    assert_eq!(metric(&hotline, "hotline_acme_orders_total{outcome=\"issued\"}").await?, 2.0);
    assert!(metric(&hotline, "hotline_certificate_days_left").await? > 80.0);
    assert_eq!(doctor(&hotline).await?.0, "good");

    hotline.kill().await?;
    hotline.restart().await?;
    assert_eq!(page(&hotline, &authority.root()).await?, ends, "the same one, at once");
    assert_eq!(authority.given(), 2);
    Ok(())
}

#[tokio::test]
async fn an_authority_finds_its_answer_over_http_and_has_a_renewal_when_it_wishes_one() -> Result<()> {
    let center = Center::new();
    let authority = Authority::start(center.addresses().carrier()).await?;
    authority.wishes_renewal_of(1);
    let hotline = start(&authority, center, "http-01").await?;
    authority.looks_at(hotline.http());
    eventually("the second certificate", async || Ok((authority.given() == 2).then_some(()))).await?;
    eventually("a page by it", async || Ok(page(&hotline, &authority.root()).await.ok())).await?;
    assert_eq!(authority.replacing(), 1, "the second order says which certificate it replaces");
    assert_eq!(authority.accounts_and_faults(), (1, vec![]));
    Ok(())
}

#[tokio::test]
async fn an_authority_that_does_not_do_as_asked_leaves_the_old_certificate_in_service() -> Result<()> {
    let center = Center::new();
    let authority = Authority::start(center.addresses().carrier()).await?;
    authority.moods([SHORT, Mood::Refuses]);
    let mut hotline = start(&authority, center, "tls-alpn-01").await?;
    authority.looks_at(https(&hotline)?);
    let failed = async |hotline: &Hotline, said: &str| {
        eventually(said, async || Ok(Some(doctor(hotline).await?).filter(|(_, says)| says.contains(said))))
            .await
    };
    let (verdict, says) = failed(&hotline, "not for such names").await?;
    assert!(says.contains("1 attempts for center.example have failed, again in "), "{says}");
    assert_eq!(verdict, "doubtful", "a quarter of its life is left");
    let ends = eventually("a page by it", async || Ok(page(&hotline, &authority.root()).await.ok())).await?;
    assert_eq!(metric(&hotline, "hotline_acme_orders_total{outcome=\"failed\"}").await?, 1.0);
    assert!(hotline.output().contains("there is no new certificate"), "the log says so");

    // Whoever starts it again need not wait for the pause; the authority has another page there by now.
    authority.talks_rubbish();
    hotline.kill().await?;
    hotline.restart().await?;
    failed(&hotline, "2 attempts").await?;
    assert_eq!(page(&hotline, &authority.root()).await?, ends);
    let root = authority.root();
    drop(authority);
    hotline.kill().await?;
    hotline.restart().await?;
    failed(&hotline, "3 attempts").await?;
    assert_eq!(page(&hotline, &root).await?, ends, "it counts until it ends");
    Ok(())
}
