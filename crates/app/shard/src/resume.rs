//! What of the registrar outlives the process: where users are reached, written whenever it changes, and which nonces
//! were used, left by an orderly stop. And how many messages wait for whom.

use hotline_base::{AgentId, Now, Pii};
use hotline_call::{CALLBACKS_MAX, Command, Controller, MessageSummary};
use hotline_sip::digest::UsedNonces;
use hotline_sip::registrar::{SavedContact, SavedContacts};
use hotline_store::{BookedCallback, KeptContacts, Store, StoreError, StoredContacts};
use serde::{Deserialize, Serialize};
use tracing::{debug, error, warn};

use crate::remember::remember;

/// The form in which contacts and nonces are written. A later program that changes it reads both.
const VERSION: u32 = 1;
/// Where the used nonces are left.
const NONCES: &str = "sip_used_nonces";

#[derive(Serialize, Deserialize)]
struct Document<T> {
    version: u32,
    content: T,
}

/// Lets `controller` go on where a former process stopped: phones are reached where they registered, their nonces are good,
/// the lamps of mailboxes say what is in them, who is to be called back waits in line, and what agents did today counts. To be
/// called before anything comes, with the writer's spool brought in. Gives back how many contacts are
/// there again.
///
/// # Errors
/// The database cannot be read.
pub async fn resume(store: &Store, controller: &mut Controller, now: Now) -> Result<usize, StoreError> {
    let nonces = store.take_state(NONCES).await?;
    let nonces = nonces.and_then(|text| read::<UsedNonces>("the used nonces", &text));
    let stored = store.contacts(now.wall).await?;
    let contacts: Vec<SavedContacts> = stored.into_iter().filter_map(saved).collect();
    let resumed = controller.resume(now, &contacts, nonces);
    remember(store, controller, now).await;
    for (mailbox, count) in store.count_messages().await? {
        let summary = MessageSummary { new: count.unheard, old: count.heard };
        let told =
            controller.handle_command(now, Command::SetMailbox(AgentId::from(mailbox.as_str()), summary));
        if told.is_err() {
            debug!(mailbox, "is of no agent: no lamp shows it");
        }
    }
    for BookedCallback { callback, .. } in store.open_callbacks(CALLBACKS_MAX).await? {
        if let Err(error) = controller.handle_command(now, Command::CallBack(Box::new(callback))) {
            error!(%error, "somebody is not called back");
        }
    }
    Ok(resumed)
}

/// Leaves which nonces were used for [`resume`], when nothing comes any more.
pub(crate) async fn leave(store: &Store, nonces: &UsedNonces) {
    let Some(text) = write(nonces) else { return };
    if let Err(error) = store.put_state(NONCES, &text).await {
        warn!(%error, "phones will be asked for their passwords once more");
    }
}

/// As it is kept.
pub(crate) fn stored(contacts: SavedContacts) -> StoredContacts {
    let kept = contacts.expires_at().zip(write(&contacts.contacts));
    let kept = kept.map(|(expires_at, text)| KeptContacts { expires_at, payload: Pii::new(text) });
    StoredContacts { user: contacts.user, kept }
}

fn saved(stored: StoredContacts) -> Option<SavedContacts> {
    let contacts: Vec<SavedContact> = read("a user's contacts", stored.kept?.payload.expose())?;
    Some(SavedContacts { user: stored.user, contacts })
}

fn write<T: Serialize>(content: &T) -> Option<String> {
    serde_json::to_string(&Document { version: VERSION, content })
        .inspect_err(|error| error!(%error, "what cannot be written is not kept"))
        .ok()
}

/// What cannot be read is left out: phones register anew within their time, and one bad row must not keep the server
/// from starting.
fn read<T: for<'t> Deserialize<'t>>(what: &str, text: &str) -> Option<T> {
    match serde_json::from_str::<Document<T>>(text) {
        Ok(document) if document.version == VERSION => Some(document.content),
        Ok(document) => {
            warn!(what, version = document.version, "of another version, left out");
            None
        }
        Err(error) => {
            warn!(what, %error, "cannot be read, left out");
            None
        }
    }
}
