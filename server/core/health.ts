import type { FastifyInstance } from 'fastify';

/** One thing the service needs: `check` rejects while it is not there. */
export interface Dependency {
  readonly name: string;
  /** The service goes on without it, and only says that it is away. */
  readonly optional?: boolean;
  check(): Promise<void>;
  /** Which version of which product answers. */
  version?(): Promise<string>;
}

/**
 * `/healthz`: the process answers. `/readyz`: it can serve, because everything it needs answers too and it is not stopping.
 * Neither says more than a name and a word, since anybody may ask. Returns how to say that it is stopping before it does.
 */
export function installHealth(app: FastifyInstance, dependencies: readonly Dependency[]): () => void {
  let stopping = false;
  app.addHook('preClose', (done) => {
    stopping = true;
    done();
  });
  const schema = { hide: true } as const;
  app.get('/healthz', { config: { access: 'public' }, schema, logLevel: 'warn' }, async () => ({ status: 'ok' }));
  app.get('/readyz', { config: { access: 'public' }, schema, logLevel: 'warn' }, async (request, reply) => {
    const checks = await Promise.all(
      dependencies.map(async ({ name, optional, check }) => {
        try {
          await check();
          return { name, state: 'ok', blocks: false };
        } catch (error) {
          request.log.error({ err: error, dependency: name }, 'a dependency does not answer');
          return { name, state: 'unavailable', blocks: !optional };
        }
      }),
    );
    const ready = !stopping && checks.every(({ blocks }) => !blocks);
    return reply.code(ready ? 200 : 503).send({
      status: ready ? 'ready' : 'not ready',
      ...Object.fromEntries(checks.map(({ name, state }) => [name, state])),
    });
  });
  return () => {
    stopping = true;
  };
}
