//! The tables. Limits that the core sets are taken from there.

use hotline_acd::PLAN_STEPS_MAX;
use hotline_call::{OUTSIDE_NUMBERS_MAX, QUEUE_PROMPTS_MAX, SERVERS_MAX};
use hotline_sdp::Codec;

use super::{Field, Shape};

const fn optional(name: &'static str, about: &'static str, shape: Shape) -> Field {
    Field { name, is_required: false, about, shape }
}

const fn required(name: &'static str, about: &'static str, shape: Shape) -> Field {
    Field { name, is_required: true, about, shape }
}

pub(crate) static CENTER: [Field; 28] = [
    required(
        "domain",
        "The domain of our SIP addresses, and the realm of the phones' passwords.",
        Shape::Text,
    ),
    required(
        "language",
        "What is spoken where a number does not say otherwise: a folder of `sounds/`.",
        Shape::Text,
    ),
    optional("country", "Whose tones callers hear; else those of the country of the dial plan.", Shape::Text),
    optional("dial_plan", "How numbers are dialled here.", Shape::Fields(&DIAL_PLAN)),
    optional("audio", "How audio is agreed on with phones.", Shape::Fields(&AUDIO)),
    optional("speech", "Levels, and keys that nobody is to hear.", Shape::Fields(&SPEECH)),
    required("numbers", "What callers dial.", Shape::Map(&Shape::Fields(&NUMBER))),
    optional("areas", "Areas by the beginnings of numbers, such as \"+4930\".", Shape::Map(&Shape::Text)),
    required("queues", "Queues by their ids.", Shape::Map(&Shape::Fields(&QUEUE))),
    required(
        "agents",
        "Agents by their ids, which are their phones' SIP users.",
        Shape::Map(&Shape::Fields(&AGENT)),
    ),
    optional(
        "groups",
        "Agents who belong together, by the groups' names.",
        Shape::Map(&Shape::Fields(&GROUP)),
    ),
    optional(
        "pick_up",
        "Who may take a call that rings at a colleague's phone: those of the colleague's groups, or everybody.",
        Shape::OneOf(&["groups", "everybody"]),
    ),
    optional("skills", "What agents can do: names by ids.", Shape::Map(&Shape::Text)),
    optional("reasons", "For which agents may be not ready.", Shape::Map(&Shape::Fields(&REASON))),
    optional(
        "dispositions",
        "What can become of calls: names by codes, or groups of them.",
        Shape::Dispositions,
    ),
    required("trunks", "Ways to other networks, by their ids.", Shape::Map(&Shape::Fields(&TRUNK))),
    optional(
        "routes",
        "Which numbers outside can be dialled; the first that fits counts.",
        Shape::List(&Shape::Fields(&ROUTE), 1000),
    ),
    optional(
        "blocked",
        "Lists of callers whose calls are refused before any flow.",
        Shape::Map(&Shape::Fields(&BLOCK_LIST)),
    ),
    optional(
        "allowed",
        "Callers who are let through whatever else is said: reasons by numbers.",
        Shape::Map(&Shape::Either(&[Shape::Text, Shape::Fields(&LISTED)])),
    ),
    optional(
        "blocked_customers",
        "What becomes of callers whom the address book marks as blocked; decline unless said.",
        Shape::Either(&[Shape::OneOf(&["decline", "busy", "admit"]), Shape::Fields(&REFUSING_FLOW)]),
    ),
    optional("hours", "Opening hours by their ids.", Shape::Map(&Shape::Fields(&HOURS))),
    optional(
        "zone",
        "The zone of the times that flows read, and in which days begin; UTC unless said.",
        Shape::Text,
    ),
    optional(
        "tell_of_listening",
        "Whether agents are told that a supervisor listens to them.",
        Shape::Boolean,
    ),
    optional(
        "phone_grace_s",
        "How long an agent who is ready may be without a phone.",
        Shape::Seconds(5, 3600),
    ),
    optional("crm", "Where another system shows customers.", Shape::Fields(&CRM)),
    optional(
        "retention",
        "How long things are kept, in place of what the server's file says.",
        Shape::Fields(&RETENTION),
    ),
    optional("web", "What visitors of web pages may do.", Shape::Fields(&WEB)),
    optional(
        "demo",
        "People of a demonstration by their user names, and whether it may be reached from elsewhere.",
        Shape::Map(&Shape::Either(&[Shape::Boolean, Shape::Fields(&DEMO_USER)])),
    ),
];

