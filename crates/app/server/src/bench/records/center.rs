//! The calls of a center with 400 agents and 60 queues over some years, by chance from one seed, and what is searched for among them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use hotline_base::{
    AgentId, CallId, CustomerId, FlowId, LegId, NumberId, Pii, QueueId, RecordingId, Rng, TrunkId, WallTime,
};
use hotline_call::{
    CallDisposition, CallEvent, CallRecord, Customer, EndCause, EndKind, Entry, Party, QueueOutcome,
    RecordingIndex, Source,
};
use hotline_store::{
    Among, CallDirection, CallFilter, CallSearch, NumberPart, NumberSearch, TextSearch, Within,
};

const AGENTS: u64 = 400;
const QUEUES: u64 = 60;
const TRUNKS: u64 = 4;
const CUSTOMERS: u64 = 1000;
/// 2023-01-01T00:00:00Z.
const BEGIN: WallTime = WallTime(1_672_531_200_000_000);
/// Between two calls: ten millions are a little more than three years.
const BETWEEN: Duration = Duration::from_secs(10);
const WORDS: [&str; 8] =
    ["投诉", "退款", "发票", "快递延误", "refund", "delivery late", "invoice", "asks again tomorrow"];
const CODES: [&str; 6] = ["sold", "lost", "complaint", "question", "callback", "wrong_number"];

pub(super) struct Center {
    rng: Rng,
    /// As many different callers as there are, each a few times.
    callers: u64,
    customers: Vec<CustomerId>,
}

impl Center {
    pub(super) fn new(calls: u64) -> Self {
        let mut rng = Rng::from_number(1);
        let customers = (0..CUSTOMERS).map(|_| CustomerId::generate(BEGIN, &mut rng)).collect();
        Self { rng, callers: (calls / 5).max(1), customers }
    }

    pub(super) fn customers(&self) -> Vec<Customer> {
        let name = |number: usize| {
            let (family, given) =
                (["王", "李", "张", "刘"][number % 4], ["小明", "建国", "秀英", "丽华", "志强"][number % 5]);
            Pii::from(format!("{family}{given} {number}").as_str())
        };
        let customer = |(number, id): (usize, &CustomerId)| Customer {
            id: *id,
            name: name(number),
            company: None,
            email: None,
            numbers: Vec::new(),
            note: None,
            class: None,
            language: None,
            vip: false,
            blocked: false,
            tags: Vec::new(),
            agent: None,
            fields: BTreeMap::new(),
            assets: Vec::new(),
            last_agent: None,
            changed_at: BEGIN,
        };
        self.customers.iter().enumerate().map(customer).collect()
    }

    /// The calls of these numbers, and what was said about some of them.
    pub(super) fn calls(&mut self, numbers: Range<u64>) -> (Vec<CallRecord>, Vec<CallDisposition>) {
        let mut said = Vec::new();
        let mut records = Vec::new();
        for number in numbers {
            let record = self.call(number);
            if self.rng.chance(1, 5) {
                said.extend(record.agent.clone().map(|agent| self.say(&record, agent)));
            }
            records.push(record);
        }
        (records, said)
    }

    fn call(&mut self, number: u64) -> CallRecord {
        let begin = began(number);
        let call = CallId::generate(begin, &mut self.rng);
        let caller = caller(self.rng.below(self.callers));
        let agent = agent(self.rng.below(AGENTS));
        let is_outgoing = self.rng.chance(1, 8);
        let (source, entry) = if is_outgoing {
            (Source::Agent(agent.clone()), Entry::Outside(Pii::from(caller.as_str())))
        } else {
            let (number, flow) = (NumberId::from("hotline"), FlowId::from("main"));
            (Source::Trunk(trunk(self.rng.below(TRUNKS))), Entry::Number { number, flow })
        };
        let from = if is_outgoing { agent.as_str() } else { caller.as_str() };
        let started = CallEvent::Started {
            caller: Pii::from(from),
            caller_name: None,
            called: Pii::from(if is_outgoing { caller.as_str() } else { "+8621800" }),
            entry,
            source,
            sip_call_id: self.rng.hex(32),
            language: "zh".to_owned(),
            diversion: None,
        };
        let mut record = CallRecord::begin(call, begin, &started).expect("the first event begins it");
        if self.rng.chance(1, 10) {
            let one = self.rng.below(CUSTOMERS);
            record.customer = self.customers.get(usize::try_from(one).unwrap_or(0)).copied();
        }
        self.go_on(&mut record, agent, is_outgoing);
        record
    }

    fn go_on(&mut self, record: &mut CallRecord, agent: AgentId, is_outgoing: bool) {
        let begin = record.started_at;
        let waits = Duration::from_secs(if is_outgoing { 0 } else { self.rng.below(180) });
        let is_abandoned = !is_outgoing && self.rng.chance(1, 12);
        let queue = queue(self.rng.below(QUEUES));
        if !is_outgoing {
            record.apply(begin, &CallEvent::Queued { queue: queue.clone() });
            let outcome = if is_abandoned { QueueOutcome::Abandoned } else { QueueOutcome::Answered };
            record.apply(begin + waits, &CallEvent::Dequeued { queue, outcome });
        }
        let mut end = begin + waits;
        if !is_abandoned {
            let offer = LegId(1);
            record.apply(end, &CallEvent::Offered { offer, agent: agent.clone(), because: None });
            record.apply(end, &CallEvent::Connected { offer, agent });
            let talk = Duration::from_secs(10 + self.rng.below(900));
            let recording = RecordingId::generate(end, &mut self.rng);
            record.apply(end, &CallEvent::RecordingStarted { recording, path: format!("{recording}.wav") });
            end = end + talk;
            let finished = CallEvent::RecordingFinished {
                recording,
                duration: talk,
                gap: Duration::ZERO,
                bytes: talk.as_secs() * 32_000,
                index: RecordingIndex::default(),
            };
            record.apply(end, &finished);
        }
        let kind = if is_abandoned { EndKind::Abandoned } else { EndKind::Completed };
        let cause = EndCause { kind, sip_status: Some(200), q850: 16 };
        record.apply(end, &CallEvent::Ended { by: Party::Caller, cause });
    }

