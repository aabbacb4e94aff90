import { type CompiledQuery, DeleteQueryNode, type OperationNode, TableNode, UpdateQueryNode } from 'kysely';
import { type DataScope, endOfSubtree } from './access.ts';
import { isAudited } from './audit-change.ts';
import type { Context } from './context.ts';

/** What building a prepared statement may use: the ways to a table, and nothing of the caller but the scope that applies to them. */
export type StatementTables = Pick<Context, 'rows' | 'unscoped' | 'dialect'>;

/** The same, and what is declared of a table. */
type Preparation = StatementTables & Pick<Context, 'entity'>;

type Value = string | number | boolean | Date | null;
export type StatementValues = Readonly<Record<string, Value | readonly Value[]>>;

type Build<V extends StatementValues, Row> = (tables: StatementTables, values: V) => { compile(): CompiledQuery<Row> };

/** A statement that `ctx.run` executes with other values each time. */
export interface PreparedStatement<V extends StatementValues, Row> {
  readonly build: Build<V, Row>;
  /** By program (several may run in one process, on different databases), then by shape. */
  readonly templates: WeakMap<object, Map<string, Template<V>>>;
}

/**
 * Declares a select or an update that is built and compiled once per shape: per length of its lists and kind of data scope, not per
 * request. Worth it where a request does little else. `build` is given stand-ins for the values, so it puts them into conditions and
 * never looks at them; a stand-in that would be left in a statement matches no row. A moment comes from the values too: one that the
 * statement brings by itself (such as `updated_at`) would be that of its first use, and is refused.
 */
export function prepared<V extends StatementValues, Row>(build: Build<V, Row>): PreparedStatement<V, Row> {
  return { build, templates: new WeakMap() };
}

/** Where one parameter of a compiled statement comes from. */
type Source<V> = (values: V, scope: DataScope | null) => unknown;

interface Template<V> {
  readonly query: CompiledQuery;
  readonly sources: readonly Source<V>[];
}

/** Longer lists and larger scopes are compiled each time, so that no caller's departments fill the memory with shapes. */
const LONGEST_REMEMBERED = 200;

/**
 * The statement with these values and this scope in their places; `tablesOf` opens the tables as a scope shows them. Throws for an update
 * or delete of a table whose writes are kept: a prepared statement goes to the database as it is, past what keeps them.
 */
export function bind<V extends StatementValues, Row>(
  statement: PreparedStatement<V, Row>,
  values: V,
  scope: DataScope | null,
  program: object,
  tablesOf: (scope: DataScope | null) => Preparation,
): CompiledQuery<Row> {
  const shape = shapeOf(values, scope);
  const known = statement.templates.get(program) ?? new Map<string, Template<V>>();
  statement.templates.set(program, known);
  let template = known.get(shape.key);
  if (!template) {
    template = compileTemplate(statement.build, values, scope, tablesOf);
    if (shape.size <= LONGEST_REMEMBERED) known.set(shape.key, template);
  }
  const parameters = template.sources.map((source) => source(values, scope));
  return { ...(template.query as CompiledQuery<Row>), parameters };
}

/** Everything that decides about the text of the statement. */
function shapeOf(values: StatementValues, scope: DataScope | null): { key: string; size: number } {
  let key = 'nobody';
  let size = 0;
  if (scope?.all) key = 'all';
  else if (scope) {
    key = `${scope.deptIds.length} ${scope.deptPaths.length}`;
    size = scope.deptIds.length + scope.deptPaths.length;
  }
  for (const name in values) {
    const value = values[name];
    if (!Array.isArray(value)) continue;
    key += ` ${name} ${value.length}`;
    size = Math.max(size, value.length);
  }
  return { key, size };
}

function compileTemplate<V extends StatementValues, Row>(
  build: Build<V, Row>,
  values: V,
  scope: DataScope | null,
  tablesOf: (scope: DataScope | null) => Preparation,
): Template<V> {
  const sources = new Map<unknown, Source<any>>();
  const standIn = (source: Source<any>): any => {
    const placeholder = { standsFor: 'a value' };
    sources.set(placeholder, source);
    return placeholder;
  };
  const standIns: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values)) {
    standIns[name] = Array.isArray(value)
      ? value.map((_, index) => standIn((given) => given[name][index]))
      : standIn((given) => given[name]);
  }
  const standInScope: DataScope | null = scope && {
    all: scope.all,
    userId: standIn((_, given) => given?.userId),
    deptIds: scope.deptIds.map((_, index) => standIn((_, given) => given?.deptIds[index])),
    // The end of a path's range is made from its text, so its stand-in is a text; no path has a NUL.
    deptPaths: scope.deptPaths.map((_, index) => {
      const placeholder = `\0${index}/`;
      sources.set(placeholder, (_, given) => given?.deptPaths[index]);
      sources.set(endOfSubtree(placeholder), (_, given) => endOfSubtree(given?.deptPaths[index] ?? ''));
      return placeholder;
    }),
  };
  const tables = tablesOf(standInScope);
  const query = build(tables, standIns as V).compile();
  const written = writtenBy(query.query);
  const entity = written === null ? undefined : tables.entity(written);
  if (entity && isAudited(entity))
    throw new Error(`a prepared statement changes ${written}, whose writes are kept: build it for each call`);
  if (query.parameters.some((parameter) => parameter instanceof Date))
    throw new Error('a prepared statement brings a moment of its own: pass it as a value');
  return { query, sources: query.parameters.map((parameter) => sources.get(parameter) ?? (() => parameter)) };
}

/** The table that a statement changes; null for one that only reads. */
function writtenBy(statement: OperationNode): string | null {
  if (UpdateQueryNode.is(statement)) return nameOf(statement.table);
  if (DeleteQueryNode.is(statement)) return nameOf(statement.from.froms[0]);
  return null;
}

function nameOf(table: OperationNode | undefined): string {
  if (!table || !TableNode.is(table)) throw new Error('a prepared statement changes one table');
  return table.table.identifier.name;
}