pub(crate) static DIAL_PLAN: [Field; 4] = [
    required("country", "Country code, such as \"49\".", Shape::Text),
    required("national_prefix", "Dialled before national numbers; may be empty.", Shape::Text),
    required("international_prefix", "Dialled before international ones.", Shape::Text),
    optional("national_digits", "How long every national number is.", Shape::Count(4, 14)),
];

pub(crate) static AUDIO: [Field; 4] = [
    optional(
        "codecs",
        "The codecs that are offered and taken, the preferred first.",
        Shape::List(&Shape::Text, Codec::ALL.len()),
    ),
    optional(
        "choice",
        "Whose order decides when several are offered to us.",
        Shape::OneOf(&["ours", "theirs"]),
    ),
    optional("packet_ms", "Milliseconds of audio in a packet that we wish to get.", Shape::Count(10, 60)),
    ENCRYPTION,
];

/// Of a trunk, of all phones, or of one agent's.
const ENCRYPTION: Field = optional(
    "encryption",
    "Whether audio is encrypted (SRTP).",
    Shape::OneOf(&["never", "optional", "required"]),
);

pub(crate) static SPEECH: [Field; 4] = [
    optional(
        "agc",
        "Whose speech is brought to a level.",
        Shape::OneOf(&["none", "customer", "agent", "both"]),
    ),
    optional("agc_dbfs", "The level of the speech, in dBFS.", Shape::Count(-60, -3)),
    optional("agc_gain_max_db", "By how much soft speech is brought up at most, in dB.", Shape::Count(0, 40)),
    optional(
        "hide_keys",
        "Whose keys neither the other side nor the recording gets.",
        Shape::OneOf(&["none", "customer", "agent", "both"]),
    ),
];

pub(crate) static NUMBER: [Field; 4] = [
    optional("name", "Shown to people.", Shape::Text),
    required("flow", "The flow that answers.", Shape::Name),
    optional("language", "The language it begins in; else the center's.", Shape::Text),
    optional(
        "allow_only",
        "Who alone may call it: numbers, beginnings of numbers with `*`, or `anonymous`.",
        Shape::List(&Shape::Text, 10000),
    ),
];

