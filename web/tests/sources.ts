import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const src = resolve(import.meta.dirname, '../src');

/** The console's own sources by their path below `src/`: without what is generated, without tests. */
export function consoleSources(): ReadonlyMap<string, string> {
  const files = readdirSync(src, { recursive: true })
    .map((file) => String(file).replaceAll('\\', '/'))
    .filter((file) => /\.(vue|ts)$/.test(file) && !/\.(test|d)\.ts$/.test(file) && !file.startsWith('api/'))
    .sort();
  return new Map(files.map((file) => [file, readFileSync(join(src, file), 'utf8')]));
}
