//! Phones and trunks: who is registered, and which servers are found and answer.

use std::collections::BTreeSet;
use std::sync::Arc;

use hotline_config::Configuration;
use hotline_sip::Transport;
use hotline_sip_net::{Names, Resolver};
use hotline_store::Store;
use tokio::task::JoinSet;

use super::finding::Finding;
use super::network::ask;
use crate::users::now;

/// Phones that are named at most.
const NAMED_MAX: usize = 8;

pub(super) async fn look(configuration: &Configuration) -> Vec<Finding> {
    let mut findings = vec![phones(configuration).await];
    findings.extend(trunks(configuration).await);
    findings
}

async fn phones(configuration: &Configuration) -> Finding {
    let subject = "phones";
    let wanted: BTreeSet<&str> = configuration.sip_users.keys().map(String::as_str).collect();
    let Ok(store) = Store::open_for_reading(&configuration.server.storage.database).await else {
        return Finding::good(subject, format!("{} may register; who did is not known", wanted.len()));
    };
    let registered = store.reached_users(now()).await;
    store.close().await;
    let registered: BTreeSet<String> = match registered {
        Ok(users) => users.into_iter().collect(),
        Err(error) => return Finding::bad(subject, error.to_string(), "look at the database first"),
    };
    let away: Vec<&str> = wanted.iter().copied().filter(|user| !registered.contains(*user)).collect();
    let all = wanted.len();
    match away.len() {
        0 => Finding::good(subject, format!("all {all} are registered")),
        count if count == all => Finding::doubtful(
            subject,
            format!("none of {all} is registered"),
            "`hotline trace` shows what a phone sent last; user, password and domain are in the center's file",
        ),
        count => {
            let named = away[..count.min(NAMED_MAX)].join(", ");
            let more = if count > NAMED_MAX { " …" } else { "" };
            Finding::good(subject, format!("{} of {all} are registered, not {named}{more}", all - count))
        }
    }
}

async fn trunks(configuration: &Configuration) -> Vec<Finding> {
    let resolver = Resolver::new(&configuration.server.sip.dns, Arc::new(Names::default()));
    let mut looking = JoinSet::new();
    for trunk in configuration.center.trunks.values() {
        for server in &trunk.servers {
            let subject = format!("trunk {}, server {}", trunk.id, server.destination);
            let (resolver, destination) = (resolver.clone(), server.destination.clone());
            looking.spawn(async move {
                let located = match resolver {
                    Ok(resolver) => resolver.locate(&destination).await,
                    Err(error) => Err(error),
                };
                let place = match located {
                    Ok(located) => located.places[0],
                    Err(error) => {
                        return Finding::bad(
                            subject,
                            error.to_string(),
                            "look at the name, `sip.dns` and /etc/resolv.conf",
                        );
                    }
                };
                if place.transport != Transport::Udp {
                    return Finding::good(subject, format!("found at {}", place.remote));
                }
                match ask(place.remote).await {
                    Ok(status) => Finding::good(subject, format!("{} answers ({status})", place.remote)),
                    Err(problem) => Finding::doubtful(
                        subject,
                        format!("{}: {problem}", place.remote),
                        "a provider may answer only the server's own port; else look at firewall and address",
                    ),
                }
            });
        }
    }
    let mut findings = looking.join_all().await;
    findings.sort_by(|one, other| one.subject.cmp(&other.subject));
    findings
}
