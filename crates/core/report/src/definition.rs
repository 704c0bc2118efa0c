//! Which formula stands behind each number. A number without its definition is an opinion.

/// A number and how it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Definition {
    /// The field.
    pub field: &'static str,
    /// The formula, in the letters below.
    pub formula: &'static str,
    /// In words.
    pub words: &'static str,
}

const fn define(field: &'static str, formula: &'static str, words: &'static str) -> Definition {
    Definition { field, formula, words }
}

/// The numbers of queues. T is the time within which callers are to be answered, short is the time within which hanging up does not
/// count against the queue.
pub const QUEUE_DEFINITIONS: &[Definition] = &[
    define(
        "offered",
        "O = A + B + C + F",
        "stays that began in the interval, but for calls made to call somebody back",
    ),
    define("answered", "A", "taken by an agent"),
    define("answered_within", "A_T", "taken within T"),
    define("abandoned", "B", "the caller hung up"),
    define("abandoned_short", "B_short", "the caller hung up within short"),
    define("callbacks", "C", "the caller is called back instead of waiting on"),
    define(
        "flowed_out",
        "F",
        "went elsewhere: another queue, a key, the longest wait, closing time, a person",
    ),
    define(
        "service_level",
        "SL5 = A_T / (A + B − B_short)",
        "answered within T, of all that were answered or hung up after short",
    ),
    define("sl1", "A_T / A", "of those answered"),
    define("sl2", "(A_T + B_T) / (A + B)", "over within T, of those answered or abandoned"),
    define("sl3", "(A_T + B_T + C_T) / O", "over within T, of all offered"),
    define("sl4", "A_T / (A + B)", "abandonments count in full"),
    define("sl6", "A_T / (A + B_>T)", "abandonments before T do not count"),
    define("abandon_rate", "B / (A + B)", "of those answered or abandoned"),
    define(
        "abandon_rate_long",
        "(B − B_short) / (A + B − B_short)",
        "without those who hung up within short",
    ),
    define(
        "asa_ms",
        "Σ wait of A / A",
        "average speed of answer: from joining the line to hearing the agent",
    ),
    define("answer_median_ms", "median wait of A", "half were answered sooner; to the second above"),
    define(
        "answer_p90_ms",
        "90th percentile of the wait of A",
        "nine of ten were answered sooner; to the second above",
    ),
    define("abandon_wait_ms", "Σ wait of B / B", "average time to abandon"),
    define("longest_wait_ms", "max wait", "whatever became of it; to the second above"),
    define("handled", "H", "answered calls whose talk and after-call work are over"),
    define("aht_ms", "(Σ talk + Σ hold + Σ wrap-up) / H", "average handle time; ringing is not in it"),
    define("talk_ms", "Σ talk / H", "average talk, without hold"),
    define("hold_ms", "Σ hold / H", "average hold"),
    define("wrap_up_ms", "Σ wrap-up / H", "average after-call work"),
    define(
        "called_back",
        "K",
        "calls made to call somebody back that an agent took; not in any number above",
    ),
];

/// The numbers of agents. Each state is the time that passed in it within the interval.
pub const AGENT_DEFINITIONS: &[Definition] = &[
    define("signed_in_ms", "Σ all states but logged_out", "at work"),
    define("ready_ms", "ready", "waiting for calls"),
    define("offline_grace_ms", "offline_grace", "ready, but without a phone"),
    define("ring_ms", "reserved + ringing", "on offer"),
    define("talk_ms", "talking", "in conversation, whichever way it came about"),
    define("hold_ms", "hold", "the customer waits on hold"),
    define("wrap_up_ms", "wrap_up", "after-call work"),
    define("not_ready_ms", "not_ready", "by reason in not_ready_by_reason_ms"),
    define("occupancy", "(talk + hold + wrap-up) / (talk + hold + wrap-up + ready)", "not ready is outside"),
    define(
        "occupancy_with_ring",
        "(talk + hold + wrap-up + ring) / (talk + hold + wrap-up + ring + ready)",
        "the same with ringing as work",
    ),
    define("utilisation", "(talk + hold + wrap-up) / signed in", "of the whole time at work"),
    define("offered", "offers made in the interval", "phones that were to ring for this agent"),
    define("answered", "offers taken", "by this agent"),
    define("missed", "offers that rang to the end", "nobody took them"),
    define("rejected", "offers rejected or met by a busy phone", "by the agent's phone"),
    define("failed", "offers that the phone or the server failed", "no blame to the agent"),
    define("aht_ms", "(talk + hold + wrap-up) / answered", "the agent's own average"),
];
