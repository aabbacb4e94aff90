import {
  AliasNode,
  AndNode,
  type DeleteQueryNode,
  type ExpressionWrapper,
  expressionBuilder,
  IdentifierNode,
  type KyselyPlugin,
  type OperationNode,
  OperationNodeTransformer,
  ParensNode,
  type PluginTransformQueryArgs,
  type PluginTransformResultArgs,
  type QueryId,
  type QueryResult,
  type RootOperationNode,
  type SelectQueryNode,
  TableNode,
  type UnknownRow,
  type UpdateQueryNode,
  WhereNode,
  type WithNode,
} from 'kysely';
import { type DataScope, endOfSubtree } from './access.ts';
import type { Entity, ScopeDeclaration } from './entity.ts';

/**
 * The condition under which a row of `table` (visible in the statement as `alias`) is in the scope; null when every row is.
 * Throws for a table without a declaration: an unknown table is closed.
 */
export function scopeCondition(
  entities: ReadonlyMap<string, Entity>,
  scope: DataScope,
  table: string,
  alias: string,
): OperationNode | null {
  const declaration = entities.get(table)?.scope;
  if (!declaration) throw new Error(`no data scope is declared for the table ${table}`);
  if (scope.all || 'none' in declaration) return null;
  return ParensNode.create(conditionOf(entities, scope, declaration, alias));
}

function conditionOf(
  entities: ReadonlyMap<string, Entity>,
  scope: DataScope,
  declaration: Exclude<ScopeDeclaration, { none: string }>,
  alias: string,
): OperationNode {
  const eb = expressionBuilder<any, any>();
  if ('through' in declaration) {
    const { column, table } = declaration.through;
    const parent = scopeCondition(entities, scope, table, 'scope_parent');
    let parents = eb.selectFrom(`${table} as scope_parent`).select('scope_parent.id');
    if (parent) parents = parents.where(() => fromNode(parent));
    return eb(`${alias}.${column}`, 'in', parents).toOperationNode();
  }
  const { dept, path, owner = [] } = declaration;
  const allowed = owner.map((column) => eb(`${alias}.${column}`, '=', scope.userId));
  if (dept && scope.deptIds.length > 0) allowed.push(eb(`${alias}.${dept}`, 'in', scope.deptIds));
  if (scope.deptPaths.length > 0) {
    const within = (column: string) =>
      anyOf(scope.deptPaths.map((root) => eb.and([eb(column, '>=', root), eb(column, '<', endOfSubtree(root))])));
    if (path) allowed.push(within(`${alias}.${path}`));
    else if (dept) {
      const subtree = eb
        .selectFrom('depts as scope_dept')
        .select('scope_dept.id')
        .where(() => within('scope_dept.path'));
      allowed.push(eb(`${alias}.${dept}`, 'in', subtree));
    }
  }
  // `or` of nothing is false: whoever has no department and owns nothing sees nothing.
  return eb.or(allowed).toOperationNode();
}

/** Conditions in one group: SQLite nests no deeper than 1000, and each one in a row nests one deeper. */
const CONDITIONS_PER_GROUP = 100;

function anyOf(conditions: readonly ExpressionWrapper<any, any, any>[]): ExpressionWrapper<any, any, any> {
  const { or } = expressionBuilder<any, any>();
  if (conditions.length <= CONDITIONS_PER_GROUP) return or(conditions);
  const groups = Math.ceil(conditions.length / CONDITIONS_PER_GROUP);
  return anyOf(
    Array.from({ length: groups }, (_, group) =>
      or(conditions.slice(group * CONDITIONS_PER_GROUP, (group + 1) * CONDITIONS_PER_GROUP)),
    ),
  );
}

const fromNode = (node: OperationNode): any => ({ expressionType: undefined, toOperationNode: () => node });

/**
 * Puts the data scope into every statement: each scoped table in a FROM or JOIN, at any depth, is replaced by its permitted rows,
 * and the rule is appended to updates and deletes. Joins, sub-queries and CTEs are covered because the tree itself is rewritten.
 */
