import type { FastifyBaseLogger } from 'fastify';
import type { Kysely } from 'kysely';
import type { Actor } from './access.ts';
import type { AccessCache } from './access-cache.ts';
import type { CataloguedPermission } from './catalogue.ts';
import type { Entity, TableName, Tables } from './entity.ts';
import { accessErrors } from './errors.ts';
import type { Locale } from './i18n.ts';
import { bind, type PreparedStatement, type StatementValues } from './prepared.ts';
import { Rows } from './rows.ts';
import { ScopePlugin } from './scope.ts';

/** The settings of the program; `config.ts` says which by declaration merging. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by declaration merging
export interface ProgramSettings {}

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
  readonly now: () => Date;
}

/** What a request (or a job, or a script) brings with it. */
export interface Caller {
  readonly actor: Actor | null;
  readonly sessionId: string | null;
  readonly locale: Locale;
  readonly log: FastifyBaseLogger;
  readonly requestId: string;
  readonly address: string | null;
  readonly userAgent: string | null;
}

type AfterCommit = () => void | Promise<void>;

/**
 * The first argument of every service and crud function: who asks, in which language, and the only ways to a table.
 * There is no global request state and no optional transaction: inside `inTransaction` the given context is the transaction.
 */
export class Context {
  readonly caller: Caller;
  readonly #environment: Environment;
  readonly #executor: Kysely<Tables>;
  readonly #afterCommit: AfterCommit[] | null;
  #scoped: Kysely<Tables> | null = null;

  constructor(
    environment: Environment,
    caller: Caller,
    executor: Kysely<Tables> = environment.kysely,
    afterCommit: AfterCommit[] | null = null,
  ) {
    this.#environment = environment;
    this.caller = caller;
    this.#executor = executor;
    this.#afterCommit = afterCommit;
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

  now(): Date {
    return this.#environment.now();
  }

  /** The rows of a table that the actor may see and touch. Throws 401 without an actor. */
  rows<T extends TableName>(table: T): Rows<T> {
    const { scope } = this.actor;
    if (scope.all) return this.#rows(table, this.#executor);
    this.#scoped ??= this.#executor.withPlugin(new ScopePlugin(this.#environment.entities, scope));
    return this.#rows(table, this.#scoped);
  }

  /** All rows of a table, past the data scope. `why` is for the reader; a guard test lists every use. */
  unscoped<T extends TableName>(table: T, why: string): Rows<T> {
    if (!why) throw new Error('looking past the data scope needs a reason');
    return this.#rows(table, this.#executor);
  }

  /** Executes a prepared statement (prepared.ts) in the actor's scope. Throws 401 without an actor, where the statement uses `rows`. */
  async run<V extends StatementValues, Row>(statement: PreparedStatement<V, Row>, values: V): Promise<Row[]> {
    const query = bind(statement, values, this.caller.actor?.scope ?? null, this.#environment, (scope) => {
      // Of the actor there is only the scope, so that nothing else of the first caller stays in the statement.
      const actor = scope && ({ scope } as Actor);
      return new Context(this.#environment, { ...this.caller, actor });
    });
    return (await this.#executor.executeQuery(query)).rows;
  }

  /** What is declared of a table; undefined for an unknown one. */
  entity(table: string): Entity | undefined {
    return this.#environment.entities.get(table);
  }

  /** The same context as another user would see the rows: for explaining rights, never for acting. */
  seenBy(actor: Actor): Context {
    return new Context(this.#environment, { ...this.caller, actor }, this.#executor, this.#afterCommit);
  }

  /**
   * Runs `work` in one transaction: all of its writes are kept, or none. Inside a transaction it joins that one.
   * What was registered with `afterCommit` runs once the transaction is durable.
   */
  async inTransaction<R>(work: (ctx: Context) => Promise<R>): Promise<R> {
    if (this.#afterCommit) return work(this);
    const afterCommit: AfterCommit[] = [];
    const result = await this.#executor
      .transaction()
      .execute((transaction) => work(new Context(this.#environment, this.caller, transaction, afterCommit)));
    for (const effect of afterCommit) await effect();
    return result;
  }

  /** Runs `effect` when the surrounding transaction has committed, or at once outside one. Never after a rollback. */
  async afterCommit(effect: AfterCommit): Promise<void> {
    if (this.#afterCommit) this.#afterCommit.push(effect);
    else await effect();
  }

  #rows<T extends TableName>(table: T, executor: Kysely<Tables>): Rows<T> {
    const entity = this.#environment.entities.get(table);
    if (!entity) throw new Error(`no entity declares the table ${table}`);
    return new Rows<T>({
      executor,
      entity,
      // MySQL cannot return the generated key itself.
      returnsIds: this.#environment.dialect !== 'mysql',
      now: this.#environment.now,
      userId: this.caller.actor?.userId ?? null,
    });
  }
}

/** The context of the program itself (start, jobs, scripts): nobody acts, so only `unscoped` reaches a table. */
export function systemContext(environment: Environment, log: FastifyBaseLogger): Context {
  return new Context(environment, {
    actor: null,
    sessionId: null,
    locale: 'en-US',
    log,
    requestId: 'system',
    address: null,
    userAgent: null,
  });
}
