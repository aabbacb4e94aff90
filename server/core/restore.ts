import type { Context } from './context.ts';
import { requestErrors } from './errors.ts';
import type { Static, TSchema } from './schema.ts';
import { problemsOfArguments } from './validation.ts';

/** How former values of some fields of a row are put back: by the function that edits them, under the same rules. */
export interface Restorer {
  /** What an edit of these fields needs. */
  readonly permission: string;
  readonly fields: readonly string[];
  /** Edits the row. Throws what the edit throws. */
  run(
    ctx: Context,
    rowId: number,
    values: Readonly<Record<string, unknown>>,
    version: number | undefined,
  ): Promise<unknown>;
}

/** Puts back the fields of the message that an edit takes. Former values that it would refuse today are refused. */
export function restoredBy<S extends TSchema>(
  permission: string,
  body: S,
  edit: (ctx: Context, rowId: number, input: Static<S>) => Promise<unknown>,
): Restorer {
  const { properties } = body as unknown as { readonly properties: Readonly<Record<string, object>> };
  return {
    permission,
    fields: Object.keys(properties).filter((field) => field !== 'version'),
    run(ctx, rowId, values, version) {
      const input = { ...values, ...(version !== undefined && { version }) };
      const problems = problemsOfArguments(body, input);
      if (problems) throw requestErrors.invalid().at(...problems);
      return edit(ctx, rowId, input as Static<S>);
    },
  };
}
