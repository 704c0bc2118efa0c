//! What the endpoint counts, for metrics and alarms.

use serde::{Deserialize, Serialize};

/// Totals since the start. Each is one refusal, drop or repetition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Datagrams that are no SIP message and could not be answered.
    pub malformed: u64,
    /// Malformed requests that were answered with a 4xx or 5xx.
    pub malformed_answered: u64,
    /// Datagrams of line ends only, which keep a NAT binding open (RFC 5626 §3.5.1).
    pub keepalives: u64,
    /// Responses that belong to no transaction.
    pub stray_responses: u64,
    /// ACKs that belong to no transaction or session, those of statelessly refused INVITEs included.
    pub stray_acks: u64,
    /// Requests inside a dialog that does not exist: answered 481.
    pub unknown_dialogs: u64,
    /// INVITEs from an address that is no trunk's and no registered phone's: answered 403.
    pub refused_invites: u64,
    /// Other requests from strangers: answered 403 or 405.
    pub refused_requests: u64,
    /// Challenges sent: 401.
    pub challenges: u64,
    /// Credentials that were wrong, of unknown users included: asked again with 401; 403 for another user's contacts.
    pub auth_failures: u64,
    /// Credentials that use what was not offered, such as `auth-int`, or cannot be read: answered 400.
    pub unusable_credentials: u64,
    /// Nonce counts seen before: challenged again.
    pub replays: u64,
    /// Nonces forgotten before their time at [`crate::digest::MAX_COUNTED_NONCES`]: their phones are asked again.
    pub nonces_evicted: u64,
    /// Requests of strangers beyond [`super::BURST`], or after too many wrong passwords: dropped.
    pub throttled: u64,
    /// Requests of strangers that look for a victim: dropped.
    pub scans: u64,
    /// Requests of who says to be a user whose password was guessed at that address: dropped.
    pub ignored: u64,
    /// Times that an address was not heard any more for a while.
    pub sources_blocked: u64,
    /// Times that a user at an address of others was not heard any more for a while.
    pub identities_blocked: u64,
    /// Requests refused with 503 because of a limit, [`Self::shed`] included.
    pub overloaded: u64,
    /// INVITEs refused with 503 because more comes than is worked off.
    pub shed: u64,
    /// Contacts that gave way to a new one at [`crate::registrar::MAX_BINDINGS_PER_USER`].
    pub bindings_replaced: u64,
    /// OPTIONS that ask whether a contact is there.
    pub probes: u64,
    /// Those of them that nobody answered in time.
    pub probes_missed: u64,
    /// Contacts that are not called any more because they left [`crate::endpoint::MAX_MISSES`] probes in a row
    /// unanswered.
    pub contacts_lost: u64,
    /// Requests that arrived twice by different ways: answered 482.
    pub merged: u64,
    /// Calls whose Max-Forwards had reached 0: answered 483.
    pub too_many_hops: u64,
    /// Messages to an address that no host has, such as port 0 in a Via: dropped.
    pub unsendable: u64,
    /// Messages sent again because no answer came.
    pub retransmissions: u64,
    /// Requests and responses that arrived again and were absorbed.
    pub repetitions: u64,
    /// Our requests to which nobody answered.
    pub timeouts: u64,
    /// Our requests to which no connection could be opened, or whose connection broke.
    pub unreachable: u64,
    /// 2xx responses that were never acknowledged.
    pub missing_acks: u64,
    /// Provisional responses that were never acknowledged: their INVITE was refused with 504.
    pub missing_pracks: u64,
    /// PRACKs for nothing that waits for one: answered 481.
    pub unmatched_pracks: u64,
    /// Requests for a session that lives too short without a refresh: answered 422.
    pub brief_sessions: u64,
    /// Sessions that nobody refreshed: hung up.
    pub expired_sessions: u64,
    /// Provisional responses of forks beyond those that are followed: not acknowledged.
    pub surplus_forks: u64,
    /// Answers from a second fork, which were acknowledged and hung up.
    pub surplus_answers: u64,
    /// NOTIFYs sent to those who subscribed.
    pub notifies: u64,
    /// Those of them that were refused, or that nobody answered.
    pub notifies_failed: u64,
    /// Subscriptions that gave way to a new one at [`super::MAX_SUBSCRIPTIONS_PER_USER`].
    pub subscriptions_replaced: u64,
    /// Calls that a NOTIFY left out at [`crate::notifier::MAX_LISTED`].
    pub dialogs_unlisted: u64,
    /// Instant messages sent to the phones of a user.
    pub messages: u64,
    /// Those of them that no phone took.
    pub messages_failed: u64,
    /// Re-INVITEs that crossed one of the peer's: answered 491 by either side.
    pub glares: u64,
}

impl Counters {
    /// Every counter with its name, for metrics and the live page.
    #[must_use]
    pub fn named(&self) -> Vec<(&'static str, u64)> {
        vec![
            ("sip_malformed", self.malformed),
            ("sip_malformed_answered", self.malformed_answered),
            ("sip_keepalives", self.keepalives),
            ("sip_stray_responses", self.stray_responses),
            ("sip_stray_acks", self.stray_acks),
            ("sip_unknown_dialogs", self.unknown_dialogs),
            ("sip_refused_invites", self.refused_invites),
            ("sip_refused_requests", self.refused_requests),
            ("sip_challenges", self.challenges),
            ("sip_auth_failures", self.auth_failures),
            ("sip_unusable_credentials", self.unusable_credentials),
            ("sip_replays", self.replays),
            ("sip_nonces_evicted", self.nonces_evicted),
            ("sip_throttled", self.throttled),
            ("sip_scans", self.scans),
            ("sip_ignored", self.ignored),
            ("sip_sources_blocked", self.sources_blocked),
            ("sip_identities_blocked", self.identities_blocked),
            ("sip_overloaded", self.overloaded),
            ("sip_shed", self.shed),
            ("sip_bindings_replaced", self.bindings_replaced),
            ("sip_probes", self.probes),
            ("sip_probes_missed", self.probes_missed),
            ("sip_contacts_lost", self.contacts_lost),
            ("sip_merged", self.merged),
            ("sip_too_many_hops", self.too_many_hops),
            ("sip_unsendable", self.unsendable),
            ("sip_retransmissions", self.retransmissions),
            ("sip_repetitions", self.repetitions),
            ("sip_timeouts", self.timeouts),
            ("sip_unreachable", self.unreachable),
            ("sip_missing_acks", self.missing_acks),
            ("sip_missing_pracks", self.missing_pracks),
            ("sip_unmatched_pracks", self.unmatched_pracks),
            ("sip_brief_sessions", self.brief_sessions),
            ("sip_expired_sessions", self.expired_sessions),
            ("sip_surplus_forks", self.surplus_forks),
            ("sip_surplus_answers", self.surplus_answers),
            ("sip_notifies", self.notifies),
            ("sip_notifies_failed", self.notifies_failed),
            ("sip_subscriptions_replaced", self.subscriptions_replaced),
            ("sip_dialogs_unlisted", self.dialogs_unlisted),
            ("sip_messages", self.messages),
            ("sip_messages_failed", self.messages_failed),
            ("sip_glares", self.glares),
        ]
    }
}
