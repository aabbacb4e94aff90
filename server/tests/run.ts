import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { compiledFolder } from '../compiled.ts';
import { type Failure, type Outcome, outcomeOfProcess, sum } from './outcome.ts';
import type { Reported } from './reporter.ts';

/** A run that hangs is ended after this time. */
const RUN_TIMEOUT_MS = 1_200_000;
const SERVERS = { mysql: 'TEST_MYSQL_URL', postgresql: 'TEST_POSTGRES_URL' } as const;

const server = resolve(import.meta.dirname, '..');

/** Runs the tests of the server, all or some files, on SQLite and on each server that the environment names. */
export async function runServerTests(chosen: readonly string[] = [], flags: readonly string[] = []): Promise<Outcome> {
  const files = chosen.length > 0 ? chosen : allTestFiles();
  const others = Object.entries(SERVERS).flatMap(([name, variable]) => (process.env[variable] ? name : []));
  const outcomes: Outcome[] = [];
  for (const dialect of ['sqlite', ...others]) {
    console.log(`\n— ${dialect} —`);
    // One process for all files shares the compiled modules and is several times faster; it ends although a test left a handle open.
    const parameters = ['--test-isolation=none', '--test-force-exit', ...flags, ...files];
    outcomes.push(await run(dialect, parameters, { TEST_DIALECT: dialect }));
  }
  return sum(outcomes);
}

/**
 * Runs the tests of several processes, each file in a process of its own and all at the same time: they mostly wait. A database or a
 * Redis that the environment does not name is left out, and the report says so.
 */
export async function runClusterTests(chosen: readonly string[] = []): Promise<Outcome> {
  const files = chosen.length > 0 ? chosen : allTestFiles('.cluster.ts');
  return run('several processes', [`--test-concurrency=${files.length}`, ...files]);
}

function allTestFiles(end = '.test.ts'): string[] {
  return readdirSync(server, { recursive: true })
    .map(String)
    .filter((file) => file.endsWith(end) && !file.split(/[\\/]/).includes('node_modules'))
    .sort()
    .map((file) => join(server, file));
}

/** Runs test files; a run that hangs is ended. */
async function run(
  where: string,
  parameters: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const scratch = mkdtempSync(join(tmpdir(), 'server-tests-'));
  const results = join(scratch, 'results');
  const reporters = ['--test-reporter=spec', '--test-reporter-destination=stdout'];
  reporters.push(
    `--test-reporter=${new URL('reporter.ts', import.meta.url)}`,
    `--test-reporter-destination=${results}`,
  );
  const child = spawn(process.execPath, ['--test', ...reporters, ...parameters], {
    env: { ...process.env, NODE_ENV: 'test', NODE_COMPILE_CACHE: compiledFolder, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const timer = setTimeout(() => {
    console.error(`The run on ${where} took more than ${RUN_TIMEOUT_MS / 60_000} minutes and was ended.`);
    child.kill('SIGKILL');
  }, RUN_TIMEOUT_MS);
  try {
    const code = await new Promise<number | null>((settle) => child.on('close', settle));
    const reported = existsSync(results) ? outcomeOf(where, readFileSync(results, 'utf8')) : sum([]);
    return outcomeOfProcess(where, reported, code);
  } finally {
    clearTimeout(timer);
    rmSync(scratch, { recursive: true, force: true });
  }
}

function outcomeOf(where: string, lines: string): Outcome {
  const reported = lines
    .split('\n')
    .filter(Boolean)
    .map((line): Reported => JSON.parse(line));
  const failures: Failure[] = reported.flatMap((each) => ('name' in each ? { where, ...each } : []));
  return { passed: reported.reduce((total, each) => total + ('passed' in each ? each.passed : 0), 0), failures };
}
