import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Config } from '#config';
import type { Environment } from '#core/environment.ts';
import type { Database } from '#extensions/database/index.ts';
import { entities } from '#modules/index.ts';

/** What is told to one person alone, by the name of its field or setting. */
const SECRET_FIELD =
  /(^|_)(password|secret|secret_key|private_key|token|otp|verifier|setup_key|recovery_codes|signature)$/i;
/** What an answer tells once, by the end of its route. */
const SECRET_IN_ANSWER: Readonly<Record<string, string>> = { '/api-keys': 'key' };
/** A shorter value may be there by chance. */
const SHORTEST = 8;
/** Columns that hold a hash because it is what they are for. */
const HASHES = new Set(['hashed_password']);

interface Watched {
  readonly config: Config;
  /** Null for an instance beside another, which looks through their database. */
  readonly database: Database | null;
  readonly environment: Environment;
  readonly logLines: readonly string[];
}

/**
 * Gathers every secret of a test: those in its requests, answers and mails, in the settings, and the stored hashes of passwords. Then it
 * looks for them in whatever the program has told or kept: log lines, rows of every table, names in the caches, metrics. A value that
 * was sent openly as well, as a name for example, is none.
 */
export class SecretWatch {
  /** Where each was seen first. */
  readonly #secrets = new Map<string, string>();
  readonly #open = new Set<string>();

  /** Call before the app is ready. */
  watch(app: FastifyInstance): void {
    app.addHook('preHandler', async (request) => this.#readRequest(request));
    app.addHook('onSend', async ({ routeOptions: { url = '' } }, reply, payload) => {
      for (const cookie of [reply.getHeader('set-cookie') ?? []].flat().map(String))
        this.#add(cookie.slice(cookie.indexOf('=') + 1).split(';')[0], `cookies of ${url}`);
      if (typeof payload === 'string' && String(reply.getHeader('content-type')).includes('json')) {
        const end = Object.keys(SECRET_IN_ANSWER).find((end) => url.endsWith(end));
        this.#walk(JSON.parse(payload), `the answer of ${url}`, false, SECRET_IN_ANSWER[end ?? '']);
      }
      return payload;
    });
  }

  readMail({ text = '' }: { readonly text?: string }): void {
    for (const [, token] of text.matchAll(/[#?&]token=([\w-]+)/g)) this.#add(token, 'a mail');
  }

  #readRequest({ headers, query, params, body, routeOptions: { url = '' } }: FastifyRequest): void {
    const where = `a request to ${url}`;
    const [, scheme = '', credentials = ''] = /^(\S+) (\S+)$/.exec(headers.authorization ?? '') ?? [];
    this.#add(credentials, where);
    if (scheme.toLowerCase() === 'basic') this.#add(Buffer.from(credentials, 'base64').toString().split(':')[1], where);
    for (const part of [query, params, body]) this.#walk(part, where, true);
  }

  #walk(value: unknown, where: string, isSent: boolean, alsoSecret?: string, isSecret = false): void {
    if (typeof value === 'string') {
      if (isSecret) this.#add(value, where);
      else if (isSent) this.#open.add(value);
    } else if (value !== null && typeof value === 'object') {
      for (const [name, inner] of Object.entries(value)) {
        const isItem = Array.isArray(value);
        const marks = SECRET_FIELD.test(name) || name === alsoSecret;
        this.#walk(inner, where, isSent, alsoSecret, isItem ? isSecret : marks);
      }
    }
  }

  #add(value: string | undefined, where: string): void {
    if (value !== undefined && value.length >= SHORTEST && !this.#secrets.has(value)) this.#secrets.set(value, where);
  }

  /** Throws when a secret stands where it must not; names where it came from and where it was found. Call before the database is closed. */
  async assertNothingTold({ config, database, environment, logLines }: Watched): Promise<void> {
    this.#walk(config, 'the settings', false);
    const places = new Map(database ? await this.#readTables(database) : []);
    const { caches, access, metrics } = environment;
    places.set('the caches', JSON.stringify(caches.figures().map(({ name }) => caches.entries(name, 5000))));
    places.set('the access snapshot', JSON.stringify(access.keys(5000)));
    places.set('the metrics', await metrics.text());
    places.set('the log', logLines.join(''));
    const found = [...places].flatMap(([place, text]) => this.#findIn(text).map((secret) => ({ place, secret })));
    if (found.length === 0) return;
    const lines = found.map(({ place, secret }) => `${place}: ${secret.slice(0, 4)}… of ${this.#secrets.get(secret)}`);
    throw new Error(`secrets where they must not be:\n${[...new Set(lines)].slice(0, 20).join('\n')}`);
  }

  /** The text of each column of each table; hashes of passwords are gathered instead. */
  async #readTables(database: Database): Promise<[place: string, text: string][]> {
    const texts: [string, string][] = [];
    for (const { table } of entities) {
      const rows: Record<string, unknown>[] = await database.kysely
        .selectFrom(table as never)
        .selectAll()
        .limit(5000)
        .execute();
      for (const column of Object.keys(rows[0] ?? {})) {
        const values = rows.flatMap((row) => (row[column] === null ? [] : toText(row[column])));
        if (HASHES.has(column)) for (const hash of values) this.#add(hash, `${table}.${column}`);
        else texts.push([`${table}.${column}`, values.join('\n')]);
      }
    }
    return texts;
  }

  /** The secrets that a text contains: found by their last letters, because tokens begin alike. */
  #findIn(text: string): string[] {
    const byEnd = new Map<string, string[]>();
    for (const secret of this.#secrets.keys()) {
      if (this.#open.has(secret)) continue;
      const end = secret.slice(-SHORTEST);
      byEnd.set(end, [...(byEnd.get(end) ?? []), secret]);
    }
    const found = new Set<string>();
    for (let at = 0; at + SHORTEST <= text.length; at++) {
      for (const secret of byEnd.get(text.slice(at, at + SHORTEST)) ?? [])
        if (text.endsWith(secret, at + SHORTEST)) found.add(secret);
    }
    return [...found];
  }
}

function toText(value: unknown): string {
  if (value instanceof Date) return '';
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
