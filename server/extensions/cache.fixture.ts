import { DatabaseSync } from 'node:sqlite';
import { pino } from 'pino';
import { defineCache } from '#core/cache.ts';
import { openBus } from './bus.ts';
import { openCaches } from './cache.ts';

// One process of several that share a database and a Redis: it writes, reads through its cache, and says what it read.
const [file = '', redisUrl = '', prefix = ''] = process.argv.slice(2);
const log = pino({ level: 'silent' });
const bus = openBus(redisUrl, prefix, log);
const numbers = defineCache({
  name: 'numbers',
  title: { 'zh-CN': '数', 'en-US': 'Numbers' },
  tags: ['numbers'],
  ttlMs: 600_000,
  graceMs: 600_000,
});
const caches = await openCaches({ specs: [numbers], redisUrl, prefix, bus, log });
const database = new DatabaseSync(file, { timeout: 5000 });
const select = database.prepare('select value from numbers where id = ?');
const add = database.prepare('update numbers set value = value + 1 where id = ?');

interface Order {
  readonly call: number;
  readonly do: 'read' | 'write' | 'state';
  readonly id: number;
}

async function follow({ do: what, id }: Order): Promise<unknown> {
  if (what === 'state') return { isHearing: caches.isHearing, figures: caches.figures()[0] };
  if (what === 'write') {
    add.run(id);
    await caches.forget(['numbers']);
    return null;
  }
  return caches.get(numbers, String(id), async () => {
    const { value } = select.get(id) as { value: number };
    // As slow as a database that is busy, so that a write can happen before the entry is kept.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
    return value;
  });
}

process.on('message', (order: Order) => {
  follow(order).then(
    (answer) => process.send?.({ call: order.call, answer }),
    (error) => process.send?.({ call: order.call, error: String(error) }),
  );
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
