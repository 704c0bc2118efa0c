// The words of the page `/call-us`, in every language, complete in each.

export interface PageWords {
  title: string;
  intro: string;
  callback: string;
  callback_intro: string;
  phone: string;
  when: string;
  now: string;
  at: string;
  time: string;
  leave: string;
  sending: string;
  soon: string;
  /** `{time}` is when. */
  later: string;
  known: string;
  bad_phone: string;
  bad_time: string;
  too_often: string;
  nothing: string;
  gone: string;
}

const EN: PageWords = {
  title: 'Call us',
  intro:
    'Talk with us from this page: all you need is a microphone. The line below each button puts it on any page of yours.',
  callback: 'Or we call you',
  callback_intro: 'Leave a number, and we call you as soon as somebody is free, or at the time you choose.',
  phone: 'Your phone number',
  when: 'When?',
  now: 'Now',
  at: 'At',
  time: 'Time',
  leave: 'Call me',
  sending: 'One moment …',
  soon: 'Thank you. We call as soon as somebody is free.',
  later: 'Thank you. We call on {time}.',
  known: 'This number is waiting for our call already, and keeps its place.',
  bad_phone: 'We cannot call this number. Please write it with its country, such as +1 555 010 0199.',
  bad_time: 'Please choose a time.',
  too_often: 'That was often in a short time. Please try again later.',
  nothing: 'Nobody can be called from web pages yet (`web` in the center’s file).',
  gone: 'We cannot be reached at the moment. Please try again.',
};

const ZH: PageWords = {
  title: '联系我们',
  intro: '在本页即可与我们通话，只需麦克风。把按钮下方的一行代码放进您的网页，就能使用同样的按钮。',
  callback: '或由我们回电',
  callback_intro: '留下号码，我们会在有空时或您选择的时间给您回电。',
  phone: '您的电话号码',
  when: '何时回电？',
  now: '现在',
  at: '指定时间',
  time: '时间',
  leave: '请给我回电',
  sending: '请稍候……',
  soon: '谢谢，我们会尽快给您回电。',
  later: '谢谢，我们将在{time}给您回电。',
  known: '该号码已在等待回电，顺序不变。',
  bad_phone: '无法呼叫该号码，请带上国家代码填写，例如 +86 10 5555 0199。',
  bad_time: '请选择时间。',
  too_often: '提交过于频繁，请稍后再试。',
  nothing: '目前还不能从网页呼叫（呼叫中心配置文件中的 `web`）。',
  gone: '暂时无法连接，请重试。',
};

export function pageWords(tag: string): PageWords {
  return tag.startsWith('zh') ? ZH : EN;
}
