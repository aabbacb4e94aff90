import { setTimeout as sleep } from 'node:timers/promises';
import { type Document, type Filter, MongoClient, MongoError } from 'mongodb';
import { type Archive, type ArchivedRow, type ArchiveRead, archiveErrors } from '#core/archive.ts';
import type { Condition } from '#core/conditions.ts';
import { type Entity, uniquesOf } from '#core/entity.ts';
import type { ArchiveOptions } from './archive.ts';

/** How long a call waits for a server that can take it. */
const SELECTION_MS = 2000;
/** Whoever asks whether it is there is answered by then. */
const CHECK_MS = 500;
const DAY_MS = 86_400_000;
const DEFAULT_DATABASE = 'fastify_vue3_admin';

/** What is stored: the row with its key as `_id`, and when it may go. */
interface Stored extends Document {
  readonly _id: number;
  readonly expires_at?: Date;
}

/** The archive in a MongoDB: a collection for each table, with its indexes. Throws for an address that the driver cannot read. */
export function openMongoArchive({ url, days, log }: ArchiveOptions): Archive {
  const client = clientOf(url);
  const database = client.db(/^[^/]+\/\/[^/]+\/([^/?]+)/.exec(url)?.[1] ?? DEFAULT_DATABASE);
  const collection = ({ table }: Entity) => database.collection<Stored>(table);
  const prepared = new Map<string, Promise<unknown>>();
  const stored: Record<string, number> = {};
  let probe: Promise<unknown> | null = null;

  /** Once for each table and process; tried again when it failed. */
  const prepare = (entity: Entity) => {
    const { table, indexes = [] } = entity;
    const wanted = [...indexes, ...uniquesOf(entity)];
    let done = prepared.get(table);
    if (!done) {
      const keys = wanted.map((columns) => ({
        key: Object.fromEntries(columns.map((name) => [nameOf(name), 1 as const])),
      }));
      done = collection(entity).createIndexes([...keys, { key: { expires_at: 1 }, expireAfterSeconds: 0 }]);
      prepared.set(table, done);
      done.catch(() => prepared.delete(table));
    }
    return done;
  };

  const ask = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof MongoError)) throw error;
      log.warn({ err: error }, 'the archive does not answer');
      throw archiveErrors.unavailable();
    }
  };

  return {
    isOn: true,
    stored,
    store: (entity, rows) =>
      ask(async () => {
        if (rows.length === 0) return;
        await prepare(entity);
        const expires = days > 0 ? { expires_at: new Date(Date.now() + days * DAY_MS) } : {};
        const operations = rows.map(({ id, ...row }) => ({
          replaceOne: { filter: { _id: id }, replacement: { ...row, ...expires }, upsert: true },
        }));
        await collection(entity).bulkWrite(operations, {
          ordered: false,
          writeConcern: { w: 'majority', journal: true },
        });
        stored[entity.table] = (stored[entity.table] ?? 0) + rows.length;
      }),
    count: (entity, conditions) => ask(() => collection(entity).countDocuments(filterOf(conditions))),
    find: (entity, read) => ask(() => find(collection(entity).find<Stored>(filterOf(read.conditions)), read)),
    async check() {
      probe ??= database.command({ ping: 1 }).finally(() => {
        probe = null;
      });
      probe.catch(() => undefined);
      const late = async () => {
        await sleep(CHECK_MS, undefined, { ref: false });
        throw new Error('MongoDB does not answer');
      };
      await Promise.race([probe, late()]);
    },
    version: async () => `MongoDB ${(await database.command({ buildInfo: 1 }))['version']}`,
    close: () => client.close(),
  };
}

/** What the driver says of a wrong address may repeat a part of it, and that may be the password. */
function clientOf(url: string): MongoClient {
  try {
    return new MongoClient(url, {
      appName: 'fastify-vue3-admin',
      serverSelectionTimeoutMS: SELECTION_MS,
      connectTimeoutMS: SELECTION_MS,
      maxPoolSize: 10,
    });
  } catch {
    throw new Error('is not an address that the driver takes: look at its options, and write the password URL-encoded');
  }
}

async function find(
  cursor: ReturnType<ReturnType<ReturnType<MongoClient['db']>['collection']>['find']>,
  { columns, order, skipped, limit }: ArchiveRead,
): Promise<ArchivedRow[]> {
  const documents = await cursor
    .project(Object.fromEntries(columns.map((name) => [nameOf(name), 1])))
    .sort(order.map(({ column, direction }): [string, 1 | -1] => [nameOf(column), direction === 'asc' ? 1 : -1]))
    .skip(skipped)
    .limit(limit)
    .toArray();
  return documents.map(({ _id, ...row }) => ({ id: Number(_id), ...row }));
}

const nameOf = (column: string) => (column === 'id' ? '_id' : column);

function filterOf(conditions: readonly Condition[]): Filter<Stored> {
  const all = conditions.flatMap(conditionOf);
  return all.length === 0 ? {} : { $and: all };
}

function conditionOf(condition: Condition): Filter<Stored>[] {
  // Of nothing there is no `$or`; whoever has no way into the scope sees nothing.
  if ('some' in condition)
    return [condition.some.length === 0 ? { _id: { $in: [] } } : { $or: condition.some.flatMap(conditionOf) }];
  if ('columns' in condition) {
    if (condition.contains === undefined) return [];
    const $regex = condition.contains.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return [{ $or: condition.columns.map((column) => ({ [column]: { $regex, $options: 'i' } })) }];
  }
  const name = nameOf(condition.column);
  if ('is' in condition) return condition.is === undefined ? [] : [{ [name]: condition.is }];
  if ('among' in condition) return [{ [name]: { $in: [...condition.among] } }];
  if ('begins' in condition)
    return condition.begins === undefined ? [] : [{ [name]: { $gte: condition.begins, $lt: `${condition.begins}~` } }];
  const { from, to, below } = condition;
  const bounds = {
    ...(from !== undefined && { $gte: from }),
    ...(to !== undefined && { $lte: to }),
    ...(below !== undefined && { $lt: below }),
  };
  return Object.keys(bounds).length === 0 ? [] : [{ [name]: bounds }];
}
