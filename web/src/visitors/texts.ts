// The words for visitors, in every language, complete in each. They are few and stand in the script itself, so that nothing else is loaded.

export interface Words {
  button: string;
  title: string;
  name: string;
  question: string;
  optional: string;
  call: string;
  close: string;
  mute: string;
  unmute: string;
  keypad: string;
  hang_up: string;
  asking: string;
  connecting: string;
  ringing: string;
  talking: string;
  over: string;
  again: string;
  /** What went wrong, by its kind. */
  trouble: Record<Trouble, string>;
}

export type Trouble =
  | 'insecure'
  | 'unsupported'
  | 'denied'
  | 'no_microphone'
  | 'not_allowed'
  | 'too_often'
  | 'busy'
  | 'no_answer'
  | 'no_way'
  | 'gone';

const EN: Words = {
  button: 'Call us',
  title: 'Call us from this page',
  name: 'Your name',
  question: 'What is it about?',
  optional: 'optional',
  call: 'Call',
  close: 'Close',
  mute: 'Mute',
  unmute: 'Unmute',
  keypad: 'Keys',
  hang_up: 'Hang up',
  asking: 'Please allow the microphone',
  connecting: 'Connecting …',
  ringing: 'Ringing …',
  talking: 'In a call',
  over: 'The call is over.',
  again: 'Call again',
  trouble: {
    insecure: 'Calls need a page that came by HTTPS.',
    unsupported: 'This browser cannot make calls. Please use a current one, or your phone.',
    denied:
      'The browser keeps the microphone from this page. Allow it by the symbol left of the address, and call again.',
    no_microphone: 'No microphone was found. Please plug one in and call again.',
    not_allowed: 'Calls from this page are not possible at the moment.',
    too_often: 'That was often in a short time. Please wait a minute.',
    busy: 'All lines are busy. Please try again in a few minutes.',
    no_answer: 'Nobody took the call. Please try again later.',
    no_way: 'No sound can be sent from this network. Please use another one, or your phone.',
    gone: 'We cannot be reached at the moment. Please try again.',
  },
};

const ZH: Words = {
  button: '在线致电',
  title: '在网页上给我们打电话',
  name: '您的称呼',
  question: '想咨询什么？',
  optional: '选填',
  call: '呼叫',
  close: '关闭',
  mute: '静音',
  unmute: '取消静音',
  keypad: '键盘',
  hang_up: '挂断',
  asking: '请允许使用麦克风',
  connecting: '正在连接……',
  ringing: '正在振铃……',
  talking: '通话中',
  over: '通话已结束。',
  again: '再次呼叫',
  trouble: {
    insecure: '只有通过 HTTPS 打开的网页才能通话。',
    unsupported: '此浏览器无法通话，请换用新版浏览器，或直接拨打电话。',
    denied: '浏览器禁止本页使用麦克风。请点击地址栏左侧的图标允许麦克风，然后重新呼叫。',
    no_microphone: '未找到麦克风。请接入麦克风后重新呼叫。',
    not_allowed: '暂时无法从本页呼叫。',
    too_often: '呼叫过于频繁，请稍等一分钟。',
    busy: '线路繁忙，请几分钟后再试。',
    no_answer: '暂时无人接听，请稍后再试。',
    no_way: '当前网络无法传送语音，请换一个网络，或直接拨打电话。',
    gone: '暂时无法连接，请重试。',
  },
};

/** Those of a language's tag; English for any that is not known. */
export function wordsOf(tag: string): Words {
  return tag.toLowerCase().startsWith('zh') ? ZH : EN;
}
