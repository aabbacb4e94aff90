import {
  AggregateFunctionNode,
  AliasNode,
  AndNode,
  BinaryOperationNode,
  CaseNode,
  ColumnNode,
  FunctionNode,
  IdentifierNode,
  type OperationNode,
  OperatorNode,
  OrNode,
  ParensNode,
  ReferenceNode,
  SelectQueryNode,
  UnaryOperationNode,
} from 'kysely';
import type { ColumnKind, Entity } from '#core/entity.ts';

/** What the entities say about the columns of a result. */
export interface ColumnKinds {
  /** The kind of a column whose table is known. */
  of(table: string, column: string): ColumnKind | undefined;
  /** The kind that every entity with such a column agrees on; undefined when they differ. */
  named(column: string): ColumnKind | undefined;
}

/** Collects the kinds of all columns of `entities`. */
export function columnKinds(entities: readonly Entity[]): ColumnKinds {
  const byTable = new Map<string, Map<string, ColumnKind>>();
  const byName = new Map<string, ColumnKind | undefined>();
  for (const entity of entities) {
    const columns = new Map<string, ColumnKind>();
    for (const [name, column] of Object.entries(entity.columns)) {
      const { kind } = column.options;
      columns.set(name, kind);
      byName.set(name, !byName.has(name) || byName.get(name) === kind ? kind : undefined);
    }
    byTable.set(entity.table, columns);
  }
  return {
    of: (table, column) => byTable.get(table)?.get(column),
    named: (column) => byName.get(column),
  };
}

/**
 * The kinds of the computed columns of a statement by their alias, as far as its expressions tell: `max(created_at) as last` is a
 * datetime, `a = b as same` a boolean. A database that knows no such types (SQLite) then answers like one that does (PostgreSQL).
 */
export function aliasKinds(statement: OperationNode, kinds: ColumnKinds): ReadonlyMap<string, ColumnKind> {
  const found = new Map<string, ColumnKind>();
  const conflicting = new Set<string>();
  const visit = (node: unknown): void => {
    if (node === null || typeof node !== 'object') return;
    if (Array.isArray(node)) {
      for (const item of node) visit(item);
      return;
    }
    // Inner queries first: outer expressions refer to their aliases.
    for (const value of Object.values(node)) if (typeof value === 'object') visit(value);
    if (!isOperationNode(node) || !AliasNode.is(node) || !IdentifierNode.is(node.alias)) return;
    const alias = node.alias.name;
    const kind = kindOf(node.node, kinds, found);
    if (kind === undefined || conflicting.has(alias)) return;
    const earlier = found.get(alias);
    if (earlier !== undefined && earlier !== kind) {
      found.delete(alias);
      conflicting.add(alias);
    } else {
      found.set(alias, kind);
    }
  };
  visit(statement);
  return found;
}

const COMPARISONS = new Set<string>([
  ...[
    '=',
    '==',
    '!=',
    '<>',
    '<',
    '<=',
    '>',
    '>=',
    'in',
    'not in',
    'is',
    'is not',
    'like',
    'not like',
    'ilike',
    'not ilike',
  ],
  ...['between', 'between symmetric', 'is distinct from', 'is not distinct from', 'exists', 'not exists', 'not'],
]);

/** Functions whose result is one of their arguments. */
const PASSING_FUNCTIONS = new Set([
  'min',
  'max',
  'coalesce',
  'ifnull',
  'nullif',
  'first_value',
  'last_value',
  'any_value',
]);

function kindOf(
  node: OperationNode | undefined,
  kinds: ColumnKinds,
  aliases: ReadonlyMap<string, ColumnKind>,
): ColumnKind | undefined {
  if (node === undefined) return undefined;
  const first = (nodes: readonly OperationNode[]): ColumnKind | undefined => {
    for (const item of nodes) {
      const kind = kindOf(item, kinds, aliases);
      if (kind !== undefined) return kind;
    }
    return undefined;
  };
  if (ReferenceNode.is(node)) {
    if (!ColumnNode.is(node.column)) return undefined;
    const column = node.column.column.name;
    const table = node.table?.table.identifier.name;
    return (table && kinds.of(table, column)) || aliases.get(column) || kinds.named(column);
  }
  if (ColumnNode.is(node)) return aliases.get(node.column.name) ?? kinds.named(node.column.name);
  if (AggregateFunctionNode.is(node)) return PASSING_FUNCTIONS.has(node.func) ? first(node.aggregated) : undefined;
  if (FunctionNode.is(node)) return PASSING_FUNCTIONS.has(node.func) ? first(node.arguments) : undefined;
  if (ParensNode.is(node)) return kindOf(node.node, kinds, aliases);
  if (AndNode.is(node) || OrNode.is(node)) return 'boolean';
  if (BinaryOperationNode.is(node) || UnaryOperationNode.is(node)) {
    return OperatorNode.is(node.operator) && COMPARISONS.has(node.operator.operator) ? 'boolean' : undefined;
  }
  if (CaseNode.is(node)) {
    return first([...(node.when ?? []).flatMap((when) => when.result ?? []), ...(node.else ? [node.else] : [])]);
  }
  if (SelectQueryNode.is(node) && node.selections?.length === 1) {
    const selection = node.selections[0]?.selection;
    return kindOf(selection && AliasNode.is(selection) ? selection.node : selection, kinds, aliases);
  }
  if (node.kind === 'ValueNode')
    return typeof (node as { value?: unknown }).value === 'boolean' ? 'boolean' : undefined;
  return undefined;
}

function isOperationNode(value: object): value is OperationNode {
  return 'kind' in value && typeof value.kind === 'string';
}
