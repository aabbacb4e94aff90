/** Rows of ATTACKS.md that nothing here can suffer yet, and why. Whoever adds such a feature replaces its entry by a test. */
export const notYetApplicable: Readonly<Record<string, string>> = {
  A8: 'there is no captcha',
  A10: 'there is no registration, no password reset and no import; A25 shows that no body carries roles or rights',
  A11: 'there is no outside sign-in',
  A15: 'there are no API keys',
  A30: 'no path comes from a request; the documents serve a fixed list of files, tried in A27',
  A31: 'there are no uploads',
  A32: 'nothing is rendered: answers are JSON with nosniff; the console brings its own tests',
  A33: 'there are neither exports nor imports',
  A35: 'no code comes from the database or from a request; there are no jobs and no generator',
  A36: 'the server sends no requests; the address of an avatar is a text',
  A38: 'there is no cache that a client could clear or make rebuild',
  A39: 'there are no jobs',
  A40: 'there are no jobs',
  A41: 'there is no audit yet',
};
