import type { Kysely } from 'kysely';
import type { AccessCache } from './access-cache.ts';
import type { Archive } from './archive.ts';
import type { CacheSpec, Caches } from './cache.ts';
import type { CataloguedPermission } from './catalogue.ts';
import type { Counters } from './counters.ts';
import type { Entity, Tables } from './entity.ts';
import type { ListenersByEvent } from './events.ts';
import type { Dependency } from './health.ts';
import type { LogLevels } from './log-levels.ts';
import type { LogTail } from './log-tail.ts';
import type { Mailer } from './mail.ts';
import type { Metrics } from './metrics.ts';
import type { ProcessStats } from './process-stats.ts';
import type { RequestRecords } from './request-records.ts';
import type { RequestStats } from './request-stats.ts';
import type { Restorer } from './restore.ts';
import type { Seen } from './seen.ts';
import type { Signals } from './signals.ts';
import type { Streams } from './streams.ts';
import type { AnyTaskHandler, BuiltInJob, TaskEngine } from './task.ts';
import type { Tracing } from './tracing.ts';

/** The settings of the program; `config.ts` says which by declaration merging. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by declaration merging
export interface ProgramSettings {}

/** How much the program logs, and what it logged last. */
export interface Log {
  readonly levels: LogLevels;
  readonly tail: LogTail;
}

/** What does not change from one request to the next. */
export interface Environment {
  readonly kysely: Kysely<Tables>;
  /** `mysql` stands for MariaDB too. */
  readonly dialect: 'sqlite' | 'mysql' | 'postgresql';
  readonly entities: ReadonlyMap<string, Entity>;
  readonly access: AccessCache;
  /** Every permission code that a route declares. */
  readonly catalogue: ReadonlyMap<string, CataloguedPermission>;
  readonly settings: Readonly<ProgramSettings>;
  readonly requests: RequestStats;
  readonly caches: Caches;
  /** Every cache that a feature declares. */
  readonly cacheSpecs: readonly CacheSpec[];
  readonly metrics: Metrics;
  readonly tracing: Tracing;
  /** What the service needs, and what it only uses where it is there. */
  readonly dependencies: readonly Dependency[];
  readonly process: ProcessStats;
  /** Sessions that sent a request since that was last written down. */
  readonly seenSessions: Seen<string>;
  /** Keys for machines that sent a request since that was last written down. */
  readonly usedKeys: Seen<number>;
  /** Requests that were answered and are not stored yet. */
  readonly requestRecords: RequestRecords;
  /** Where logs go when they are too old for the database. */
  readonly archive: Archive;
  /** Who is told of what, once it is durable. */
  readonly listeners: ListenersByEvent;
  /** Who adds something to the transaction in which it happens. */
  readonly companions: ListenersByEvent;
  readonly counters: Counters;
  readonly mailer: Mailer;
  readonly now: () => Date;
  readonly log: Log;
  readonly signals: Signals;
  readonly streams: Streams;
  /** Every task handler by its name. */
  readonly handlers: ReadonlyMap<string, AnyTaskHandler>;
  readonly builtInJobs: readonly BuiltInJob[];
  /** How former values of a row are put back, by table. */
  readonly restorers: ReadonlyMap<string, readonly Restorer[]>;
  readonly taskEngine: TaskEngine;
}
