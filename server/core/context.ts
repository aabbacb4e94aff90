import type { FastifyBaseLogger } from 'fastify';
import type { Kysely, QueryResult, UpdateResult } from 'kysely';
import type { Actor } from './access.ts';
import type { AccessCache } from './access-cache.ts';
import type { Archive } from './archive.ts';
import type { Gather } from './audit-capture.ts';
import { isAudited } from './audit-change.ts';
import { type AuditNote, AuditTrail, recordsLeftBy } from './audit-trail.ts';
import type { CacheSpec, Caches } from './cache.ts';
import type { Caller } from './caller.ts';
import type { CataloguedPermission } from './catalogue.ts';
import type { Counters } from './counters.ts';
import type { Entity, TableName, Tables } from './entity.ts';
import type { Environment, ProgramSettings } from './environment.ts';
import { accessErrors } from './errors.ts';
import type { EventName, Events } from './events.ts';
import type { Dependency } from './health.ts';
import type { Locale } from './i18n.ts';
import type { LogLevels } from './log-levels.ts';
import type { LogTail } from './log-tail.ts';
import type { Mailer } from './mail.ts';
import type { Metrics } from './metrics.ts';
import { bind, type PreparedStatement, type StatementValues } from './prepared.ts';
import type { ProcessStats } from './process-stats.ts';
import type { RequestStats } from './request-stats.ts';
import { Rows } from './rows.ts';
import { ScopePlugin } from './scope.ts';
import { scopeWays } from './scope-rule.ts';
import type { Signals } from './signals.ts';
import type { Streams } from './streams.ts';
import type { AnyTaskHandler, BuiltInJob, Json, TaskEngine, TaskOffer } from './task.ts';
import type { Tracing } from './tracing.ts';

type BeforeCommit = (ctx: Context) => Promise<void>;
type AfterCommit = () => void | Promise<void>;

/** What belongs to one transaction. */
interface Unit {
  readonly beforeCommit: BeforeCommit[];
  readonly afterCommit: AfterCommit[];
  readonly trail: AuditTrail;
}

/**
 * The first argument of every service and crud function: who asks, in which language, and the only ways to a table.
 * There is no global request state and no optional transaction: inside `inTransaction` the given context is the transaction.
 */
export class Context {
  readonly caller: Caller;
  readonly #environment: Environment;
  readonly #executor: Kysely<Tables>;
  readonly #unit: Unit | null;
  #scoped: Kysely<Tables> | null = null;

  constructor(
    environment: Environment,
    caller: Caller,
    executor: Kysely<Tables> = environment.kysely,
    unit: Unit | null = null,
  ) {
    this.#environment = environment;
    this.caller = caller;
    this.#executor = executor;
    this.#unit = unit;
  }

  /** The signed-in user. Throws 401 when nobody is. */
  get actor(): Actor {
    if (!this.caller.actor) throw accessErrors.unauthenticated();
    return this.caller.actor;
  }

  get locale(): Locale {
    return this.caller.locale;
  }

  get log(): FastifyBaseLogger {
    return this.caller.log;
  }

  get settings(): Readonly<ProgramSettings> {
    return this.#environment.settings;
  }

  /** The snapshot to make forget, after commit, what a write has changed. */
  get access(): AccessCache {
    return this.#environment.access;
  }

  get dialect(): Environment['dialect'] {
    return this.#environment.dialect;
  }

  get catalogue(): ReadonlyMap<string, CataloguedPermission> {
    return this.#environment.catalogue;
  }

  /** How many requests this process answered, and how fast. */
  get requests(): RequestStats {
    return this.#environment.requests;
  }

  /** What this process uses. */
  get process(): ProcessStats {
    return this.#environment.process;
  }

  /** How much each module logs, to look at and to change for a while. */
  get logLevels(): LogLevels {
    return this.#environment.log.levels;
  }

  /** The last lines of this process. */
  get logTail(): LogTail {
    return this.#environment.log.tail;
  }

  /** The named caches, to look at and to empty; features read by `cached`. */
  get caches(): Caches {
    return this.#environment.caches;
  }

  get cacheSpecs(): readonly CacheSpec[] {
    return this.#environment.cacheSpecs;
  }

  /** What Prometheus is told. */
  get metrics(): Metrics {
    return this.#environment.metrics;
  }

