import type chinese from '../zh-CN/outside.ts';

const messages: typeof chinese = {
  or: 'or',
  signInWith: 'Sign in with {title}',
  arriving: 'Signing in…',
  signOutToo: 'Sign out here and at {title}',
  title: 'Linked accounts',
  about: 'Sign in here with an account that you have elsewhere. Once linked, choose it on the sign-in page.',
  none: 'No account is linked yet',
  link: 'Link {title}',
  unlink: 'Unlink',
  unlinkNamed: 'Unlink {title} ({label})',
  unlinkTitle: 'Unlink {title}',
  unlinkText: 'You will no longer be able to sign in with this account.',
  linked: '{title} is linked',
  unlinked: 'Unlinked',
  addedAt: 'Linked',
  lastUsed: 'Last used',
  failures: {
    denied: 'The sign-in was cancelled, or refused there.',
    expired: 'This sign-in has expired; begin again.',
    unverified: 'The answer could not be verified. Try again; if it fails again, ask an administrator.',
    unreachable: 'The provider cannot be reached right now. Try again later, or sign in with your password.',
    notLinked: 'No user is linked to this account. Sign in with your password, then link it on your profile.',
    taken: 'This account is linked to another user.',
    inactive: 'This user is disabled; ask an administrator.',
    unexpected: 'Signing in failed; try again.',
  },
};

export default messages;
