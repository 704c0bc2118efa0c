//! Who is told what: subscriptions to the calls of phones, which light busy lamps, and to mailboxes (RFC 6665, RFC 4235,
//! RFC 3842). Must not know who may subscribe.

use std::collections::{BTreeMap, BTreeSet};

use hotline_base::{AgentId, Now, Time, TimerQueue};
use serde::{Deserialize, Serialize};

mod dialog_info;
mod message_summary;
mod package;
mod subscription;

pub use dialog_info::MAX_LISTED;
pub(crate) use dialog_info::{Direction, Line, Progress};
pub use message_summary::MessageSummary;
pub(crate) use package::{ALLOW_EVENTS, EventHeader, takes_documents};
pub use package::{MAX_EVENT_ID, Package};
pub(crate) use subscription::{Content, End, Subscription, Terms};
pub use subscription::{NOTIFY_INTERVAL, SubscriptionId};

use crate::Message;
use crate::endpoint::SessionId;
use crate::flow::Flow;
use crate::session::Context;

/// All subscriptions, the calls of all agents, and the mailboxes that anything was said of.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Notifier {
    all: BTreeMap<SubscriptionId, Subscription>,
    /// By Call-ID and our tag.
    dialogs: BTreeMap<(String, String), SubscriptionId>,
    watchers: BTreeSet<(AgentId, Package, SubscriptionId)>,
    of_user: BTreeSet<(String, SubscriptionId)>,
    timers: TimerQueue<SubscriptionId>,
    /// The calls of each agent's phones, and whose each call is. There are no more than sessions.
    lines: BTreeMap<AgentId, BTreeMap<SessionId, Line>>,
    owners: BTreeMap<SessionId, AgentId>,
    /// There are no more than agents.
    mailboxes: BTreeMap<AgentId, MessageSummary>,
    admission: Admission,
}

/// Whether subscriptions may be added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Admission {
    #[default]
    Open,
    /// The server stops.
    Closed,
}

impl Notifier {
    /// Takes no new subscription from here on.
    pub(crate) const fn close(&mut self) {
        self.admission = Admission::Closed;
    }

    /// Whether subscriptions may be added.
    pub(crate) fn is_open(&self) -> bool {
        self.admission == Admission::Open
    }

    /// How many subscriptions there are.
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// When [`Self::handle_timeout`] is due.
    pub(crate) fn poll_timeout(&self) -> Option<Time> {
        self.timers.next().map(|(at, _)| at)
    }

    /// Sends what is due.
    pub(crate) fn handle_timeout(&mut self, ctx: &mut Context<'_>) {
        while let Some(id) = self.timers.pop_due(ctx.now.mono) {
            self.step(ctx, id, Subscription::handle_timeout);
        }
    }

    /// The subscription that a SUBSCRIBE within a dialog means.
    pub(crate) fn of_dialog(&self, message: &Message) -> Option<SubscriptionId> {
        let key = (message.call_id().into_owned(), message.to_tag()?.into_owned());
        self.dialogs.get(&key).copied()
    }

    pub(crate) fn get(&self, id: SubscriptionId) -> Option<&Subscription> {
        self.all.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: SubscriptionId) -> Option<&mut Subscription> {
        self.all.get_mut(&id)
    }

    /// How many subscriptions `user` has.
    pub(crate) fn count_of(&self, user: &str) -> usize {
        self.of_user(user).count()
    }

    /// That of `user` which would expire first.
    pub(crate) fn soonest_of(&self, user: &str) -> Option<SubscriptionId> {
        self.of_user(user).min_by_key(|id| self.all.get(id).map(Subscription::expires_at))
    }

    /// Adds one; its first NOTIFY leaves with [`Self::handle_timeout`].
    pub(crate) fn insert(&mut self, subscription: Subscription) {
        let id = subscription.id;
        self.dialogs.insert(subscription.key(), id);
        self.of_user.insert((subscription.user.clone(), id));
        self.watchers.insert((subscription.resource.clone(), subscription.package(), id));
        self.all.insert(id, subscription);
        self.settle(id);
    }