pub(crate) static QUEUE: [Field; 33] = [
    optional("name", "Shown to people.", Shape::Text),
    optional("script", "What agents see on the caller's card, with places in braces.", Shape::Text),
    optional(
        "strategy",
        "Which of the agents who may have a call is rung.",
        Shape::OneOf(&[
            "longest_idle",
            "least_recent_offer",
            "fewest_calls_today",
            "least_talk_today",
            "round_robin",
            "linear",
            "top_down",
            "random",
            "weighted_random",
            "best_skill",
            "ring_all",
            "progressive_ring",
        ]),
    ),
    optional(
        "ring_delay_s",
        "With `progressive_ring`: after so long one phone more rings.",
        Shape::Seconds(1, 300),
    ),
    optional("ring_timeout_s", "Then the next agent is rung.", Shape::Seconds(3, 300)),
    optional("wrap_up", "After-call work.", Shape::Fields(&WRAP_UP)),
    optional("wrap_up_s", "Short for `wrap_up: {seconds: …}`.", Shape::Seconds(0, 3600)),
    optional("crm", "Where another system shows its customers.", Shape::Fields(&CRM)),
    optional(
        "dispositions",
        "What can become of its calls; all unless said.",
        Shape::List(&Shape::Name, 500),
    ),
    optional("wait_max_s", "Then the flow goes on by its exit `timeout`.", Shape::Seconds(1, 86400)),
    optional("waiting_max", "One more goes on by the exit `full`.", Shape::Count(1, 50000)),
    optional("weight", "Callers of a queue with a greater weight go first.", Shape::Count(1, 100)),
    optional("join", "Who may join.", Shape::OneOf(&["always", "signed_in", "working"])),
    optional(
        "unstaffed_max_s",
        "How long callers stay once nobody takes calls any more.",
        Shape::Seconds(0, 86400),
    ),
    optional("tiers", "When members of a higher tier are asked.", Shape::Fields(&TIERS)),
    optional(
        "plan",
        "Who may be asked after which wait.",
        Shape::List(&Shape::Fields(&PLAN_STEP), PLAN_STEPS_MAX),
    ),
    optional("unanswered", "What follows for agents who do not take a call.", Shape::Fields(&UNANSWERED)),
    optional(
        "short_abandon_s",
        "Whoever hangs up after a shorter wait does not count as abandoned.",
        Shape::Seconds(0, 60),
    ),
    optional("hours", "When it takes callers: an entry of `hours`.", Shape::Name),
    optional("mask_numbers", "Callers' numbers are for those only who may read all.", Shape::Boolean),
    optional(
        "place_kept_s",
        "How long whoever was cut off gets the old place back.",
        Shape::Seconds(0, 3600),
    ),
    optional("callback", "How those are called back who have asked for it.", Shape::Fields(&CALLBACK)),
    optional(
        "music",
        "A file of `sounds/music/`, or from where it is heard.",
        Shape::Either(&[Shape::Text, Shape::Fields(&MUSIC)]),
    ),
    optional("announce_position", "Short for `announce: {position: …}`.", Shape::Boolean),
    optional("announce", "What waiting callers are told.", Shape::Fields(&ANNOUNCE)),
    optional("comfort", "Prompts that are said in turn.", Shape::Fields(&COMFORT)),
    optional("greeting", "What is said before caller and agent hear each other.", Shape::Fields(&GREETING)),
    optional("record", "Whether its conversations are recorded.", Shape::Boolean),
    optional("recordings_days", "Its recordings are erased when they are older.", Shape::Count(1, 36_500)),
    optional("messages_days", "Messages in its mailbox are deleted when older.", Shape::Count(1, 36_500)),
    optional("calls_days", "Records of its calls are deleted when they are older.", Shape::Count(1, 36_500)),
    optional("speech", "Levels and hidden keys in its talks.", Shape::Fields(&SPEECH)),
    required(
        "members",
        "Who serves: agents' ids, or with what differs.",
        Shape::List(&Shape::Either(&[Shape::Text, Shape::Fields(&MEMBER)]), 10000),
    ),
];

pub(crate) static WRAP_UP: [Field; 5] = [
    optional(
        "mode",
        "How it begins and ends.",
        Shape::OneOf(&["manual", "optional", "timed", "forced", "on_request"]),
    ),
    optional("seconds", "Its length.", Shape::Seconds(0, 3600)),
    optional("extend_s", "By how much the agent can make it longer at once.", Shape::Seconds(1, 3600)),
    optional("extensions", "How often.", Shape::Count(0, 20)),
    optional(
        "disposition",
        "Whether it ends before the call has a disposition.",
        Shape::OneOf(&["required", "optional"]),
    ),
];

pub(crate) static TIERS: [Field; 3] = [
    optional(
        "wait_s",
        "How long a caller waits before members of the second tier are asked.",
        Shape::Seconds(0, 3600),
    ),
    optional("each", "Whether each further tier opens so much later again.", Shape::Boolean),
    optional(
        "skip_unstaffed",
        "Whether a tier opens at once while nobody before it takes calls.",
        Shape::Boolean,
    ),
];

pub(crate) static PLAN_STEP: [Field; 9] = [
    optional("after_s", "The wait with which the step begins.", Shape::Seconds(0, 86400)),
    optional(
        "require",
        "What an agent must know: levels by skills.",
        Shape::Either(&[Shape::List(&Shape::Text, 8), Shape::Map(&Shape::Count(1, 10))]),
    ),
    optional(
        "prefer",
        "Who knows more of it is asked first: weights by skills.",
        Shape::Either(&[Shape::List(&Shape::Text, 8), Shape::Map(&Shape::Count(1, 100))]),
    ),
    optional("groups", "The agent must be in one of these groups.", Shape::List(&Shape::Text, 8)),
    optional("min_level", "The level that is enough in this step.", Shape::Count(0, 10)),
    optional("ring_count", "How many phones ring at once.", Shape::Count(1, 16)),
    optional("priority_credit_s", "What the caller's head start grows by.", Shape::Seconds(0, 86400)),
    optional("replace", "Whether the steps before it no longer admit anybody.", Shape::Boolean),
    optional("skip_if", "When the step is passed over.", Shape::OneOf(&["nobody_free", "nobody_working"])),
];

