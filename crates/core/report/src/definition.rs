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
    /// In Chinese words.
    pub zh: &'static str,
}

const fn define(
    field: &'static str,
    formula: &'static str,
    words: &'static str,
    zh: &'static str,
) -> Definition {
    Definition { field, formula, words, zh }
}

/// The numbers of queues. T is the time within which callers are to be answered, short is the time within which hanging up does not
/// count against the queue.
pub const QUEUE_DEFINITIONS: &[Definition] = &[
    define(
        "offered",
        "O = A + B + C + F",
        "stays that began in the interval, but for calls made to call somebody back",
        "该时段内进入队列的次数，不含为回拨客户而发起的呼叫",
    ),
    define("answered", "A", "taken by an agent", "由坐席接听"),
    define("answered_within", "A_T", "taken within T", "在 T 秒内接听"),
    define("abandoned", "B", "the caller hung up", "主叫在排队时挂断"),
    define("abandoned_short", "B_short", "the caller hung up within short", "主叫在短时门限内挂断"),
    define("callbacks", "C", "the caller is called back instead of waiting on", "主叫选择回拨，不再排队"),
    define(
        "flowed_out",
        "F",
        "went elsewhere: another queue, a key, the longest wait, closing time, a person",
        "转往他处：其他队列、按键离开、等待超限、下班或人工移出",
    ),
    define(
        "service_level",
        "SL5 = A_T / (A + B − B_short)",
        "answered within T, of all that were answered or hung up after short",
        "在已接听和非短时放弃的来电中，T 秒内接听的比例",
    ),
    define("sl1", "A_T / A", "of those answered", "占已接听来电的比例"),
    define(
        "sl2",
        "(A_T + B_T) / (A + B)",
        "over within T, of those answered or abandoned",
        "T 秒内结束排队的来电，占已接听与放弃之和的比例",
    ),
    define(
        "sl3",
        "(A_T + B_T + C_T) / O",
        "over within T, of all offered",
        "T 秒内结束排队的来电，占全部进入量的比例",
    ),
    define("sl4", "A_T / (A + B)", "abandonments count in full", "所有放弃均计入"),
    define("sl6", "A_T / (A + B_>T)", "abandonments before T do not count", "T 秒之前的放弃不计"),
    define("abandon_rate", "B / (A + B)", "of those answered or abandoned", "占已接听与放弃之和的比例"),
    define(
        "abandon_rate_long",
        "(B − B_short) / (A + B − B_short)",
        "without those who hung up within short",
        "不含短时放弃",
    ),
    define(
        "asa_ms",
        "Σ wait of A / A",
        "average speed of answer: from joining the line to hearing the agent",
        "平均应答速度：从进入队列到听到坐席",
    ),
    define(
        "answer_median_ms",
        "median wait of A",
        "half were answered sooner; to the second above",
        "一半来电的应答时间短于此值，向上取整到秒",
    ),
    define(
        "answer_p90_ms",
        "90th percentile of the wait of A",
        "nine of ten were answered sooner; to the second above",
        "九成来电的应答时间短于此值，向上取整到秒",
    ),
    define("abandon_wait_ms", "Σ wait of B / B", "average time to abandon", "放弃前的平均等待"),
    define(
        "longest_wait_ms",
        "max wait",
        "whatever became of it; to the second above",
        "最长等待，不论结果如何，向上取整到秒",
    ),
    define(
        "handled",
        "H",
        "answered calls whose talk and after-call work are over",
        "通话与话后处理均已结束的已接听来电",
    ),
    define(
        "aht_ms",
        "(Σ talk + Σ hold + Σ wrap-up) / H",
        "average handle time; ringing is not in it",
        "平均处理时长，不含振铃",
    ),
    define("talk_ms", "Σ talk / H", "average talk, without hold", "平均通话时长，不含保持"),
    define("hold_ms", "Σ hold / H", "average hold", "平均保持时长"),
    define("wrap_up_ms", "Σ wrap-up / H", "average after-call work", "平均话后处理时长"),
    define(
        "called_back",
        "K",
        "calls made to call somebody back that an agent took; not in any number above",
        "为回拨客户而发起并由坐席接听的呼叫，不计入以上各项",
    ),
];

/// The numbers of agents. Each state is the time that passed in it within the interval.
pub const AGENT_DEFINITIONS: &[Definition] = &[
    define("signed_in_ms", "Σ all states but logged_out", "at work", "在岗时长"),
    define("ready_ms", "ready", "waiting for calls", "等待来电的时长"),
    define("offline_grace_ms", "offline_grace", "ready, but without a phone", "就绪但话机离线的时长"),
    define("ring_ms", "reserved + ringing", "on offer", "分配与振铃的时长"),
    define(
        "talk_ms",
        "talking",
        "in conversation, whichever way it came about",
        "通话时长，不论通话如何发起",
    ),
    define("hold_ms", "hold", "the customer waits on hold", "客户被保持的时长"),
    define("wrap_up_ms", "wrap_up", "after-call work", "话后处理时长"),
    define(
        "not_ready_ms",
        "not_ready",
        "by reason in not_ready_by_reason_ms",
        "示忙时长，各原因见 not_ready_by_reason_ms",
    ),
    define(
        "occupancy",
        "(talk + hold + wrap-up) / (talk + hold + wrap-up + ready)",
        "not ready is outside",
        "示忙不计入",
    ),
    define(
        "occupancy_with_ring",
        "(talk + hold + wrap-up + ring) / (talk + hold + wrap-up + ring + ready)",
        "the same with ringing as work",
        "振铃计为工作",
    ),
    define(
        "utilisation",
        "(talk + hold + wrap-up) / signed in",
        "of the whole time at work",
        "占整个在岗时长的比例",
    ),
    define(
        "offered",
        "offers made in the interval",
        "phones that were to ring for this agent",
        "应为该坐席振铃的次数",
    ),
    define("answered", "offers taken", "by this agent", "由该坐席接听"),
    define("missed", "offers that rang to the end", "nobody took them", "无人接听"),
    define(
        "rejected",
        "offers rejected or met by a busy phone",
        "by the agent's phone",
        "被该坐席的话机拒接或占线",
    ),
    define(
        "failed",
        "offers that the phone or the server failed",
        "no blame to the agent",
        "话机或服务器故障，与坐席无关",
    ),
    define("aht_ms", "(talk + hold + wrap-up) / answered", "the agent's own average", "该坐席的平均值"),
];
