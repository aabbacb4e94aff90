import {
  type Static,
  type TObject,
  type TProperties,
  type TSchema,
  type TSchemaOptions,
  type TUnsafe,
  Type,
} from 'typebox';

const named = new Map<string, TSchema>();

/** Every named schema by its name; each becomes one component of the OpenAPI document, which must not depend on who imports whom first. */
export function namedSchemas(): readonly TSchema[] {
  return [...named].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, schema]) => schema);
}

/**
 * Declares an object message by name. Unknown fields are refused in requests, and fail the tests in responses.
 * Throws when the name is used twice.
 */
export function message<const P extends TProperties>(
  name: string,
  properties: P,
  options: TSchemaOptions = {},
): TObject<P> {
  return register(name, Type.Object(properties, { ...options, $id: name, title: name, additionalProperties: false }));
}

/** Registers a schema under its `$id`. */
export function register<T extends TSchema>(name: string, schema: T): T {
  if (named.has(name)) throw new Error(`schema declared twice: ${name}`);
  named.set(name, schema);
  return schema;
}

/** Refers to a named schema instead of repeating it. Throws for a schema without a name. */
export function ref<T extends TSchema>(schema: T): TUnsafe<Static<T>> {
  const id = schemaName(schema);
  if (!id) throw new Error('only a named schema can be referred to');
  return Type.Unsafe<Static<T>>({ $ref: `${id}#` });
}

/** The name of a schema declared by `message`, if it has one. */
export function schemaName(schema: TSchema): string | undefined {
  return (schema as { $id?: string }).$id;
}

/** Allows null besides the given type, in the one form that OpenAPI 3.1 and TypeScript generators both read well. */
export function nullable<T extends TSchema>(schema: T): TUnsafe<Static<T> | null> {
  const { type, enum: values, ...rest } = schema as { type?: string; enum?: unknown[] };
  if (!type) return Type.Unsafe<Static<T> | null>({ anyOf: [schema, { type: 'null' }] });
  return Type.Unsafe<Static<T> | null>({ ...rest, type: [type, 'null'], ...(values && { enum: [...values, null] }) });
}

/** One of a few words. */
export function oneOf<const V extends readonly string[]>(values: V, options: TSchemaOptions = {}): TUnsafe<V[number]> {
  return Type.Unsafe<V[number]>({ ...options, type: 'string', enum: [...values] });
}

/** The largest key every database and JSON reader holds exactly. */
export const MAX_ID = Number.MAX_SAFE_INTEGER;

/** The largest version a row can reach: it is kept in a 32-bit column on every database. */
export const MAX_VERSION = 2_147_483_647;

/** A row's key. */
export const id = (options: TSchemaOptions = {}) => Type.Integer({ minimum: 1, maximum: MAX_ID, ...options });

/** Text of 1 (or `minLength`) to `maxLength` characters. */
export const line = (maxLength: number, options: TSchemaOptions & { minLength?: number } = {}) =>
  Type.String({ minLength: 1, maxLength, ...options });

/** A moment: ISO 8601 in UTC with `Z`. */
export const moment = (options: TSchemaOptions = {}) => Type.String({ format: 'date-time', ...options });

/** Who edited a row last. */
export const editor = () =>
  nullable(Type.String({ description: 'who made the last change, when the caller may see them' }));

/** Path parameters of a row. */
export const IdParams = message('IdParams', { id: id({ description: 'key of the row' }) });

/** Body of batch operations: all or nothing. */
export const IdsBody = message('IdsBody', {
  ids: Type.Array(id(), { minItems: 1, maxItems: 200, uniqueItems: true }),
});

export const DEFAULT_PAGE_SIZE = 20;
export const MAX_PAGE_SIZE = 200;
/** Rows that may be skipped: deeper pages cost the database more than a person can want. */
export const MAX_PAGE = 100_000;

/** Query fields every list takes; `orderable` is the allow list of its sort keys. */
export function pageQuery(orderable: readonly string[]) {
  const key = `-?(${orderable.join('|')})`;
  return {
    page: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE, default: 1, description: 'page, from 1' })),
    page_size: Type.Optional(
      Type.Integer({ minimum: 1, maximum: MAX_PAGE_SIZE, default: DEFAULT_PAGE_SIZE, description: 'rows per page' }),
    ),
    order_by: Type.Optional(
      Type.String({
        maxLength: 200,
        pattern: `^${key}(,${key}){0,4}$`,
        description: `comma-separated, \`-\` for descending: ${orderable.join(', ')}`,
      }),
    ),
  };
}

/** A page of a list, named `<Item>Page`. */
export function pageOf<T extends TSchema>(item: T) {
  return message(`${schemaName(item)}Page`, {
    items: Type.Array(ref(item)),
    total: Type.Integer({ minimum: 0 }),
    page: Type.Integer({ minimum: 1 }),
    page_size: Type.Integer({ minimum: 1 }),
  });
}

export interface Page<T> {
  items: T[];
  total: number;
  page: number;
  page_size: number;
}

export type { Static, TSchema };
export { Type };
