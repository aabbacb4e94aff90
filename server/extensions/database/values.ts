import type { ColumnKind } from '#core/entity.ts';
import { isStorableMoment } from '#core/moments.ts';
import type { Dialect } from './index.ts';

/** Turns what the driver returned (never null) into the value that the rest of the program sees. */
export type Decoder = (value: unknown) => unknown;

/**
 * The JSON text that a JSON column stores, for any JSON value, also a bare string or null. To store SQL NULL pass null itself.
 * Throws TypeError on what JSON cannot say (undefined, functions), RangeError on whole numbers beyond 2^53.
 */
export function encodeJson(value: unknown): string {
  if (typeof value === 'number') finite(value);
  const text = JSON.stringify(value);
  if (text === undefined) throw new TypeError(`${typeof value} cannot be stored as JSON`);
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) throw unsafeInteger(text);
  return text;
}

/** Turns the parameters of a statement into what the driver of each dialect stores alike. Throws TypeError or RangeError. */
export const encodeParameters: Readonly<Record<Dialect, (parameters: readonly unknown[]) => unknown[]>> = {
  sqlite: encodeWith(
    (value) => (value ? 1 : 0),
    (date) => date.getTime(),
  ),
  mysql: encodeWith(
    (value) => value,
    (date) => date.toISOString().slice(0, 23).replace('T', ' '),
  ),
  postgresql: encodeWith(
    (value) => value,
    (date) => date.toISOString(),
  ),
};

function encodeWith(
  encodeBoolean: (value: boolean) => unknown,
  encodeDate: (date: Date) => unknown,
): (parameters: readonly unknown[]) => unknown[] {
  const encode = (value: unknown): unknown => {
    switch (typeof value) {
      case 'string':
        return value;
      case 'number':
        return finite(value);
      case 'boolean':
        return encodeBoolean(value);
      case 'bigint':
        return numberOfBigint(value);
      case 'object':
        if (value === null) return null;
        if (value instanceof Date) return encodeDate(storable(value));
        return value instanceof Uint8Array ? bufferOf(value) : encodeJson(value);
      default:
        throw new TypeError(`${typeof value} is not a value that a database can store`);
    }
  };
  return (parameters) => {
    const encoded = new Array<unknown>(parameters.length);
    for (let index = 0; index < parameters.length; index++) encoded[index] = encode(parameters[index]);
    return encoded;
  };
}

/** The driver of MySQL would write any other view as an object. */
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function finite(value: number): number {
  // SQLite would store NaN as NULL without a word; the others refuse it, each with its own error.
  if (!Number.isFinite(value)) throw new TypeError(`${value} is not a number that a database can store`);
  return value;
}

function storable(date: Date): Date {
  const time = date.getTime();
  if (Number.isNaN(time)) throw new TypeError('An invalid date cannot be stored');
  if (!isStorableMoment(time)) throw new RangeError('A date must lie within the years 1 to 9999 (UTC)');
  return date;
}

function numberOfBigint(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw unsafeInteger(String(value));
  return number;
}

/** The error for a whole number that JavaScript cannot hold exactly: refused, never rounded. */
export function unsafeInteger(text: string): RangeError {
  return new RangeError(`The whole number ${text} lies beyond 2^53 and cannot be held exactly`);
}

/** Reads the text of an integer or decimal. Throws RangeError on a whole number beyond 2^53. */
export function decodeNumber(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const number = Number(value);
  if (Number.isInteger(number) && !Number.isSafeInteger(number)) throw unsafeInteger(value);
  return number;
}

/** 0 and 1 as false and true; anything else is not a boolean and stays. */
export function decodeBoolean(value: unknown): unknown {
  return value === 1 ? true : value === 0 ? false : value;
}

/** SQLite's milliseconds, or `2026-01-31 12:00:00.123` in UTC (PostgreSQL adds `+00`), as a Date. */
export function decodeDatetime(value: unknown): unknown {
  if (typeof value === 'number') return new Date(value);
  if (typeof value !== 'string') return value;
  return new Date(`${value.slice(0, 10)}T${value.endsWith('+00') ? value.slice(11, -3) : value.slice(11)}Z`);
}

/** The value of a JSON column. SQLite keeps bare numbers as numbers. */
export function decodeJson(value: unknown): unknown {
  return typeof value === 'string' ? JSON.parse(value) : value;
}

/** For a column whose kind is only known from its name: text that is no JSON is what it says. */
export function decodeProbableJson(value: unknown): unknown {
  try {
    return decodeJson(value);
  } catch {
    return value;
  }
}

/** For a column whose kind is only known from its name: SQLite's whole numbers are dates, anything else stays. */
export function decodeProbableDatetime(value: unknown): unknown {
  return typeof value === 'number' && Number.isInteger(value) ? new Date(value) : value;
}

/** How a column of this kind is read, null when the driver's value is already right. */
export function decoderOf(kind: ColumnKind | undefined): Decoder | null {
  if (kind === 'boolean') return decodeBoolean;
  if (kind === 'datetime') return decodeDatetime;
  return kind === 'json' ? decodeJson : null;
}

/** As `decoderOf`, for a kind that was guessed from a name. */
export function probableDecoderOf(kind: ColumnKind | undefined): Decoder | null {
  if (kind === 'boolean') return decodeBoolean;
  if (kind === 'datetime') return decodeProbableDatetime;
  return kind === 'json' ? decodeProbableJson : null;
}
