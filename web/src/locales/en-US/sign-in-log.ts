import type chinese from '../zh-CN/sign-in-log.ts';

const messages: typeof chinese = {
  title: 'Sign-in log',
  one: 'sign-in',
  username: 'Username',
  outcome: 'Outcome',
  address: 'IP address',
  addressFilter: 'IP address begins with',
  device: 'Device',
  method: 'Method',
  at: 'Time',
  from: 'From',
  to: 'To',
  requestId: 'Request ID',
  outcomes: { 'signed-in': 'Signed in', challenged: 'Second factor asked', refused: 'Refused' },
  reasons: {
    'unknown-user': 'No such user',
    'wrong-password': 'Wrong password',
    'wrong-code': 'Wrong code',
    inactive: 'User disabled',
    captcha: 'Proof of work asked',
    'must-wait': 'Too many attempts',
    'challenge-over': 'Second factor too late',
    outside: 'Refused outside',
    replayed: 'Token used twice: session ended',
  },
  own: {
    title: 'Recent sign-ins',
    text: 'If one of them was not you, change your password at once.',
    none: 'Nothing yet',
  },
};

export default messages;
