//! Messages that callers left.

use std::collections::BTreeMap;
use std::time::Duration;

use hotline_base::{CallId, Pii, VoiceMessageId, WallTime};

use crate::db::{Row, Statement, sql};
use crate::text::check;
use crate::{NUMBER_CHARS_MAX, OfQueues, Store, StoreError};

/// The most messages of one page.
pub const MESSAGE_PAGE_MAX: usize = 200;

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMessage {
    /// Its id; later ones sort after it.
    pub id: VoiceMessageId,
    /// The call in which it was left.
    pub call: CallId,
    /// An agent or a queue; `None` if the flow keeps it for itself.
    pub mailbox: Option<String>,
    /// The caller's number as sent, at most [`NUMBER_CHARS_MAX`] characters of it.
    pub caller: Pii<String>,
    /// Path of the sound below the directory of recordings.
    pub path: String,
    /// When it began.
    pub started_at: WallTime,
    /// How long it is, to the millisecond.
    pub duration: Duration,
    /// Who heard it first, and when.
    pub heard: Option<Heard>,
}

/// Who heard a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// When.
    pub at: WallTime,
    /// The user's name.
    pub by: String,
}

/// Whose messages are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mailboxes<'m> {
    /// All, those without a mailbox included.
    All,
    /// These.
    Of(&'m [String]),
}

/// Some messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessagePage {
    /// Newest first.
    pub messages: Vec<StoredMessage>,
    /// Names the older ones; `None` at the end.
    pub next: Option<VoiceMessageId>,
    /// How many nobody has heard, on all pages.
    pub unheard: u64,
}

/// How many messages are in a mailbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MessageCount {
    /// That nobody has heard.
    pub unheard: u32,
    /// The others.
    pub heard: u32,
}

const SELECT: &str =
    "SELECT id, call_id, mailbox, caller, path, started_at, duration_ms, heard_at, heard_by FROM message ";

impl Store {
    /// Keeps a message. One that is known already is kept as it is.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Invalid`].
    pub async fn add_message(&self, message: &StoredMessage) -> Result<(), StoreError> {
        // What a trunk sends as the number may be of any length, and the message counts in any case.
        let caller: String = message.caller.expose().chars().take(NUMBER_CHARS_MAX).collect();
        // PostgreSQL does not take it, and whoever called must not keep a message from being listed.
        let caller = caller.replace('\0', "\u{fffd}");
        check("the caller's number", &caller, NUMBER_CHARS_MAX)?;
        let heard = message.heard.as_ref();
        let statement = sql("INSERT INTO message
                (id, call_id, mailbox, caller, path, started_at, duration_ms, heard_at, heard_by)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING")
        .bind(message.id.to_string())
        .bind(message.call.to_string())
        .bind(message.mailbox.clone())
        .bind(caller)
        .bind(message.path.as_str())
        .bind(message.started_at.as_unix_micros())
        .bind(i64::try_from(message.duration.as_millis()).unwrap_or(i64::MAX))
        .bind(heard.map(|heard| heard.at.as_unix_micros()))
        .bind(heard.map(|heard| heard.by.clone()));
        self.db.execute(statement).await.map(drop)
    }

    /// Messages, newest first: those older than `before`, at most `limit` and [`MESSAGE_PAGE_MAX`].
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn list_messages(
        &self,
        mailboxes: Mailboxes<'_>,
        before: Option<VoiceMessageId>,
        limit: usize,
    ) -> Result<MessagePage, StoreError> {
        if mailboxes == Mailboxes::Of(&[]) {
            return Ok(MessagePage::default());
        }
        let limit = limit.clamp(1, MESSAGE_PAGE_MAX);
        let mut statement = sql(SELECT);
        restrict(&mut statement, mailboxes);
        if let Some(before) = before {
            statement.push_bind(" AND id < ", before.to_string());
        }
        // One more, to know whether there are older ones.
        statement.push_bind(" ORDER BY id DESC LIMIT ", i64::try_from(limit + 1).unwrap_or(0));
        let rows = self.db.fetch(statement).await?;
        let messages = rows.iter().take(limit).map(read).collect::<Result<Vec<_>, _>>()?;
        let next = messages.last().filter(|_| rows.len() > limit).map(|last| last.id);
        let mut count = sql("SELECT COUNT(*) AS unheard FROM message ");
        restrict(&mut count, mailboxes);
        count.push(" AND heard_at IS NULL");
        let unheard = match self.db.fetch_first(count).await? {
            Some(row) => row.get::<i64>("unheard")?,
            None => 0,
        };
        Ok(MessagePage { messages, next, unheard: u64::try_from(unheard).unwrap_or(0) })
    }

    /// The oldest messages of before `at` in the mailboxes of these queues, of calls that are not under a legal hold; at most `limit` and [`MESSAGE_PAGE_MAX`].
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn messages_before(
        &self,
        at: WallTime,
        of: OfQueues<'_>,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        let mut statement = sql(SELECT);
        statement.push_bind("WHERE started_at < ", at.as_unix_micros());
        of.restrict(&mut statement, "mailbox");
        statement.push(" AND NOT EXISTS (SELECT 1 FROM legal_hold h WHERE h.call = message.call_id)");
        let limit = limit.clamp(1, MESSAGE_PAGE_MAX);
        statement.push_bind(" ORDER BY id LIMIT ", i64::try_from(limit).unwrap_or(0));
        self.db.fetch(statement).await?.iter().map(read).collect()
    }

    /// One message; `None` if there is none of this id.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn get_message(&self, id: VoiceMessageId) -> Result<Option<StoredMessage>, StoreError> {
        let mut statement = sql(SELECT);
        statement.push_bind("WHERE id = ", id.to_string());
        self.db.fetch_first(statement).await?.as_ref().map(read).transpose()
    }

