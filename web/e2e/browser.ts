import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fontSettings, showsChinese, writeFontSettings } from './fonts.ts';

/** A browser for the tests. */
export interface Browser {
  readonly executablePath: string;
  /** What it needs in its environment, besides what is there. */
  readonly env: Readonly<Record<string, string>>;
  readonly origin: string;
}

/** The first shows nothing on a screen, and takes half the time. */
const NAMES = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const ELSEWHERE = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
];

/** A browser of this machine: CHROMIUM_PATH, else an installed Chromium or Chrome; null when there is none. Throws when CHROMIUM_PATH leads nowhere. */
export function installedBrowser(): Browser | null {
  const chosen = process.env['CHROMIUM_PATH'];
  if (chosen) {
    if (!existsSync(chosen)) throw new Error(`CHROMIUM_PATH: there is nothing at ${chosen}`);
    return { executablePath: chosen, env: {}, origin: 'CHROMIUM_PATH' };
  }
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const candidates = [...folders.flatMap((folder) => NAMES.map((name) => join(folder, name))), ...ELSEWHERE];
  const executablePath = candidates.find((path) => existsSync(path));
  return executablePath ? { executablePath, env: {}, origin: 'installed on this machine' } : null;
}

/**
 * The browser of the package @sparticuz/chromium, unpacked once; null where the package is not (it is for Linux on x64). It brings
 * the libraries that a bare machine lacks, and a font with Chinese, without which text would be invisible there.
 */
export async function packagedBrowser(): Promise<Browser | null> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return null;
  const bin = binFolder();
  if (bin === null) return null;
  const { version } = JSON.parse(readFileSync(join(bin, '../package.json'), 'utf8'));
  const folder = join(import.meta.dirname, 'node_modules/.cache', `chromium-${version}`);
  if (!existsSync(folder)) await unpack(bin, folder);
  const libraries = join(folder, 'al2023/lib');
  return {
    executablePath: join(folder, 'chromium'),
    env: {
      LD_LIBRARY_PATH: [libraries, process.env['LD_LIBRARY_PATH']].filter(Boolean).join(':'),
      FONTCONFIG_FILE: join(folder, 'fonts.conf'),
    },
    origin: `from the package @sparticuz/chromium ${version}`,
  };
}

function binFolder(): string | null {
  try {
    const require = createRequire(import.meta.url);
    return join(dirname(require.resolve('@sparticuz/chromium')), '../bin');
  } catch {
    return null;
  }
}

/** Unpacks beside the final place first, so that an interrupted run leaves nothing half done. */
async function unpack(bin: string, folder: string): Promise<void> {
  console.log('Unpacking the browser (once) …');
  const next = `${folder}.${process.pid}`;
  rmSync(next, { recursive: true, force: true });
  mkdirSync(next, { recursive: true });
  const before = process.env['TMPDIR'];
  // The package unpacks into the folder for temporary files, whatever lies there already.
  process.env['TMPDIR'] = next;
  try {
    // Typed here, because elsewhere than on Linux it is not installed.
    const name = '@sparticuz/chromium';
    const { inflate } = (await import(name)) as { inflate(file: string): Promise<string> };
    for (const name of readdirSync(bin)) await inflate(join(bin, name));
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
  writeFileSync(join(next, 'fonts.conf'), fontSettings(join(folder, 'fonts'), join(folder, 'font-cache')));
  renameSync(next, folder);
}

/**
 * The browser to test with: that of the machine before that of the package, and with the package's font where the machine has none for
 * Chinese. Null when there is none.
 */
export async function findBrowser(): Promise<Browser | null> {
  const browser = installedBrowser();
  if (!browser) return packagedBrowser();
  const settings = showsChinese() ? null : writeFontSettings();
  return settings ? { ...browser, env: { ...browser.env, FONTCONFIG_FILE: settings } } : browser;
}
