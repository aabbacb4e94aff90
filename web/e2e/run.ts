import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  couldNotRun,
  DID_NOT_RUN,
  type Failure,
  type Outcome,
  outcomeOfProcess,
  sum,
} from '../../server/tests/outcome.ts';
import { ensureBuilt } from '../scripts/built.ts';
import { findBrowser, installedBrowser } from './browser.ts';
import { showsChinese } from './fonts.ts';

const here = import.meta.dirname;
const STAMP = join(here, 'node_modules/.installed');

const failed = (error: string) => couldNotRun('browser', error);

/**
 * Runs the browser tests against a build of the console, after installing what they need and nobody else does. A machine without any
 * browser fails, and is told what to do. The flags are those of Playwright.
 */
export async function runBrowserTests(files: readonly string[] = [], flags: readonly string[] = []): Promise<Outcome> {
  // Pictures are for people, who need to read them.
  const needsFont = flags.includes('--project=shots') && !showsChinese();
  if (!ensureBuilt()) return failed('the console cannot be built');
  if (!(await install(needsFont))) return failed('what it needs could not be installed');
  const browser = await findBrowser();
  if (!browser) {
    return failed(
      `there is no Chromium or Chrome on this machine, and the package that brings one is not made for ${process.platform} on ${process.arch}. Install one, or set CHROMIUM_PATH to one, and run this again.`,
    );
  }
  // Not part of `npm run check`, which must not wait for what they import.
  const compiler = join(here, '../../node_modules/@typescript/native/bin/tsc');
  if ((await run(process.execPath, [compiler, '-p', here])) !== 0) return failed('its types are wrong');
  console.log(`Browser: ${browser.executablePath} (${browser.origin})`);
  const scratch = mkdtempSync(join(tmpdir(), 'console-e2e-'));
  const results = join(scratch, 'results.json');
  try {
    const cli = join(here, 'node_modules/@playwright/test/cli.js');
    const config = join(here, 'playwright.config.ts');
    const project = flags.some((flag) => flag.startsWith('--project')) ? [] : ['--project=tests'];
    const parameters = [cli, 'test', '--config', config, ...project, ...flags, ...files];
    const code = await run(process.execPath, parameters, { E2E_RESULTS: results });
    const report: Report | null = existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')) : null;
    if (report) showPages(report);
    return outcomeOfProcess('browser', report ? outcomeOf(report) : sum([]), code);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The part of Playwright's report that is read. */
interface Report {
  readonly stats: { readonly expected: number };
  readonly suites: readonly Group[];
  readonly errors: readonly { readonly message?: string }[];
}

interface Group {
  readonly title: string;
  readonly specs: readonly {
    readonly title: string;
    readonly file: string;
    readonly tests: readonly {
      readonly status: 'expected' | 'unexpected' | 'flaky' | 'skipped';
      readonly results: readonly {
        readonly errors: readonly { readonly message?: string }[];
        readonly attachments: readonly { readonly name: string; readonly path?: string }[];
      }[];
    }[];
  }[];
  readonly suites?: readonly Group[];
}

/** A test that did not run has not passed. */
function outcomeOf({ stats, suites, errors }: Report): Outcome {
  const failures = suites.flatMap((file) => failuresOf(file, []));
  const others = errors.map(({ message = '' }) => ({ where: 'browser', file: '', name: DID_NOT_RUN, error: message }));
  return { passed: stats.expected, failures: [...failures, ...others] };
}

function failuresOf({ specs, suites = [] }: Group, titles: readonly string[]): Failure[] {
  const own = specs.flatMap(({ title, file, tests }) =>
    tests
      .filter(({ status }) => status !== 'expected')
      .map(({ status, results }) => ({
        where: 'browser',
        file: join(here, file),
        name: [...titles, title].join(' › '),
        error: results.flatMap((result) => result.errors).map(({ message }) => message)[0] ?? status,
      })),
  );
  return [...own, ...suites.flatMap((group) => failuresOf(group, [...titles, group.title]))];
}

const MOST_PAGES = 3;
const MOST_LINES = 60;
/** Prints what stood on the page when a test failed: pictures do not outlive the machine that made them. Forms come last. */
function showPages({ suites }: Report): void {
  const specs = suites.flatMap(specsOf);
  const failed = specs.filter(({ tests }) => tests.some(({ status }) => status !== 'expected'));
  for (const { title, tests } of failed.slice(0, MOST_PAGES)) {
    const attachments = tests.flatMap(({ results }) => results.flatMap((result) => result.attachments));
    const path = attachments.find(({ name }) => name === 'error-context')?.path;
    const [, page = ''] =
      /^```yaml\n(.*?)^```$/ms.exec(path && existsSync(path) ? readFileSync(path, 'utf8') : '') ?? [];
    const lines = page
      .trimEnd()
      .split('\n')
      .filter((line) => !line.includes('- /url:'));
    console.log(`\nThe page when “${title}” failed:\n${lines.slice(-MOST_LINES).join('\n')}`);
  }
}

const specsOf = ({ specs, suites = [] }: Group): Group['specs'] => [...specs, ...suites.flatMap(specsOf)];

/** Installs by the lock file, when that is not done yet; the packages of a browser and a font only where the machine lacks one. */
async function install(needsFont: boolean): Promise<boolean> {
  const withBrowser = installedBrowser() === null || needsFont;
  const wanted = `${createHash('sha256')
    .update(readFileSync(join(here, 'package-lock.json')))
    .digest('hex')} ${withBrowser}`;
  const present = existsSync(STAMP) ? readFileSync(STAMP, 'utf8') : '';
  // More than is needed does no harm.
  if (present === wanted || present === wanted.replace('false', 'true')) return true;
  console.log(
    `Installing what the browser tests need (once)${withBrowser ? ', with a browser and a font: 160 MB' : ''} …`,
  );
  const code = await run('npm', [
    'ci',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    ...(withBrowser ? [] : ['--omit=optional']),
  ]);
  if (code !== 0) return false;
  writeFileSync(STAMP, wanted);
  return true;
}

function run(command: string, parameters: readonly string[], env: Record<string, string> = {}): Promise<number | null> {
  const child = spawn(command, parameters, {
    cwd: here,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32' && command === 'npm',
  });
  return new Promise((settle) => {
    child.on('close', settle);
    child.on('error', () => settle(1));
  });
}
