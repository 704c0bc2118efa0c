//! Keeps a certificate: asks for the first one, and for the next one in time.

use std::sync::Arc;
use std::time::Duration;

use hotline_telemetry::Metric;
use hotline_tls::{Challenges, Identity, MakeError, made_in_one};
use instant_acme::{Account, CertificateIdentifier, ExternalAccountKey, NewAccount};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use time::OffsetDateTime;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tracing::{debug, error, info, warn};

use crate::files::{Files, Kept};
use crate::order::{AcmeError, order};
use crate::plan::{Held, History};
use crate::settings::Settings;
use crate::transport::Transport;

/// How long one order may take as a whole.
const ORDER_MAX: Duration = Duration::from_secs(600);
/// The longest time without a look at clock and files: the clock may be set, and the machine sleep.
const LOOK: Duration = Duration::from_secs(600);
/// How often an authority is asked when it wishes a renewal, whatever it says itself (RFC 9773 §4.3.2).
const WISH_MIN: i64 = 3600;
const WISH_MAX: i64 = 86_400;
const DAY: f64 = 86_400.0;

/// Keeps one certificate.
pub struct Renewal {
    settings: Settings,
    files: Files,
    transport: Transport,
    challenges: Arc<Challenges>,
    trouble: watch::Sender<Option<String>>,
    history: History,
    /// Signed in at the authority since the last failure.
    account: Option<Account>,
    wish: Wish,
}

/// When the authority would have the certificate renewed (RFC 9773).
#[derive(Clone, Copy, Debug, Default)]
struct Wish {
    at: Option<i64>,
    /// When it is asked again.
    ask_at: i64,
}

impl Renewal {
    /// Whom to trust besides the public authorities is in `roots`; the answers that the authority looks for come into `challenges`.
    ///
    /// # Errors
    /// A root cannot be used.
    pub fn new(
        settings: Settings,
        roots: &[CertificateDer<'static>],
        challenges: Arc<Challenges>,
    ) -> Result<Self, rustls::Error> {
        let files = Files::new(&settings.folder);
        let history = files.history();
        Ok(Self {
            transport: Transport::new(roots)?,
            files,
            settings,
            challenges,
            trouble: watch::Sender::new(None),
            history,
            account: None,
            wish: Wish::default(),
        })
    }

    /// The file of the certificate, which is there from here on: one that the server makes for these names, until the authority gives one.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn prepare(&self, names: &[String]) -> Result<Identity, MakeError> {
        made_in_one(&self.files.certificate(), names)
    }

    /// What somebody should look at: that there is no certificate, or that the one there is ends soon and there is no other.
    #[must_use]
    pub fn trouble(&self) -> watch::Receiver<Option<String>> {
        self.trouble.subscribe()
    }

    /// Runs for ever. The answers to the authority must be served meanwhile.
    pub async fn run(mut self) {
        let mut has_just_started = true;
        loop {
            let now = now();
            let held = self.files.held(&self.settings.names);
            show(held, now);
            self.ask_for_wish(held, now).await;
            let at = self.history.next(held, self.wish.at, has_just_started);
            if at > now {
                let seconds = u64::try_from(at - now).unwrap_or_default();
                sleep(Duration::from_secs(seconds).min(LOOK)).await;
                continue;
            }
            has_just_started = false;
            self.renew(held, now).await;
        }
    }

    async fn renew(&mut self, held: Option<Held>, began: i64) {
        self.history.begin(began);
        // What cannot be remembered is not asked: the limits count over restarts.
        let outcome = match self.files.put_history(&self.history) {
            Ok(()) => timeout(ORDER_MAX, self.get()).await.unwrap_or(Err(AcmeError::Slow)),
            Err(error) => Err(error),
        };
        self.challenges.clear();
        let now = now();
        match outcome {
            Ok(held) => {
                self.history.succeed(now);
                self.wish = Wish::default();
                self.trouble.send_replace(None);
                Metric::AcmeOrders.increment_for(["issued"]);
                show(Some(held), now);
                let (directory, days) = (&self.settings.directory, (held.ends - now) / 86_400);
                info!(directory, days, "the authority has given a certificate");
            }
            Err(problem) => self.failed(held, &problem, now),
        }
        if let Err(problem) = self.files.put_history(&self.history) {
            error!(problem = problem.told(), "what was asked of the authority cannot be kept");
        }
    }

    fn failed(&mut self, held: Option<Held>, problem: &AcmeError, now: i64) {
        self.account = None;
        if problem.is_unknown()
            && let Err(problem) = self.files.forget_account()
        {
            error!(problem = problem.told(), "an account that the authority does not know");
        }
        let chance = f64::from(getrandom::u32().unwrap_or_default()) / f64::from(u32::MAX);
        self.history.fail(now, &problem.told(), problem.is_limited(), chance);
        Metric::AcmeOrders.increment_for(["failed"]);
        let reason = self.history.reason.clone().unwrap_or_default();
        let minutes = self.history.retry_at.map(|at| (at - now) / 60);
        let directory = &self.settings.directory;
        warn!(
            directory,
            reason,
            again_in_minutes = minutes,
            "there is no new certificate; the one before stays in use"
        );
        if held.is_none_or(|held| held.is_short(now)) {
            self.trouble.send_replace(Some(format!("no certificate from the authority: {reason}")));
        }
    }

