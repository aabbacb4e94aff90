import type chinese from '../zh-CN/view-as.ts';

const messages: typeof chinese = {
  action: 'View as this user',
  title: 'View as “{name}”',
  text: 'You will see the pages and data that they see, and can change nothing. The log names you both, and it ends by itself after a while.',
  administrator: 'Nobody views as the administrator',
  banner: 'Viewing as somebody else',
  as: 'You see the console as {name}',
  readOnly: 'Read-only, until {time}',
  return: 'Return to myself',
  over: 'The view as somebody else is over; you are yourself again',
};

export default messages;
