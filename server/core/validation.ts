import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import type { ErrorDetail } from './errors.ts';
import { type Text, text } from './i18n.ts';
import { isStorableMoment } from './moments.ts';
import { namedSchemas } from './schema.ts';

const MOST_DETAILS = 20;

/**
 * Builds validators at their first use instead of at start: five hundred routes then start three times faster.
 * Bodies are taken as they are; path and query parts are text, so they are converted to the type of their schema.
 */
export class LazyValidators {
  readonly #ajv = new Map<boolean, Ajv>();

  #ajvFor(converts: boolean): Ajv {
    const known = this.#ajv.get(converts) ?? createAjv(converts ? 'array' : false);
    this.#ajv.set(converts, known);
    return known;
  }

  /** The validator compiler of the HTTP server. */
  readonly compile = ({ schema, httpPart }: { schema: unknown; httpPart?: string | undefined }) => {
    let validate: ValidateFunction | undefined;
    return (data: unknown): { error: SchemaViolation } | true => {
      validate ??= this.#ajvFor(httpPart !== 'body').compile(schema as object);
      if (validate(data)) return true;
      return { error: new SchemaViolation(httpPart ?? 'body', validate.errors ?? []) };
    };
  };

  /** A serialiser that fails on any field that is missing, mistyped or not listed. For tests: production trusts them. */
  readonly checkedSerializer = ({ schema, url, method }: { schema: unknown; url: string; method: string }) => {
    let validate: ValidateFunction | undefined;
    return (data: unknown): string => {
      validate ??= this.#ajvFor(false).compile(schema as object);
      const json = JSON.stringify(data);
      if (!validate(JSON.parse(json))) {
        throw new Error(
          `${method} ${url} answers against its schema: ${this.#ajvFor(false).errorsText(validate.errors)}`,
        );
      }
      return json;
    };
  };
}

const argumentValidators = new WeakMap<object, ValidateFunction>();
let argumentAjv: Ajv | undefined;

/** What is wrong with the arguments of a task handler, by their schema; null when nothing is. Fills in defaults. */
export function problemsOfArguments(schema: object, args: unknown): ErrorDetail[] | null {
  argumentAjv ??= createAjv(false);
  const validate = argumentValidators.get(schema) ?? argumentAjv.compile(schema);
  argumentValidators.set(schema, validate);
  return validate(args) ? null : new SchemaViolation('args', validate.errors ?? []).details;
}

function createAjv(coerceTypes: boolean | 'array'): Ajv {
  const ajv = new Ajv({ coerceTypes, useDefaults: true, allErrors: true, strict: false, ownProperties: true });
  formats.default(ajv, ['email', 'date-time', 'uuid', 'uri']);
  const written = formats.default.get('date-time') as { validate: (value: string) => boolean };
  // RFC 3339 also knows leap seconds and the year 0, which no database keeps.
  ajv.addFormat('date-time', (value: string) => written.validate(value) && isStorableMoment(Date.parse(value)));
  for (const schema of namedSchemas()) ajv.addSchema(schema);
  return ajv;
}

/** A part of a request that breaks its schema. */
export class SchemaViolation extends Error {
  readonly part: string;
  readonly errors: readonly ErrorObject[];
  constructor(part: string, errors: readonly ErrorObject[]) {
    super(`${part} is not valid`);
    this.part = part;
    this.errors = errors;
  }

  /** The broken fields, each once, with what to do about it. */
  get details(): ErrorDetail[] {
    const byPath = new Map<string, ErrorDetail>();
    for (const error of this.errors) {
      if (error.keyword === 'anyOf' || error.keyword === 'if') continue;
      const path = pathOf(error) || this.part;
      if (byPath.size < MOST_DETAILS && !byPath.has(path)) byPath.set(path, { path, ...explain(error) });
    }
    if (byPath.size === 0) byPath.set(this.part, { path: this.part, message: fallbackText });
    return [...byPath.values()];
  }
}

function pathOf(error: ErrorObject): string {
  const path = error.instancePath.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~');
  const { missingProperty, additionalProperty } = error.params as Record<string, string>;
  const field = missingProperty ?? additionalProperty;
  return field === undefined ? path : path ? `${path}.${field}` : field;
}

const fallbackText = text('格式不正确', 'is not valid');
const formatTexts: Record<string, Text> = {
  email: text('请输入有效的邮箱地址', 'must be an e-mail address'),
  'date-time': text('请输入 ISO 8601 时间', 'must be an ISO 8601 date and time'),
  uuid: text('请输入 UUID', 'must be a UUID'),
  uri: text('请输入有效的网址', 'must be a URL'),
};
const typeTexts: Record<string, Text> = {
  string: text('必须是文本', 'must be text'),
  integer: text('必须是整数', 'must be a whole number'),
  number: text('必须是数字', 'must be a number'),
  boolean: text('必须是 true 或 false', 'must be true or false'),
  array: text('必须是列表', 'must be a list'),
  object: text('必须是对象', 'must be an object'),
};
const keywordTexts: Record<string, Text> = {
  required: text('不能为空', 'is required'),
  additionalProperties: text('不支持此字段', 'is not a known field'),
  minLength: text('至少 {limit} 个字符', 'must have at least {limit} characters'),
  maxLength: text('最多 {limit} 个字符', 'must have at most {limit} characters'),
  minimum: text('不能小于 {limit}', 'must be at least {limit}'),
  maximum: text('不能大于 {limit}', 'must be at most {limit}'),
  minItems: text('至少 {limit} 项', 'must have at least {limit} items'),
  maxItems: text('最多 {limit} 项', 'must have at most {limit} items'),
  minProperties: text('至少填写一个字段', 'must name at least one field'),
  uniqueItems: text('不能有重复项', 'must not repeat an item'),
  enum: text('必须是以下之一：{values}', 'must be one of: {values}'),
  pattern: text('格式不正确', 'has the wrong format'),
};

function explain(error: ErrorObject): Pick<ErrorDetail, 'message' | 'params'> {
  const { limit, allowedValues, format, type } = error.params as Record<string, unknown>;
  if (error.keyword === 'format') return { message: formatTexts[String(format)] ?? fallbackText };
  if (error.keyword === 'type') {
    const first = Array.isArray(type) ? type[0] : String(type).split(',')[0];
    return { message: typeTexts[first] ?? fallbackText };
  }
  const message = keywordTexts[error.keyword] ?? fallbackText;
  if (typeof limit === 'number') return { message, params: { limit } };
  if (Array.isArray(allowedValues)) return { message, params: { values: allowedValues.join(', ') } };
  return { message };
}
