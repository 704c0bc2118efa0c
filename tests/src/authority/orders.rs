//! Accounts, orders and what becomes of them (RFC 8555 §7).

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hyper::StatusCode;
use rcgen::{CertificateSigningRequestParams, SanType};
use rustls::pki_types::CertificateSigningRequestDer;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::jose::{Key, Signed};
use super::{Answer, Mood, Shared, look};

#[derive(Default)]
pub(super) struct Orders {
    pub(super) accounts: BTreeMap<String, Key>,
    pub(super) given: usize,
    pub(super) replacing: usize,
    pub(super) faults: Vec<String>,
    orders: Vec<Order>,
    names: Vec<Name>,
}

struct Order {
    /// Places in [`Orders::names`].
    names: Vec<usize>,
    past: i64,
    left: i64,
    chain: Option<String>,
    replaces: Value,
}

/// A name that is to be proved (§7.1.4).
struct Name {
    name: String,
    token: String,
    status: &'static str,
    error: Value,
}

impl Orders {
    pub(super) fn answer(
        &mut self,
        shared: &Arc<Shared>,
        path: &str,
        signed: &Signed,
        moods: &mut VecDeque<Mood>,
    ) -> Answer {
        let mut parts = path.trim_start_matches('/').split('/');
        let (what, number) = (parts.next().unwrap_or_default(), parts.next());
        let number = number.and_then(|number| number.parse::<usize>().ok());
        let answer = match (what, number) {
            ("account", None) => self.account(&shared.base, signed),
            ("order", None) => self.order(&shared.base, signed, moods),
            ("order", Some(order)) => self.show_order(&shared.base, order),
            ("name", Some(name)) => self.show_name(&shared.base, name),
            ("challenge", Some(name)) => {
                self.challenge(shared, name, parts.next().unwrap_or_default(), signed)
            }
            ("finalize", Some(order)) => self.finalize(shared, order, &signed.payload),
            ("chain", Some(order)) => {
                let chain = self.orders.get(order).and_then(|order| order.chain.clone());
                chain.map(|chain| Answer::new(StatusCode::OK, Value::String(chain)))
            }
            _ => None,
        };
        answer.unwrap_or_else(|| Answer::problem(StatusCode::NOT_FOUND, "malformed", "there is nothing here"))
    }

    fn account(&mut self, base: &str, signed: &Signed) -> Option<Answer> {
        if signed.payload["termsOfServiceAgreed"] != true {
            return Some(Answer::problem(StatusCode::FORBIDDEN, "userActionRequired", "the terms"));
        }
        let url = format!("{base}/account/{}", self.accounts.len());
        self.accounts.insert(url.clone(), signed.key.clone());
        let answer = Answer::new(StatusCode::CREATED, json!({"status": "valid"}));
        Some(Answer { location: Some(url), ..answer })
    }

    fn order(&mut self, base: &str, signed: &Signed, moods: &mut VecDeque<Mood>) -> Option<Answer> {
        let Mood::Gives { past, left } =
            moods.pop_front().unwrap_or(Mood::Gives { past: 0, left: 90 * 1440 })
        else {
            let refused = Answer::problem(StatusCode::FORBIDDEN, "rejectedIdentifier", "not for such names");
            return Some(refused);
        };
        let replaces = signed.payload["replaces"].clone();
        self.replacing += usize::from(!replaces.is_null());
        let mut names = Vec::new();
        for identifier in signed.payload["identifiers"].as_array()? {
            names.push(self.names.len());
            let token = BASE64_URL_SAFE_NO_PAD.encode(format!("token of name {}", self.names.len()));
            let name = identifier["value"].as_str()?.to_owned();
            self.names.push(Name { name, token, status: "pending", error: Value::Null });
        }
        let number = self.orders.len();
        self.orders.push(Order { names, past, left, chain: None, replaces });
        let shown = self.show_order(base, number)?;
        let location = Some(format!("{base}/order/{number}"));
        Some(Answer { status: StatusCode::CREATED, location, ..shown })
    }

