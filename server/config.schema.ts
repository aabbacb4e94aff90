import { resolve } from 'node:path';
import { LOCALES } from '#core/i18n.ts';
import { LOG_LEVELS, type LogLevel } from '#core/log-levels.ts';
import { type ProviderSettings, readProviders } from './config.providers.ts';

/** How one setting is read: `read` turns the text into its value or throws what is wrong with it. */
export interface Setting<T> {
  readonly read: (raw: string) => T;
  readonly fallback: T;
  readonly about: string;
  readonly secret?: boolean;
}

const word = (about: string, fallback: string): Setting<string> => ({ read: (raw) => raw, fallback, about });
const secret = (about: string): Setting<string> => ({ read: unescapeNewlines, fallback: '', about, secret: true });
const choice = <const V extends readonly string[]>(
  about: string,
  values: V,
  fallback: V[number],
): Setting<V[number]> => ({
  about,
  fallback,
  read(raw) {
    if (!values.includes(raw)) throw new Error(`must be one of ${values.join(', ')}, not "${raw}"`);
    return raw;
  },
});
const whole = (about: string, fallback: number, minimum: number, maximum: number): Setting<number> => ({
  about,
  fallback,
  read(raw) {
    const value = Number(raw);
    if (!Number.isInteger(value) || value < minimum || value > maximum) {
      throw new Error(`must be a whole number from ${minimum} to ${maximum}, not "${raw}"`);
    }
    return value;
  },
});
const toggle = (about: string, fallback: boolean | null): Setting<boolean | null> => ({
  about,
  fallback,
  read(raw) {
    const value = raw.toLowerCase();
    if (['true', '1', 'yes', 'on'].includes(value)) return true;
    if (['false', '0', 'no', 'off'].includes(value)) return false;
    throw new Error(`must be true or false, not "${raw}"`);
  },
});
const list = (about: string): Setting<readonly string[]> => ({
  about,
  fallback: [],
  read: (raw) =>
    raw
      .split(',')
      .map((item) => item.trim())
      .filter(Boolean),
});

const levels = (about: string): Setting<ReadonlyMap<string, LogLevel>> => ({
  about,
  fallback: new Map(),
  read: (raw) =>
    new Map(
      list('')
        .read(raw)
        .map((item) => {
          const [module = '', level = ''] = item.split('=').map((part) => part.trim());
          const known = LOG_LEVELS.find((candidate) => candidate === level);
          if (!/^[a-z][a-z0-9-]*$/.test(module) || !known)
            throw new Error(`must be pairs such as database=debug, not "${item}"`);
          return [module, known] as const;
        }),
    ),
});

const providers = (about: string): Setting<readonly ProviderSettings[]> => ({
  about,
  fallback: [],
  secret: true,
  read: (raw) => readProviders(raw, resolve(import.meta.dirname, '..')),
});

// Environment files hold a PEM key on one line.
function unescapeNewlines(raw: string): string {
  return raw.replaceAll('\\n', '\n');
}

export const APP_ENVS = ['development', 'testing', 'production'] as const;
export const JWT_ALGORITHMS = ['HS256', 'HS384', 'HS512', 'RS256', 'ES256', 'EdDSA'] as const;

