import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import {
  couldNotRun,
  DID_NOT_RUN,
  type Failure,
  type Outcome,
  outcomeOfProcess,
  sum,
} from '../../server/tests/outcome.ts';
import { ensureBuilt } from '../scripts/built.ts';

const web = resolve(import.meta.dirname, '..');

/** Runs the unit tests of the console and the checks of its sources and of its build. */
export async function runUnitTests(files: readonly string[] = [], flags: readonly string[] = []): Promise<Outcome> {
  if (!ensureBuilt()) return couldNotRun('console', 'it cannot be built');
  const scratch = mkdtempSync(join(tmpdir(), 'console-tests-'));
  const results = join(scratch, 'results.json');
  try {
    const cli = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`];
    const chosen = files.map((file) => resolve(file));
    const child = spawn(process.execPath, [cli, 'run', ...reporters, ...flags, ...chosen], {
      cwd: web,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const code = await new Promise<number | null>((settle) => child.on('close', settle));
    const reported = existsSync(results) ? outcomeOf(JSON.parse(readFileSync(results, 'utf8'))) : sum([]);
    return outcomeOfProcess('console', reported, code);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The part of Vitest's report that is read. */
interface Report {
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

function outcomeOf({ numPassedTests, testResults }: Report): Outcome {
  const failures = testResults.flatMap(({ name: file, status, message, assertionResults }): Failure[] => {
    const failed = assertionResults.filter((result) => result.status === 'failed');
    // A file that cannot be loaded has no failed test.
    if (status === 'failed' && failed.length === 0)
      return [{ where: 'console', file, name: DID_NOT_RUN, error: message }];
    return failed.map(({ fullName: name, failureMessages }) => ({
      where: 'console',
      file,
      name,
      error: failureMessages.join('\n'),
    }));
  });
  return { passed: numPassedTests, failures };
}
