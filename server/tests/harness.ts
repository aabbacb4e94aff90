import { randomUUID } from 'node:crypto';
import { after, before } from 'node:test';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { type Config, loadConfig } from '#config';
import type { DataScopeName } from '#core/access.ts';
import { type Context, systemContext } from '#core/context.ts';
import type { Counters } from '#core/counters.ts';
import type { Environment } from '#core/environment.ts';
import type { Mail } from '#core/mail.ts';
import { Metrics } from '#core/metrics.ts';
import type { Dispatcher } from '#core/task.ts';
import { openArchive } from '#extensions/archive.ts';
import { openBus } from '#extensions/bus.ts';
import { openCounters } from '#extensions/counters.ts';
import { memoryCounters } from '#extensions/counters-memory.ts';
import type { Database } from '#extensions/database/index.ts';
import { openDatabase } from '#extensions/database/index.ts';
import { migrateUp } from '#extensions/database/migrations.ts';
import { observeStatements } from '#extensions/database/observe.ts';
import { type OpenLog, openLog } from '#extensions/log.ts';
import { openQueue } from '#extensions/queue.ts';
import { openTracing } from '#extensions/tracing.ts';
import { type AccessTokens, accessTokens } from '#modules/auth/token.ts';
import { entities } from '#modules/index.ts';
import { buildApp } from '../app.ts';
import { prepareData } from '../scripts/seed/seeds.ts';
import { archiveOptions, databaseOptions, logOptions, tracingOptions } from '../start.ts';
import { createMigratedDatabase } from './databases.ts';
import { testDialect } from './dialect.ts';
import { deleteKeys } from './redis.ts';
import { SecretWatch } from './secrets.ts';

/** A request's answer, its JSON already read. */
export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test asserts the shape of what it reads
  readonly body: any;
  readonly headers: Record<string, unknown>;
  readonly text: string;
  /** Statements the request sent to the database. */
  readonly statements: number;
}

/** Sends requests as somebody; `api` paths are below `/api/v1`. */
export interface Client {
  readonly userId: number;
  readonly sessionId: string;
  readonly token: string;
  get(path: string, options?: RequestOptions): Promise<Answer>;
  post(path: string, body?: unknown, options?: RequestOptions): Promise<Answer>;
  put(path: string, body?: unknown, options?: RequestOptions): Promise<Answer>;
  patch(path: string, body?: unknown, options?: RequestOptions): Promise<Answer>;
  delete(path: string, body?: unknown, options?: RequestOptions): Promise<Answer>;
}

type RequestOptions = Pick<InjectOptions, 'headers' | 'query' | 'remoteAddress'>;

export interface ActorOptions {
  readonly permissions?: readonly string[];
  readonly scope?: DataScopeName;
  /** Code of the department of the user. */
  readonly dept?: string | null;
  /** Codes of the departments of a `custom` scope. */
  readonly customDepts?: readonly string[];
  readonly superuser?: boolean;
  readonly username?: string;
}

export interface TestApp {
  readonly app: FastifyInstance;
  readonly database: Database;
  readonly config: Config;
  readonly environment: Environment;
  readonly dispatcher: Dispatcher | null;
  readonly tokens: AccessTokens;
  /** Everything that was logged, as lines. */
  readonly logLines: string[];
  readonly log: OpenLog;
  /** What nobody may be told; of all instances of one installation. */
  readonly secrets: SecretWatch;
  /** Everything that was mailed. */
  readonly mails: Mail[];
  readonly anonymous: Client;
  /** The seeded administrator. */
  readonly admin: Client;
  /** A new user with exactly these rights. */
  as(options: ActorOptions): Promise<Client>;
  /** A client with another token. */
  withToken(token: string): Client;
  /** A context of the program itself, to look at what is stored. */
  readonly system: Context;
  close(): Promise<void>;
}

export interface TestAppOptions {
  /** Settings by name, as text, on top of those for testing. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly now?: () => Date;
  /** Hands out tasks by Redis; needs the setting REDIS_URL. */
  readonly hasQueue?: boolean;
  /** Where attempts are counted; left out, in a memory that goes by `now`. */
  readonly counters?: Counters;
  /** Makes another instance of the same installation: it shares the database and the secret of this one. */
  readonly beside?: TestApp;
  /** A build of the console to serve. */
  readonly consoleFolder?: string;
  /** False for a test that makes up its values by chance: the same one may be a password and a name, or a part of it. */
  readonly searchesSecrets?: boolean;
  /** Lets a test add routes before the server is ready. */
  readonly prepare?: (app: FastifyInstance) => void | Promise<void>;
}

