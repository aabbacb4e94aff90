import type { Context } from './context.ts';
import { type Locale, type Text, translate } from './i18n.ts';
import type { Static, TSchema } from './schema.ts';

/** Anything that JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export type TaskLogLevel = 'info' | 'warn' | 'error';

/** A file as a handler leaves it. Text is written as UTF-8; what comes piece by piece is never held as a whole. */
export interface TaskFile {
  /** As it is saved; see `safeFileName`. */
  readonly name: string;
  /** Its media type, such as `text/csv`. */
  readonly type: string;
  readonly content: string | Uint8Array | AsyncIterable<string | Uint8Array>;
}

/** What a handler is given of the task that it works on. */
export interface RunningTask {
  readonly id: number;
  /** Who queued it; null for the program itself. */
  readonly createdBy: number | null;
  /** 1 for the first try. */
  readonly attempt: number;
  /** Aborted when the task is cancelled, takes too long, or has been given to another instance: stop, and throw what it holds. */
  readonly signal: AbortSignal;
  /** Says how far the work is; kept and shown at most a few times a second. */
  progress(done: number, total?: number, note?: string): void;
  /** Adds a line to the log of the run. */
  log(message: string, level?: TaskLogLevel): void;
  /**
   * Leaves a file beside the result, at most one in a run. Others see it if and only if the run ends well. Resolves when it is written;
   * rejects when it is larger than TASK_FILE_MAX_MB, and the run has then failed whatever it does.
   */
  leaveFile(file: TaskFile): Promise<void>;
}

/** A task that may be taken from `availableAt` on; lower priorities first. */
export interface TaskOffer {
  readonly id: number;
  readonly availableAt: Date;
  readonly priority: number;
  /** Whether it may have to wait for others of its kind or key; such tasks are taken from the database, under a lock. */
  readonly isLimited: boolean;
}

/** How tasks come to the workers sooner than by looking into the database now and then. What counts stays in the database. */
export interface Dispatcher {
  readonly isConnected: boolean;
  /** Lets one worker have each task once it is available. Rejects while the engine cannot be reached. */
  offer(offers: readonly TaskOffer[]): Promise<void>;
  /**
   * Begins to hand tasks to a worker, at most `places` at once, and one besides that this process offers while the worker is idle. What
   * it returns ends that: from then on it hands out nothing more, and resolves when nothing that it handed out goes on, or when the
   * engine cannot be reached.
   */
  take(run: (taskId: number) => Promise<void>, places: number): () => Promise<void>;
  close(): Promise<void>;
}

/** How this program tells its workers of tasks. A word that is lost costs time only: workers also look by themselves. */
export interface TaskEngine {
  readonly name: 'database' | 'redis';
  readonly isConnected: boolean;
  offer(offers: readonly TaskOffer[]): void;
}

/** How often and how soon a failed task is tried again: `base`, twice that, four times that …, each shortened by chance, up to `most`. */
export interface Backoff {
  readonly baseMs: number;
  readonly mostMs: number;
}

/**
 * Work that a job or a task does, registered in code: what the database holds of it is its name and its arguments, never code.
 * A run may be repeated after a crash (at least once), so a handler does the same when it is run twice.
 */
export interface TaskHandler<A extends TSchema = TSchema> {
  /** `feature.action`, such as `session.clean-expired`. */
  readonly name: string;
  readonly title: Text;
  readonly description?: Text;
  /** Checked when a job or a task is saved, and again before each run. Each argument is `named`: the console makes its form from them. */
  readonly args: A;
  /** A run that takes longer is aborted and counts as failed; ten minutes by default. */
  readonly timeoutMs?: number;
  /** Tries in all; three by default. */
  readonly attempts?: number;
  readonly backoff?: Backoff;
  /** Runs at once over all instances; without a limit by default. */
  readonly concurrency?: number;
  /** Runs at once of tasks with the same key; one by default. */
  readonly concurrencyPerKey?: number;
  /** Whether two runs of one job may go on at once; a job of a handler that may not is never set to `allow`. */
  readonly mayOverlap?: boolean;
  /**
   * Done in the name of whoever queues it: they need this permission when they queue it, when it runs (`onBehalfOf`) and when somebody
   * fetches its file. No job can have it, for nobody queues the runs of a job.
   */
  readonly permission?: string;
  /** A module whose `run(args, task)` is executed on a thread of its own instead of `run`: for work that would hold up requests. */
  readonly thread?: URL;
  run?(ctx: Context, args: Static<A>, task: RunningTask): Promise<unknown>;
}

/** A list of handlers forgets their arguments' types; each was checked where it was declared. */
export type AnyTaskHandler = TaskHandler<any>;

const NAMED = 'x-named';

/** What an argument is called in the console, and what is to be known of it, in every language; part of its schema. */
export function named(title: Text, description?: Text) {
  return { [NAMED]: { title, ...(description && { description }) } };
}

/** The schema of a handler's arguments as people of a language read it: what is `named` there has a title and a description. */
export function argsSchemaIn(locale: Locale, args: TSchema): unknown {
  return JSON.parse(JSON.stringify(args), (_key, value) => {
    const { [NAMED]: names, ...schema } = value ?? {};
    if (names === undefined) return value;
    const { title, description } = names as { title: Text; description?: Text };
    return {
      ...schema,
      title: translate(title, locale),
      ...(description && { description: translate(description, locale) }),
    };
  });
}

export const DEFAULT_TIMEOUT_MS = 600_000;
export const DEFAULT_ATTEMPTS = 3;
export const DEFAULT_BACKOFF: Backoff = { baseMs: 1000, mostMs: 300_000 };

/** Declares a handler so that the type of its arguments follows from their schema. */
export function defineTask<A extends TSchema>(handler: TaskHandler<A>): TaskHandler<A> {
  return handler;
}

/** A job that the program brings along; added once, afterwards an administrator's like any other. */
export interface BuiltInJob {
  readonly code: string;
  readonly name: Text;
  readonly handler: string;
  readonly args?: Json;
  readonly cron: string;
  /** The only database on which an installation has it. */
  readonly dialect?: 'sqlite';
}

interface Reader {
  readonly builtInJobs: readonly BuiltInJob[];
  readonly locale: Locale;
}

/** What a job is called in the language of the reader: one of the program's own, unless somebody has named it anew. */
export function jobNameFor({ builtInJobs, locale }: Reader, name: string): string {
  const own = builtInJobs.find((job) => Object.values(job.name).includes(name));
  return own ? translate(own.name, locale) : name;
}

/** The names under which jobs may be stored that are called so, or partly so, in the language of the reader. */
export function jobNamesWith({ builtInJobs, locale }: Reader, part: string): string[] {
  const wanted = part.toLowerCase();
  const own = builtInJobs.filter(({ name }) => translate(name, locale).toLowerCase().includes(wanted));
  return own.flatMap(({ name }) => Object.values(name));
}

/** Full jitter over an exponential: many failed tasks do not come back in step. */
export function backoffMs({ baseMs, mostMs }: Backoff, attempt: number, chance = Math.random()): number {
  const ceiling = Math.min(mostMs, baseMs * 2 ** (attempt - 1));
  return Math.round(ceiling / 2 + (chance * ceiling) / 2);
}