    fn status(&self, order: &Order) -> &'static str {
        let all = || order.names.iter().filter_map(|name| self.names.get(*name));
        if order.chain.is_some() {
            "valid"
        } else if all().any(|name| name.status == "invalid") {
            "invalid"
        } else if all().all(|name| name.status == "valid") {
            "ready"
        } else {
            "pending"
        }
    }

    fn show_order(&self, base: &str, number: usize) -> Option<Answer> {
        let order = self.orders.get(number)?;
        let status = self.status(order);
        let names: Vec<String> = order.names.iter().map(|name| format!("{base}/name/{name}")).collect();
        let identifiers = order.names.iter().filter_map(|name| self.names.get(*name));
        let identifiers: Vec<Value> =
            identifiers.map(|name| json!({"type": "dns", "value": name.name})).collect();
        let mut shown = json!({"status": status, "identifiers": identifiers, "authorizations": names,
            "finalize": format!("{base}/finalize/{number}")});
        if status == "valid" {
            shown["certificate"] = json!(format!("{base}/chain/{number}"));
        }
        if !order.replaces.is_null() {
            shown["replaces"] = order.replaces.clone();
        }
        Some(Answer::new(StatusCode::OK, shown))
    }

    fn show_name(&self, base: &str, number: usize) -> Option<Answer> {
        let name = self.names.get(number)?;
        let challenges: Vec<Value> =
            ["http-01", "tls-alpn-01"].map(|kind| name.challenge(base, number, kind)).into();
        let identifier = json!({"type": "dns", "value": name.name});
        Some(Answer::new(
            StatusCode::OK,
            json!({"status": name.status, "identifier": identifier, "challenges": challenges}),
        ))
    }

    /// Begins to look, as soon as it is known where the name leads.
    fn challenge(
        &mut self,
        shared: &Arc<Shared>,
        number: usize,
        kind: &str,
        signed: &Signed,
    ) -> Option<Answer> {
        let name = self.names.get_mut(number)?;
        name.status = "pending";
        let shown = name.challenge(&shared.base, number, kind);
        let expected = format!("{}.{}", name.token, signed.key.thumbprint());
        let (host, token, kind) = (name.name.clone(), name.token.clone(), kind.to_owned());
        let shared = Arc::clone(shared);
        tokio::spawn(async move {
            let mut server = shared.server.subscribe();
            let Ok(at) = server.wait_for(Option::is_some).await.map(|at| *at) else { return };
            let Some(at) = at else { return };
            let found = match kind.as_str() {
                "http-01" => look::http(at, &host, &token, &expected).await,
                _ => look::tls(at, &host, &expected).await,
            };
            let mut state = shared.state();
            let Some(name) = state.orders.names.get_mut(number) else { return };
            match found {
                Ok(()) => name.status = "valid",
                Err(error) => {
                    name.status = "invalid";
                    let kind = "urn:ietf:params:acme:error:unauthorized";
                    name.error = json!({"type": kind, "detail": format!("{error:#}"), "status": 403});
                }
            }
        });
        Some(Answer::new(StatusCode::OK, shown))
    }

    fn finalize(&mut self, shared: &Arc<Shared>, number: usize, payload: &Value) -> Option<Answer> {
        let order = self.orders.get(number)?;
        let names: Vec<&str> = order.names.iter().map(|name| self.names[*name].name.as_str()).collect();
        let is_ready = self.status(order) == "ready";
        let signed =
            if is_ready { sign(shared, payload, &names, (order.past, order.left)) } else { Ok(None) };
        match signed {
            Ok(Some(chain)) => {
                self.orders.get_mut(number)?.chain = Some(chain);
                self.given += 1;
            }
            Ok(None) => return Some(Answer::problem(StatusCode::FORBIDDEN, "orderNotReady", "not proved")),
            Err(error) => {
                self.faults.push(format!("{error:#}"));
                return Some(Answer::problem(StatusCode::BAD_REQUEST, "badCSR", &format!("{error:#}")));
            }
        }
        self.show_order(&shared.base, number)
    }
}

impl Name {
    fn challenge(&self, base: &str, number: usize, kind: &str) -> Value {
        let url = format!("{base}/challenge/{number}/{kind}");
        let mut shown = json!({"type": kind, "url": url, "token": self.token, "status": self.status});
        if !self.error.is_null() {
            shown["error"] = self.error.clone();
        }
        shown
    }
}

/// A certificate for a request that is signed by its own key and for the ordered names.
fn sign(
    shared: &Shared,
    payload: &Value,
    names: &[&str],
    (past, left): (i64, i64),
) -> Result<Option<String>> {
    let request = payload["csr"].as_str().context("no request")?;
    let request = CertificateSigningRequestDer::from(BASE64_URL_SAFE_NO_PAD.decode(request)?);
    let mut request = CertificateSigningRequestParams::from_der(&request)?;
    let asked: Vec<String> = request
        .params
        .subject_alt_names
        .iter()
        .map(|name| if let SanType::DnsName(name) = name { name.to_string() } else { format!("{name:?}") })
        .collect();
    ensure!(asked == names, "{asked:?} in place of {names:?}");
    let now = OffsetDateTime::now_utc();
    request.params.not_before = now - Duration::minutes(past);
    request.params.not_after = now + Duration::minutes(left);
    request.params.use_authority_key_identifier_extension = true;
    let certificate = request.signed_by(&shared.root)?;
    Ok(Some(format!("{}{}", certificate.pem(), shared.root.pem())))
}