export class ScopePlugin implements KyselyPlugin {
  readonly #transformer: ScopeTransformer;

  constructor(entities: ReadonlyMap<string, Entity>, scope: DataScope) {
    this.#transformer = new ScopeTransformer(entities, scope);
  }

  transformQuery({ node, queryId }: PluginTransformQueryArgs): RootOperationNode {
    return this.#transformer.transformStatement(node, queryId);
  }

  async transformResult({ result }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
    return result;
  }
}

class ScopeTransformer extends OperationNodeTransformer {
  readonly #entities: ReadonlyMap<string, Entity>;
  readonly #scope: DataScope;

  /** Names that stand for a sub-query of the present statement, not for a table. A statement is transformed without a pause. */
  #named: ReadonlySet<string> = new Set();

  constructor(entities: ReadonlyMap<string, Entity>, scope: DataScope) {
    super();
    this.#entities = entities;
    this.#scope = scope;
  }

  transformStatement<T extends OperationNode>(node: T, queryId?: QueryId): T {
    const { with: common } = node as { with?: WithNode };
    this.#named = new Set(common?.expressions.map(({ name }) => name.table.table.identifier.name));
    for (const name of this.#named) {
      if (this.#entities.has(name)) throw new Error(`the common table expression ${name} hides a table`);
    }
    return this.transformNode(node, queryId);
  }

  protected override transformSelectQuery(node: SelectQueryNode, queryId?: QueryId): SelectQueryNode {
    const inner = super.transformSelectQuery(node, queryId);
    return {
      ...inner,
      ...(inner.from && {
        from: { ...inner.from, froms: inner.from.froms.map((from) => this.#permittedRows(from)) },
      }),
      ...(inner.joins && { joins: inner.joins.map((join) => ({ ...join, table: this.#permittedRows(join.table) })) }),
    };
  }

  protected override transformUpdateQuery(node: UpdateQueryNode, queryId?: QueryId): UpdateQueryNode {
    const inner = super.transformUpdateQuery(node, queryId);
    if (inner.from || inner.joins)
      throw new Error('a scoped update names its rows by a sub-query, not by from or join');
    return { ...inner, ...this.#narrowedWhere(inner.table, inner.where) };
  }

  protected override transformDeleteQuery(node: DeleteQueryNode, queryId?: QueryId): DeleteQueryNode {
    const inner = super.transformDeleteQuery(node, queryId);
    if (inner.using || inner.joins)
      throw new Error('a scoped delete names its rows by a sub-query, not by using or join');
    return { ...inner, ...this.#narrowedWhere(inner.from.froms[0], inner.where) };
  }

  #permittedRows(node: OperationNode): OperationNode {
    const target = namedTable(node);
    if (!target || this.#named.has(target.table)) return node;
    const rule = scopeCondition(this.#entities, this.#scope, target.table, target.table);
    if (!rule) return node;
    const permitted = expressionBuilder<any, any>()
      .selectFrom(target.table)
      .selectAll()
      .where(() => fromNode(rule))
      .toOperationNode();
    return AliasNode.create(permitted, IdentifierNode.create(target.alias));
  }

  #narrowedWhere(node: OperationNode | undefined, where: WhereNode | undefined): { where?: WhereNode } {
    const target = node && namedTable(node);
    if (!target) throw new Error('a scoped update or delete must name one table');
    const rule = scopeCondition(this.#entities, this.#scope, target.table, target.alias);
    if (!rule) return where ? { where } : {};
    return { where: WhereNode.create(where ? AndNode.create(ParensNode.create(where.where), rule) : rule) };
  }
}

function namedTable(node: OperationNode): { table: string; alias: string } | undefined {
  if (TableNode.is(node)) {
    const table = node.table.identifier.name;
    return { table, alias: table };
  }
  if (AliasNode.is(node) && TableNode.is(node.node) && IdentifierNode.is(node.alias)) {
    return { table: node.node.table.identifier.name, alias: node.alias.name };
  }
  return undefined;
}
