//! HTTPS: where it is listened on, and the certificate that counts.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use hotline_api::{Secured, TakePhone, Way};
use hotline_config::{CertificateSource, Http, Https};
use hotline_shard::Handle;
use hotline_sip::{Flow, Listener, Transport};
use hotline_sip_net::Network;
use hotline_tls::{ClientAuth, Identity, RELOAD_INTERVAL, Tls, TlsConfig};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::certificate;
use crate::supervision::Supervision;

/// Pages, API and phones in browsers: by HTTP, and by HTTPS if that is wanted.
pub(crate) struct Doors {
    pub(crate) http: TcpListener,
    pub(crate) https: Option<Secured>,
    /// What browsers are told, if it is not the socket's address.
    external: Option<SocketAddr>,
}

impl Doors {
    /// Listens; nobody is answered yet.
    pub(crate) async fn open(settings: &Http) -> Result<Self> {
        let http = bind("HTTP", settings.listen).await?;
        let Some(Https { listen, external, certificate }) = &settings.https else {
            return Ok(Self { http, https: None, external: None });
        };
        let identity = identity(certificate)?;
        let config = TlsConfig { identity: Some(identity), ..TlsConfig::default() };
        let tls = Arc::new(Tls::load(config, vec![ClientAuth::None]).context("HTTPS")?);
        let listener = bind("HTTPS", *listen).await?;
        Ok(Self { http, https: Some(Secured { listener, tls }), external: *external })
    }

    /// Where HTTP and HTTPS are listened on, with the real ports.
    pub(crate) fn addresses(&self) -> Result<(SocketAddr, Option<SocketAddr>)> {
        let https = self.https.as_ref().map(|https| https.listener.local_addr()).transpose()?;
        Ok((self.http.local_addr()?, https))
    }

    /// The port that browsers use for HTTPS.
    pub(crate) fn https_port(&self) -> Result<Option<u16>> {
        let Some(Secured { listener, .. }) = &self.https else { return Ok(None) };
        Ok(Some(self.external.map_or(listener.local_addr()?.port(), |external| external.port())))
    }

    /// Where SIP comes over a WebSocket. `own` is how others see this machine, for sockets of all its addresses.
    pub(crate) fn phones(&self, own: SocketAddr) -> Result<Vec<Listener>> {
        let named = |local: SocketAddr| {
            if local.ip().is_unspecified() { SocketAddr::new(own.ip(), local.port()) } else { local }
        };
        let local = self.http.local_addr()?;
        let mut all = vec![Listener { transport: Transport::Ws, local, advertised: named(local) }];
        if let Some(Secured { listener, .. }) = &self.https {
            let local = listener.local_addr()?;
            let advertised = self.external.unwrap_or_else(|| named(local));
            all.push(Listener { transport: Transport::Wss, local, advertised });
        }
        Ok(all)
    }

    /// Follows the files of the certificate, and tells of what is wrong with it and with that of SIP.
    pub(crate) fn watch(&self, parts: &Supervision, shard: &Handle, sip: watch::Receiver<Option<String>>) {
        tokio::spawn(certificate::report(sip, shard.clone()));
        let Some(Secured { tls, .. }) = &self.https else { return };
        tokio::spawn(certificate::report(tls.trouble(), shard.clone()));
        let tls = Arc::clone(tls);
        parts.watch("the certificate of HTTPS", async move { tls.watch(RELOAD_INTERVAL).await });
    }
}

/// Gives phones that come over a WebSocket to SIP.
pub(crate) fn phones(network: Network) -> TakePhone {
    Arc::new(move |stream, Way { is_secure, local, remote }| {
        let transport = if is_secure { Transport::Wss } else { Transport::Ws };
        network.adopt(Box::new(stream), Flow { transport, local, remote });
    })
}

/// The files of the certificate, which are there from here on.
pub(crate) fn identity(source: &CertificateSource) -> Result<Identity> {
    match source {
        CertificateSource::Files(identity) => Ok(identity.clone()),
        CertificateSource::Made { folder, names } => {
            let names = names.iter().cloned().chain(hotline_tls::local_names()).collect::<Vec<_>>();
            hotline_tls::made(folder, &names).context("the certificate that this server makes for HTTPS")
        }
    }
}

/// Where its files are, or will be after the first start.
pub(crate) fn identity_of(source: &CertificateSource) -> Option<Identity> {
    match source {
        CertificateSource::Files(identity) => Some(identity.clone()),
        CertificateSource::Made { folder, .. } => {
            Some(hotline_tls::identity_in(folder)).filter(|identity| identity.certificate.exists())
        }
    }
}

async fn bind(what: &str, address: SocketAddr) -> Result<TcpListener> {
    let bound = TcpListener::bind(address).await;
    bound.with_context(|| format!("cannot listen for {what} on {address}; is another server using the port?"))
}