/** Tests sign in and fail as often as they need; those of the protection itself set its limits back. */
const UNPROTECTED = {
  SIGN_IN_CAPTCHA_AFTER: '1000',
  SIGN_IN_DELAY_AFTER: '1000',
  SIGN_IN_ADDRESS_CAPTCHA_AFTER: '100000',
  SIGN_IN_ADDRESS_DELAY_AFTER: '100000',
  SIGN_IN_ACCOUNT_CAPTCHA_AFTER: '100000',
};

export const TEST_PASSWORD = 'correct horse battery';
const why = 'a test prepares its data';

/** Opens a TestApp before the tests of the surrounding suite and closes it after them; use it inside `describe`. */
export function useApp(options: TestAppOptions = {}): TestApp {
  const t = {} as TestApp;
  before(async () => {
    Object.defineProperties(t, Object.getOwnPropertyDescriptors(await testApp(options)));
  });
  after(() => t.close?.());
  return t;
}

/** The whole program on a private database; close it, which drops the database. Answers are checked against their schemas. */
export async function testApp(options: TestAppOptions = {}): Promise<TestApp> {
  const { beside } = options;
  const testDatabase = beside
    ? { url: beside.config.DATABASE_URL, drop: async () => undefined }
    : await createMigratedDatabase(testDialect());
  const config = loadConfig({
    APP_ENV: 'testing',
    DATABASE_URL: testDatabase.url,
    ADMIN_PASSWORD: TEST_PASSWORD,
    LOG_LEVEL: 'debug',
    SIGN_IN_RATE_PER_MINUTE: '10000',
    // A busy machine may be slow to open a connection.
    DATABASE_TIMEOUT_MS: '30000',
    REDIS_PREFIX: beside?.config.REDIS_PREFIX ?? `test-${randomUUID()}`,
    ...UNPROTECTED,
    ...(beside && { JWT_SECRET_KEY: beside.config.JWT_SECRET_KEY }),
    ...options.settings,
  });
  const logLines: string[] = [];
  const { now } = options;
  const destination = { write: (lines: string) => void logLines.push(...lines.split(/(?<=\n)/)) };
  const log = openLog({ ...logOptions(config), pretty: false, destination, ...(now && { now }) });
  const { logger } = log;
  const metrics = new Metrics();
  const tracing = await openTracing(tracingOptions(config));
  const slowLog = log.levels.logger('database');
  const onStatement = observeStatements({ log: slowLog, slowMs: config.SLOW_QUERY_MS, metrics, tracing });
  const database = await openDatabase({ ...databaseOptions(config), onStatement }, entities);
  // The settings may name another one, which is empty.
  await migrateUp(database);
  const archive = await openArchive(archiveOptions(config, logger));
  const bus = openBus(config.REDIS_URL, config.REDIS_PREFIX, logger);
  const { REDIS_URL: redisUrl, REDIS_PREFIX: prefix } = config;
  const dispatcher = options.hasQueue ? openQueue({ redisUrl, prefix, log: logger }) : null;
  const redis = redisUrl ? openCounters(redisUrl, prefix, logger) : null;
  const counters = options.counters ?? redis ?? memoryCounters(now && (() => now().getTime()));
  const { consoleFolder = null } = options;
  const mails: Mail[] = [];
  const secrets = beside?.secrets ?? new SecretWatch();
  const { app, environment } = await buildApp({
    config,
    database,
    log,
    metrics,
    tracing,
    archive,
    bus,
    dispatcher,
    consoleFolder,
    counters,
    mailer: {
      isOn: true,
      send: async (mail) => {
        mails.push(mail);
        secrets.readMail(mail);
      },
    },
    checkResponses: true,
    ...(now && { now }),
  });
  secrets.watch(app);
  await options.prepare?.(app);
  await app.ready();
  const system = systemContext(environment, logger);
  await prepareData(system);
  const tokens = accessTokens(config);

  let closed = false;
  const close = async () => {
    if (closed) return;
    closed = true;
    await app.close();
    log.flush();
    try {
      if (options.searchesSecrets ?? true)
        await secrets.assertNothingTold({ config, database: beside ? null : database, environment, logLines });
    } finally {
      await dispatcher?.close();
      await bus.close();
      await archive.close();
      await redis?.close();
      await database.close();
      await tracing.close();
      await log.close();
      if (dispatcher && !beside) await deleteKeys(redisUrl, prefix);
      await testDatabase.drop();
    }
  };
  const client = (token: string, userId: number, sessionId: string): Client => {
    const send = async (
      method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
      path: string,
      body: unknown,
      more: RequestOptions = {},
    ) => {
      const before = database.statements;
      const { status, headers, text } = await inject(app, {
        method,
        url: path.startsWith('/') ? path : `/api/v1/${path}`,
        ...more,
        headers: { ...(token && { authorization: `Bearer ${token}` }), ...more.headers },
        ...(body !== undefined && { payload: body as object }),
      });
      const isJson = String(headers['content-type']).includes('json');
      return {
        status,
        headers,
        text,
        body: isJson ? JSON.parse(text) : null,
        statements: database.statements - before,
      };
    };
    return {
      userId,
      sessionId,
      token,
      get: (path, more) => send('GET', path, undefined, more),
      post: (path, body, more) => send('POST', path, body, more),
      put: (path, body, more) => send('PUT', path, body, more),
      patch: (path, body, more) => send('PATCH', path, body, more),
      delete: (path, body, more) => send('DELETE', path, body, more),
    };
  };

  const signedIn = async (userId: number): Promise<Client> => {
    const sessionId = randomUUID();
    const at = environment.now();
    const expires = new Date(at.getTime() + 86_400_000);
    const session = { id: sessionId, user_id: userId, created_at: at, last_seen_at: at, expires_at: expires };
    await system.unscoped('sessions', why).insert(session);
    return client(tokens.sign({ sub: String(userId), sid: sessionId }), userId, sessionId);
  };

  const idOf = async (table: 'depts' | 'roles', code: string) =>
    (await system.unscoped(table, why).select().select('id').where('code', '=', code).executeTakeFirstOrThrow()).id;

  let actors = 0;
  const as = async ({
    permissions = [],
    scope = 'all',
    dept = null,
    customDepts = [],
    superuser = false,
    username,
  }: ActorOptions) => {
    actors += 1;
    const at = { created_at: environment.now(), updated_at: environment.now() };
    const name = username ?? `actor-${actors}`;
    const userId = await system.unscoped('users', why).insert({
      username: name,
      email: `${name}@example.com`,
      hashed_password: '!',
      is_superuser: superuser,
      dept_id: dept === null ? null : await idOf('depts', dept),
      ...at,
    });
    const roleId = await system
      .unscoped('roles', why)
      .insert({ code: `role-${actors}`, name, data_scope: scope, ...at });
    await system
      .unscoped('role_permissions', why)
      .insertMany(permissions.map((permission) => ({ role_id: roleId, permission })));
    const deptIds = await Promise.all(customDepts.map((code) => idOf('depts', code)));
    await system.unscoped('role_depts', why).insertMany(deptIds.map((dept_id) => ({ role_id: roleId, dept_id })));
    await system.unscoped('user_roles', why).insert({ user_id: userId, role_id: roleId });
    return signedIn(userId);
  };

  const administrator = await system
    .unscoped('users', why)
    .select()
    .select('id')
    .where('username', '=', 'admin')
    .executeTakeFirstOrThrow();
  return {
    app,
    database,
    config,
    environment,
    dispatcher,
    tokens,
    get logLines() {
      log.flush();
      return logLines;
    },
    log,
    mails,
    secrets,
    system,
    as,
    close,
    anonymous: client('', 0, ''),
    admin: await signedIn(administrator.id),
    withToken: (token) => client(token, 0, ''),
  };
}

/** Sends a request past the network. Of an answer that goes on for as long as somebody listens only the beginning is read. */
export async function inject(app: FastifyInstance, options: InjectOptions) {
  const response = await app.inject({ ...options, payloadAsStream: true });
  const { statusCode: status, headers } = response;
  const isEndless = String(headers['content-type']).startsWith('text/event-stream');
  const chunks: Buffer[] = [];
  for await (const chunk of response.stream()) {
    chunks.push(chunk as Buffer);
    if (isEndless) break;
  }
  return { status, headers, text: Buffer.concat(chunks).toString() };
}
