import { constraintName } from '#core/entity.ts';
import { type AppError, conflictErrors, serverErrors } from '#core/errors.ts';
import type { Registry } from '#core/registry.ts';
import { type ConstraintViolation, DatabaseUnavailableError, isDeadlock, toConstraintViolation } from './errors.ts';

/**
 * What a failure of the database means to the client: a broken constraint with its field named, or that it should try again.
 * Null for any other failure.
 */
export function translateDatabaseError(error: unknown, registry: Registry): AppError | null {
  if (error instanceof DatabaseUnavailableError || isDeadlock(error)) return serverErrors.unavailable();
  const violation = toConstraintViolation(error, [...registry.entities.values()]);
  return violation && translateViolation(violation, registry);
}

function translateViolation({ kind, table, columns, direction }: ConstraintViolation, registry: Registry): AppError {
  const field = columns[0] ?? 'body';
  const name = constraintName(table ?? '', columns, kind === 'unique' ? 'unique' : 'foreign');
  const known = registry.constraints.get(name);
  if (kind === 'unique') return (known ?? conflictErrors.duplicate)().on(field);
  if (direction === 'in_use') return conflictErrors.in_use().on('id');
  return (known ?? conflictErrors.reference_missing)().on(field);
}
