import { closeSync, openSync, readdirSync, readSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { constants, gunzipSync } from 'node:zlib';
import { isInUse, removeLeftLock } from './log-name.ts';

const ASIDE = /^(.+)\.(\d{4}-\d{2}-\d{2})\.\d+\.log(?:\.gz)?$/;
const WRITTEN = /^(.+)\.log$/;
/** How every line of this program begins, and so every file of it. */
const OWN_LINE = /^\{"level":"[a-z]+","time":"\d{4}-/;
const HEAD_BYTES = 1024;

/**
 * Deletes what processes of other names have left, once it is older than `oldest`, a day: a container has a new name each time, and nobody
 * would come back to the files of the last one. Those of a name that a living process holds are its own business, and whatever does not
 * begin as our files do is somebody else's.
 */
export function deleteLeft(folder: string, ownName: string, oldest: string): void {
  const inUse = new Map<string, boolean>();
  const isOthers = (name: string) => {
    if (name === ownName) return true;
    if (!inUse.has(name)) inUse.set(name, isInUse(folder, name));
    return inUse.get(name) === true;
  };
  for (const file of readdirSync(folder)) {
    const path = join(folder, file);
    const [, asideName, day = ''] = ASIDE.exec(file) ?? [];
    const [, writtenName] = asideName ? [] : (WRITTEN.exec(file) ?? []);
    if (asideName && day < oldest && !isOthers(asideName) && isOurs(path)) {
      rmSync(path, { force: true });
      rmSync(`${path}.unfinished`, { force: true });
    }
    if (writtenName && !isOthers(writtenName) && dayOfLastWrite(path) < oldest && isOurs(path)) {
      rmSync(path, { force: true });
      removeLeftLock(folder, writtenName);
    }
  }
}

/** Of a file that somebody else has deleted meanwhile: no day is earlier. */
function dayOfLastWrite(path: string): string {
  return statSync(path, { throwIfNoEntry: false })?.mtime.toISOString().slice(0, 10) ?? '9999';
}

function isOurs(path: string): boolean {
  try {
    const head = headOf(path);
    // What is there of it is enough, though the end is missing.
    const text = path.endsWith('.gz') ? gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH }) : head;
    return OWN_LINE.test(text.toString('latin1', 0, HEAD_BYTES));
  } catch {
    // It cannot be read, is no gzip, or is gone.
    return false;
  }
}

function headOf(path: string): Buffer {
  const descriptor = openSync(path, 'r');
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    return head.subarray(0, readSync(descriptor, head));
  } finally {
    closeSync(descriptor);
  }
}
