//! The handle by which a script plays a phone.

use std::net::SocketAddr;
use std::sync::PoisonError;
use std::time::{Duration, SystemTime};

use hotline_base::Rng;
use hotline_sdp::Codec;
use hotline_sip::uri::Host;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::ladder::LadderEntry;
use crate::speech::Speech;
use crate::task::{Order, Task};
use crate::voice::Senses;

/// Orders and events that may wait; a script that does not listen loses the rest.
const CHANNEL: usize = 1024;

/// Who the phone is and how it behaves.
#[derive(Clone, Debug)]
pub struct PhoneConfig {
    /// Its name in ladders.
    pub name: String,
    /// SIP user, also the number that callees see.
    pub user: String,
    /// Display name.
    pub display: Option<String>,
    /// Domain of its own and of dialled URIs, also where it registers.
    pub domain: Host,
    /// The server.
    pub server: SocketAddr,
    /// Where its socket for SIP is bound, port 0 for a free one; that for RTP has a free port of the same address.
    pub bind: SocketAddr,
    /// The password for digest, for phones that register.
    pub password: Option<String>,
    /// Codecs, preferred first.
    pub codecs: Vec<Codec>,
    /// What it says once a call is up.
    pub speech: Speech,
    /// Where the server takes WebSockets, if this is a browser's phone.
    pub web: Option<SocketAddr>,
    /// Where each SIP message is reported; a reader that is too slow misses some.
    pub ladder: Option<mpsc::Sender<LadderEntry>>,
}

/// What happened to the phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PhoneEvent {
    /// The server took the registration.
    Registered,
    /// The server took the registration back.
    Unregistered,
    /// The server refused the registration with this status; 408 for no answer.
    RegistrationFailed(u16),
    /// Someone calls; the number as sent.
    Incoming(String),
    /// A provisional answer to our call: 180, 183.
    Progress(u16),
    /// Our call was answered, or the one we answered is up.
    Up,
    /// Our call failed with this status.
    Failed(u16),
    /// The other side hung up or withdrew the call.
    Ended,
}