    fn say(&mut self, record: &CallRecord, agent: AgentId) -> CallDisposition {
        let mut one = |of: &[&'static str]| {
            let at = self.rng.below(of.len() as u64);
            of[usize::try_from(at).unwrap_or(0)]
        };
        let note = format!("{}，{} {}", one(&WORDS), one(&WORDS), one(&WORDS));
        let code = one(&CODES).to_owned();
        let (call, at) = (record.call, record.started_at);
        CallDisposition {
            call,
            agent,
            queue: None,
            code,
            note: Some(Pii::from(note.as_str())),
            at,
            follow_up_at: None,
        }
    }
}

fn began(number: u64) -> WallTime {
    BEGIN + BETWEEN * u32::try_from(number).unwrap_or(u32::MAX)
}

fn caller(number: u64) -> String {
    format!("+86138{:08}", number.wrapping_mul(48_271) % 100_000_000)
}

fn agent(number: u64) -> AgentId {
    AgentId::from((1001 + number).to_string().as_str())
}

fn queue(number: u64) -> QueueId {
    QueueId::from(format!("queue{number}").as_str())
}

fn trunk(number: u64) -> TrunkId {
    TrunkId::from(format!("carrier{number}").as_str())
}

fn number(part: NumberPart, digits: &str) -> CallSearch {
    // As the center's own country writes it, too.
    let forms = vec![Pii::from(digits), Pii::from(format!("0{digits}").as_str())];
    CallSearch { number: Some(NumberSearch { part, forms }), ..CallSearch::default() }
}

fn text(text: &str) -> CallSearch {
    let text = Some(TextSearch { text: Pii::from(text), customers: true });
    CallSearch { text, ..CallSearch::default() }
}

/// The usual searches, for somebody and something else in each turn.
pub(super) fn searches(calls: u64, turn: u64) -> Vec<(&'static str, CallSearch)> {
    let all = CallSearch::default;
    let any = CallFilter::default;
    let of = |filter: CallFilter| CallSearch { filter, ..CallSearch::default() };
    let caller = caller(turn.wrapping_mul(7919) % (calls / 5).max(1));
    let digits = caller.trim_start_matches('+');
    let (agent, queue) = (Some(agent(turn % AGENTS)), Some(queue(turn % QUEUES)));
    let by_agent = || CallFilter { agent: agent.clone(), ..any() };
    let by_queue = || CallFilter { queue: queue.clone(), ..any() };
    let middle = began(calls / 2);
    let team = Among {
        agents: (0..10).map(|number| self::agent((turn + number) % AGENTS)).collect(),
        queues: [self::queue(turn % QUEUES)].into(),
    };
    let word = WORDS[usize::try_from(turn % 3).unwrap_or(0)];
    vec![
        ("all calls, the newest", all()),
        ("a number", number(NumberPart::Whole, digits)),
        ("the first 7 digits of a number", number(NumberPart::Beginning, &digits[..7])),
        ("the last 5 digits of a number", number(NumberPart::End, &digits[digits.len() - 5..])),
        ("an agent", of(by_agent())),
        ("a queue", of(by_queue())),
        ("an agent and a queue", of(CallFilter { queue: queue.clone(), ..by_agent() })),
        ("a queue, callers who hung up", CallSearch { cause: Some(EndKind::Abandoned), ..of(by_queue()) }),
        (
            "a trunk, callers who hung up",
            CallSearch {
                trunk: Some(trunk(turn % TRUNKS).to_string()),
                cause: Some(EndKind::Abandoned),
                ..all()
            },
        ),
        (
            "calls that went out, with a recording",
            CallSearch { direction: Some(CallDirection::Out), recorded: Some(true), ..all() },
        ),
        (
            "a disposition and an agent",
            CallSearch { disposition: Some("complaint".to_owned()), ..of(by_agent()) },
        ),
        (
            "waited over 170 s, talked over 15 min",
            CallSearch {
                waited_s: Within { min: Some(170), max: None },
                talked_s: Within { min: Some(900), max: None },
                ..all()
            },
        ),
        (
            "an agent's talks over 15 min",
            CallSearch { talked_s: Within { min: Some(900), max: None }, ..of(by_agent()) },
        ),
        ("two Chinese characters", text(word)),
        ("two words and an agent", CallSearch { filter: by_agent(), ..text("refund 投诉") }),
        ("the name of customers", text("秀英")),
        (
            "a day years ago, a queue",
            of(CallFilter {
                since: Some(middle),
                until: Some(middle + Duration::from_hours(24)),
                ..by_queue()
            }),
        ),
        (
            "a team's calls, callers who hung up",
            CallSearch { cause: Some(EndKind::Abandoned), ..of(CallFilter { among: Some(team), ..any() }) },
        ),
    ]
}
