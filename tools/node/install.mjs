// Puts the pinned Node where npm scripts find it first, on machines whose own Node cannot run TypeScript sources.
// Does nothing on Node 24 or newer, so the production image (which has its own) never downloads it.
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const OLDEST_SUPPORTED = 24;
const here = dirname(fileURLToPath(import.meta.url));
const bin = join(here, '..', '..', 'node_modules', '.bin');
const isWindows = process.platform === 'win32';
const target = join(bin, isWindows ? 'node.exe' : 'node');

if (Number(process.versions.node.split('.')[0]) < OLDEST_SUPPORTED) {
  console.log(
    `Node ${process.versions.node} is older than ${OLDEST_SUPPORTED}: fetching the pinned Node for this project.`,
  );
  try {
    execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: here,
      stdio: 'inherit',
      shell: isWindows,
    });
  } catch {
    console.error(`Could not fetch it. Install Node ${OLDEST_SUPPORTED} or newer by hand and run npm ci again.`);
    process.exit(1);
  }
  const modules = join(here, 'node_modules');
  const name = existsSync(modules) && readdirSync(modules).find((entry) => entry.startsWith('node-'));
  if (!name) {
    console.error(
      `There is no pinned Node for ${process.platform} ${process.arch}: install Node ${OLDEST_SUPPORTED} or newer by hand.`,
    );
    process.exit(1);
  }
  const source = join(modules, name, 'bin', isWindows ? 'node.exe' : 'node');
  mkdirSync(bin, { recursive: true });
  rmSync(target, { force: true });
  if (isWindows) copyFileSync(source, target);
  else {
    chmodSync(source, 0o755);
    symlinkSync(relative(bin, source), target);
  }
}
