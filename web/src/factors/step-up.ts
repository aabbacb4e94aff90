import { shallowRef } from 'vue';

/** How people prove themselves. */
export type Method = 'password' | 'totp' | 'recovery-code' | 'passkey';
const METHODS: ReadonlySet<string> = new Set(['password', 'totp', 'recovery-code', 'passkey'] satisfies Method[]);

/** By what the person is asked to prove themselves now; null when nothing is asked. The dialog follows it. */
export const askedFor = shallowRef<readonly Method[] | null>(null);

let waiting: { promise: Promise<boolean>; finish: (isProven: boolean) => void } | null = null;

/** Asks the person to prove themselves once more; false when they would rather not. Requests at the same time wait for one answer. */
export function proveAgain(methods: readonly Method[]): Promise<boolean> {
  if (!waiting) {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    waiting = { promise, finish: resolve };
    askedFor.value = methods;
  }
  return waiting.promise;
}

/** Ends the question. */
export function finishProof(isProven: boolean): void {
  askedFor.value = null;
  waiting?.finish(isProven);
  waiting = null;
}

/** The ways to prove oneself that a refusal names, or null when it asks for no proof. */
export async function waysOf(response: Response): Promise<Method[] | null> {
  const body = await response
    .clone()
    .json()
    .catch(() => null);
  if (body?.error !== 'access.step_up_required') return null;
  const paths: string[] = (body.details ?? []).map(({ path }: { path: string }) => path);
  return paths.filter((path): path is Method => METHODS.has(path));
}
