import { client } from '@/api/gen/client.gen.ts';
import { proveAgain, waysOf } from '@/factors/step-up.ts';
import { toApiError } from './errors.ts';
import { locale } from './i18n.ts';
import { accessToken, isStillTheirs, isThere, rightsMayHaveChanged, signInAgain } from './session.ts';

const AUTH = '/api/v1/auth/';
const STEP_UP = `${AUTH}step-up`;
/** What is written last of all by somebody who leaves. */
const PREFERENCES = '/api/v1/users/me/preferences';

/**
 * Sends a request as the person who is signed in. When the session has ended it asks them to sign in again, and before dangerous actions
 * to prove themselves once more; then it goes on.
 */
export async function authorizedFetch(input: RequestInfo | URL): Promise<Response> {
  const request = new Request(input);
  const { pathname } = new URL(request.url);
  const isSigningIn = pathname.startsWith(AUTH) && !pathname.startsWith(STEP_UP);
  const used = accessToken();
  const isLastWord = used !== null && pathname === PREFERENCES && request.method === 'PUT';
  if (!isSigningIn && !isLastWord && !isThere()) throw new DOMException('signed out', 'AbortError');
  let response = await send(request, used);
  if (isSigningIn) return response;
  if (response.status === 401 && (await signInAgain(used))) response = await send(request, accessToken());
  if (response.status !== 403) return response;
  const ways = await waysOf(response);
  if (ways === null) void rightsMayHaveChanged();
  else if (ways.length > 0 && (await proveAgain(ways)) && isStillTheirs(used)) return send(request, accessToken());
  return response;
}

/** `request` itself stays unused, so that it can be sent again. */
function send(request: Request, token: string | null): Promise<Response> {
  const sent = request.clone();
  if (token) sent.headers.set('authorization', `Bearer ${token}`);
  sent.headers.set('accept-language', locale.value);
  return fetch(sent);
}

export function setUpApi(): void {
  client.setConfig({ baseUrl: location.origin, fetch: authorizedFetch as typeof fetch, throwOnError: true });
  client.interceptors.error.use((thrown, response) => toApiError(thrown, response));
}

/** The data of an answer, out of its envelope: `await api(getUsers({ query }))`. Throws ApiError. */
export async function api<T>(request: Promise<{ data: { data: T } }>): Promise<T> {
  return (await request).data.data;
}
