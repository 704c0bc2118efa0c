//! Whether a name leads to who asks for it: the authority looks itself.

use std::net::SocketAddr;
use std::sync::Arc;

use ::ring::digest::{SHA256, digest};
use anyhow::{Context, Result, ensure};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{ring, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::version::TLS13;
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// RFC 8737 §3: `id-pe-acmeIdentifier`.
const ACME_IDENTIFIER: &str = "1.3.6.1.5.5.7.1.31";
const ACME_TLS: &[u8] = b"acme-tls/1";

/// RFC 8555 §8.3.
pub(super) async fn http(server: SocketAddr, name: &str, token: &str, expected: &str) -> Result<()> {
    let mut stream = TcpStream::connect(server).await?;
    let request = format!(
        "GET /.well-known/acme-challenge/{token} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (head, body) = answer.split_once("\r\n\r\n").context("no answer of HTTP")?;
    ensure!(head.starts_with("HTTP/1.1 200 "), "{head}");
    ensure!(body.trim_end() == expected, "another answer: {body}");
    Ok(())
}

/// RFC 8737 §3.
pub(super) async fn tls(server: SocketAddr, name: &str, expected: &str) -> Result<()> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody))
        .with_no_client_auth();
    config.alpn_protocols = vec![ACME_TLS.to_vec()];
    let stream = TcpStream::connect(server).await?;
    let stream =
        TlsConnector::from(Arc::new(config)).connect(ServerName::try_from(name.to_owned())?, stream).await?;
    let connection = stream.get_ref().1;
    ensure!(connection.alpn_protocol() == Some(ACME_TLS), "it does not speak acme-tls/1");
    let shown = connection.peer_certificates().and_then(<[_]>::first).context("no certificate")?;
    let (_, certificate) = X509Certificate::from_der(shown)?;
    let names = certificate.subject_alternative_name()?.context("a certificate for no name")?;
    ensure!(names.value.general_names == [GeneralName::DNSName(name)], "for others: {names:?}");
    let proof = certificate.extensions().iter().find(|one| one.oid.to_id_string() == ACME_IDENTIFIER);
    let proof = proof.context("no acmeIdentifier")?;
    let digest = digest(&SHA256, expected.as_bytes());
    ensure!(proof.critical && proof.value == [&[0x04, 0x20], digest.as_ref()].concat(), "another proof");
    Ok(())
}

/// Nobody vouches for who is looked at: that is what the looking is for.
#[derive(Debug)]
struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.3 is asked for".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        // By the key itself: the certificate has a critical extension that rustls does not read.
        let unread = |_| Error::General("no certificate".to_owned());
        let (_, certificate) = X509Certificate::from_der(certificate).map_err(unread)?;
        let key = SubjectPublicKeyInfoDer::from(certificate.public_key().raw);
        let known = ring::default_provider().signature_verification_algorithms;
        verify_tls13_signature_with_raw_key(message, &key, signed, &known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}