pub(crate) static UNANSWERED: [Field; 4] = [
    optional(
        "missed_max",
        "After so many missed calls in a row the agent is set to not ready; 0 never.",
        Shape::Count(0, 100),
    ),
    optional("missed_delay_s", "How long an agent who missed a call gets no other.", Shape::Seconds(0, 3600)),
    optional("rejected_delay_s", "The same after a rejected call.", Shape::Seconds(0, 3600)),
    optional("busy_delay_s", "The same when the phone was busy.", Shape::Seconds(0, 3600)),
];

pub(crate) static CALLBACK: [Field; 5] = [
    optional("first", "Who is called first.", Shape::OneOf(&["agent", "customer"])),
    optional("confirm", "Whether who answers must press 1; with `first: customer`.", Shape::Boolean),
    optional("retries", "How often somebody who is not reached is called again.", Shape::Count(0, 20)),
    optional("retry_s", "After how long.", Shape::Seconds(1, 86400)),
    optional("keep_h", "Hours after which a wish is given up.", Shape::Count(1, 8760)),
];

pub(crate) static MUSIC: [Field; 2] = [
    optional("prompt", "A file of `sounds/music/`.", Shape::Text),
    optional("from", "From its start, or all the same moment of it.", Shape::OneOf(&["start", "shared"])),
];

pub(crate) static ANNOUNCE: [Field; 6] = [
    optional("position", "The place in line.", Shape::Boolean),
    optional("wait", "The expected wait.", Shape::Boolean),
    optional("after_s", "How long after joining the first is said.", Shape::Seconds(0, 600)),
    optional("interval_s", "How long nothing is said after something was.", Shape::Seconds(1, 3600)),
    optional("repeat_s", "After so long it is said again.", Shape::Seconds(10, 3600)),
    optional("over_music", "Whether the music goes on softly meanwhile.", Shape::Boolean),
];

pub(crate) static COMFORT: [Field; 2] = [
    required("prompts", "What is said in turn.", Shape::List(&Shape::Name, QUEUE_PROMPTS_MAX)),
    optional("every_s", "So long after the last thing that was said.", Shape::Seconds(5, 3600)),
];

pub(crate) static GREETING: [Field; 4] = [
    optional("whisper", "Said to the agent.", Shape::List(&Shape::Name, QUEUE_PROMPTS_MAX)),
    optional("whisper_wait", "Tells the agent how long the caller has waited.", Shape::Boolean),
    optional("whisper_class", "Said to the agent for customers of a class.", Shape::Map(&Shape::Name)),
    optional("agent_number", "Tells the caller the agent's extension.", Shape::Boolean),
];

pub(crate) static MEMBER: [Field; 4] = [
    required("agent", "The agent's id.", Shape::Text),
    optional("tier", "1 is asked first.", Shape::Count(1, 20)),
    optional("weight", "The share of calls with `weighted_random`.", Shape::Count(1, 100)),
    optional("wrap_up_s", "The length of that agent's after-call work here.", Shape::Seconds(0, 3600)),
];

