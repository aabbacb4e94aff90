import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

/** A run that hangs is ended after this time. */
const RUN_TIMEOUT_MS = 600_000;
const SERVERS = { mysql: 'TEST_MYSQL_URL', postgresql: 'TEST_POSTGRES_URL' } as const;

const server = resolve(import.meta.dirname, '..');
const chosen = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const flags = process.argv.slice(2).filter((argument) => argument.startsWith('-'));
const files = chosen.length > 0 ? chosen : allTestFiles();

const dialects = [
  'sqlite',
  ...Object.entries(SERVERS).flatMap(([name, variable]) => (process.env[variable] ? name : [])),
];
const totals = { passed: 0, failed: 0, broken: 0 };
for (const dialect of dialects) {
  console.log(`\n— ${dialect} —`);
  const { passed, failed, succeeded } = await run(dialect);
  totals.passed += passed;
  totals.failed += failed;
  // A file that cannot be loaded, or a run that was ended, may report no failed test.
  if (!succeeded && failed === 0) totals.broken += 1;
}

const failed = totals.failed + totals.broken;
console.log(`\n${totals.passed} passed, ${failed} failed`);
if (totals.passed + failed === 0) console.error('No test ran.');
process.exitCode = failed > 0 || totals.passed === 0 ? 1 : 0;

function allTestFiles(): string[] {
  return readdirSync(server, { recursive: true })
    .map(String)
    .filter((file) => file.endsWith('.test.ts') && !file.split(/[\\/]/).includes('node_modules'))
    .sort()
    .map((file) => join(server, file));
}

/** Runs all files in one process on one database and counts what the reporter says. */
function run(dialect: string): Promise<{ passed: number; failed: number; succeeded: boolean }> {
  const child = spawn(
    process.execPath,
    // One process for all files shares the compiled modules and is several times faster; it ends although a test left a handle open.
    ['--test', '--test-isolation=none', '--test-force-exit', '--test-reporter=spec', ...flags, ...files],
    { env: { ...process.env, TEST_DIALECT: dialect, NODE_ENV: 'test' }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const timer = setTimeout(() => {
    console.error(`The run on ${dialect} took more than ${RUN_TIMEOUT_MS / 60_000} minutes and was ended.`);
    child.kill('SIGKILL');
  }, RUN_TIMEOUT_MS);
  const counts = { passed: 0, failed: 0 };
  createInterface({ input: child.stdout }).on('line', (line) => {
    console.log(line);
    const [, what, count] = /^ℹ (pass|fail|cancelled) (\d+)$/.exec(line) ?? [];
    if (what === 'pass') counts.passed += Number(count);
    else if (what) counts.failed += Number(count);
  });
  return new Promise((settle) => {
    child.on('close', (code) => {
      clearTimeout(timer);
      settle({ ...counts, succeeded: code === 0 });
    });
  });
}
