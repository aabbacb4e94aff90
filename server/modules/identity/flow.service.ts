import { createHash, randomBytes } from 'node:crypto';
import type { ProviderSettings } from '#config';
import type { Context } from '#core/context.ts';
import * as crud from './identity.crud.ts';
import { identityErrors } from './identity.errors.ts';
import { authorizationAddress } from './provider.service.ts';

/** How long somebody may take at the provider. */
export const FLOW_SECONDS = 600;

const sha256 = (value: string) => createHash('sha256').update(value).digest('hex');
const secret = () => randomBytes(32).toString('base64url');

/** A path of this site to come back to; `/` for anything that a browser could take for another site. */
export function returnPath(wanted: string | undefined): string {
  if (!wanted || !/^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(wanted) || wanted.length > 500) return '/';
  const { pathname, search, hash } = new URL(wanted, 'http://here.invalid');
  // Dots resolve: `/..//elsewhere` would end as another site.
  return pathname.startsWith('//') ? '/' : pathname + search + hash;
}

/** Somebody on the way to a provider: where to send them, and what their browser has to bring back. */
export interface StartedFlow {
  readonly address: string;
  readonly browser: string;
}

/**
 * Remembers somebody who goes to a provider; `browser` is what their browser already holds of an earlier one. With `links` they
 * link an account to the session they have. Throws `identity.unreachable`.
 */
export async function startFlow(
  ctx: Context,
  provider: ProviderSettings,
  options: { readonly browser: string | undefined; readonly returnTo: string; readonly links?: boolean },
): Promise<StartedFlow> {
  const flow = { state: secret(), nonce: secret(), codeVerifier: secret() };
  const address = await authorizationAddress(ctx, provider, flow);
  const browser = options.browser && /^[\w-]{43}$/.test(options.browser) ? options.browser : secret();
  await crud.forgetExpiredFlows(ctx);
  await crud.insertFlow(ctx, {
    state_hash: sha256(flow.state),
    browser_hash: sha256(browser),
    provider: provider.name,
    nonce: flow.nonce,
    code_verifier: flow.codeVerifier,
    return_path: options.returnTo,
    session_id: options.links ? ctx.caller.sessionId : null,
    created_at: ctx.now(),
    expires_at: new Date(ctx.now().getTime() + FLOW_SECONDS * 1000),
  });
  return { address, browser };
}

/**
 * Takes up the flow that a state belongs to, once. Throws `identity.flow_invalid` for one that is unknown, used or expired, that began
 * with another provider or in another browser.
 */
export async function takeFlow(
  ctx: Context,
  provider: ProviderSettings,
  state: string | undefined,
  browser: string | undefined,
) {
  if (!state || !browser) throw identityErrors.flow_invalid();
  const flow = await crud.findFlow(ctx, sha256(state));
  if (!flow || !(await crud.deleteFlow(ctx, flow.id))) throw identityErrors.flow_invalid();
  if (flow.expires_at <= ctx.now() || flow.provider !== provider.name || flow.browser_hash !== sha256(browser))
    throw identityErrors.flow_invalid();
  return {
    state,
    nonce: flow.nonce,
    codeVerifier: flow.code_verifier,
    returnPath: flow.return_path,
    sessionId: flow.session_id,
  };
}
