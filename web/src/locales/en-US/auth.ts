import type chinese from '../zh-CN/auth.ts';

const messages: typeof chinese = {
  signIn: 'Sign in',
  signingIn: 'Signing in…',
  username: 'Username',
  password: 'Password',
  usernameRequired: 'Enter your username',
  passwordRequired: 'Enter your password',
  showPassword: 'Show password',
  captcha: 'Checking that this is not a program; one moment…',
  waitFor: 'Wait {time}',
  capsLock: 'Caps Lock is on',
  againTitle: 'Sign in again',
  againText: 'Your session has ended. Sign in to go on with this page; nothing is lost.',
  leavePage: 'Leave this page',
  points: {
    access: 'Button and row permissions that hold',
    sessions: 'Sessions that end the moment you say so',
    databases: 'SQLite, MySQL and PostgreSQL, ready to run',
  },
  changeTitle: 'Change the first password',
  changeText: 'Before you start, set a password that only you know.',
  oldPassword: 'Current password',
  newPassword: 'New password',
  repeatPassword: 'New password again',
  repeatDiffers: 'The two passwords differ',
  changed: 'The password was changed; sign in with the new one',
  changePassword: 'Change password',
};

export default messages;
