import type { SelectQueryBuilder } from 'kysely';
import { contains } from './crud.ts';

type Value = string | number;

/** What rows of a log are narrowed by: said once, and understood by the database and by the archive. What is undefined narrows nothing. */
export type Condition =
  | { readonly column: string; readonly is: Value | undefined }
  | { readonly column: string; readonly among: readonly number[] }
  /** Begins with a text of ASCII characters, in this very case. */
  | { readonly column: string; readonly begins: string | undefined }
  /** One of the columns contains the text, whatever its case. */
  | { readonly columns: readonly string[]; readonly contains: string | undefined }
  | {
      readonly column: string;
      readonly from?: Date | number | undefined;
      readonly to?: Date | number | undefined;
      readonly below?: Date | number | undefined;
    }
  | { readonly some: readonly Condition[] };

/** A moment of a query, if it names one. */
export const momentOf = (text: string | undefined): Date | undefined =>
  text === undefined ? undefined : new Date(text);

/** A select narrowed by conditions that all hold. Their columns are the program's, never a client's. */
export function narrowed<S extends SelectQueryBuilder<any, any, any>>(
  rows: S,
  table: string,
  conditions: readonly Exclude<Condition, { some: unknown } | { among: unknown }>[],
): S {
  let found: SelectQueryBuilder<any, any, any> = rows;
  for (const condition of conditions) {
    if ('columns' in condition) {
      const columns = condition.columns.map((column) => `${table}.${column}`);
      if (condition.contains !== undefined) found = found.where(contains(columns, condition.contains));
      continue;
    }
    const column = `${table}.${condition.column}`;
    if ('is' in condition) {
      if (condition.is !== undefined) found = found.where(column, '=', condition.is);
    } else if ('begins' in condition) {
      // What begins with a text lies between it and the text followed by the highest character.
      if (condition.begins !== undefined)
        found = found.where(column, '>=', condition.begins).where(column, '<', `${condition.begins}~`);
    } else {
      if (condition.from !== undefined) found = found.where(column, '>=', condition.from);
      if (condition.to !== undefined) found = found.where(column, '<=', condition.to);
      if (condition.below !== undefined) found = found.where(column, '<', condition.below);
    }
  }
  return found as S;
}
