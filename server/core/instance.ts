import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** Which process this is: its number and its machine. */
export const instanceName = `${process.pid}@${hostname()}`;

/** Which release of the program this is. */
export const programVersion: string = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
).version;