/** Every setting of the program: its name, type, default and meaning. The README's table and `.env.example` are held to this list. */
export const SETTINGS = {
  APP_ENV: choice('which environment this is', APP_ENVS, 'development'),
  DEBUG: toggle('show stack traces in answers; refused in production', false),
  HOST: word('address to listen on', '127.0.0.1'),
  PORT: whole('port to listen on; 0 takes a free one', 8000, 0, 65535),
  DATA_DIR: word('folder of the embedded database and of generated secrets', './data'),
  DATABASE_URL: word(
    '`sqlite:`, `mysql:`, `mariadb:` or `postgresql:`; SQLAlchemy forms such as `mysql+pymysql:` too',
    'sqlite:./data/app.db',
  ),
  DATABASE_PASSWORD: secret('password of the database when it is not part of the URL'),
  DATABASE_POOL_MIN: whole('connections kept open', 0, 0, 1000),
  DATABASE_POOL_MAX: whole('connections at most', 10, 1, 1000),
  DATABASE_TIMEOUT_MS: whole('how long a statement waits for a connection', 5000, 100, 600_000),
  REDIS_URL: word('Redis for several instances; empty uses memory', ''),
  REDIS_PREFIX: word(
    'begins the names of all keys and channels, so that installations can share a Redis',
    'fastify-vue3-admin',
  ),
  JWT_SECRET_KEY: secret('signs access tokens: 32 characters or more for HS*, a PKCS#8 PEM private key otherwise'),
  JWT_ALGORITHM: choice('how access tokens are signed', JWT_ALGORITHMS, 'HS256'),
  JWT_ACCESS_TOKEN_EXPIRE_MINUTES: whole('life of an access token', 30, 1, 1440),
  REFRESH_TOKEN_EXPIRE_DAYS: whole('life of a sign-in without use', 7, 1, 365),
  SESSION_MAX_DAYS: whole('greatest age of a sign-in, however much it is used', 30, 1, 3650),
  SESSION_IDLE_MINUTES: whole('minutes without a request that end a sign-in; 0 leaves it to its life', 0, 0, 10_080),
  VIEW_AS_MINUTES: whole('how long somebody may view as another user', 15, 1, 480),
  API_KEY_MAX_DAYS: whole('longest life of an API key', 365, 1, 3650),
  SESSIONS_PER_USER: whole('sign-ins a user may have at once, a new one ends the oldest; 0 is any number', 0, 0, 1000),
  ADMIN_PASSWORD: secret("the first administrator's password; production makes a random one when it is empty"),
  ADMIN_EMAIL: word("the first administrator's address", 'admin@example.com'),
  ENCRYPTION_KEY: secret(
    'encrypts secrets in the database; several, separated by commas: the first encrypts. Empty derives one from JWT_SECRET_KEY',
  ),
  PUBLIC_URL: word('address at which people open the console; passkeys are bound to its host', ''),
  SMTP_URL: secret(
    'mail server, such as smtps://user:password@mail.example.com; empty writes files in development, sends none in production',
  ),
  MAIL_FROM: word('sender of mail', 'Fastify Vue3 Admin <no-reply@localhost>'),
  REGISTRATION_ENABLED: toggle('let people register themselves, by mail and without any right', false),
  STEP_UP_MINUTES: whole('how long after a proof dangerous actions are open', 10, 1, 1440),
  IDENTITY_PROVIDERS: providers('outside providers to sign in with: JSON, or a file that holds it'),
  PASSWORD_MIN_LENGTH: whole('shortest password a person may choose', 8, 6, 64),
  PASSWORD_EXPIRE_DAYS: whole('age at which a password must be changed; 0 is never, as NIST advises', 0, 0, 3650),
  PASSWORD_HISTORY: whole('former passwords that may not be chosen again; 0 remembers none', 0, 0, 24),
  SIGN_IN_RATE_PER_MINUTE: whole('sign-in attempts one address may make in a minute', 60, 1, 100_000),
  SIGN_IN_CAPTCHA_AFTER: whole(
    'failures in one name from one address, after which a proof of work is asked',
    3,
    0,
    1000,
  ),
  SIGN_IN_DELAY_AFTER: whole(
    'failures in one name from one address, after which each further one makes wait',
    5,
    1,
    1000,
  ),
  SIGN_IN_DELAY_MAX_SECONDS: whole('longest wait after a failure', 900, 1, 86_400),
  SIGN_IN_ADDRESS_CAPTCHA_AFTER: whole(
    "failures of one address, whoever's name, before a proof of work",
    20,
    0,
    100_000,
  ),
  SIGN_IN_ADDRESS_DELAY_AFTER: whole("failures of one address, whoever's name, before it must wait", 100, 1, 100_000),
  SIGN_IN_ACCOUNT_CAPTCHA_AFTER: whole(
    'failures in one name from anywhere before a proof of work; never a wait',
    20,
    1,
    100_000,
  ),
  SIGN_IN_LOG_DAYS: whole('how long the sign-in log is kept', 180, 1, 3650),
  REQUEST_LOG_PERCENT: whole(
    'how many percent of the requests to the API are stored; errors and slow ones always are, unless it is 0',
    0,
    0,
    100,
  ),
  REQUEST_LOG_DAYS: whole('how long the request log is kept', 30, 1, 3650),
  MONGODB_URL: secret(
    'MongoDB that logs go to when they are too old for the database, such as `mongodb://user:password@host/name`; empty for none',
  ),
  ARCHIVE_DAYS: whole('how long a log stays in the archive; 0 for ever', 0, 0, 36_500),
  AUDIT_RETENTION_DAYS: whole('how long audit records are kept; 0 for ever', 1825, 0, 36_500),
  CAPTCHA_DIFFICULTY: whole('leading zero bits of the first proof of work; each bit doubles it', 16, 4, 24),
  CAPTCHA_DIFFICULTY_MAX: whole('leading zero bits that it can grow to', 20, 4, 26),
  SEED_DEMO_DATA: toggle('add demonstration users; by default only in development', null),
  JOBS_ENABLED: toggle('run scheduled jobs and tasks in this process; by default not in testing', null),
  WORKER_CONCURRENCY: whole('tasks at once in this process', 5, 1, 1000),
  TASK_LEASE_MS: whole(
    'without a sign of life for this long, tasks of an instance go to others',
    30_000,
    1000,
    3_600_000,
  ),
  TASK_POLL_MS: whole('how often jobs and tasks are looked for when nobody announced any', 1000, 50, 60_000),
  TASK_RETENTION_DAYS: whole('how long records of ended tasks and runs are kept', 30, 1, 3650),
  TASK_FILE_MAX_MB: whole('largest file that a task may leave', 50, 1, 1000),
  JOB_MISFIRE_AFTER_MS: whole('a firing later than this counts as missed', 60_000, 1000, 86_400_000),
  PROBE_ALLOWED_HOSTS: list('hosts that the health probe may ask; none by default'),
  BACKUP_KEEP: whole('backups of the SQLite database that are kept', 7, 1, 1000),
  DEFAULT_LOCALE: choice('language of messages when the client names none', LOCALES, 'zh-CN'),
  LOG_LEVEL: choice('how much is logged', LOG_LEVELS, 'info'),
  LOG_PRETTY: toggle('readable log lines instead of JSON; by default only on a terminal', null),
  LOG_LEVELS: levels('levels of single modules, such as `database=debug,auth=warn`'),
  LOG_DIR: word('folder of log files; empty writes none', ''),
  LOG_FILE_MB: whole('size at which a log file is put aside; it also is at midnight UTC', 50, 1, 10_000),
  LOG_FILE_DAYS: whole('how long log files are kept', 30, 1, 3650),
  LOG_FILES: whole('log files that are kept', 30, 1, 10_000),
  SLOW_REQUEST_MS: whole('a request that takes longer is logged as a warning; 0 is never', 1000, 0, 600_000),
  SLOW_QUERY_MS: whole('a statement that takes longer is logged as a warning; 0 is never', 200, 0, 600_000),
  METRICS_TOKEN: secret(
    'what Prometheus sends as a bearer token to /metrics; without it and METRICS_ADDRESSES there is none',
  ),
  METRICS_ADDRESSES: list('addresses or networks that may read /metrics without the token'),
  OTEL_EXPORTER_OTLP_ENDPOINT: word('OTLP/HTTP collector that traces are sent to; empty for none', ''),
  OTEL_EXPORTER_OTLP_HEADERS: secret('sent with every batch of traces, as `name=value,name=value`'),
  OTEL_SERVICE_NAME: word('what the service is called in traces', 'fastify-vue3-admin'),
  TRACES_PERCENT: whole('how many percent of the traces that begin here are recorded', 100, 0, 100),
  TRUSTED_PROXIES: list('addresses or networks whose forwarding headers, request ids and traces are believed'),
  CORS_ORIGINS: list('origins of other sites that may call the API; `*` for any'),
  CORS_CREDENTIALS: toggle('let those origins send cookies', false),
  BODY_LIMIT_BYTES: whole('largest request body', 1_048_576, 1024, 104_857_600),
  REQUEST_TIMEOUT_MS: whole('how long a request may take to arrive', 30_000, 1000, 600_000),
  SHUTDOWN_DELAY_MS: whole(
    'how long /readyz says no after a stop signal before connections are refused',
    0,
    0,
    600_000,
  ),
  SHUTDOWN_TIMEOUT_MS: whole('how long open requests may take once connections are refused', 8000, 100, 600_000),
  DOCS_ENABLED: toggle('serve /docs, /redoc and /openapi.json; by default not in production', null),
} as const;

export type SettingName = keyof typeof SETTINGS;
export type Settings = { -readonly [K in SettingName]: (typeof SETTINGS)[K] extends Setting<infer T> ? T : never };

declare module '#core/environment.ts' {
  interface ProgramSettings extends Settings {}
}
