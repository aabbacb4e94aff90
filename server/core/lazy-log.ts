import type { FastifyBaseLogger } from 'fastify';

/**
 * A child of a log that is made with its first line. Most work writes none, and making a child redacts what it is bound to, which costs
 * more than queuing a task.
 */
export function lazyChild(log: FastifyBaseLogger, bindings: Readonly<Record<string, unknown>>): FastifyBaseLogger {
  let child: FastifyBaseLogger | undefined;
  return new Proxy(log, {
    get(_log, name) {
      child ??= log.child(bindings);
      const value: unknown = Reflect.get(child, name);
      return typeof value === 'function' ? value.bind(child) : value;
    },
  });
}