    /// Notes that a message was heard, or that it is to count as new again. Who heard it first stays. False if that is so already,
    /// or there is none of this id.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn mark_message(&self, id: VoiceMessageId, heard: Option<&Heard>) -> Result<bool, StoreError> {
        let statement = match heard {
            Some(heard) => {
                sql("UPDATE message SET heard_at = $2, heard_by = $3 WHERE id = $1 AND heard_at IS NULL")
                    .bind(id.to_string())
                    .bind(heard.at.as_unix_micros())
                    .bind(heard.by.as_str())
            }
            None => sql("UPDATE message SET heard_at = NULL, heard_by = NULL
                    WHERE id = $1 AND heard_at IS NOT NULL")
            .bind(id.to_string()),
        };
        Ok(self.db.execute(statement).await? > 0)
    }

    /// Forgets a message; its file is the caller's to delete. False if there is none of this id.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn delete_message(&self, id: VoiceMessageId) -> Result<bool, StoreError> {
        let statement = sql("DELETE FROM message WHERE id = $1").bind(id.to_string());
        Ok(self.db.execute(statement).await? > 0)
    }

    /// How many messages are in each mailbox that has any.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn count_messages(&self) -> Result<BTreeMap<String, MessageCount>, StoreError> {
        let statement = sql("SELECT mailbox, COUNT(*) AS messages, COUNT(heard_at) AS heard FROM message
                WHERE mailbox IS NOT NULL GROUP BY mailbox");
        let rows = self.db.fetch(statement).await?;
        rows.iter().map(|row| Ok((row.get("mailbox")?, read_count(row)?))).collect()
    }

    /// How many messages are in a mailbox.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn count_messages_of(&self, mailbox: &str) -> Result<MessageCount, StoreError> {
        let statement =
            sql("SELECT COUNT(*) AS messages, COUNT(heard_at) AS heard FROM message WHERE mailbox = $1")
                .bind(mailbox);
        self.db.fetch_first(statement).await?.as_ref().map_or(Ok(MessageCount::default()), read_count)
    }
}

fn restrict(statement: &mut Statement, mailboxes: Mailboxes<'_>) {
    let Mailboxes::Of(mailboxes) = mailboxes else { return statement.push("WHERE TRUE") };
    for (place, mailbox) in mailboxes.iter().enumerate() {
        statement.push_bind(if place == 0 { "WHERE mailbox IN (" } else { "," }, mailbox.as_str());
    }
    statement.push(")");
}

fn read_count(row: &Row) -> Result<MessageCount, StoreError> {
    let (messages, heard): (i64, i64) = (row.get("messages")?, row.get("heard")?);
    let number = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
    Ok(MessageCount { unheard: number(messages - heard), heard: number(heard) })
}

pub(crate) fn read(row: &Row) -> Result<StoredMessage, StoreError> {
    let corrupt = |key: &str| StoreError::Corrupt { what: "message", key: key.to_owned(), source: None };
    let (id, call): (String, String) = (row.get("id")?, row.get("call_id")?);
    let heard_at: Option<i64> = row.get("heard_at")?;
    let heard_by: Option<String> = row.get("heard_by")?;
    Ok(StoredMessage {
        call: CallId::parse(&call).ok_or_else(|| corrupt(&id))?,
        id: VoiceMessageId::parse(&id).ok_or_else(|| corrupt(&id))?,
        mailbox: row.get("mailbox")?,
        caller: Pii::new(row.get("caller")?),
        path: row.get("path")?,
        started_at: WallTime(row.get("started_at")?),
        duration: Duration::from_millis(u64::try_from(row.get::<i64>("duration_ms")?).unwrap_or(0)),
        heard: heard_at.zip(heard_by).map(|(at, by)| Heard { at: WallTime(at), by }),
    })
}