  get tracing(): Tracing {
    return this.#environment.tracing;
  }

  get dependencies(): readonly Dependency[] {
    return this.#environment.dependencies;
  }

  get signals(): Signals {
    return this.#environment.signals;
  }

  /** The open event streams of this process. */
  get streams(): Streams {
    return this.#environment.streams;
  }

  get handlers(): ReadonlyMap<string, AnyTaskHandler> {
    return this.#environment.handlers;
  }

  get builtInJobs(): readonly BuiltInJob[] {
    return this.#environment.builtInJobs;
  }

  get restorers(): Environment['restorers'] {
    return this.#environment.restorers;
  }

  get taskEngine(): TaskEngine {
    return this.#environment.taskEngine;
  }

  /** Lets the workers of all instances know of tasks that were committed. */
  offerTasks(offers: readonly TaskOffer[]): void {
    this.#environment.taskEngine.offer(offers);
  }

  /** Where logs go when they are too old for the database. */
  get archive(): Archive {
    return this.#environment.archive;
  }

  get mailer(): Mailer {
    return this.#environment.mailer;
  }

  /** Counts of attempts, shared by all instances where Redis is. */
  get counters(): Counters {
    return this.#environment.counters;
  }

  now(): Date {
    return this.#environment.now();
  }

  /** The rows of a table that the actor may see and touch. Throws 401 without an actor. */
  rows<T extends TableName>(table: T): Rows<T> {
    const { scope } = this.actor;
    if (scope.all) return this.#rows(table, this.#executor);
    const { entities } = this.#environment;
    this.#scoped ??= this.#executor.withPlugin(new ScopePlugin(entities, scope));
    return this.#rows(table, this.#scoped, () => scopeWays(entities, scope, table));
  }

  /** All rows of a table, past the data scope. `why` is for the reader; a guard test lists every use. */
  unscoped<T extends TableName>(table: T, why: string): Rows<T> {
    if (!why) throw new Error('looking past the data scope needs a reason');
    return this.#rows(table, this.#executor);
  }

