import type { Context } from './context.ts';
import { AppError, conflictErrors, type ErrorDetail } from './errors.ts';

/**
 * Does something to each of the rows, or nothing at all: one transaction, and when any is refused the answer names each with its reason.
 * `order` is the order to act in, where it matters. Throws `conflict.batch_refused`.
 */
export function forAll<Id extends number | string>(
  ctx: Context,
  ids: readonly Id[],
  act: (ctx: Context, id: Id) => Promise<unknown>,
  order: readonly Id[] = ids,
): Promise<void> {
  return ctx.inTransaction(async (ctx) => {
    const refused: ErrorDetail[] = [];
    const errors: AppError[] = [];
    for (const id of order) {
      try {
        await act(ctx, id);
      } catch (error) {
        // A refusal leaves the transaction usable; anything else has to end it.
        if (!(error instanceof AppError) || error.definition.status >= 500) throw error;
        const { definition, params } = error;
        errors.push(error);
        refused.push({ path: `ids.${ids.indexOf(id)}`, message: definition.message, ...(params && { params }) });
      }
    }
    if (refused.length > 0)
      throw conflictErrors
        .batch_refused()
        .standingFor(errors)
        .at(...refused);
  });
}
