//! Phones and trunks: who is registered, and which servers are found and answer.

use std::collections::BTreeSet;
use std::sync::Arc;

use hotline_api_types::{Found, Looked};
use hotline_config::Configuration;
use hotline_sip::{Place, Transport};
use hotline_sip_net::{LocateError, Names, Resolver};
use hotline_store::Store;
use tokio::task::JoinSet;

use super::database;
use super::finding::{Finding, reason};
use super::network::{Unheard, ask};
use crate::users::now;

/// Phones that are named at most.
const NAMED_MAX: usize = 8;

pub(super) async fn look(configuration: &Configuration) -> Vec<Finding> {
    let mut findings = vec![phones(configuration).await];
    findings.extend(trunks(configuration).await);
    findings
}

async fn phones(configuration: &Configuration) -> Finding {
    let wanted: BTreeSet<&str> = configuration.sip_users.keys().map(String::as_str).collect();
    let Ok(store) = Store::open_for_reading(&configuration.server.storage.database).await else {
        return Finding::good(
            Looked::Phones,
            Found::PhonesUnknown { allowed: wanted.len() },
            format!("{} may register; who did is not known", wanted.len()),
        );
    };
    let registered = store.reached_users(now()).await;
    store.close().await;
    let registered: BTreeSet<String> = match registered {
        Ok(users) => users.into_iter().collect(),
        Err(error) => {
            return database::fails(Looked::Phones, &error.to_string(), "look at the database first");
        }
    };
    let away: Vec<&str> = wanted.iter().copied().filter(|user| !registered.contains(*user)).collect();
    let all = wanted.len();
    match away.len() {
        0 => Finding::good(
            Looked::Phones,
            Found::PhonesAll { count: all },
            format!("all {all} are registered"),
        ),
        count if count == all => Finding::doubtful(
            Looked::Phones,
            Found::PhonesNone { of: all },
            format!("none of {all} is registered"),
            "`hotline trace` shows what a phone sent last; user, password and domain are in the center's file",
        ),
        count => {
            let named = &away[..count.min(NAMED_MAX)];
            let dots = if count > NAMED_MAX { " …" } else { "" };
            let says = format!("{} of {all} are registered, not {}{dots}", all - count, named.join(", "));
            let found = Found::PhonesSome {
                registered: all - count,
                of: all,
                away: named.iter().map(|&user| user.to_owned()).collect(),
                more: count - named.len(),
            };
            Finding::good(Looked::Phones, found, says)
        }
    }
}

async fn trunks(configuration: &Configuration) -> Vec<Finding> {
    let resolver = Resolver::new(&configuration.server.sip.dns, Arc::new(Names::default()));
    let mut looking = JoinSet::new();
    for trunk in configuration.center.trunks.values() {
        for server in &trunk.servers {
            let about =
                Looked::TrunkServer { trunk: trunk.id.to_string(), server: server.destination.to_string() };
            let (resolver, destination) = (resolver.clone(), server.destination.clone());
            looking.spawn(async move {
                let located = match resolver {
                    Ok(resolver) => resolver.locate(&destination).await,
                    Err(error) => Err(error),
                };
                match located {
                    Ok(located) => of_place(about, located.places[0]).await,
                    Err(error) => unfound(about, error),
                }
            });
        }
    }
    let mut findings = looking.join_all().await;
    findings.sort_by(|one, other| one.subject.cmp(&other.subject));
    findings
}

fn unfound(about: Looked, error: LocateError) -> Finding {
    let says = error.to_string();
    let found = match error {
        LocateError::Unknown => Found::NameUnknown,
        LocateError::Unanswered(said) => Found::NameUnanswered { said },
    };
    Finding::bad(about, found, says, "look at the name, `sip.dns` and /etc/resolv.conf")
}

/// Whether the server answers there; over connections only where it was found.
async fn of_place(about: Looked, place: Place) -> Finding {
    let address = place.remote.to_string();
    if place.transport != Transport::Udp {
        let says = format!("found at {address}");
        return Finding::good(about, Found::ServerFound { address }, says);
    }
    let unheard = match ask(place.remote).await {
        Ok(status) => {
            let says = format!("{address} answers ({status})");
            return Finding::good(about, Found::ServerAnswers { address, status }, says);
        }
        Err(unheard) => unheard,
    };
    let says = format!("{address}: {unheard}");
    let found = match unheard {
        Unheard::Silent => Found::ServerSilent { address },
        Unheard::NotSip => Found::ServerNotSip { address },
        Unheard::System(error) => {
            Found::ServerUnreachable { address, reason: reason(&error), said: error.to_string() }
        }
    };
    let advice = "a provider may answer only the server's own port; else look at firewall and address";
    Finding::doubtful(about, found, says, advice)
}
