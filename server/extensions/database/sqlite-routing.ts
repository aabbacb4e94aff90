import type { CompiledQuery, RootOperationNode } from 'kysely';

const WRITING_WORDS = /\b(insert|update|delete|replace)\b/i;
const READING_PRAGMAS =
  /^\s*pragma\s+(\w+\.)?(table_(x?info|list)|index_(list|x?info)|foreign_key_list|database_list)\b/i;

/** Whether a statement may run on the reader: it changes nothing and locks nothing. */
export function onlyReads({ query, sql }: CompiledQuery): boolean {
  if (query.kind === 'SelectQueryNode') return query.endModifiers === undefined;
  if (query.kind !== 'RawNode') return false;
  if (/^\s*(select|values|explain)\b/i.test(sql)) return true;
  return /^\s*with\b/i.test(sql) ? !WRITING_WORDS.test(sql) : READING_PRAGMAS.test(sql);
}

const DATA_STATEMENTS = new Set<RootOperationNode['kind']>([
  'SelectQueryNode',
  'InsertQueryNode',
  'UpdateQueryNode',
  'DeleteQueryNode',
]);

/** Whether prepared statements may be outdated after it. */
export function changesSchema({ query, sql }: CompiledQuery): boolean {
  if (query.kind === 'RawNode') return /^\s*(create|alter|drop|pragma|attach|detach)\b/i.test(sql);
  return !DATA_STATEMENTS.has(query.kind);
}

/** Throws on a transaction begun by hand: it would keep the writer without its place in the queue. */
export function refuseTransactionControl({ query, sql }: CompiledQuery): void {
  if (query.kind === 'RawNode' && /^\s*(begin|commit|end|rollback|savepoint|release)\b/i.test(sql)) {
    throw new Error('Open a transaction through the query builder, not with a statement of its own.');
  }
}
