// Runs in the browser: the phone that `phone.mjs` works.

import JsSIP from 'jssip';

/** Loud enough to be the tone and no noise, of 255. */
const HEARD = 130;
/** So much louder another tone may be, of 255 for 70 dB: some tones of networks are made of two. */
const BESIDE = 10;
const LOOK_MS = 50;
/** What would be done to a voice is not to be done to a tone. */
const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
const media = { mediaConstraints: { audio, video: false }, pcConfig: { iceServers: [] } };

let agent;
let session;
let domain;
let analyser;

const say = (report) => window.hotlineReport(report);

window.phone = {
  register({ url, user, domain: of, password }) {
    domain = of;
    agent = new JsSIP.UA({
      sockets: [new JsSIP.WebSocketInterface(url)],
      uri: `sip:${user}@${of}`,
      password,
      session_timers: false,
    });
    agent.on('newRTCSession', ({ originator, session: begun }) => {
      if (originator === 'remote') {
        follow(begun);
        say({ state: 'ringing' });
      }
    });
    return new Promise((resolve, reject) => {
      agent.once('registered', () => resolve());
      agent.once('registrationFailed', ({ cause }) => reject(new Error(cause)));
      agent.start();
    });
  },

  dial({ to, headers = [] }) {
    follow(agent.call(`sip:${to}@${domain}`, { ...media, extraHeaders: headers }));
  },

  answer() {
    session.answer(media);
  },

  hold: () => new Promise((resolve) => session.hold({}, resolve)),
  retrieve: () => new Promise((resolve) => session.unhold({}, resolve)),
  hang_up: () => session.terminate(),
  press: ({ keys }) => session.sendDTMF(keys, { transportType: 'RFC2833' }),

  /** By what the running call is known, for who goes on with it. */
  dialog() {
    const { call_id: call, local_tag: local, remote_tag: remote } = session._dialog.id;
    return { call, local, remote };
  },

  /** Goes on with a call of the page that was here before (RFC 3891). */
  takeOver({ call, local, remote }) {
    const replaces = `Replaces: ${call};to-tag=${remote};from-tag=${local}`;
    this.dial({ to: agent.configuration.uri.user, headers: [replaces] });
  },

  async hear({ hz }) {
    for (;;) {
      if (analyser) {
        const bins = new Uint8Array(analyser.frequencyBinCount);
        analyser.getByteFrequencyData(bins);
        const at = Math.round((hz * analyser.fftSize) / analyser.context.sampleRate);
        if (bins[at] > HEARD && bins[at] >= Math.max(...bins) - BESIDE) return;
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  },

  /** Descriptions name another certificate than the one that the browser has, as if somebody were in between. */
  forge() {
    const wrong = (sdp) =>
      sdp.replace(/(a=fingerprint:sha-256 )(..)/g, (_, name, byte) => {
        return name + (byte === '00' ? '01' : '00');
      });
    window.forge = wrong;
  },

  /** Offers and answers from here on name this codec alone, beside keys. */
  prefer({ codec }) {
    const kept = new RegExp(`^(${codec}|telephone-event)/`, 'i');
    window.forge = (sdp) => {
      const lines = sdp.split('\r\n');
      const maps = lines.flatMap((line) => line.match(/^a=rtpmap:(\d+) (.*)/)?.slice(1, 3) ?? []);
      const named = new Set(maps.filter((_, at) => at % 2 === 0 && kept.test(maps[at + 1])));
      const of = (line) => line.match(/^a=(?:rtpmap|fmtp|rtcp-fb):(\d+) /)?.[1];
      return lines
        .filter((line) => of(line) === undefined || named.has(of(line)))
        .map((line) => line.replace(/^(m=audio \S+ \S+) .*/, (_, head) => [head, ...named].join(' ')))
        .join('\r\n');
    };
  },

  /** The network lets no UDP out: the server's addresses by UDP are not tried. */
  without_udp() {
    window.withoutUdp = (sdp) => sdp.replace(/a=candidate:\S+ 1 udp [^\n]*\n/gi, '');
  },

  async stats() {
    const found = [...(await session.connection.getStats()).values()];
    const transport = found.find(({ type }) => type === 'transport');
    const inbound = found.find(({ type }) => type === 'inbound-rtp');
    const codec = found.find(({ id }) => id === inbound?.codecId)?.mimeType;
    const pair = found.find(({ id }) => id === transport?.selectedCandidatePairId);
    return {
      way: found.find(({ id }) => id === pair?.localCandidateId)?.protocol,
      dtls: transport?.dtlsState,
      tls: transport?.tlsVersion,
      srtp: transport?.srtpCipher,
      codec,
      inbound,
    };
  },
};

function follow(begun) {
  session = begun;
  analyser = undefined;
  begun.on('sdp', (event) => {
    if (event.originator === 'local' && window.forge) event.sdp = window.forge(event.sdp);
    if (event.originator === 'remote' && window.withoutUdp) event.sdp = window.withoutUdp(event.sdp);
  });
  begun.on('confirmed', () => say({ state: 'up' }));
  begun.on('hold', () => say({ state: 'held' }));
  begun.on('unhold', () => say({ state: 'retrieved' }));
  begun.on('ended', ({ cause }) => say({ state: 'over', cause }));
  begun.on('failed', ({ cause, message }) => say({ state: 'over', cause, status: message?.status_code }));
  if (begun.connection) listen(begun.connection);
  else begun.on('peerconnection', ({ peerconnection }) => listen(peerconnection));
}

function listen(connection) {
  connection.addEventListener('track', ({ track, streams: [stream] }) => {
    const heard = stream ?? new MediaStream([track]);
    // Chromium gives a remote stream to Web Audio only while an element plays it.
    document.querySelector('audio').srcObject = heard;
    const context = new AudioContext();
    analyser = context.createAnalyser();
    analyser.fftSize = 2048;
    analyser.smoothingTimeConstant = 0.2;
    context.createMediaStreamSource(heard).connect(analyser);
  });
}
