import {
  AliasNode,
  AndNode,
  BinaryOperationNode,
  ColumnNode,
  type DeleteQueryNode,
  type Expression,
  expressionBuilder,
  IdentifierNode,
  type KyselyPlugin,
  type OperationNode,
  OperationNodeTransformer,
  OperatorNode,
  ParensNode,
  type PluginTransformQueryArgs,
  type PluginTransformResultArgs,
  type QueryId,
  type QueryResult,
  ReferenceNode,
  type RootOperationNode,
  type SelectQueryNode,
  type SqlBool,
  TableNode,
  type UnknownRow,
  type UpdateQueryNode,
  WhereNode,
  type WithNode,
} from 'kysely';
import type { DataScope } from './access.ts';
import type { Entity } from './entity.ts';
import { conditionOfWay, newestDepts, scopeCondition } from './scope-rule.ts';

/**
 * The permitted rows of one way alone (scope-rule.ts), under the name of the table. A statement that reaches a database like this,
 * past the plugin, fails: there is no such schema.
 */
export function tableByWay(table: string, way: string): string {
  return `${WAY}${way}.${table} as ${table}`;
}

/** Those of the rows in the scope by their department that can be among the `limit` newest, under the name of the table. */
export function newestOfTable(table: string, limit: number): string {
  return `${NEWEST}${limit}.${table} as ${table}`;
}

const WAY = 'scope way ';
const NEWEST = 'scope newest ';

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
  /** Tables by alias of the selects around the present node, innermost last. */
  #around: readonly ReadonlyMap<string, string>[] = [];

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
    const outside = this.#around;
    const { from, joins = [], where } = node;
    if (node.with && outside.length > 0) throw new Error('common table expressions belong to the whole statement');
    this.#around = [...outside, tablesByAlias([...(from?.froms ?? []), ...joins.map((join) => join.table)])];
    const inner = super.transformSelectQuery(node, queryId);
    const permitted = (table: OperationNode) => this.#permittedRows(table, where);
    const result = {
      ...inner,
      ...(inner.from && { from: { ...inner.from, froms: inner.from.froms.map(permitted) } }),
      ...(inner.joins && { joins: inner.joins.map((join) => ({ ...join, table: permitted(join.table) })) }),
    };
    this.#around = outside;
    return result;
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

  #permittedRows(node: OperationNode, where: WhereNode | undefined): OperationNode {
    const target = namedTable(node);
    if (!target || (this.#named.has(target.table) && target.schema === undefined)) return node;
    const rule = this.#ruleFor(target, where);
    if (!rule) return node;
    const permitted = expressionBuilder<any, any>().selectFrom(target.table).selectAll().where(rule).toOperationNode();
    return AliasNode.create(permitted, IdentifierNode.create(target.alias));
  }

  #ruleFor({ table, alias, schema }: Target, where: WhereNode | undefined): Expression<SqlBool> | null {
    const [entities, scope] = [this.#entities, this.#scope];
    if (schema?.startsWith(WAY)) return conditionOfWay(entities, scope, table, table, schema.slice(WAY.length));
    if (schema?.startsWith(NEWEST)) {
      const declaration = entities.get(table)?.scope;
      const column = declaration && 'dept' in declaration ? declaration.dept : undefined;
      if (!column) throw new Error(`the rows of ${table} belong to no department`);
      const limit = Number(schema.slice(NEWEST.length));
      return expressionBuilder<any, any>()(`${table}.${column}`, 'in', newestDepts(scope, table, column, limit));
    }
    if (schema !== undefined) throw new Error(`no data scope is declared for the schema ${schema}`);
    return this.#belongsToPermitted(table, alias, where) ? null : scopeCondition(entities, scope, table, table);
  }

  /**
   * Whether a select asks for the parts of a row that is permitted already: its `where` ties the column that leads to their parent to
   * the key of the parent's table in this select or one around it, and there the rule of the parent stands.
   */
  #belongsToPermitted(table: string, alias: string, where: WhereNode | undefined): boolean {
    const declaration = this.#entities.get(table)?.scope;
    if (!declaration || !('through' in declaration) || !where) return false;
    const { column, table: parent } = declaration.through;
    return equalities(where.where).some((sides) =>
      [sides, sides.toReversed()].some(
        ([part, key]) =>
          part?.alias === alias &&
          part.column === column &&
          key?.column === 'id' &&
          this.#around.findLast((tables) => tables.has(key.alias))?.get(key.alias) === parent &&
          !this.#named.has(parent),
      ),
    );
  }

  #narrowedWhere(node: OperationNode | undefined, where: WhereNode | undefined): { where?: WhereNode } {
    const target = node && namedTable(node);
    if (!target || target.schema !== undefined) throw new Error('a scoped update or delete must name one table');
    const rule = scopeCondition(this.#entities, this.#scope, target.table, target.alias)?.toOperationNode();
    if (!rule) return where ? { where } : {};
    const closed = ParensNode.create(rule);
    return { where: WhereNode.create(where ? AndNode.create(ParensNode.create(where.where), closed) : closed) };
  }
}

interface Target {
  readonly table: string;
  readonly alias: string;
  readonly schema: string | undefined;
}

function namedTable(node: OperationNode): Target | undefined {
  if (TableNode.is(node)) {
    const { schema, identifier } = node.table;
    return { table: identifier.name, alias: identifier.name, schema: schema?.name };
  }
  if (AliasNode.is(node) && TableNode.is(node.node) && IdentifierNode.is(node.alias)) {
    const { schema, identifier } = node.node.table;
    return { table: identifier.name, alias: node.alias.name, schema: schema?.name };
  }
  return undefined;
}

/** What each name in a FROM stands for: a table, or something else under an alias. */
function tablesByAlias(nodes: readonly OperationNode[]): Map<string, string> {
  return new Map(
    nodes.flatMap((node): [string, string][] => {
      const target = namedTable(node);
      if (target) return [[target.alias, target.table]];
      return AliasNode.is(node) && IdentifierNode.is(node.alias) ? [[node.alias.name, '']] : [];
    }),
  );
}

interface Side {
  readonly alias: string;
  readonly column: string;
}

/** The `a.x = b.y` that hold for every row that a condition lets through. */
function equalities(condition: OperationNode): Side[][] {
  if (ParensNode.is(condition)) return equalities(condition.node);
  if (AndNode.is(condition)) return [...equalities(condition.left), ...equalities(condition.right)];
  if (!BinaryOperationNode.is(condition) || !OperatorNode.is(condition.operator)) return [];
  if (condition.operator.operator !== '=') return [];
  const sides = [condition.leftOperand, condition.rightOperand].flatMap((operand): Side[] => {
    if (!ReferenceNode.is(operand) || !operand.table || !ColumnNode.is(operand.column)) return [];
    return [{ alias: operand.table.table.identifier.name, column: operand.column.column.name }];
  });
  return sides.length === 2 ? [sides] : [];
}
