import { LOCALES } from '#core/i18n.ts';

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

// Environment files hold a PEM key on one line.
function unescapeNewlines(raw: string): string {
  return raw.replaceAll('\\n', '\n');
}

export const APP_ENVS = ['development', 'testing', 'production'] as const;
export const JWT_ALGORITHMS = ['HS256', 'HS384', 'HS512', 'RS256', 'ES256', 'EdDSA'] as const;
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

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
  JWT_SECRET_KEY: secret('signs access tokens: 32 characters or more for HS*, a PKCS#8 PEM private key otherwise'),
  JWT_ALGORITHM: choice('how access tokens are signed', JWT_ALGORITHMS, 'HS256'),
  JWT_ACCESS_TOKEN_EXPIRE_MINUTES: whole('life of an access token', 30, 1, 1440),
  REFRESH_TOKEN_EXPIRE_DAYS: whole('life of a sign-in without use', 7, 1, 365),
  ADMIN_PASSWORD: secret("the first administrator's password; production makes a random one when it is empty"),
  ADMIN_EMAIL: word("the first administrator's address", 'admin@example.com'),
  PASSWORD_MIN_LENGTH: whole('shortest password a person may choose', 8, 6, 64),
  SIGN_IN_RATE_PER_MINUTE: whole('sign-in attempts one address may make in a minute', 60, 1, 100_000),
  SEED_DEMO_DATA: toggle('add demonstration users; by default only in development', null),
  DEFAULT_LOCALE: choice('language of messages when the client names none', LOCALES, 'zh-CN'),
  LOG_LEVEL: choice('how much is logged', LOG_LEVELS, 'info'),
  LOG_PRETTY: toggle('readable log lines instead of JSON; by default only on a terminal', null),
  TRUSTED_PROXIES: list('addresses or networks whose forwarding headers and request ids are believed'),
  CORS_ORIGINS: list('origins of other sites that may call the API; `*` for any'),
  CORS_CREDENTIALS: toggle('let those origins send cookies', false),
  BODY_LIMIT_BYTES: whole('largest request body', 1_048_576, 1024, 104_857_600),
  REQUEST_TIMEOUT_MS: whole('how long a request may take to arrive', 30_000, 1000, 600_000),
  SHUTDOWN_TIMEOUT_MS: whole('how long open requests may take after a stop signal', 8000, 100, 600_000),
  DOCS_ENABLED: toggle('serve /docs, /redoc and /openapi.json; by default not in production', null),
} as const;

export type SettingName = keyof typeof SETTINGS;
export type Settings = { -readonly [K in SettingName]: (typeof SETTINGS)[K] extends Setting<infer T> ? T : never };

declare module '#core/context.ts' {
  interface ProgramSettings extends Settings {}
}
