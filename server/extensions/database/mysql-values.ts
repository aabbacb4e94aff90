import type { CompiledQuery } from 'kysely';
import mysql, { type FieldPacket } from 'mysql2';
import type { ColumnKind } from '#core/entity.ts';
import { aliasKinds, type ColumnKinds } from './kinds.ts';
import {
  type Decoder,
  decodeBoolean,
  decodeDatetime,
  decodeJson,
  decodeNumber,
  decoderOf,
  probableDecoderOf,
} from './values.ts';

const { Types } = mysql;

/** Reads the values of a result in place. Throws RangeError on a whole number beyond 2^53. */
export function decodeMysqlRows(
  rows: readonly Record<string, unknown>[],
  fields: readonly FieldPacket[],
  kinds: ColumnKinds,
  query: CompiledQuery,
): void {
  if (rows.length === 0) return;
  let aliases: ReadonlyMap<string, ColumnKind> | undefined;
  for (const field of fields) {
    const { name } = field;
    const decode = decoderOfField(field, kinds, () => {
      aliases ??= aliasKinds(query.query, kinds);
      return aliases.get(name);
    });
    if (decode === null) continue;
    for (const row of rows) {
      const value = row[name];
      if (value !== null) row[name] = decode(value);
    }
  }
}

function decoderOfField(
  field: FieldPacket,
  kinds: ColumnKinds,
  kindOfAlias: () => ColumnKind | undefined,
): Decoder | null {
  const { orgTable, orgName, columnType } = field;
  // MariaDB keeps JSON as text and tells so only in its extended metadata.
  if (columnType === Types.JSON || ('extendedFormat' in field && field.extendedFormat === 'json')) return decodeJson;
  if (columnType === Types.DATETIME || columnType === Types.TIMESTAMP) return decodeDatetime;
  const declared = orgTable && orgName ? kinds.of(orgTable, orgName) : undefined;
  if (declared !== undefined) return decoderOf(declared) ?? (isLarge(columnType) ? decodeNumber : null);
  if (columnType === Types.TINY && field.columnLength === 1) return decodeBoolean;
  const computed = kindOfAlias();
  const decode = computed ? decoderOf(computed) : probableDecoderOf(kinds.named(field.name));
  return decode ?? (isLarge(columnType) ? decodeNumber : null);
}

function isLarge(columnType: number | undefined): boolean {
  return columnType === Types.LONGLONG || columnType === Types.NEWDECIMAL || columnType === Types.DECIMAL;
}
