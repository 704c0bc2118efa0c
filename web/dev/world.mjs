// A small invented call centre for looking at the pages: sample data, and calls that can be made to happen.
// Not part of the product; the server's behaviour is the server's.

const MINUTE = 60_000;
const ago = (ms) => new Date(Date.now() - ms).toISOString();
const id = (n) => `0193a1c0-0000-7000-8000-${String(n).padStart(12, '0')}`;

export const USERS = {
  ana: { user: 'ana', name: 'Ana Kim', role: 'agent', agent: '1001' },
  wang: { user: 'wang', name: '王芳', role: 'agent', agent: '1002' },
  admin: { user: 'admin', name: 'Iris Admin', role: 'admin', agent: null },
};

const NUMBERS = ['+493055512345', '+442079460018', '+8613800138000', '+33142685300', '+12025550143'];
const NAMES = ['Lena Brandt', 'James Okafor', '李明', 'Claire Petit', null];

export function customers() {
  return [
    {
      id: id(9001),
      name: 'Lena Brandt',
      company: 'Nordlicht Solar GmbH',
      email: 'lena.brandt@nordlicht.example',
      numbers: ['+493055512345', '+491715550199'],
      note: 'Prefers to be called before noon.\nInverter replaced in March (ticket 4711), asks about the warranty.',
      class: null,
      language: null,
      changed_at: ago(86_400_000),
    },
    {
      id: id(9002),
      name: '李明',
      company: '晨光科技有限公司',
      email: 'li.ming@chenguang.example',
      numbers: ['+8613800138000'],
      note: '请用中文沟通。上次咨询了发票问题。',
      class: null,
      language: null,
      changed_at: ago(2 * 86_400_000),
    },
  ];
}

export function agents() {
  const agent = (number, name, state, since, more = {}) => ({
    id: number,
    name,
    state,
    reason: null,
    since: ago(since),
    until: null,
    pending: null,
    registered: true,
    call: null,
    ...more,
  });
  return [
    agent('1001', 'Ana Kim', 'logged_out', 5_000),
    agent('1002', '王芳', 'talking', 3 * MINUTE, { call: id(501) }),
    agent('1003', 'Tom Berger', 'talking', 8.4 * MINUTE, {
      call: id(502),
      pending: { state: 'not_ready', reason: 'lunch' },
    }),
    agent('1004', 'Sara Lind', 'wrap_up', 12_000, { until: new Date(Date.now() + 18_000).toISOString() }),
    agent('1005', 'Omar Haddad', 'not_ready', 14 * MINUTE, { reason: 'lunch' }),
    agent('1006', 'Yuki Mori', 'ready', 64_000),
    agent('1007', 'Paul Fischer', 'not_ready', 2 * MINUTE, { reason: 'missed', registered: false }),
    agent('1008', '陈伟', 'logged_out', 5 * 60 * MINUTE, { registered: false }),
    agent('1009', 'Marta Nowak', 'hold', 31_000, { call: id(503) }),
  ];
}

export function queues() {
  return [
    {
      id: 'support',
      name: 'Support',
      waiting: [601, 602, 603, 604].map((n, i) => ({ call: id(n), since: ago((4 - i) * 41_000) })),
    },
    { id: 'sales', name: 'Sales', waiting: [{ call: id(605), since: ago(22_000) }] },
    { id: 'chinese', name: '中文服务', waiting: [] },
    { id: 'billing', name: 'Billing', waiting: [] },
  ];
}

export function calls() {
  const call = (n, state, more) => ({
    id: id(n),
    state,
    caller: NUMBERS[n % 5],
    caller_name: NAMES[n % 5],
    called: '+4930900100',
    queue: null,
    position: null,
    agent: null,
    offered_to: [],
    started_at: ago(9 * MINUTE - n * 500),
    answered_at: ago(8.9 * MINUTE - n * 500),
    connected_at: null,
    language: n % 5 === 2 ? 'zh-CN' : 'en',
    customer: null,
    ...more,
  });
  return [
    call(501, 'connected', { queue: 'chinese', agent: '1002', connected_at: ago(3 * MINUTE) }),
    call(502, 'connected', { queue: 'support', agent: '1003', connected_at: ago(8.4 * MINUTE) }),
    call(503, 'connected', { queue: 'sales', agent: '1009', connected_at: ago(4 * MINUTE) }),
    ...[601, 602, 603, 604].map((n, i) => call(n, 'queued', { queue: 'support', position: i + 1 })),
    call(605, 'queued', { queue: 'sales', position: 1 }),
    call(606, 'in_flow', { started_at: ago(9_000) }),
  ];
}

export const ALARMS = [
  {
    kind: 'recording_failed',
    since: ago(4 * MINUTE),
    detail: 'recordings/2025/11/23: no space left on device',
  },
];

export const COUNTERS = {
  sip_requests_received: 48211,
  sip_requests_malformed: 3,
  sip_requests_refused: 17,
  calls_started: 1304,
  calls_answered: 1297,
  offers_made: 1188,
  offers_not_answered: 21,
  recording_frames_lost: 0,
};

