import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isPermissionCode } from './access.ts';
import { addressGroup } from './address.ts';
import type { Context } from './context.ts';
import type { AppError } from './errors.ts';
import type { AnyRoute } from './feature.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Why it was refused with 403, or why a part of it would have been. */
    refusal: AppError | null;
  }
}

/** Refused attempts of one caller that are kept in a minute; of the others there is only their number. */
const KEPT_PER_MINUTE = 20;
/** Callers that are remembered at once; beyond it the oldest is forgotten. */
const MOST_CALLERS = 10_000;
const MINUTE_MS = 60_000;

interface Attempts {
  readonly minute: number;
  readonly ctx: Context;
  kept: number;
  omitted: number;
}

/**
 * Keeps a call that succeeded and left no record of its own: a change of something whose rows are not kept, or an export. Not what says
 * that it only tries (`dry_run`), nor what is open to everybody.
 */
export async function keepCall(declared: AnyRoute, request: FastifyRequest): Promise<void> {
  const { ctx } = request;
  if (declared.file && !declared.isStream) {
    await ctx.keep({
      action: 'export',
      detail: { ...addressOf(request), filter: request.body ?? request.query ?? {} },
    });
    return;
  }
  if (declared.method === 'GET' || declared.isStream || declared.changesNothing || !isPermissionCode(declared.access))
    return;
  if (ctx.recordsLeft > 0 || (request.query as { dry_run?: boolean } | undefined)?.dry_run === true) return;
  const detail = { ...addressOf(request), ...rowsOf(request), ...fieldsOf(declared, request) };
  await ctx.keep({ action: 'call', detail });
}

/** What the route says is to be kept of the body. */
function fieldsOf({ keeps }: AnyRoute, { body }: FastifyRequest): { body?: Record<string, unknown> } {
  if (!keeps) return {};
  const wanted = new Set<string>(keeps);
  return { body: Object.fromEntries(Object.entries(body as object).filter(([name]) => wanted.has(name))) };
}

/** The rows that a request names in its body, of which there are no more than the schema allows: one that was not checked says nothing here. */
function rowsOf({ body, routeOptions }: FastifyRequest): { ids?: unknown } {
  if (!routeOptions.config.route?.body) return {};
  const { ids, user_ids } = (body ?? {}) as { ids?: unknown; user_ids?: unknown };
  const about = ids ?? user_ids;
  return about === undefined ? {} : { ids: about };
}

function addressOf(request: FastifyRequest) {
  const params = request.params as Record<string, unknown> | undefined;
  return {
    method: request.method,
    route: request.routeOptions.config.route?.path ?? request.routeOptions.url ?? null,
    ...(params && Object.keys(params).length > 0 && { params }),
  };
}

/** Keeps what was refused with 403, alone or in a batch, before the answer goes out. A flood costs a bounded number of records, and says how many it was. */
export function installRefusals(app: FastifyInstance): void {
  const attempts = new Map<string, Attempts>();
  app.decorateRequest('refusal', null);

  /** Counts an attempt, in one step with everybody else's. Tells whether it is kept, and whose minutes it has ended. */
  const count = ({ ctx }: FastifyRequest): { isKept: boolean; ended: Attempts[] } => {
    const { actor, address } = ctx.caller;
    const key = actor ? `user ${actor.userId}` : `address ${addressGroup(address)}`;
    const minute = minuteOf(ctx);
    const ended: Attempts[] = [];
    const end = (key: string, one: Attempts) => {
      attempts.delete(key);
      ended.push(one);
    };
    let own = attempts.get(key);
    if (own && own.minute !== minute) {
      end(key, own);
      own = undefined;
    }
    if (!own) {
      own = { minute, ctx, kept: 0, omitted: 0 };
      const [oldest] = attempts;
      if (oldest && attempts.size >= MOST_CALLERS) end(...oldest);
      attempts.set(key, own);
    }
    const isKept = own.kept < KEPT_PER_MINUTE;
    if (isKept) own.kept += 1;
    else own.omitted += 1;
    return { isKept, ended };
  };

  const keep = async (request: FastifyRequest, refusal: AppError) => {
    const { isKept, ended } = count(request);
    await keepOmitted(ended);
    if (!isKept) return;
    const { permission } = refusal.params ?? {};
    const error = { error: refusal.definition.code, ...(permission && { permission }) };
    await request.ctx.keep({ action: 'refused', detail: { ...addressOf(request), ...error, ...rowsOf(request) } });
  };

  app.addHook('onSend', (request, _reply, payload, done) => {
    const { refusal } = request;
    if (!refusal || !request.ctx) return done(null, payload);
    keep(request, refusal).then(
      () => done(null, payload),
      (error) => {
        // The answer stays what it is: nobody gets in because the record could not be kept.
        request.log.error({ err: error }, 'a refused attempt could not be kept');
        done(null, payload);
      },
    );
  });

  const settle = async (isOver: (one: Attempts) => boolean) => {
    const over = [...attempts].filter(([, one]) => isOver(one));
    for (const [key] of over) attempts.delete(key);
    await keepOmitted(over.map(([, one]) => one)).catch((err) =>
      app.log.error({ err }, 'refused attempts could not be counted'),
    );
  };
  const timer = setInterval(() => void settle(({ ctx, minute }) => minute !== minuteOf(ctx)), MINUTE_MS);
  timer.unref();
  app.addHook('onClose', async () => {
    clearInterval(timer);
    await settle(() => true);
  });
}

const minuteOf = (ctx: Context) => Math.floor(ctx.now().getTime() / MINUTE_MS);

/** Keeps how many attempts were left out. */
async function keepOmitted(ended: readonly Attempts[]): Promise<void> {
  await Promise.all(
    ended
      .filter(({ omitted }) => omitted > 0)
      .map(({ ctx, omitted }) => ctx.keep({ action: 'refused', detail: { omitted } })),
  );
}
