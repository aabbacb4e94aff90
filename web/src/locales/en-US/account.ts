import type chinese from '../zh-CN/account.ts';

const messages: typeof chinese = {
  forgot: 'Forgot your password?',
  register: 'Register',
  toSignIn: 'Back to sign-in',
  email: 'E-mail address',
  emailWrong: 'Enter a valid e-mail address',
  name: 'Name (optional)',
  sendLink: 'Send a link',
  newLink: 'Ask for a new link',
  forgotTitle: 'Forgotten password',
  forgotText: 'Enter your e-mail address, and a link to set a new password is sent to it.',
  forgotSent: 'If somebody has this address, a link is on its way. It works for 30 minutes.',
  resetTitle: 'Set a new password',
  resetText: 'You will be signed out everywhere.',
  resetSubmit: 'Set the password',
  resetDone: 'The password was set; sign in with it',
  linkMissing: 'Open this page by the link in the e-mail.',
  registerTitle: 'Register',
  registerText: 'Enter your e-mail address, and a link to go on is sent to it.',
  registerSent: 'Look into your mail and open the link to go on. It works for 24 hours.',
  registerChoose: 'Choose a username and a password. Until an administrator gives you rights, you see yourself alone.',
  registerSubmit: 'Register',
  registerDone: 'You are registered; sign in',
};

export default messages;