    /// Does something to a subscription, then takes care of its timer and its end.
    pub(crate) fn step<T>(
        &mut self,
        ctx: &mut Context<'_>,
        id: SubscriptionId,
        action: impl FnOnce(&mut Subscription, &mut Context<'_>, Content) -> T,
    ) -> Option<T> {
        let subscription = self.all.get_mut(&id)?;
        let content = match subscription.package() {
            Package::Dialog => {
                let lines = self.lines.get(&subscription.resource);
                Content::Dialogs(lines.into_iter().flat_map(BTreeMap::values).copied().collect())
            }
            Package::MessageSummary => {
                Content::Messages(self.mailboxes.get(&subscription.resource).copied().unwrap_or_default())
            }
        };
        let value = action(subscription, ctx, content);
        self.settle(id);
        Some(value)
    }

    /// Ends a subscription.
    pub(crate) fn end(&mut self, ctx: &mut Context<'_>, id: SubscriptionId, why: End) {
        self.step(ctx, id, |subscription, ctx, content| subscription.end(ctx, content, why));
    }

    /// Forgets a subscription whatever it waits for.
    pub(crate) fn forget(&mut self, id: SubscriptionId) {
        if let Some(subscription) = self.all.get_mut(&id) {
            subscription.abandon();
        }
        self.settle(id);
    }

    /// Ends those of `user`, or all.
    pub(crate) fn end_all(&mut self, ctx: &mut Context<'_>, user: Option<&str>, why: End) {
        let ids: Vec<SubscriptionId> = match user {
            Some(user) => self.of_user(user).collect(),
            None => self.all.keys().copied().collect(),
        };
        for id in ids {
            self.end(ctx, id, why);
        }
    }

    /// The registered phone of `user` at `old` is found at `new`.
    pub(crate) fn follow(&mut self, user: &str, old: Flow, new: Flow) {
        let ids: Vec<SubscriptionId> = self.of_user(user).collect();
        for id in ids {
            if let Some(subscription) = self.all.get_mut(&id).filter(|one| one.flow == old) {
                subscription.flow = new;
            }
        }
    }

    /// A connection is gone, and with it the subscriptions that came over it: there is no way to tell their ends.
    pub(crate) fn handle_disconnect(&mut self, gone: Flow) {
        let over_it = |subscription: &&mut Subscription| subscription.flow == gone;
        let lost: Vec<SubscriptionId> = self
            .all
            .values_mut()
            .filter(over_it)
            .map(|subscription| {
                subscription.abandon();
                subscription.id
            })
            .collect();
        for id in lost {
            self.settle(id);
        }
    }

    /// From here on `session` is a call of a phone of `agent`.
    pub(crate) fn assign(&mut self, session: SessionId, agent: AgentId) {
        if let Some(former) = self.owners.insert(session, agent.clone())
            && former != agent
            && let Some(lines) = self.lines.get_mut(&former)
        {
            lines.remove(&session);
        }
    }

    /// Where a call stands; `None` once it is over. Nothing, if it is of nobody.
    pub(crate) fn set_line(
        &mut self,
        now: Now,
        session: SessionId,
        line: impl FnOnce() -> Option<(Direction, Progress)>,
    ) {
        let Some(agent) = self.owners.get(&session).cloned() else { return };
        let line = line().map(|(direction, progress)| Line { session, direction, progress });
        let lines = self.lines.entry(agent.clone()).or_default();
        let former = match line {
            Some(line) => lines.insert(session, line),
            None => {
                self.owners.remove(&session);
                lines.remove(&session)
            }
        };
        if lines.is_empty() {
            self.lines.remove(&agent);
        }
        if former != line {
            self.change(now, &agent, Package::Dialog);
        }
    }

    /// How many messages wait for `agent`.
    pub(crate) fn set_mailbox(&mut self, now: Now, agent: &AgentId, summary: MessageSummary) {
        if self.mailboxes.insert(agent.clone(), summary).unwrap_or_default() != summary {
            self.change(now, agent, Package::MessageSummary);
        }
    }

    /// True if no call is known to be of anybody.
    pub(crate) fn has_no_lines(&self) -> bool {
        self.lines.is_empty() && self.owners.is_empty()
    }

    fn change(&mut self, now: Now, agent: &AgentId, package: Package) {
        let first = (agent.clone(), package, SubscriptionId(0));
        let watching = self.watchers.range(first..);
        let watching = watching.take_while(|(known, of, _)| known == agent && *of == package);
        let ids: Vec<SubscriptionId> = watching.map(|(_, _, id)| *id).collect();
        for id in ids {
            if let Some(subscription) = self.all.get_mut(&id) {
                subscription.change(now);
            }
            self.settle(id);
        }
    }

    fn of_user(&self, user: &str) -> impl Iterator<Item = SubscriptionId> {
        let all = self.of_user.range((user.to_owned(), SubscriptionId(0))..);
        all.take_while(move |(known, _)| known == user).map(|(_, id)| *id)
    }

    /// Arms a subscription's timer; forgets one that is over.
    fn settle(&mut self, id: SubscriptionId) {
        let Some(subscription) = self.all.get(&id) else { return };
        match subscription.poll_timeout() {
            Some(at) => self.timers.set(id, at),
            None => {
                self.timers.cancel(&id);
            }
        }
        if !subscription.is_over() {
            return;
        }
        if let Some(subscription) = self.all.remove(&id) {
            self.dialogs.remove(&subscription.key());
            self.watchers.remove(&(subscription.resource.clone(), subscription.package(), id));
            self.of_user.remove(&(subscription.user, id));
        }
    }
}
