import { useQuery } from '@tanstack/vue-query';
import type { LocationQuery } from 'vue-router';
import { getAuthProviders } from '@/api/gen/index.ts';
import { api } from '@/app/api.ts';
import type { MessageKey } from '@/app/i18n.ts';

/** The providers that the service was set up with; they do not change while it runs. */
export function useProviders() {
  return useQuery({
    queryKey: ['identity-providers'],
    queryFn: async () => (await api(getAuthProviders())).items,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Where a sign-in with a provider begins: an address that the browser opens itself. */
export const startAddress = (provider: string, returnTo: string) =>
  `/api/v1/auth/oidc/${encodeURIComponent(provider)}/start?${new URLSearchParams({ r: returnTo })}`;

const FAILURES: Readonly<Record<string, MessageKey>> = {
  'identity.denied': 'outside.failures.denied',
  'identity.flow_invalid': 'outside.failures.expired',
  'identity.exchange_failed': 'outside.failures.unverified',
  'identity.unreachable': 'outside.failures.unreachable',
  'identity.not_linked': 'outside.failures.notLinked',
  'identity.taken': 'outside.failures.taken',
  'auth.inactive_user': 'outside.failures.inactive',
};

/** What to say about a code that the service put into an address; a code that it never gives says nothing of its own. */
export const failureOf = (code: string): MessageKey =>
  (Object.hasOwn(FAILURES, code) && FAILURES[code]) || 'outside.failures.unexpected';

/** What came back from a provider, as the address of the sign-in page tells it. */
export function arrivalIn(query: LocationQuery) {
  const { outside, state, failed } = query;
  if (typeof outside !== 'string') return null;
  return { provider: outside, state, failed: typeof failed === 'string' ? failed : null };
}

const KEY = 'signed-in-with';

/** Which provider the present sign-in came through, so that signing out there can be offered. */
export const signedInWith = {
  get(): string | null {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null;
    }
  },
  set(provider: string | null): void {
    try {
      if (provider === null) localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, provider);
    } catch {
      // Without storage it is not offered.
    }
  },
};
