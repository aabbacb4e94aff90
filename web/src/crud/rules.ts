import { t } from '@/app/i18n.ts';

/** As much of a JSON Schema as the API uses for the fields of a form. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly [keyword: string]: unknown;
}

const EMAIL = /^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/;

/** What is wrong with a value by its schema, in words; null when nothing is. The service checks again. */
export function problemOf(schema: JsonSchema | undefined, value: unknown, isRequired: boolean): string | null {
  if (value === undefined || value === null || value === '') return isRequired ? t('crud.rule.required') : null;
  if (!schema) return null;
  if (typeof value === 'string') return problemOfText(schema, value);
  if (typeof value === 'number') {
    if (schema.type === 'integer' && !Number.isInteger(value)) return t('crud.rule.integer');
    if (schema.minimum !== undefined && value < schema.minimum)
      return t('crud.rule.minimum', { limit: schema.minimum });
    if (schema.maximum !== undefined && value > schema.maximum)
      return t('crud.rule.maximum', { limit: schema.maximum });
  }
  if (Array.isArray(value)) {
    if (schema.minItems !== undefined && value.length < schema.minItems)
      return t('crud.rule.minItems', { limit: schema.minItems });
    if (schema.maxItems !== undefined && value.length > schema.maxItems)
      return t('crud.rule.maxItems', { limit: schema.maxItems });
  }
  return null;
}

function problemOfText(schema: JsonSchema, value: string): string | null {
  // JSON Schema counts characters, not the halves of them that JavaScript counts.
  const { length } = [...value];
  if (schema.minLength !== undefined && length < schema.minLength)
    return t('crud.rule.minLength', { limit: schema.minLength });
  if (schema.maxLength !== undefined && length > schema.maxLength)
    return t('crud.rule.maxLength', { limit: schema.maxLength });
  if (schema.format === 'email' && !EMAIL.test(value)) return t('crud.rule.email');
  if (schema.format === 'uri' && !URL.canParse(value)) return t('crud.rule.uri');
  if (schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(value)) return t('crud.rule.pattern');
  return null;
}

/** Whether the schema asks for this field, so that the form can mark it. */
export const isRequired = (schema: JsonSchema | undefined, key: string): boolean =>
  schema?.required?.includes(key) ?? false;

/** What is wrong with a form, by field. `keys` are the fields it shows. */
export function problemsOf(
  schema: JsonSchema | undefined,
  form: Readonly<Record<string, unknown>>,
  keys: readonly string[],
): Record<string, string> {
  const problems: Record<string, string> = {};
  for (const key of keys) {
    const problem = problemOf(schema?.properties?.[key], form[key], isRequired(schema, key));
    if (problem) problems[key] = problem;
  }
  return problems;
}