/// Why a script cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum PhoneError {
    /// A socket could not be opened.
    #[error("the phone's socket: {0}")]
    Socket(#[from] std::io::Error),
    /// A browser's phone has no certificate.
    #[error("the phone's certificate: {0}")]
    Identity(#[from] hotline_media_rt::IdentityError),
    /// The awaited event did not come in time.
    #[error("{phone} waited {waited:?} for {wanted} and saw {seen:?}")]
    Timeout {
        /// The phone.
        phone: String,
        /// What was awaited.
        wanted: String,
        /// How long.
        waited: Duration,
        /// What came in that time.
        seen: Vec<PhoneEvent>,
    },
    /// Another event came than the one that had to.
    #[error("{phone} expected {wanted} and got {got:?}")]
    Unexpected {
        /// The phone.
        phone: String,
        /// What had to come.
        wanted: String,
        /// What came.
        got: PhoneEvent,
    },
    /// The phone's task is gone.
    #[error("the phone is switched off")]
    Off,
}

/// A phone. Dropping it switches it off without a word, as if its battery were pulled.
#[derive(Debug)]
pub struct Phone {
    name: String,
    address: SocketAddr,
    orders: mpsc::Sender<Order>,
    events: mpsc::Receiver<PhoneEvent>,
    senses: Senses,
}

impl Phone {
    /// Switches a phone on.
    ///
    /// # Errors
    /// [`PhoneError::Socket`].
    pub async fn start(config: PhoneConfig, rng: Rng) -> Result<Self, PhoneError> {
        let (orders, order_receiver) = mpsc::channel(CHANNEL);
        let (event_sender, events) = mpsc::channel(CHANNEL);
        let name = config.name.clone();
        let senses = Senses::default();
        let task = Task::new(config, rng, order_receiver, event_sender, senses.clone()).await?;
        let address = task.address();
        tokio::spawn(task.run());
        Ok(Self { name, address, orders, events, senses })
    }

    /// The phone's SIP address.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Registers and waits for the outcome.
    ///
    /// # Errors
    /// [`PhoneError::Unexpected`] when it was refused.
    pub async fn register(&mut self) -> Result<(), PhoneError> {
        self.order(Order::Register).await?;
        self.expect(&PhoneEvent::Registered, Duration::from_secs(10)).await
    }

    /// Takes the registration back and waits for the outcome.
    ///
    /// # Errors
    /// [`PhoneError::Unexpected`] when it was refused.
    pub async fn unregister(&mut self) -> Result<(), PhoneError> {
        self.order(Order::Unregister).await?;
        let wanted = "Unregistered";
        let over = |event: &PhoneEvent| {
            matches!(event, PhoneEvent::Unregistered | PhoneEvent::RegistrationFailed(_))
        };
        let got = self.wait_for(wanted, Duration::from_secs(10), over).await?;
        if got == PhoneEvent::Unregistered {
            return Ok(());
        }
        Err(PhoneError::Unexpected { phone: self.name.clone(), wanted: wanted.to_owned(), got })
    }

    /// Dials; watch [`Phone::wait_for`] for what comes of it.
    ///
    /// # Errors
    /// The phone is off.
    pub async fn dial(&self, number: &str) -> Result<(), PhoneError> {
        self.order(Order::Dial(number.to_owned())).await
    }

    /// Takes the incoming call.
    ///
    /// # Errors
    /// The phone is off.
    pub async fn answer(&self) -> Result<(), PhoneError> {
        self.order(Order::Answer).await
    }

    /// Lets the incoming call ring.
    ///
    /// # Errors
    /// The phone is off.
    pub async fn ring(&self) -> Result<(), PhoneError> {
        self.order(Order::Ring).await
    }

    /// Refuses the incoming call.
    ///
    /// # Errors
    /// The phone is off.
    pub async fn reject(&self, status: u16) -> Result<(), PhoneError> {
        self.order(Order::Reject(status)).await
    }

    /// Hangs up, or gives up dialling.
    ///
    /// # Errors
    /// The phone is off.
    pub async fn hang_up(&self) -> Result<(), PhoneError> {
        self.order(Order::HangUp).await
    }

    /// Presses a key for 100 ms (RFC 4733).
    ///
    /// # Errors
    /// The phone is off.
    pub async fn press(&self, key: char) -> Result<(), PhoneError> {
        self.order(Order::Press(key)).await
    }

    /// Says something else from here on.
    ///
    /// # Errors
    /// The phone is off.
    pub async fn say(&self, speech: Speech) -> Result<(), PhoneError> {
        self.order(Order::Say(speech)).await
    }

    /// Puts the other side on hold, or takes it back.
    ///
    /// # Errors
    /// The phone is off.
    pub async fn hold(&self, held: bool) -> Result<(), PhoneError> {
        self.order(Order::Hold(held)).await
    }

    /// The next event.
    ///
    /// # Errors
    /// The phone is off.
    pub async fn next(&mut self) -> Result<PhoneEvent, PhoneError> {
        self.events.recv().await.ok_or(PhoneError::Off)
    }

    /// Waits for the first event that `wanted` takes; others are passed over.
    ///
    /// # Errors
    /// [`PhoneError::Timeout`] with what was seen meanwhile.
    pub async fn wait_for(
        &mut self,
        what: &str,
        within: Duration,
        wanted: impl Fn(&PhoneEvent) -> bool,
    ) -> Result<PhoneEvent, PhoneError> {
        let mut seen = Vec::new();
        let found = timeout(within, async {
            loop {
                let event = self.next().await?;
                if wanted(&event) {
                    return Ok(event);
                }
                seen.push(event);
            }
        })
        .await;
        found.unwrap_or_else(|_| {
            Err(PhoneError::Timeout {
                phone: self.name.clone(),
                wanted: what.to_owned(),
                waited: within,
                seen,
            })
        })
    }

    /// Waits for exactly `wanted`, letting progress pass.
    ///
    /// # Errors
    /// [`PhoneError::Unexpected`] when something else comes first, [`PhoneError::Timeout`].
    pub async fn expect(&mut self, wanted: &PhoneEvent, within: Duration) -> Result<(), PhoneError> {
        let what = format!("{wanted:?}");
        let got = self.wait_for(&what, within, |event| !matches!(event, PhoneEvent::Progress(_))).await?;
        if got == *wanted {
            return Ok(());
        }
        Err(PhoneError::Unexpected { phone: self.name.clone(), wanted: what, got })
    }

    /// Everything heard so far, 8 kHz, holes as silence.
    #[must_use]
    pub fn heard(&self) -> Vec<i16> {
        self.senses.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The keys that the other side pressed so far (RFC 4733).
    #[must_use]
    pub fn keys_heard(&self) -> String {
        self.senses.pressed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// When the first packet of what it says at present left; `None` before that.
    #[must_use]
    pub fn spoke_at(&self) -> Option<SystemTime> {
        *self.senses.spoke_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets what was heard.
    pub fn forget_heard(&self) {
        self.senses.heard.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    async fn order(&self, order: Order) -> Result<(), PhoneError> {
        self.orders.send(order).await.map_err(|_| PhoneError::Off)
    }
}
