import type { FastifyBaseLogger } from 'fastify';
import { type DestinationStream, type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import { type LogLevel, LogLevels } from '#core/log-levels.ts';
import { LogTail } from '#core/log-tail.ts';
import { errorForLog } from '#core/request-log.ts';
import { SECRET_NAMES } from '#core/secret-names.ts';
import type { LogFileOptions } from './log-file.ts';
import { takeLogName } from './log-name.ts';
import { LogTurn } from './log-turn.ts';

const REDACTED_PATHS = SECRET_NAMES.flatMap((name) => {
  const key = /^\w+$/.test(name) ? name : `["${name}"]`;
  const below = key.startsWith('[') ? key : `.${key}`;
  return [key, `*${below}`, `*.*${below}`, `*.*.*${below}`];
});

export interface LogOptions {
  readonly level: LogLevel;
  readonly pretty: boolean;
  /** Levels of single modules. */
  readonly modules?: ReadonlyMap<string, LogLevel>;
  /** Files beside it; left out for none. */
  readonly files?: Omit<LogFileOptions, 'name' | 'now'>;
  /** Where lines go; standard output when left out. Several may come at once. */
  readonly destination?: DestinationStream;
  readonly now?: () => Date;
}

export interface OpenLog {
  /** The logger of what belongs to no module. */
  readonly logger: FastifyBaseLogger;
  readonly levels: LogLevels;
  readonly tail: LogTail;
  /** Passes on what was logged in this turn of the event loop, before it ends. */
  flush(): void;
  /** Writes out what is still on its way. */
  close(): Promise<void>;
}

/** Lines for the files wait this long, or until they are so many. */
const HAND_OVER_MS = 200;
const HAND_OVER_CHARACTERS = 2 ** 18;

type Sink = DestinationStream & { flushSync?(): void };

/** Opens the log: one JSON line per event, secrets redacted by name, on standard output and, if wanted, in files that a thread writes. */
export function openLog({ level, modules, now, ...options }: LogOptions): OpenLog {
  const tail = new LogTail();
  const output: Sink =
    options.destination ?? (options.pretty ? pretty({ sync: true }) : pino.destination({ sync: true }));
  const files = options.files && openFiles(options.files);
  const turn = new LogTurn({
    write(lines, count) {
      tail.add(lines, count);
      output.write(lines);
      files?.write(lines);
    },
    flushSync() {
      output.flushSync?.();
      files?.flushSync();
    },
  });
  // Before the thread hears of it: what it was not given by then is lost.
  const onExit = () => turn.flushSync();
  process.prependListener('exit', onExit);
  const levels = new LogLevels(
    rootLogger(turn),
    { level, ...(modules && { modules }) },
    now && (() => now().getTime()),
  );
  return {
    logger: levels.logger(null),
    levels,
    tail,
    flush: () => turn.pass(),
    async close() {
      process.off('exit', onExit);
      turn.pass();
      output.flushSync?.();
      await files?.close();
    },
  };
}

/** A thread that writes the log into files. When it dies, the log goes on without files. */
function openFiles(options: Omit<LogFileOptions, 'name' | 'now'>) {
  const slot = takeLogName(options.folder);
  const thread = pino.transport({
    target: `${import.meta.dirname}/log-file.transport.ts`,
    options: { ...options, name: slot.name },
  });
  const closed = new Promise<void>((settle) => thread.once('close', settle));
  let hasStopped = false;
  thread.on('error', (error: Error) => {
    if (!hasStopped) process.stderr.write(`log files have stopped: ${error.message}\n`);
    hasStopped = true;
  });
  let pending = '';
  let timer: NodeJS.Timeout | undefined;
  // Waking the thread for each line would cost as much as the line.
  const handOver = () => {
    clearTimeout(timer);
    timer = undefined;
    if (pending && !hasStopped) thread.write(pending);
    pending = '';
  };
  return {
    write(line: string) {
      if (hasStopped) return;
      pending += line;
      if (pending.length >= HAND_OVER_CHARACTERS) handOver();
      else timer ??= setTimeout(handOver, HAND_OVER_MS).unref();
    },
    flushSync() {
      if (hasStopped) return;
      handOver();
      thread.flushSync();
    },
    async close() {
      // The thread does not keep the process alive: without this it could end before the last lines are written.
      const awake = setInterval(() => undefined, 1000);
      handOver();
      thread.end();
      await closed;
      clearInterval(awake);
      slot.giveBack();
    },
  };
}

/** Lets everything through: its children decide, each for its module. */
function rootLogger(destination: Sink): Logger {
  return pino(
    {
      level: 'trace',
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REDACTED_PATHS, censor: '[redacted]' },
      serializers: { err: errorForLog },
    },
    destination,
  );
}
