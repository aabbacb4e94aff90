import { type Expression, type ExpressionWrapper, expressionBuilder, type SqlBool, sql } from 'kysely';
import { type DataScope, endOfSubtree } from './access.ts';
import type { Entity, ScopeDeclaration } from './entity.ts';

type Entities = ReadonlyMap<string, Entity>;
type Condition = Expression<SqlBool>;
type Way = readonly [name: string, condition: Condition];

/** The way of the row's department, among the ways in which a row can be in the scope; the others are named by their column. */
export const BY_DEPT = 'dept';

/**
 * The condition under which a row of `table` (visible in the statement as `alias`) is in the scope; null when every row is.
 * Throws for a table without a declaration: an unknown table is closed.
 */
export function scopeCondition(entities: Entities, scope: DataScope, table: string, alias: string): Condition | null {
  const ways = waysInto(entities, scope, table, alias);
  // `or` of nothing is false: whoever has no department and owns nothing sees nothing.
  return ways && anyOf(ways.map(([, condition]) => condition));
}

/** Names of the ways in which a row of `table` can be in the scope; null when every row is. Throws like `scopeCondition`. */
export function scopeWays(entities: Entities, scope: DataScope, table: string): string[] | null {
  return waysInto(entities, scope, table, table)?.map(([name]) => name) ?? null;
}

/** The condition of one way alone, for rows that are not in the scope by one of the ways before it. Throws for an unknown way. */
export function conditionOfWay(
  entities: Entities,
  scope: DataScope,
  table: string,
  alias: string,
  way: string,
): Condition {
  const ways = waysInto(entities, scope, table, alias) ?? [];
  const place = ways.findIndex(([name]) => name === way);
  const [, condition] = ways[place] ?? [];
  if (!condition) throw new Error(`no row of ${table} is in the scope by ${way}`);
  const { and } = expressionBuilder<any, any>();
  // Not `not`: a row without a department is not in the scope by it.
  return and([condition, ...ways.slice(0, place).map(([, earlier]) => sql<SqlBool>`(${earlier}) is not true`)]);
}

/**
 * Ids of the departments of the scope that hold the newest rows of `table`: the `limit` newest rows of the scope's departments are
 * all in these. It costs one look into the index `(column, id)` for each department, however many rows they hold.
 */
export function newestDepts(scope: DataScope, table: string, column: string, limit: number): Expression<number> {
  const eb = expressionBuilder<any, any>();
  const newest = eb
    .selectFrom(`${table} as scope_row`)
    .select('scope_row.id')
    .whereRef(`scope_row.${column}`, '=', 'scope_dept.id')
    .orderBy('scope_row.id', 'desc')
    .limit(1);
  const ranked = deptsOf(scope)
    .orderBy((order) => order.fn.coalesce(newest as any, order.lit(0)), 'desc')
    .limit(limit);
  // MySQL takes no `limit` directly inside `in`.
  return eb.selectFrom(ranked.as('scope_newest')).select('scope_newest.id') as any;
}

function waysInto(entities: Entities, scope: DataScope, table: string, alias: string): Way[] | null {
  const declaration = entities.get(table)?.scope;
  if (!declaration) throw new Error(`no data scope is declared for the table ${table}`);
  if (scope.all || 'none' in declaration) return null;
  if ('through' in declaration) {
    const condition = throughParent(entities, scope, declaration, alias);
    return condition && [['through', condition]];
  }
  const eb = expressionBuilder<any, any>();
  const ways: Way[] = [];
  const byDept = deptCondition(scope, declaration, alias);
  if (byDept) ways.push([BY_DEPT, byDept]);
  for (const column of declaration.owner ?? []) ways.push([column, eb(`${alias}.${column}`, '=', scope.userId)]);
  return ways;
}

/** A look at the one parent of a row, not a list of all parents: what reads few rows reads few parents. */
function throughParent(
  entities: Entities,
  scope: DataScope,
  { through: { column, table } }: Extract<ScopeDeclaration, { through: unknown }>,
  alias: string,
): Condition | null {
  const parent = `scope_${table}`;
  const rule = scopeCondition(entities, scope, table, parent);
  if (!rule) return null;
  const eb = expressionBuilder<any, any>();
  const permitted = eb
    .selectFrom(`${table} as ${parent}`)
    .select(eb.lit(1).as('one'))
    .whereRef(`${parent}.id`, '=', `${alias}.${column}`)
    .where(rule);
  return eb.exists(permitted);
}

function deptCondition(
  scope: DataScope,
  { dept, path }: { readonly dept?: string; readonly path?: string },
  alias: string,
): Condition | null {
  const eb = expressionBuilder<any, any>();
  const { deptIds, deptPaths } = scope;
  if (deptIds.length + deptPaths.length === 0) return null;
  if (path) return deptRule(scope, dept ? `${alias}.${dept}` : null, `${alias}.${path}`);
  if (!dept) return null;
  if (deptPaths.length === 0) return eb(`${alias}.${dept}`, 'in', deptIds);
  return eb(`${alias}.${dept}`, 'in', deptsOf(scope));
}

/** The ids of the departments that a scope names, with those below them where it says so. */
function deptsOf(scope: DataScope) {
  return expressionBuilder<any, any>()
    .selectFrom('depts as scope_dept')
    .select('scope_dept.id')
    .where(deptRule(scope, 'scope_dept.id', 'scope_dept.path'));
}

function deptRule(scope: DataScope, id: string | null, path: string): ExpressionWrapper<any, any, SqlBool> {
  const eb = expressionBuilder<any, any>();
  const allowed = scope.deptPaths.map((root) => eb.and([eb(path, '>=', root), eb(path, '<', endOfSubtree(root))]));
  return anyOf(id && scope.deptIds.length > 0 ? [eb(id, 'in', scope.deptIds), ...allowed] : allowed);
}

/** Conditions in one group: SQLite nests no deeper than 1000, and each one in a row nests one deeper. */
const CONDITIONS_PER_GROUP = 100;

function anyOf(conditions: readonly Condition[]): ExpressionWrapper<any, any, SqlBool> {
  const { or } = expressionBuilder<any, any>();
  if (conditions.length <= CONDITIONS_PER_GROUP) return or(conditions as any);
  const groups = Math.ceil(conditions.length / CONDITIONS_PER_GROUP);
  return anyOf(
    Array.from({ length: groups }, (_, group) =>
      or(conditions.slice(group * CONDITIONS_PER_GROUP, (group + 1) * CONDITIONS_PER_GROUP) as any),
    ),
  );
}
