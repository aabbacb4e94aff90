import { randomUUID } from 'node:crypto';
import { after, before } from 'node:test';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { pino } from 'pino';
import { type Config, loadConfig } from '#config';
import type { DataScopeName } from '#core/access.ts';
import { type Context, type Environment, systemContext } from '#core/context.ts';
import { openBus } from '#extensions/bus.ts';
import type { Database } from '#extensions/database/index.ts';
import { openDatabase } from '#extensions/database/index.ts';
import { migrateUp } from '#extensions/database/migrations.ts';
import { createTestDatabase } from '#extensions/database/testing.ts';
import { type AccessTokens, accessTokens } from '#modules/auth/token.ts';
import { entities } from '#modules/index.ts';
import { buildApp } from '../app.ts';
import { prepareData } from '../scripts/seed/seeds.ts';
import { databaseOptions } from '../start.ts';
import { testDialect } from './dialect.ts';

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
  readonly tokens: AccessTokens;
  /** Everything that was logged, as lines. */
  readonly logLines: string[];
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
  /** Makes another instance of the same installation: it shares the database and the secret of this one. */
  readonly beside?: TestApp;
  /** Lets a test add routes before the server is ready. */
  readonly prepare?: (app: FastifyInstance) => void | Promise<void>;
}

export const TEST_PASSWORD = 'correct horse battery';
const why = 'a test prepares its data';

/** Opens a TestApp before the tests of the surrounding suite and closes it after them; use it inside `describe`. */
export function useApp(options: TestAppOptions = {}): TestApp {
  const t = {} as TestApp;
  before(async () => {
    Object.assign(t, await testApp(options));
  });
  after(() => t.close?.());
  return t;
}

/** The whole program on a private database; close it, which drops the database. Answers are checked against their schemas. */
export async function testApp(options: TestAppOptions = {}): Promise<TestApp> {
  const { beside } = options;
  const testDatabase = beside
    ? { url: beside.config.DATABASE_URL, drop: async () => undefined }
    : await createTestDatabase(testDialect());
  const config = loadConfig({
    APP_ENV: 'testing',
    DATABASE_URL: testDatabase.url,
    ADMIN_PASSWORD: TEST_PASSWORD,
    LOG_LEVEL: 'debug',
    SIGN_IN_RATE_PER_MINUTE: '10000',
    ...(beside && { JWT_SECRET_KEY: beside.config.JWT_SECRET_KEY }),
    ...options.settings,
  });
  const logLines: string[] = [];
  const logger = pino({ level: config.LOG_LEVEL }, { write: (line: string) => void logLines.push(line) });
  const database = await openDatabase(databaseOptions(config), entities);
  await migrateUp(database);
  const bus = openBus(config.REDIS_URL, logger);
  const now = options.now && { now: options.now };
  const { app, environment } = await buildApp({ config, database, logger, bus, checkResponses: true, ...now });
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
    await bus.close();
    await database.close();
    await testDatabase.drop();
  };
  const client = (token: string, userId: number, sessionId: string): Client => {
    const send = async (
      method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
      path: string,
      body: unknown,
      more: RequestOptions = {},
    ) => {
      const before = database.statements;
      const response = await app.inject({
        method,
        url: path.startsWith('/') ? path : `/api/v1/${path}`,
        ...more,
        headers: { ...(token && { authorization: `Bearer ${token}` }), ...more.headers },
        ...(body !== undefined && { payload: body as object }),
      });
      const isJson = String(response.headers['content-type']).includes('json');
      return {
        status: response.statusCode,
        headers: response.headers,
        text: response.body,
        body: isJson ? response.json() : null,
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
    tokens,
    logLines,
    system,
    as,
    close,
    anonymous: client('', 0, ''),
    admin: await signedIn(administrator.id),
    withToken: (token) => client(token, 0, ''),
  };
}
