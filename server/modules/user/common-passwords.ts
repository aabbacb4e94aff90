/** The seed's own sample password: its tests use it, so that it works wherever nobody's data is. */
const SAMPLE = 'testpassword';

let known: Promise<ReadonlySet<string>> | undefined;

/** About 50,000 passwords that leaked most often, kept by zxcvbn-ts (MIT). Read when the first password is chosen, not at start. */
async function load(): Promise<ReadonlySet<string>> {
  const { dictionary } = await import('@zxcvbn-ts/language-common');
  return new Set(dictionary['passwords-common']);
}

/** Whether many people have this password, also with digits or signs put behind it, or whether it only repeats or counts. */
export async function isCommonPassword(password: string, isProduction: boolean): Promise<boolean> {
  const plain = password.toLowerCase();
  if (plain === SAMPLE) return isProduction;
  known ??= load();
  const common = await known;
  const stem = plain.replace(/[\d\p{P}\p{S}]+$/u, '');
  return common.has(plain) || (stem.length >= 5 && common.has(stem)) || isMonotonous(plain);
}

/** One or two characters over and over, or a run such as `abcdefgh` or `87654321`. */
function isMonotonous(text: string): boolean {
  if (new Set(text).size <= 2) return true;
  const codes = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  const steps = codes.slice(1).map((code, index) => code - (codes[index] ?? 0));
  return steps.every((step) => step === 1) || steps.every((step) => step === -1);
}
