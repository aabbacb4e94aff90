import { DatabaseUnavailableError } from './errors.ts';
import { type DatabaseAddress, describeAddress, type ServerAddress } from './url.ts';

/**
 * Waits for a connection for at most `timeoutMs`; one that comes later is given back. Rejects with a message that names the server
 * and the database, never a credential.
 */
export function acquireInTime<T>(
  pending: Promise<T>,
  giveBack: (connection: T) => void,
  address: ServerAddress,
  timeoutMs: number,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      reject(new DatabaseUnavailableError(`No connection to ${describeAddress(address)} within ${timeoutMs} ms`));
    }, timeoutMs);
    pending.then(
      (connection) => {
        clearTimeout(timer);
        if (isLate) giveBack(connection);
        else resolve(connection);
      },
      (cause: unknown) => {
        clearTimeout(timer);
        reject(
          new DatabaseUnavailableError(`No connection to ${describeAddress(address)}: ${reasonOf(cause)}`, { cause }),
        );
      },
    );
  });
}

/** Waits for an answer for at most `timeoutMs`: a connection that is open may lead to a server that hangs. */
export async function answerInTime<T>(pending: Promise<T>, address: DatabaseAddress, timeoutMs: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () =>
      late.reject(new DatabaseUnavailableError(`No answer from ${describeAddress(address)} within ${timeoutMs} ms`)),
    timeoutMs,
  );
  return Promise.race([pending, late.promise]).finally(() => clearTimeout(timer));
}

/** Node reports a host with several addresses as an AggregateError without a message. */
function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError && cause.message === '') return cause.errors.map(reasonOf).join('; ');
  return cause instanceof Error ? cause.message : String(cause);
}