  /** Executes a prepared statement (prepared.ts) in the actor's scope. Throws 401 without an actor, where the statement uses `rows`. */
  async run<V extends StatementValues, Row>(statement: PreparedStatement<V, Row>, values: V): Promise<Row[]> {
    return (await this.#execute(statement, values)).rows;
  }

  /** The same of an update: tells how many rows it found. */
  async change<V extends StatementValues>(statement: PreparedStatement<V, UpdateResult>, values: V): Promise<number> {
    return Number((await this.#execute(statement, values)).numAffectedRows ?? 0);
  }

  #execute<V extends StatementValues, Row>(statement: PreparedStatement<V, Row>, values: V): Promise<QueryResult<Row>> {
    const query = bind(statement, values, this.caller.actor?.scope ?? null, this.#environment, (scope) => {
      // Of the actor there is only the scope, so that nothing else of the first caller stays in the statement.
      const actor = scope && ({ scope } as Actor);
      return new Context(this.#environment, { ...this.caller, actor });
    });
    return this.#executor.executeQuery(query);
  }

  /** What is declared of a table; undefined for an unknown one. */
  entity(table: string): Entity | undefined {
    return this.#environment.entities.get(table);
  }

  /** Every table that an entity declares. */
  tables(): string[] {
    return [...this.#environment.entities.keys()];
  }

  /** The same context as another user would see the rows: for explaining rights, and for what a user has queued themselves (`onBehalfOf`). */
  seenBy(actor: Actor): Context {
    return new Context(this.#environment, { ...this.caller, actor }, this.#executor, this.#unit);
  }

  /** The same context for work that belongs to a trace: its lines and what it leads to name that one. */
  tracedAs(traceId: string, log: FastifyBaseLogger): Context {
    return new Context(this.#environment, { ...this.caller, traceId, log }, this.#executor, this.#unit);
  }

  /**
   * What the cache holds under the key, else what `read` gives: the same for everybody, whoever asks. Inside a transaction it is always
   * read, since that sees what others do not yet.
   */
  cached<V extends Json>(spec: CacheSpec, key: string, read: (ctx: Context) => Promise<V>): Promise<V> {
    return this.#unit ? read(this) : this.#environment.caches.get(spec, key, () => read(this));
  }

  /** Empties the caches with these tags on every instance, once the surrounding transaction is durable. */
  async forgetCached(...tags: readonly string[]): Promise<void> {
    await this.afterCommit(() => this.#environment.caches.forget(tags));
  }

  /**
   * Runs `work` in one transaction: all of its writes are kept, or none. Inside a transaction it joins that one.
   * What was registered with `afterCommit` runs once the transaction is durable.
   */
  async inTransaction<R>(work: (ctx: Context) => Promise<R>): Promise<R> {
    if (this.#unit) return work(this);
    const { entities, dialect } = this.#environment;
    const unit: Unit = { beforeCommit: [], afterCommit: [], trail: new AuditTrail(entities, dialect) };
    const result = await this.#executor.transaction().execute(async (transaction) => {
      const ctx = new Context(this.#environment, this.caller, transaction, unit);
      const result = await work(ctx);
      for (const addition of unit.beforeCommit) await addition(ctx);
      await unit.trail.write(transaction, this.caller, this.now());
      return result;
    });
    for (const effect of unit.afterCommit) await effect();
    return result;
  }

  /** Keeps what was called, exported or refused: with the surrounding transaction, or at once outside one. */
  async keep(note: AuditNote): Promise<void> {
    await this.#gather(async (_executor, trail) => trail.note(note));
  }

  /** How many records this request (or job, or script) has left so far. */
  get recordsLeft(): number {
    return recordsLeftBy(this.caller);
  }

  /** Says that what the surrounding transaction changes puts back the former values of a record. */
  restores(recordId: number): void {
    if (!this.#unit) throw new Error('values are put back inside a transaction');
    this.#unit.trail.restores = recordId;
  }

  /** The same context while a task is run. */
  asTask(task: { readonly id: number; readonly name: string }): Context {
    return new Context(this.#environment, { ...this.caller, task }, this.#executor, this.#unit);
  }

  readonly #gather: Gather = (work) =>
    this.inTransaction(async (ctx) => work(ctx.#executor, (ctx.#unit as Unit).trail));

  /**
   * Does `addition` at the end of the surrounding transaction, as part of it, or at once outside one: for what makes others wait until
   * the transaction has ended. What it throws undoes the transaction.
   */
  async beforeCommit(addition: BeforeCommit): Promise<void> {
    if (this.#unit) this.#unit.beforeCommit.push(addition);
    else await addition(this);
  }

  /** Runs `effect` when the surrounding transaction has committed, or at once outside one. Never after a rollback. */
  async afterCommit(effect: AfterCommit): Promise<void> {
    if (this.#unit) this.#unit.afterCommit.push(effect);
    else await effect();
  }

  /** Tells the features what has happened: companions as part of the surrounding transaction, listeners once that is durable. */
  async announce<N extends EventName>(name: N, event: Events[N]): Promise<void> {
    for (const companion of this.#environment.companions.get(name) ?? []) await companion(this, event as never);
    await this.afterCommit(async () => {
      const ctx = new Context(this.#environment, this.caller);
      for (const listener of this.#environment.listeners.get(name) ?? []) {
        try {
          await listener(ctx, event as never);
        } catch (error) {
          this.log.error({ err: error, event: name }, 'a listener failed');
        }
      }
    });
  }

  #rows<T extends TableName>(
    table: T,
    executor: Kysely<Tables>,
    ways: () => readonly string[] | null = () => null,
  ): Rows<T> {
    const entity = this.#environment.entities.get(table);
    if (!entity) throw new Error(`no entity declares the table ${table}`);
    return new Rows<T>({
      executor,
      entity,
      entities: this.#environment.entities,
      dialect: this.#environment.dialect,
      gather: isAudited(entity) ? this.#gather : null,
      now: this.#environment.now,
      userId: this.caller.actor?.userId ?? null,
      ways,
    });
  }
}

/** The context of the program itself (start, jobs, scripts): nobody acts, so only `unscoped` reaches a table. */
export function systemContext(environment: Environment, log: FastifyBaseLogger): Context {
  return new Context(environment, {
    actor: null,
    sessionId: null,
    apiKey: null,
    viewer: null,
    locale: 'en-US',
    log,
    requestId: 'system',
    traceId: null,
    address: null,
    userAgent: null,
  });
}
