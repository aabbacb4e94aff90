import type { Json } from './task.ts';

/** The beginning of a text, at most `length` characters of it: as a copy, since a slice would keep the whole text in memory. */
export function headOf(text: string, length: number): string {
  return text.length > length ? Buffer.from(text.slice(0, length), 'utf16le').toString('utf16le') : text;
}

/** A text as every database keeps it: PostgreSQL has no character U+0000, and none of them half of a surrogate pair. */
export function storable(text: string): string {
  return text.replaceAll('\0', '\ufffd').toWellFormed();
}

/** The same of all texts in a value, and of its names. */
export function storableJson(value: Json): Json {
  if (typeof value === 'string') return storable(value);
  if (Array.isArray(value)) return value.map(storableJson);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [storable(name), storableJson(inner)]));
}
