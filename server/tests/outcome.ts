import { relative, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const root = resolve(import.meta.dirname, '../..');

/** A test that failed, or something that kept tests from running. */
export interface Failure {
  /** The suite, the database or the project of the run. */
  readonly where: string;
  /** The file, absolute or from the root; empty when it is no file's fault. */
  readonly file: string;
  readonly name: string;
  readonly error: string;
}

/** What came of a run of tests: how many passed, and each that did not. */
export interface Outcome {
  readonly passed: number;
  readonly failures: readonly Failure[];
}

/** Stands for the name of a test where there is none. */
export const DID_NOT_RUN = 'did not run';

/** The outcome of tests that could not run. */
export const couldNotRun = (where: string, error: string): Outcome => ({
  passed: 0,
  failures: [{ where, file: '', name: DID_NOT_RUN, error }],
});

/** One outcome of several. */
export const sum = (outcomes: readonly Outcome[]): Outcome => ({
  passed: outcomes.reduce((total, { passed }) => total + passed, 0),
  failures: outcomes.flatMap(({ failures }) => failures),
});

/** What a process reported before it ended; one that failed without naming a failure (it was killed, a file could not be loaded) has one. */
export function outcomeOfProcess(where: string, reported: Outcome, code: number | null): Outcome {
  if (code === 0 || reported.failures.length > 0) return reported;
  const how = code === null ? 'was ended' : `ended with ${code}`;
  return sum([reported, couldNotRun(where, `its process ${how}; the reason stands in its output`)]);
}

/** Ends a run: names each failure, for whoever reads only the last lines of a log; the very last is `N passed, M failed`. */
export function report({ passed, failures }: Outcome): void {
  if (passed + failures.length === 0) console.error('No test ran.');
  if (failures.length > 0) console.log('\n— failed —');
  for (const { where, file, name, error } of failures) {
    const place = [where, file && relative(root, resolve(root, file)), name].filter(Boolean).join(' · ');
    console.log(`✖ ${place}\n    ${firstLine(error)}`);
  }
  console.log(`\n${passed} passed, ${failures.length} failed`);
  process.exitCode = failures.length > 0 || passed === 0 ? 1 : 0;
}

/** The first line of an error, and what it announces: of objects that differ, what differs first. */
function firstLine(error: string): string {
  const [first = 'no reason given', ...rest] = stripVTControlCharacters(error)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && line !== '+ actual - expected');
  const different = rest.filter((line) => /^[+-] /.test(line));
  const announced = first.endsWith(':') ? (different.length > 0 ? different : rest).slice(0, 2) : [];
  return [first, ...announced].join(' ').slice(0, 300);
}