pub(crate) static AGENT: [Field; 13] = [
    ENCRYPTION,
    required("name", "Shown name.", Shape::Text),
    optional("extension", "1 to 10 digits; the id unless said.", Shape::Text),
    required("sip_password", "The phone's password, at least 8 characters.", Shape::Text),
    optional(
        "digest",
        "What the phone is asked for, in this order.",
        Shape::List(&Shape::OneOf(&["SHA-512-256", "SHA-256", "MD5"]), 3),
    ),
    optional("caller_id", "Shown when the agent calls somebody outside.", Shape::Text),
    optional(
        "auto_answer",
        "Which calls the phone is asked to take by itself.",
        Shape::OneOf(&["never", "own_calls", "always"]),
    ),
    optional(
        "outside_numbers",
        "Numbers outside at which the agent may choose to be reached.",
        Shape::List(&Shape::Text, OUTSIDE_NUMBERS_MAX),
    ),
    optional(
        "confirm_outside",
        "Whether a call is put through there only once 1 is pressed.",
        Shape::Boolean,
    ),
    optional(
        "confirm_key",
        "Whether a call is put through at the own phone only once 1 is pressed.",
        Shape::Boolean,
    ),
    optional("skills", "Levels by skills.", Shape::Map(&Shape::Count(1, 10))),
    optional(
        "groups",
        "Groups that the agent belongs to, beside those that name it as a member.",
        Shape::List(&Shape::Name, 100),
    ),
    optional("daily_cap", "How many calls from queues the agent takes on one day.", Shape::Count(1, 10000)),
];

pub(crate) static GROUP: [Field; 3] = [
    optional("label", "How people name it.", Shape::Text),
    optional("leaders", "Agents who lead it: each oversees it.", Shape::List(&Shape::Text, 16)),
    optional(
        "members",
        "Agents in it, beside those that name it themselves.",
        Shape::List(&Shape::Text, 10000),
    ),
];

pub(crate) static REASON: [Field; 4] = [
    optional("name", "Shown to people.", Shape::Text),
    optional(
        "class",
        "What reports count it as.",
        Shape::OneOf(&["break", "meal", "work", "training", "fault", "other"]),
    ),
    optional("daily_quota_s", "How long one agent may have it on one day.", Shape::Seconds(1, 86400)),
    optional("at_once_max", "How many agents may have it at once.", Shape::Count(1, 10000)),
];

pub(crate) static TRUNK: [Field; 16] = [
    optional("peers", "Addresses or blocks from which calls come.", Shape::List(&Shape::Text, 256)),
    optional(
        "servers",
        "Where calls go out.",
        Shape::List(&Shape::Either(&[Shape::Text, Shape::Fields(&SERVER)]), SERVERS_MAX),
    ),
    optional("login", "Answers the provider's challenges.", Shape::Fields(&LOGIN)),
    optional(
        "register",
        "Keeps a registration.",
        Shape::Either(&[Shape::Boolean, Shape::Fields(&REGISTRATION)]),
    ),
    optional("probe_s", "How often each server is asked by OPTIONS.", Shape::Seconds(5, 3600)),
    optional("calls_max", "Calls at a time, of both directions.", Shape::Count(1, 10000)),
    optional("calls_per_second", "Calls that go out.", Shape::Count(1, 10000)),
    optional(
        "response_timeout_s",
        "A server that has said nothing by then is passed over.",
        Shape::Seconds(1, 30),
    ),
    optional("ring_timeout_s", "How long the called phone may ring.", Shape::Seconds(5, 600)),
    optional("numbers", "How numbers are sent.", Shape::Fields(&WRITTEN)),
    optional("audio", "Codecs for this trunk.", Shape::Fields(&AUDIO)),
    optional("caller_id", "Shown if neither the agent nor the route has one.", Shape::Text),
    optional("identity", "Where the number shown also is.", Shape::OneOf(&["from", "asserted", "preferred"])),
    optional("domain", "In From and in the called address.", Shape::Text),
    optional("headers", "Set in calls that go out.", Shape::Map(&Shape::TextOrNothing)),
    optional("trusted", "Whether who calls is what P-Asserted-Identity says.", Shape::Boolean),
];

pub(crate) static SERVER: [Field; 3] = [
    required("server", "Such as `sip.example.net`.", Shape::Text),
    optional("priority", "The lowest is tried first.", Shape::Count(0, 65535)),
    optional("weight", "How often it comes first among its equals.", Shape::Count(0, 65535)),
];

pub(crate) static LOGIN: [Field; 2] =
    [required("username", "User name.", Shape::Text), required("password", "Password.", Shape::Text)];

pub(crate) static REGISTRATION: [Field; 3] = [
    optional("user", "Our user name at the provider; else the login's.", Shape::Text),
    optional("domain", "Where; else the trunk's.", Shape::Text),
    optional("expires_s", "For how long at once.", Shape::Seconds(60, 86400)),
];

