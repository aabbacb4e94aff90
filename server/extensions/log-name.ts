import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** What a process calls its log files. */
export interface LogName {
  readonly name: string;
  giveBack(): void;
}

/** A lock is empty between being made and being written; one that is empty for longer was left by a process that was killed there. */
const EMPTY_FOR_MS = 10_000;

/** Locks that this process holds: in a container a new process may have the number of the last one. */
const held = new Set<string>();

/**
 * Takes a name that no other living process of this machine writes to: `<machine>`, `<machine>-2` and so on. A lock beside the files
 * holds the number of its process; one whose process is gone is taken over.
 */
export function takeLogName(folder: string): LogName {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (let place = 1; ; place++) {
    const name = place === 1 ? hostname() : `${hostname()}-${place}`;
    const lock = join(folder, `${name}.lock`);
    if (!take(lock) && !(clear(lock) && take(lock))) continue;
    held.add(lock);
    return {
      name,
      giveBack() {
        held.delete(lock);
        rmSync(lock, { force: true });
      },
    };
  }
}

/** Whether a living process of this machine holds a name. Says nothing of other containers that share the folder: their numbers are their own. */
export function isInUse(folder: string, name: string): boolean {
  const lock = join(folder, `${name}.lock`);
  return existsSync(lock) && !isLeft(lock);
}

/** Removes the lock of a name whose process is gone. */
export function removeLeftLock(folder: string, name: string): void {
  clear(join(folder, `${name}.lock`));
}

function take(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { mode: 0o600, flag: 'wx' });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Removes a lock that was left; tells whether it is gone. One process at a time: else a second one would remove the new lock of the first. */
function clear(lock: string): boolean {
  if (!isLeft(lock)) return false;
  const turn = `${lock}.turn`;
  if (!take(turn)) {
    // Left by a process that was killed in the middle of this: the next one that comes can clear again.
    if (isLeft(turn)) rmSync(turn, { force: true });
    return false;
  }
  try {
    if (!isLeft(lock)) return false;
    rmSync(lock, { force: true });
    return true;
  } finally {
    rmSync(turn, { force: true });
  }
}

/** Whether the process that made a lock is gone. One that is not there any more was given back, or taken over by somebody else. */
function isLeft(lock: string): boolean {
  if (held.has(lock)) return false;
  try {
    const text = readFileSync(lock, 'utf8');
    if (text === '') return Date.now() - statSync(lock).mtimeMs > EMPTY_FOR_MS;
    return isGone(Number(text));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

function isGone(pid: number): boolean {
  if (!pid || pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return codeOf(error) === 'ESRCH';
  }
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code;
