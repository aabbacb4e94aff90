import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { deserialize, Long, serialize } from 'bson';
import { aggregate, find, Query } from 'mingo';

/** As much of MongoDB as the archive needs, in memory: its wire protocol (OP_MSG), with the queries answered by mingo. No transactions, no rights. */
export interface MongoServer {
  readonly url: string;
  /** Write concerns of the writes. */
  readonly concerns: readonly unknown[];
  /** The server goes away; what it holds stays. */
  stop(): Promise<void>;
  /** It comes back at the same address. */
  start(): Promise<void>;
}

type Row = Readonly<Record<string, unknown>> & { readonly _id: unknown };
// biome-ignore lint/suspicious/noExplicitAny: a command is whatever the driver sends
type Command = Record<string, any>;

const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;
const HEADER = 16;
const ROWS_PER_BATCH = 101;
const CURSOR_NOT_FOUND = 43;
const COMMAND_NOT_FOUND = 59;

const HELLO = {
  isWritablePrimary: true,
  ismaster: true,
  helloOk: true,
  maxBsonObjectSize: 16_777_216,
  maxMessageSizeBytes: 48_000_000,
  maxWriteBatchSize: 100_000,
  logicalSessionTimeoutMinutes: 30,
  minWireVersion: 0,
  maxWireVersion: 21,
  readOnly: false,
};

/** Starts the server at a free port. */
export async function startMongoServer(): Promise<MongoServer> {
  const state = new State();
  let port = 0;
  let server: Server;
  const sockets = new Set<Socket>();
  const start = async () => {
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => undefined);
      listen(socket, state);
    });
    await new Promise<void>((ready) => server.listen(port, '127.0.0.1', ready));
    port = (server.address() as AddressInfo).port;
  };
  await start();
  return {
    url: `mongodb://127.0.0.1:${port}/archive_test`,
    concerns: state.concerns,
    start,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
}

class State {
  readonly #documents = new Map<string, Row[]>();
  readonly #indexes = new Map<string, Row[]>();
  readonly concerns: unknown[] = [];
  readonly #cursors = new Map<number, Row[]>();
  #lastCursor = 0;

  answer(command: Command): Command {
    const [name = ''] = Object.keys(command);
    const table = String(command[name]);
    switch (name.toLowerCase()) {
      case 'hello':
      case 'ismaster':
        return { ...HELLO, localTime: new Date(), ok: 1 };
      case 'ping':
      case 'endsessions':
      case 'killcursors':
        return { ok: 1 };
      case 'buildinfo':
        return { version: '7.0.0-test', ok: 1 };
      case 'dropdatabase':
        this.#documents.clear();
        return { ok: 1 };
      case 'createindexes':
        this.#indexes.set(table, command['indexes']);
        return { ok: 1 };
      case 'listindexes':
        return this.#cursor(table, this.#indexes.get(table) ?? [], 'firstBatch');
      case 'update':
        return this.#update(table, command);
      case 'delete':
        return this.#delete(table, command);
      case 'find': {
        const found = find<Row>(this.#of(table), command['filter'] ?? {}, command['projection'] ?? {});
        if (command['sort']) found.sort(command['sort']);
        if (command['skip']) found.skip(Number(command['skip']));
        if (command['limit']) found.limit(Number(command['limit']));
        return this.#cursor(table, found.all() as Row[], 'firstBatch', command['batchSize']);
      }
      case 'aggregate':
        return this.#cursor(table, aggregate(this.#of(table), command['pipeline']) as Row[], 'firstBatch');
      case 'getmore': {
        const id = Number(command['getMore']);
        const rest = this.#cursors.get(id);
        if (!rest) return { ok: 0, code: CURSOR_NOT_FOUND, errmsg: 'cursor not found' };
        this.#cursors.delete(id);
        return this.#cursor(command['collection'], rest, 'nextBatch', command['batchSize']);
      }
      default:
        return { ok: 0, code: COMMAND_NOT_FOUND, errmsg: `no such command: ${name}` };
    }
  }

  #of(table: string): Row[] {
    return this.#documents.get(table) ?? [];
  }

