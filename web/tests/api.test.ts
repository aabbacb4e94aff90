// @vitest-environment node
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { consoleSources, src } from './sources.ts';

function filesOf(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    names.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path.slice(folder.length), readFileSync(path, 'utf8')];
    }),
  );
}

test('the API client is the one of docs/openapi.json: run `npm run api` after a change of the API', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'api-client-'));
  try {
    const script = resolve(import.meta.dirname, '../scripts/generate.ts');
    const { status, stderr } = spawnSync(process.execPath, [script, scratch], { encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    const [made, committed] = [filesOf(scratch), filesOf(join(src, 'api'))];
    expect(Object.keys(made).length).toBeGreaterThan(8);
    expect(Object.keys(committed).sort()).toEqual(Object.keys(made).sort());
    expect(Object.keys(made).filter((file) => made[file] !== committed[file])).toEqual([]);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}, 60_000);

/** What goes around the client: requests of one's own, and another address. */
const AROUND = /\bfetch\(|\bXMLHttpRequest\b|\bsendBeacon\b|\bEventSource\b|\bWebSocket\b|https?:\/\/(?!www\.w3\.org)/;
/** The one place that sends, with the token. */
const SENDS = new Set(['app/api.ts']);
/** Words may name an address, for people. */
const isText = (file: string) => file.startsWith('locales/');

test('the console talks to the service through this client only', () => {
  const sources = [...consoleSources()].filter(([file]) => !SENDS.has(file) && !isText(file));
  expect(sources.filter(([, source]) => AROUND.test(source)).map(([file]) => file)).toEqual([]);
  expect(AROUND.test("await fetch('/api/v1/users')"), 'the guard bites').toBe(true);
});
