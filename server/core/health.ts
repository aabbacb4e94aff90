import type { FastifyInstance } from 'fastify';

/** One thing the service needs: `check` rejects while it is not there. */
export interface Dependency {
  readonly name: string;
  check(): Promise<void>;
}

/**
 * `/healthz`: the process answers. `/readyz`: it can serve, because everything it needs answers too and it is not stopping.
 * Neither says more than a name and a word, since anybody may ask.
 */
export function installHealth(app: FastifyInstance, dependencies: readonly Dependency[]): void {
  let stopping = false;
  app.addHook('preClose', (done) => {
    stopping = true;
    done();
  });
  const schema = { hide: true } as const;
  app.get('/healthz', { config: { access: 'public' }, schema, logLevel: 'warn' }, async () => ({ status: 'ok' }));
  app.get('/readyz', { config: { access: 'public' }, schema, logLevel: 'warn' }, async (request, reply) => {
    const checks = await Promise.all(
      dependencies.map(async ({ name, check }) => {
        try {
          await check();
          return [name, 'ok'] as const;
        } catch (error) {
          request.log.error({ err: error, dependency: name }, 'a dependency does not answer');
          return [name, 'unavailable'] as const;
        }
      }),
    );
    const ready = !stopping && checks.every(([, state]) => state === 'ok');
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready', ...Object.fromEntries(checks) });
  });
}