  #update(table: string, { updates, writeConcern }: Command): Command {
    this.concerns.push(writeConcern);
    const rows = this.#of(table);
    this.#documents.set(table, rows);
    const upserted: { index: number; _id: unknown }[] = [];
    let replaced = 0;
    for (const [index, { q, u, upsert }] of updates.entries()) {
      const place = rows.findIndex(matcherOf(q));
      if (place >= 0) {
        rows[place] = { _id: rows[place]?._id, ...u };
        replaced += 1;
      } else if (upsert) {
        rows.push({ _id: q._id, ...u });
        upserted.push({ index, _id: q._id });
      }
    }
    return { n: replaced + upserted.length, nModified: replaced, ...(upserted.length > 0 && { upserted }), ok: 1 };
  }

  #delete(table: string, { deletes }: Command): Command {
    const before = this.#of(table);
    const matchers = deletes.map(({ q }: Command) => matcherOf(q)) as ((row: Row) => boolean)[];
    const kept = before.filter((row) => !matchers.some((matches) => matches(row)));
    this.#documents.set(table, kept);
    return { n: before.length - kept.length, ok: 1 };
  }

  #cursor(table: string, rows: Row[], batch: 'firstBatch' | 'nextBatch', size: unknown = ROWS_PER_BATCH): Command {
    const now = rows.slice(0, Number(size));
    const rest = rows.slice(now.length);
    if (rest.length > 0) {
      this.#lastCursor += 1;
      this.#cursors.set(this.#lastCursor, rest);
    }
    const id = Long.fromNumber(rest.length > 0 ? this.#lastCursor : 0);
    return { cursor: { id, ns: `archive_test.${table}`, [batch]: now }, ok: 1 };
  }
}

function matcherOf(filter: Command): (row: Row) => boolean {
  const query = new Query(filter);
  return (row) => query.test(row);
}

/** Reads messages as they come in and answers each. */
function listen(socket: Socket, state: State): void {
  let waiting: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    waiting = Buffer.concat([waiting, chunk]);
    while (waiting.length >= HEADER && waiting.length >= waiting.readInt32LE(0)) {
      const message = waiting.subarray(0, waiting.readInt32LE(0));
      waiting = waiting.subarray(message.length);
      const reply = replyTo(message, state);
      if (reply) socket.write(reply);
    }
  });
}

function replyTo(message: Buffer, state: State): Buffer | null {
  const id = message.readInt32LE(4);
  const kind = message.readInt32LE(12);
  if (kind === OP_QUERY) {
    // The first greeting of a driver: flags, name of the collection, skip, limit, then the command.
    const start = message.indexOf(0, HEADER + 4) + 1 + 8;
    const fields = Buffer.alloc(20);
    fields.writeInt32LE(8, 0);
    fields.writeInt32LE(1, 16);
    return framed(id, OP_REPLY, [fields, serialize(state.answer(deserialize(message.subarray(start))))]);
  }
  if (kind !== OP_MSG) throw new Error(`the driver sent a message of kind ${kind}`);
  const flags = message.readUInt32LE(HEADER);
  const command = readSections(message.subarray(HEADER + 4, message.length - (flags & 1 ? 4 : 0)));
  const answer = state.answer(command);
  // Some are sent without waiting for an answer.
  return flags & 2 ? null : framed(id, OP_MSG, [Buffer.alloc(5), serialize(answer)]);
}

/** A command is one document; long lists of it may come as sections of their own. */
function readSections(body: Buffer): Command {
  let command: Command = {};
  const lists: Record<string, Command[]> = {};
  for (let at = 0; at < body.length; ) {
    const kind = body.readUInt8(at);
    const length = body.readInt32LE(at + 1);
    if (kind === 0) command = deserialize(body.subarray(at + 1, at + 1 + length));
    else {
      const end = at + 1 + length;
      const nameEnd = body.indexOf(0, at + 5);
      const list: Command[] = [];
      for (let next = nameEnd + 1; next < end; next += body.readInt32LE(next))
        list.push(deserialize(body.subarray(next, next + body.readInt32LE(next))));
      lists[body.toString('utf8', at + 5, nameEnd)] = list;
    }
    at += 1 + length;
  }
  return { ...command, ...lists };
}

function framed(to: number, kind: number, parts: readonly Uint8Array[]): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeInt32LE(HEADER + parts.reduce((sum, { length }) => sum + length, 0), 0);
  header.writeInt32LE(to, 8);
  header.writeInt32LE(kind, 12);
  return Buffer.concat([header, ...parts]);
}
