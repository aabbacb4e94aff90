import { isSecureAddress, type ProviderSettings } from '#config';

const TIMEOUT_MS = 5000;
const MOST_BYTES = 512 * 1024;
const WITHOUT_BODY = new Set([204, 205, 304]);

/** An address that the settings of a provider do not allow to call. */
export class ForbiddenAddress extends Error {}

/** The hosts that may be called for a provider: those that its settings name, never one that an answer brings along. */
function hostsOf(provider: ProviderSettings): Set<string> {
  const named = [provider.issuer, provider.token_endpoint, provider.userinfo_endpoint, provider.emails_endpoint];
  return new Set([...provider.hosts, ...named.flatMap((address) => (address ? new URL(address).host : []))]);
}

/** Throws ForbiddenAddress. */
export function assertAllowed(provider: ProviderSettings, address: string, production: boolean): URL {
  if (!isSecureAddress(address, production)) throw new ForbiddenAddress(`${provider.name}: no secure address`);
  const target = new URL(address);
  if (!hostsOf(provider).has(target.host))
    throw new ForbiddenAddress(`${provider.name}: the host ${target.host} is not among its hosts`);
  return target;
}

/**
 * A `fetch` that calls the hosts of one provider and no other, follows no redirect, and waits and reads only so much.
 * Throws ForbiddenAddress, and what `fetch` throws.
 */
export function outboundFetch(provider: ProviderSettings, production: boolean) {
  return async (address: string, init: RequestInit = {}): Promise<Response> => {
    const response = await fetch(assertAllowed(provider, address, production), {
      ...init,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const body = await readAtMost(response);
    const { status, headers } = response;
    return new Response(WITHOUT_BODY.has(status) ? null : body, { status, headers: new Headers(headers) });
  };
}

async function readAtMost(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > MOST_BYTES) throw new Error('the answer of the provider is too long');
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}
