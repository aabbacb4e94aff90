import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, type Stats, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const web = resolve(import.meta.dirname, '..');
export const CONSOLE_FOLDER = join(web, 'dist');
/** Not served: the service leaves out what begins with a dot. */
const STAMP = '.sources';
const SOURCES = ['src', 'public', 'index.html', 'vite.config.ts', 'package.json', '../package-lock.json'];

/** Changes with every change of a source of the console: name, size and time of each, which takes milliseconds to collect. */
export function sourcesNow(): string {
  const hash = createHash('sha256');
  const add = (path: string, { size, mtimeMs }: Stats) => hash.update(`${path}\0${size}\0${mtimeMs}\n`);
  for (const source of SOURCES) {
    const path = join(web, source);
    const stats = statSync(path);
    if (!stats.isDirectory()) {
      add(source, stats);
      continue;
    }
    const names = readdirSync(path, { recursive: true }).map(String).sort();
    for (const name of names) {
      // The build itself writes the declarations, and needs none of them.
      if (name.endsWith('.d.ts')) continue;
      const entry = statSync(join(path, name));
      if (entry.isFile()) add(`${source}/${name}`, entry);
    }
  }
  return hash.digest('hex');
}

/** Notes in a build what it was made from. */
export function stamp(folder: string, sources: string): void {
  writeFileSync(join(folder, STAMP), sources);
}

function builtFrom(): string | null {
  try {
    return readFileSync(join(CONSOLE_FOLDER, STAMP), 'utf8');
  } catch {
    return null;
  }
}

/**
 * Builds the console when it is missing or its sources have changed. Where its tools are not installed, what is there has to do.
 * False when the build failed; it has said why.
 */
export function ensureBuilt(): boolean {
  const from = builtFrom();
  if (!canBuild()) {
    if (from === null) console.warn('The console is not built, and `npm ci --omit=dev` left out what builds it.');
    return true;
  }
  if (from === sourcesNow()) return true;
  console.log(`Building the console: ${from === null ? 'there is none yet' : 'its sources have changed'} …`);
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, 'build.ts')], { stdio: 'inherit' });
  return status === 0;
}

function canBuild(): boolean {
  try {
    createRequire(import.meta.url).resolve('vite/package.json');
    return true;
  } catch {
    return false;
  }
}
