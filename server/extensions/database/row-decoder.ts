import type { Decoder } from './values.ts';

/** One column of a result: its name and how its values are read (null: as they are). */
export interface ResultColumn {
  readonly name: string;
  readonly decode: Decoder | null;
}

export type Row = Record<string, unknown>;

/**
 * Builds the function that turns an array of values into a row. It is compiled once per statement because an object literal costs
 * half of what assigning each name costs; names enter the source only as JSON strings.
 */
export function rowDecoder(columns: readonly ResultColumn[]): (values: readonly unknown[]) => Row {
  const members = columns.map(({ name, decode }, index) => {
    // A computed key, because a plain "__proto__" in a literal would set the prototype.
    const key = name === '__proto__' ? '["__proto__"]' : JSON.stringify(name);
    const value = `values[${index}]`;
    return `${key}: ${decode === null ? value : `${value} === null ? null : decoders[${index}](${value})`}`;
  });
  const build = new Function('decoders', `return (values) => ({ ${members.join(', ')} });`);
  return build(columns.map((column) => column.decode));
}
