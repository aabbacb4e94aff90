import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';

const server = resolve(import.meta.dirname, '../..');

/** The program's own sources by their path below `server/`, without tests and what only tests use. */
export function programSources(): ReadonlyMap<string, string> {
  const files = readdirSync(server, { recursive: true })
    .map((file) => String(file).split(sep).join('/'))
    .filter((file) => file.endsWith('.ts') && !file.includes('node_modules/') && !isForTests(file))
    .sort();
  return new Map(files.map((file) => [file, readFileSync(join(server, file), 'utf8')]));
}

function isForTests(file: string): boolean {
  return file.startsWith('tests/') || /(\.test|(^|\/)testing[\w-]*)\.ts$/.test(file);
}
