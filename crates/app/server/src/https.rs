//! HTTPS: where it is listened on, and the certificate that counts.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use hotline_acme::Renewal;
use hotline_api::{Secured, TakePhone, Turn, TurnAccess, Way};
use hotline_config::{CertificateSource, Http, Https, Server as Settings};
use hotline_shard::Handle;
use hotline_sip::{Flow, Listener, Transport};
use hotline_sip_net::Network;
use hotline_tls::{Challenges, ClientAuth, Identity, RELOAD_INTERVAL, Tls, TlsConfig};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::certificate;
use crate::server::Places;
use crate::supervision::Supervision;

/// Pages, API and phones in browsers: by HTTP, and by HTTPS if that is wanted.
pub(crate) struct Doors {
    pub(crate) http: TcpListener,
    pub(crate) https: Option<Secured>,
    /// What browsers are told, if it is not the socket's address.
    external: Option<SocketAddr>,
    /// What an authority finds when it looks whether a name leads here.
    pub(crate) challenges: Arc<Challenges>,
    /// Asks the authority, if there is one.
    renewal: Option<Renewal>,
}

impl Doors {
    /// Listens; nobody is answered yet.
    pub(crate) async fn open(settings: &Settings) -> Result<Self> {
        let Http { listen, https, .. } = &settings.http;
        let (http, challenges) = (bind("HTTP", *listen).await?, Arc::<Challenges>::default());
        let Some(Https { listen, external, certificate }) = https else {
            return Ok(Self { http, https: None, external: None, challenges, renewal: None });
        };
        let seen = external.map_or(listen.ip(), |external| external.ip());
        let renewal = renewal(certificate, settings, &challenges)?;
        let identity = identity(certificate, renewal.as_ref(), seen)?;
        let config = TlsConfig { identity: Some(identity), ..TlsConfig::default() };
        let tls = Arc::new(Tls::load(config, vec![ClientAuth::None]).context("HTTPS")?);
        let listener = bind("HTTPS", *listen).await?;
        Ok(Self { http, https: Some(Secured { listener, tls }), external: *external, challenges, renewal })
    }

    /// Where everything is listened on, with the real ports.
    pub(crate) fn places(&self, network: &Network) -> Result<Places> {
        let https = self.https.as_ref().map(|https| https.listener.local_addr()).transpose()?;
        Ok(Places { sip: network.listening().to_vec(), http: self.http.local_addr()?, https })
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
    pub(crate) fn watch(
        &mut self,
        parts: &Supervision,
        shard: &Handle,
        sip: watch::Receiver<Option<String>>,
    ) {
        tokio::spawn(certificate::report(sip, shard.clone()));
        if let Some(renewal) = self.renewal.take() {
            tokio::spawn(certificate::report(renewal.trouble(), shard.clone()));
            parts.watch("the certificate of an authority", renewal.run());
        }
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

/// By whom audio of pages goes that have no way to this server.
pub(crate) fn turn(settings: &Settings) -> Option<Turn> {
    let hotline_config::Turn { urls, access } = settings.media.turn.clone()?;
    let access = match access {
        hotline_config::TurnAccess::Secret(secret) => TurnAccess::Secret(secret),
        hotline_config::TurnAccess::Fixed { user, password } => TurnAccess::Fixed { user, password },
    };
    Some(Turn { urls, access })
}

/// Who asks the authority of this source.
fn renewal(
    source: &CertificateSource,
    settings: &Settings,
    challenges: &Arc<Challenges>,
) -> Result<Option<Renewal>> {
    let CertificateSource::Authority(authority) = source else { return Ok(None) };
    let renewal = Renewal::new(authority.clone(), &settings.services.roots, Arc::clone(challenges));
    Ok(Some(renewal.context("whom an authority is trusted by")?))
}

/// The files of the certificate, which are there from here on. `seen` is the address that browsers use.
fn identity(source: &CertificateSource, renewal: Option<&Renewal>, seen: IpAddr) -> Result<Identity> {
    let here = |names: &[String]| -> Vec<String> {
        let seen = (!seen.is_unspecified()).then(|| seen.to_string());
        let all = names.iter().cloned().chain(seen).chain(hotline_tls::local_names());
        all.collect::<BTreeSet<_>>().into_iter().collect()
    };
    let made = match (source, renewal) {
        (CertificateSource::Files(identity), _) => return Ok(identity.clone()),
        (CertificateSource::Made { folder, names }, _) => hotline_tls::made(folder, &here(names)),
        (CertificateSource::Authority(authority), Some(renewal)) => renewal.prepare(&here(&authority.names)),
        (CertificateSource::Authority(_), None) => unreachable!("an authority is asked by a renewal"),
    };
    made.context("the certificate that this server makes for HTTPS")
}

/// Where its files are, or will be after the first start.
pub(crate) fn identity_of(source: &CertificateSource) -> Option<Identity> {
    match source {
        CertificateSource::Files(identity) => Some(identity.clone()),
        CertificateSource::Made { folder, .. } => {
            Some(hotline_tls::identity_in(folder)).filter(|identity| identity.certificate.exists())
        }
        CertificateSource::Authority(authority) => {
            let file = hotline_acme::certificate_in(&authority.folder);
            file.exists().then(|| Identity { certificate: file.clone(), key: file })
        }
    }
}

async fn bind(what: &str, address: SocketAddr) -> Result<TcpListener> {
    let bound = TcpListener::bind(address).await;
    bound.with_context(|| format!("cannot listen for {what} on {address}; is another server using the port?"))
}
