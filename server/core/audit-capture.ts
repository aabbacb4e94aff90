import {
  AndNode,
  BinaryOperationNode,
  ColumnNode,
  type ColumnUpdateNode,
  type CompiledQuery,
  createQueryId,
  DeleteQueryNode,
  type Expression,
  expressionBuilder,
  type Kysely,
  type KyselyPlugin,
  type OperationNode,
  OperatorNode,
  ParensNode,
  type QueryExecutor,
  type QueryResult,
  ReferenceNode,
  type RootOperationNode,
  type SelectQueryNode,
  type SqlBool,
  UpdateQueryNode,
  ValueNode,
  WhereNode,
} from 'kysely';
import {
  type Image,
  imageOf,
  isAudited,
  isKept,
  keyColumns,
  keyOf,
  plainValue,
  type RowAudit,
} from './audit-change.ts';
import type { AuditTrail } from './audit-trail.ts';
import type { Entity, TableName, Tables } from './entity.ts';
import { groupsOf, KEYS_PER_STATEMENT } from './groups.ts';

/** Where the changes of a statement are gathered: in the surrounding transaction, or in one that is made for the statement alone. */
export type Gather = <R>(work: (executor: Kysely<Tables>, trail: AuditTrail) => Promise<R>) => Promise<R>;

interface Options {
  readonly entity: Entity;
  readonly entities: ReadonlyMap<string, Entity>;
  readonly dialect: 'sqlite' | 'mysql' | 'postgresql';
  /** The program changes something by itself. */
  readonly isQuiet: boolean;
  readonly gather: Gather;
}

/**
 * Executes updates and deletes of one audited table so that what they change is kept, wherever in the program they were built: it reads
 * the rows that the statement's own `where` finds, runs it, and hands both states to the trail of the transaction.
 */
export class CapturingExecutor implements QueryExecutor {
  readonly #inner: QueryExecutor;
  readonly #options: Options;

  constructor(inner: QueryExecutor, options: Options) {
    this.#inner = inner;
    this.#options = options;
  }

  async executeQuery<R>(compiled: CompiledQuery<R>): Promise<QueryResult<R>> {
    const statement = compiled.query;
    if (UpdateQueryNode.is(statement)) {
      if (statement.from || statement.joins) throw new Error('an update whose rows are kept names one table');
      if (!this.#isKept(statement)) return this.#inner.executeQuery(compiled);
      return this.#options.gather((executor, trail) => this.#update(executor, trail, compiled, statement));
    }
    if (DeleteQueryNode.is(statement)) {
      if (statement.using || statement.joins) throw new Error('a delete whose rows are kept names one table');
      return this.#options.gather((executor, trail) => this.#delete(executor, trail, compiled, statement));
    }
    throw new Error(`a ${statement.kind} cannot be kept`);
  }

  #isKept({ updates = [] }: UpdateQueryNode): boolean {
    return updates.some((update) => this.#keeps(columnOf(update)));
  }

  #keeps(column: string): boolean {
    const { entity, isQuiet } = this.#options;
    if (!isKept(entity, column)) return false;
    return !isQuiet || !((entity.audit as RowAudit).quiet ?? []).includes(column);
  }