pub(crate) static WRITTEN: [Field; 3] = [
    optional("format", "How numbers are sent.", Shape::OneOf(&["e164", "digits", "dialled"])),
    optional("prefix", "Before every called number.", Shape::Text),
    optional("dial_plan", "For `dialled`; else the center's.", Shape::Fields(&DIAL_PLAN)),
];

pub(crate) static ROUTE: [Field; 3] = [
    required(
        "numbers",
        "`+49*` for all that begin so, `112` for one, `*` for all.",
        Shape::List(&Shape::Text, 1000),
    ),
    required(
        "trunks",
        "Tried in this order, or by priority and weight.",
        Shape::List(&Shape::Either(&[Shape::Text, Shape::Fields(&ROUTE_TRUNK)]), 64),
    ),
    optional("caller_id", "Shown unless the agent has one.", Shape::Text),
];

pub(crate) static ROUTE_TRUNK: [Field; 3] = [
    required("trunk", "The trunk's id.", Shape::Text),
    optional("priority", "The lowest is tried first.", Shape::Count(0, 65535)),
    optional("weight", "How often it comes first among its equals.", Shape::Count(0, 65535)),
];

pub(crate) static BLOCK_LIST: [Field; 2] = [
    optional(
        "answer",
        "What becomes of their calls; decline unless said.",
        Shape::Either(&[Shape::OneOf(&["decline", "busy"]), Shape::Fields(&REFUSING_FLOW)]),
    ),
    required(
        "numbers",
        "Reasons by numbers, by beginnings of numbers with `*`, or for `anonymous`.",
        Shape::Map(&Shape::Either(&[Shape::Text, Shape::Fields(&LISTED)])),
    ),
];

pub(crate) static LISTED: [Field; 2] = [
    required("reason", "Why, in a few words.", Shape::Text),
    optional("until", "The last day, such as \"2027-01-31\".", Shape::Text),
];

pub(crate) static REFUSING_FLOW: [Field; 1] =
    [required("flow", "The flow that answers in place of what was dialled.", Shape::Name)];

pub(crate) static HOURS: [Field; 4] = [
    required("zone", "A name of the IANA time zone database.", Shape::Text),
    required(
        "weekly",
        "Spans such as \"08:00-12:00\" by days such as `mon-fri`.",
        Shape::Map(&Shape::List(&Shape::Text, 8)),
    ),
    optional("holidays", "Names by dates.", Shape::Map(&Shape::Text)),
    optional("special", "Dates with these hours and no others.", Shape::Map(&Shape::List(&Shape::Text, 8))),
];

pub(crate) static CRM: [Field; 1] = [required(
    "url",
    "With `{number}`, `{called}`, `{customer}`, `{call}` and `{queue}` in it.",
    Shape::Text,
)];

pub(crate) static RETENTION: [Field; 4] = [
    optional("messages_days", "Days that messages of callers are kept.", Shape::Count(1, 36_500)),
    optional(
        "recordings_days",
        "Days that recordings are kept, unless their queue says otherwise.",
        Shape::Count(1, 36_500),
    ),
    optional(
        "calls_days",
        "Days that records of calls are kept, unless their queue says otherwise; their recordings go with them.",
        Shape::Count(1, 36_500),
    ),
    optional("flow_figures_days", "Days that figures of flows are kept.", Shape::Count(1, 36_500)),
];

pub(crate) static WEB: [Field; 4] = [
    optional("numbers", "Numbers that they may call without a phone.", Shape::List(&Shape::Text, 100)),
    optional("callback", "The queue in which those wait who leave a number.", Shape::Text),
    optional("origins", "Hosts whose pages may ask, beside the own.", Shape::List(&Shape::Text, 100)),
    optional("calls_max", "The most of their calls at a time.", Shape::Count(1, 10_000)),
];

pub(crate) static DEMO_USER: [Field; 5] = [
    required("name", "Shown name.", Shape::Text),
    required("password", "Password.", Shape::Text),
    required("role", "A role that is built in.", Shape::Text),
    optional("agent", "The agent this person is.", Shape::Text),
    optional("teams", "Groups that this person oversees.", Shape::List(&Shape::Name, 100)),
];