    /// Gets a certificate into its file.
    async fn get(&mut self) -> Result<Held, AcmeError> {
        let account = self.account().await?;
        // After a failure nothing is said of the certificate before, in case that is what the authority does not like.
        let replaced = if self.history.failures == 0 { self.identifier() } else { None };
        let issued = match order(&account, &self.settings, &self.challenges, replaced).await {
            Err(AcmeError::Authority(instant_acme::Error::Unsupported(_))) => {
                order(&account, &self.settings, &self.challenges, None).await?
            }
            outcome => outcome?,
        };
        self.files.put_certificate(&issued.chain, &issued.key, &self.settings.names, now())
    }

    /// RFC 9773 §4.1. What the authority calls the certificate that is to be replaced.
    fn identifier(&self) -> Option<CertificateIdentifier<'static>> {
        self.files.held(&self.settings.names)?;
        let certificate = CertificateDer::from_pem_file(self.files.certificate()).ok()?;
        CertificateIdentifier::try_from(&certificate).ok().map(CertificateIdentifier::into_owned)
    }

    /// Our account there, made if there is none.
    async fn account(&mut self) -> Result<Account, AcmeError> {
        if let Some(account) = &self.account {
            return Ok(account.clone());
        }
        let contact: Vec<&str> = self.settings.contact.iter().map(String::as_str).collect();
        let builder = Account::builder_with_http(Box::new(self.transport.clone()));
        let account = match self.files.account(&self.settings.directory) {
            Some(kept) => {
                let is_other = kept.contact != self.settings.contact;
                let account = builder.from_credentials(kept.credentials).await?;
                if is_other {
                    account.update_contacts(&contact).await?;
                    if let Some(kept) = self.files.account(&self.settings.directory) {
                        self.files.put_account(&Kept { contact: self.settings.contact.clone(), ..kept })?;
                    }
                }
                account
            }
            None => {
                // `terms_accepted` is asked by the configuration.
                let wanted = NewAccount {
                    contact: &contact,
                    terms_of_service_agreed: true,
                    only_return_existing: false,
                };
                let binding = self.settings.binding.as_ref();
                let binding =
                    binding.map(|binding| ExternalAccountKey::new(binding.id.clone(), binding.key.expose()));
                let directory = self.settings.directory.clone();
                let (account, credentials) = builder.create(&wanted, directory, binding.as_ref()).await?;
                let (directory, contact) = (self.settings.directory.clone(), self.settings.contact.clone());
                self.files.put_account(&Kept { directory, contact, credentials })?;
                account
            }
        };
        self.account = Some(account.clone());
        Ok(account)
    }

    /// Asks when the authority would have the certificate renewed, if it is time to ask. Authorities that do not know of it, or are
    /// away, do not change anything: a third of its life is left for it.
    async fn ask_for_wish(&mut self, held: Option<Held>, now: i64) {
        let Some(held) = held.filter(|held| held.renewed_at() > now && self.wish.ask_at <= now) else {
            return;
        };
        self.wish.ask_at = now + WISH_MAX;
        let Some(identifier) = self.identifier() else { return };
        let asked = async {
            let account = self.account().await?;
            Ok::<_, AcmeError>(account.renewal_info(&identifier).await?)
        };
        match timeout(LOOK, asked).await {
            Ok(Ok((info, again))) => {
                let (start, end) = (
                    info.suggested_window.start.unix_timestamp(),
                    info.suggested_window.end.unix_timestamp(),
                );
                let at = within(start, end, getrandom::u32().unwrap_or_default());
                let again = i64::try_from(again.as_secs()).unwrap_or(WISH_MAX).clamp(WISH_MIN, WISH_MAX);
                self.wish = Wish { at: Some(at.min(held.ends)), ask_at: now + again };
                debug!(at, "the authority says when the certificate is to be renewed");
            }
            Ok(Err(problem)) => {
                self.account = None;
                debug!(
                    problem = problem.told(),
                    "the authority does not say when the certificate is to be renewed"
                );
            }
            Err(_) => self.account = None,
        }
    }
}

/// RFC 9773 §4.2. Somewhere in the window, so that not all come at once.
fn within(start: i64, end: i64, chance: u32) -> i64 {
    let length = u64::try_from(end.saturating_sub(start)).unwrap_or_default();
    let part = u128::from(length) * u128::from(chance) / u128::from(u32::MAX);
    start.saturating_add(i64::try_from(part).unwrap_or_default())
}

fn show(held: Option<Held>, now: i64) {
    #[expect(clippy::cast_precision_loss, reason = "seconds of some years")]
    let days = held.map_or(0.0, |held| (held.ends - now) as f64 / DAY);
    Metric::CertificateDaysLeft.set(days);
}

fn now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}

#[cfg(test)]
mod tests {
    use super::within;

    #[test]
    fn a_renewal_comes_somewhere_in_the_window_that_the_authority_wishes() {
        assert_eq!(within(100, 200, 0), 100);
        assert_eq!(within(100, 200, u32::MAX), 200);
        assert_eq!(within(100, 200, u32::MAX / 2), 149);
        assert_eq!(within(200, 100, u32::MAX), 200, "a window that ends before it begins");
    }
}