  async #update<R>(
    executor: Kysely<Tables>,
    trail: AuditTrail,
    compiled: CompiledQuery<R>,
    statement: UpdateQueryNode,
  ): Promise<QueryResult<R>> {
    const { entity } = this.#options;
    const before = await this.#find(executor, entity, statement.where);
    if (before.length === 0) return nothing();
    const result = await this.#run(executor, compiled, statement, before);
    const updates = (statement.updates ?? []).map((update) => [columnOf(update), update.value] as const);
    const computed = updates.some(([column, value]) => this.#keeps(column) && !ValueNode.is(value));
    const after = computed ? await this.#again(executor, before) : before.map((image) => this.#changed(image, updates));
    for (const [index, image] of before.entries()) {
      const now = after[index];
      if (now) trail.changed(entity, this.#unheeded(image, now), now);
    }
    return result;
  }

  /** A row as the set values leave it. */
  #changed(image: Image, updates: readonly (readonly [string, OperationNode])[]): Image {
    const { columns } = this.#options.entity;
    const values = updates.flatMap(([column, value]) =>
      ValueNode.is(value) ? [[column, plainValue(columns[column]?.options.kind, value.value)]] : [],
    );
    return { ...image, ...Object.fromEntries(values) };
  }

  /** What was there before, except where the change is not to be kept. */
  #unheeded(before: Image, after: Image): Image {
    const { entity, isQuiet } = this.#options;
    const { quiet = [] } = entity.audit as RowAudit;
    if (!isQuiet || quiet.length === 0) return before;
    return { ...before, ...Object.fromEntries(quiet.map((column) => [column, after[column]])) };
  }

  async #again(executor: Kysely<Tables>, before: readonly Image[]): Promise<(Image | undefined)[]> {
    const { entity } = this.#options;
    const found = new Map<string, Image>();
    for (const some of groupsOf(before, KEYS_PER_STATEMENT)) {
      for (const image of await this.#find(executor, entity, whereOf(keysIn(entity, some))))
        found.set(keyOf(entity, image), image);
    }
    return before.map((image) => found.get(keyOf(entity, image)));
  }

  async #delete<R>(
    executor: Kysely<Tables>,
    trail: AuditTrail,
    compiled: CompiledQuery<R>,
    statement: DeleteQueryNode,
  ): Promise<QueryResult<R>> {
    const { entity } = this.#options;
    const before = await this.#find(executor, entity, statement.where);
    if (before.length === 0) return nothing();
    await this.#cascade(executor, trail, entity, before);
    const result = await this.#run(executor, compiled, statement, before);
    for (const image of before) trail.changed(entity, image, null);
    return result;
  }

  /** What the database itself deletes or empties together with these rows. */
  async #cascade(executor: Kysely<Tables>, trail: AuditTrail, parent: Entity, gone: readonly Image[]): Promise<void> {
    const all = dependents(this.#options.entities, parent);
    if (all.length === 0) return;
    for (const some of groupsOf(gone, KEYS_PER_STATEMENT)) {
      const ids = some.map((image) => image['id'] as number);
      for (const { entity, column, onDelete } of await withRows(executor, all, ids)) {
        const rows = await this.#find(executor, entity, whereOf(expressionBuilder<any, any>()(column, 'in', ids)));
        if (onDelete === 'cascade' && rows.length > 0) await this.#cascade(executor, trail, entity, rows);
        for (const image of rows)
          trail.changed(entity, image, onDelete === 'cascade' ? null : { ...image, [column]: null });
      }
    }
  }

  /** The rows that a condition finds, held until the transaction ends where others could change them meanwhile. */
  async #find(executor: Kysely<Tables>, entity: Entity, where: WhereNode | undefined): Promise<Image[]> {
    const select = { ...selectOf(executor, entity, this.#options.dialect), ...(where && { where }) };
    const { rows } = await run<Record<string, unknown>>(executor, select);
    return rows.map((row) => imageOf(entity, row));
  }

  /** Runs the statement. Where others write meanwhile, a row can begin to match after the look: only those that were found are changed. */
  async #run<R>(
    executor: Kysely<Tables>,
    compiled: CompiledQuery<R>,
    statement: UpdateQueryNode | DeleteQueryNode,
    found: readonly Image[],
  ): Promise<QueryResult<R>> {
    const { entity, dialect } = this.#options;
    if (dialect === 'sqlite' || namesOneRow(entity, statement.where))
      return executor.withoutPlugins().getExecutor().executeQuery<R>(compiled);
    const results: QueryResult<R>[] = [];
    for (const some of groupsOf(found, KEYS_PER_STATEMENT)) {
      const where = narrowed(statement.where, keysIn(entity, some));
      results.push(await run<R>(executor, { ...statement, where }));
    }
    return {
      rows: results.flatMap(({ rows }) => rows),
      numAffectedRows: results.reduce((sum, { numAffectedRows = 0n }) => sum + numAffectedRows, 0n),
    };
  }

  get adapter() {
    return this.#inner.adapter;
  }

  get plugins() {
    return this.#inner.plugins;
  }

  transformQuery<T extends RootOperationNode>(...given: Parameters<QueryExecutor['transformQuery']>): T {
    return this.#inner.transformQuery(...given) as T;
  }

  compileQuery<R>(...given: Parameters<QueryExecutor['compileQuery']>): CompiledQuery<R> {
    return this.#inner.compileQuery<R>(...given);
  }

  provideConnection<T>(...given: Parameters<QueryExecutor['provideConnection']>): Promise<T> {
    return this.#inner.provideConnection(...given) as Promise<T>;
  }

  stream(): never {
    throw new Error('a write is not read in pieces');
  }

  withConnectionProvider(provider: Parameters<QueryExecutor['withConnectionProvider']>[0]): QueryExecutor {
    return this.#with(this.#inner.withConnectionProvider(provider));
  }

  withPlugin(plugin: KyselyPlugin): QueryExecutor {
    return this.#with(this.#inner.withPlugin(plugin));
  }

  withPlugins(plugins: readonly KyselyPlugin[]): QueryExecutor {
    return this.#with(this.#inner.withPlugins(plugins));
  }

  withPluginAtFront(plugin: KyselyPlugin): QueryExecutor {
    return this.#with(this.#inner.withPluginAtFront(plugin));
  }

  withoutPlugins(): QueryExecutor {
    return this.#with(this.#inner.withoutPlugins());
  }

  #with(inner: QueryExecutor): QueryExecutor {
    return new CapturingExecutor(inner, this.#options);
  }
}

