/** Rows of ATTACKS.md that nothing here can suffer yet, and why. Whoever adds such a feature replaces its entry by a test. */
export const notYetApplicable: Readonly<Record<string, string>> = {
  A31: 'there are no uploads',
};