const ENDS = [
  'completed',
  'completed',
  'completed',
  'abandoned',
  'completed',
  'not_answered',
  'completed',
  'server_restart',
];

export function messages() {
  const left = [
    ['1001', '+493055512345', 12, 34_000, null],
    ['sales', '+8613812345678', 95, 8_200, null],
    ['1001', '', 1500, 71_000, 60],
  ];
  return left.map(([mailbox, caller, minutes, duration_ms, heard], index) => ({
    id: `m${index}`,
    call: `c${index}`,
    mailbox,
    caller,
    started_at: new Date(Date.now() - minutes * MINUTE).toISOString(),
    duration_ms,
    heard_at: heard === null ? null : new Date(Date.now() - heard * MINUTE).toISOString(),
    heard_by: heard === null ? null : '1001',
  }));
}

export function records() {
  return Array.from({ length: 64 }, (_, index) => record(index));
}

function record(index) {
  const kind = ENDS[index % ENDS.length];
  const start = Date.now() - (index * 11 + 3) * MINUTE;
  const at = (ms) => new Date(start + ms).toISOString();
  const wait = 9_000 + ((index * 7919) % 70_000);
  const taken = kind === 'completed' || kind === 'server_restart';
  const talk = 60_000 + ((index * 104_729) % 400_000);
  const queued = 14_210;
  const offered = queued + wait;
  const second = index % 4 === 0 && taken ? 15_400 : 0;
  const offers = [];
  if (second) {
    offers.push({
      agent: '1007',
      offered_at: at(offered),
      popped_at: null,
      invited_at: at(offered + 301),
      ringing_at: at(offered + 388),
      ended_at: at(offered + 15_388),
      outcome: 'no_answer',
      sip_status: 487,
    });
  }
  if (taken) {
    offers.push({
      agent: '1001',
      offered_at: at(offered + second),
      popped_at: at(offered + second + 4),
      invited_at: at(offered + second + 6),
      ringing_at: at(offered + second + 92),
      ended_at: at(offered + second + 3_911),
      outcome: 'answered',
      sip_status: 200,
    });
  }
  const connected = taken ? offered + second + 3_911 : null;
  const ended = connected === null ? offered : connected + talk;
  return {
    id: id(10_000 + index),
    caller: NUMBERS[index % 5],
    caller_name: NAMES[index % 5],
    called: '+4930900100',
    number: 'main',
    flow: 'main',
    source: { trunk: 'demo' },
    sip_call_id: `${(index * 7_919_777).toString(16)}-a84b4c76e66710@192.0.2.10`,
    language: index % 5 === 2 ? 'zh-CN' : 'en',
    customer: index % 5 === 0 ? id(9001) : null,
    started_at: at(0),
    answered_at: at(183),
    connected_at: connected === null ? null : at(connected),
    ended_at: at(ended),
    ended_by: kind === 'server_restart' ? 'system' : index % 3 === 0 ? 'agent' : 'caller',
    cause: { kind, sip_status: 200, q850: 16 },
    agent: taken ? '1001' : null,
    answers: [],
    path: [
      { flow: 'main', step: 'greeting', entered_at: at(190), left_at: at(5_320), input: null, exit: 'done' },
      { flow: 'main', step: 'menu', entered_at: at(5_320), left_at: at(14_200), input: '2', exit: '2' },
      {
        flow: 'main',
        step: 'to_support',
        entered_at: at(14_200),
        left_at: at(ended),
        input: null,
        exit: taken ? 'answered' : 'hung_up',
      },
    ],
    queues: [
      {
        queue: index % 3 === 0 ? 'sales' : 'support',
        entered_at: at(queued),
        left_at: at(connected ?? offered),
        outcome: taken ? 'answered' : 'abandoned',
        waited_ms: (connected ?? offered) - queued,
      },
    ],
    offers,
    recordings: taken
      ? [
          {
            id: id(20_000 + index),
            path: '2025/11/23/0193a1c0.wav',
            started_at: at(connected),
            state: 'finished',
            duration_ms: talk,
            gap_ms: index === 0 ? 40 : 0,
            bytes: talk * 32,
            problem: null,
            legs: [],
            marks: [],
            gaps: [],
          },
        ]
      : [],
  };
}

/** Two tones, one on each side, so that the player has something to play. */
export function wav(seconds = 20) {
  const rate = 8000;
  const bytes = rate * seconds * 4;
  const file = Buffer.alloc(44 + bytes);
  file.write('RIFF', 0);
  file.writeUInt32LE(36 + bytes, 4);
  file.write('WAVEfmt ', 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(2, 22);
  file.writeUInt32LE(rate, 24);
  file.writeUInt32LE(rate * 4, 28);
  file.writeUInt16LE(4, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36);
  file.writeUInt32LE(bytes, 40);
  for (let n = 0; n < rate * seconds; n += 1) {
    file.writeInt16LE(Math.round(6000 * Math.sin((n * 440 * 2 * Math.PI) / rate)), 44 + n * 4);
    file.writeInt16LE(Math.round(6000 * Math.sin((n * 620 * 2 * Math.PI) / rate)), 46 + n * 4);
  }
  return file;
}