const nothing = <R>(): QueryResult<R> => ({ rows: [], numAffectedRows: 0n });

/** Runs a statement as it is: what the data scope adds is in it already. */
function run<R>(executor: Kysely<Tables>, statement: RootOperationNode): Promise<QueryResult<R>> {
  const inner = executor.withoutPlugins().getExecutor();
  return inner.executeQuery<R>(inner.compileQuery<R>(statement, createQueryId()));
}

const selects = new WeakMap<Entity, Map<string, SelectQueryNode>>();

/** A select of whole rows without a condition, built once for each table. */
function selectOf(executor: Kysely<Tables>, entity: Entity, dialect: Options['dialect']): SelectQueryNode {
  const known = selects.get(entity) ?? new Map<string, SelectQueryNode>();
  selects.set(entity, known);
  let node = known.get(dialect);
  if (!node) {
    const all = executor
      .withoutPlugins()
      .selectFrom(entity.table as TableName)
      .select(Object.keys(entity.columns) as never);
    // SQLite has one writer at a time.
    const held = dialect === 'sqlite' ? all : all.forUpdate();
    node = held.toOperationNode() as SelectQueryNode;
    known.set(dialect, node);
  }
  return node;
}

function narrowed(where: WhereNode | undefined, condition: Expression<unknown>): WhereNode {
  const known = ParensNode.create(nodeOf(condition));
  return WhereNode.create(where ? AndNode.create(ParensNode.create(where.where), known) : known);
}

/** Whether a condition asks for the row of one key: no other one can begin to match it, and that one is held. */
function namesOneRow(entity: Entity, where: WhereNode | undefined): boolean {
  const [key, ...others] = keyColumns(entity);
  const asks = (node: OperationNode | undefined): boolean => {
    if (node === undefined) return false;
    if (ParensNode.is(node)) return asks(node.node);
    if (AndNode.is(node)) return asks(node.left) || asks(node.right);
    if (!BinaryOperationNode.is(node) || !ValueNode.is(node.rightOperand)) return false;
    const { leftOperand: left, operator } = node;
    const column = ReferenceNode.is(left) ? left.column : left;
    return (
      OperatorNode.is(operator) && operator.operator === '=' && ColumnNode.is(column) && column.column.name === key
    );
  };
  return others.length === 0 && asks(where?.where);
}

const whereOf = (condition: Expression<unknown>) => WhereNode.create(nodeOf(condition));
const nodeOf = (expression: Expression<unknown>): OperationNode => expression.toOperationNode();

function keysIn(entity: Entity, images: readonly Image[]): Expression<SqlBool> {
  const keys = keyColumns(entity);
  const eb = expressionBuilder<any, any>();
  const [only] = keys;
  if (keys.length === 1 && only)
    return eb(
      only,
      'in',
      images.map((image) => image[only]),
    );
  return eb.or(images.map((image) => eb.and(keys.map((key) => eb(key, '=', image[key])))));
}

function columnOf({ column }: ColumnUpdateNode): string {
  const node = ReferenceNode.is(column) ? column.column : column;
  if (!ColumnNode.is(node)) throw new Error('an update whose rows are kept names its columns');
  return node.column.name;
}

interface Dependent {
  readonly entity: Entity;
  readonly column: string;
  readonly onDelete: 'cascade' | 'set null';
}

/** Those of the tables that have rows tied to the given ones, asked in one statement: most have none. */
async function withRows(
  executor: Kysely<Tables>,
  all: readonly Dependent[],
  ids: readonly number[],
): Promise<Dependent[]> {
  const eb = expressionBuilder<any, any>();
  const [found] = await executor
    .withoutPlugins()
    .selectNoFrom(
      all.map(({ entity, column }, index) =>
        eb
          .exists(eb.selectFrom(entity.table).select(eb.lit(1).as('one')).where(column, 'in', ids))
          .as(`dependent_${index}`),
      ) as never,
    )
    .execute();
  return all.filter((_, index) => Boolean((found as Record<string, unknown> | undefined)?.[`dependent_${index}`]));
}

/** The audited tables whose rows the database deletes or empties when a row of `parent` goes. */
function dependents(entities: ReadonlyMap<string, Entity>, parent: Entity): Dependent[] {
  return [...entities.values()].filter(isAudited).flatMap((entity) =>
    Object.entries(entity.columns).flatMap(([column, { options }]): Dependent[] => {
      const { references } = options;
      if (references?.table !== parent.table || references.onDelete === 'restrict') return [];
      if (references.onDelete === 'set null' && !isKept(entity, column)) return [];
      return [{ entity, column, onDelete: references.onDelete }];
    }),
  );
}
