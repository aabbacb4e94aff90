import {
  appendFileSync,
  closeSync,
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { deleteLeft } from './log-left.ts';

export interface LogFileOptions {
  readonly folder: string;
  /** `<name>.log` is written; `<name>.2026-11-24.1.log.gz` and so on are what it was. */
  readonly name: string;
  readonly maxBytes: number;
  /** Older files are deleted, also those of names that are gone. */
  readonly keepDays: number;
  /** Files that are kept beside the one that is written. */
  readonly keepFiles: number;
  readonly now?: () => Date;
}

const DAY_MS = 86_400_000;
const dayOf = (at: Date) => at.toISOString().slice(0, 10);
const OWNER_ONLY = 0o600;

/** A log file that is put aside when it is full or its day (in UTC, like the times in it) is over: compressed, and deleted in time. */
export class LogFile {
  readonly #options: LogFileOptions;
  readonly #path: string;
  readonly #now: () => Date;
  #descriptor: number | undefined;
  #size = 0;
  #day: string;
  #work: Promise<void> = Promise.resolve();

  /** Goes on with the file of an earlier process, if it is of today. */
  constructor(options: LogFileOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => new Date());
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    this.#path = join(options.folder, `${options.name}.log`);
    this.#day = dayOf(this.#now());
    if (existsSync(this.#path)) {
      const { size, mtime } = statSync(this.#path);
      this.#size = size;
      this.#day = dayOf(mtime);
    }
    this.#rotateIfDue(0);
    // What a process that was killed has left uncompressed, and what has grown too old meanwhile.
    this.#work = this.#work.then(() => this.#tidy());
  }

  /** Appends whole lines, as many at once as the file takes. */
  write(lines: string): void {
    let start = 0;
    while (start < lines.length) {
      const room = Math.max(0, this.#options.maxBytes - this.#size);
      const end = this.#endWithin(lines, start, room);
      const part = Buffer.from(lines.slice(start, end));
      this.#rotateIfDue(part.length);
      this.#descriptor ??= openSync(this.#path, 'a', OWNER_ONLY);
      appendFileSync(this.#descriptor, part);
      this.#size += part.length;
      start = end;
    }
  }

  /** Where the last line ends that has room; at least one line. */
  #endWithin(lines: string, start: number, room: number): number {
    if (Buffer.byteLength(lines) - start <= room) return lines.length;
    // A character takes a byte or more, so that no more than `room` of them can have room.
    let end = lines.lastIndexOf('\n', start + room - 1) + 1;
    while (end > start && Buffer.byteLength(lines.slice(start, end)) > room) end = lines.lastIndexOf('\n', end - 2) + 1;
    return end > start ? end : lines.indexOf('\n', start) + 1 || lines.length;
  }

  /** Resolves when nothing is left to compress or delete. */
  async settle(): Promise<void> {
    await this.#work;
  }

  #rotateIfDue(bytes: number): void {
    const today = dayOf(this.#now());
    const isFull = this.#size > 0 && this.#size + bytes > this.#options.maxBytes;
    if (today === this.#day && !isFull) return;
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
    // Somebody may have removed it while it was open.
    if (this.#size > 0 && existsSync(this.#path)) renameSync(this.#path, this.#nextName(this.#day));
    this.#size = 0;
    this.#day = today;
    this.#work = this.#work.then(() => this.#tidy());
  }

  #nextName(day: string): string {
    const { folder, name } = this.#options;
    const numbers = this.#aside().flatMap((file) => (file.day === day ? [file.number] : []));
    return join(folder, `${name}.${day}.${Math.max(0, ...numbers) + 1}.log`);
  }

  /** The files that were put aside, newest first. */
  #aside() {
    const { folder, name } = this.#options;
    const pattern = /^\.(\d{4}-\d{2}-\d{2})\.(\d+)\.log(\.gz)?$/;
    return readdirSync(folder)
      .flatMap((file) => {
        const [, day = '', number = '', gz] = (file.startsWith(name) && pattern.exec(file.slice(name.length))) || [];
        return day ? [{ path: join(folder, file), day, number: Number(number), isCompressed: Boolean(gz) }] : [];
      })
      .sort((one, other) => other.day.localeCompare(one.day) || other.number - one.number);
  }

  async #tidy(): Promise<void> {
    try {
      const oldest = dayOf(new Date(this.#now().getTime() - this.#options.keepDays * DAY_MS));
      for (const [index, file] of this.#aside().entries()) {
        if (index >= this.#options.keepFiles || file.day < oldest) rmSync(file.path, { force: true });
        else if (!file.isCompressed) await compress(file.path);
      }
      deleteLeft(this.#options.folder, this.#options.name, oldest);
    } catch (error) {
      // There is no log to say it in; the next turn tries again.
      process.stderr.write(`log files could not be put aside: ${String(error)}\n`);
    }
  }
}

/** The compressed file appears whole or not at all. */
async function compress(path: string): Promise<void> {
  const unfinished = `${path}.unfinished`;
  await pipeline(createReadStream(path), createGzip(), createWriteStream(unfinished, { mode: OWNER_ONLY }));
  renameSync(unfinished, `${path}.gz`);
  rmSync(path);
}
