import type { Dialect } from './index.ts';

/** `verify-ca` checks who signed the certificate, `verify-full` also that it names this host. */
export type TlsMode = 'off' | 'encrypt' | 'verify-ca' | 'verify-full';

/** Where an SQLite database lives. `:memory:` means a private temporary file that goes when the database is closed. */
export interface SqliteAddress {
  readonly dialect: 'sqlite';
  readonly file: string;
}

/** Where a database server is, and who we are there. */
export interface ServerAddress {
  readonly dialect: 'mysql' | 'postgresql';
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  readonly tls: TlsMode;
}

export type DatabaseAddress = SqliteAddress | ServerAddress;

/** The scheme, then SQLAlchemy's driver names, so that the URLs of existing deployments work unchanged. */
const SCHEMES: Readonly<Record<string, Dialect>> = {
  sqlite: 'sqlite',
  'sqlite+aiosqlite': 'sqlite',
  'sqlite+pysqlite': 'sqlite',
  mysql: 'mysql',
  mariadb: 'mysql',
  'mysql+pymysql': 'mysql',
  'mysql+aiomysql': 'mysql',
  'mysql+asyncmy': 'mysql',
  'mysql+mysqldb': 'mysql',
  'mariadb+pymysql': 'mysql',
  'mariadb+aiomysql': 'mysql',
  'mariadb+asyncmy': 'mysql',
  postgresql: 'postgresql',
  postgres: 'postgresql',
  'postgresql+asyncpg': 'postgresql',
  'postgresql+psycopg2': 'postgresql',
  'postgresql+psycopg': 'postgresql',
};

const DEFAULTS = {
  mysql: { port: 3306, user: 'root' },
  postgresql: { port: 5432, user: 'postgres' },
} as const;

/** `prefer` and `allow` promise nothing, so they cost nothing: no TLS. */
const TLS_MODES: Readonly<Record<string, TlsMode>> = {
  disable: 'off',
  disabled: 'off',
  allow: 'off',
  prefer: 'off',
  preferred: 'off',
  false: 'off',
  '0': 'off',
  require: 'encrypt',
  required: 'encrypt',
  'verify-ca': 'verify-ca',
  verify_ca: 'verify-ca',
  'verify-full': 'verify-full',
  verify_identity: 'verify-full',
  true: 'verify-full',
  '1': 'verify-full',
};

const TLS_PARAMETERS = ['sslmode', 'ssl-mode', 'ssl_mode', 'ssl'];

/**
 * Reads a database URL in this project's form or SQLAlchemy's. `password`, when given and not empty, wins over the URL's.
 * Throws one Error that says what is wrong and never repeats a password.
 */
export function parseDatabaseUrl(url: string, password?: string): DatabaseAddress {
  const colon = url.indexOf(':');
  const dialect = colon > 0 ? SCHEMES[url.slice(0, colon).toLowerCase()] : undefined;
  if (dialect === undefined) throw unreadable(url, 'it must begin with sqlite:, mysql:, mariadb: or postgresql:');
  return dialect === 'sqlite'
    ? { dialect, file: sqliteFile(url, url.slice(colon + 1)) }
    : serverAddress(dialect, url, url.slice(colon + 1), password);
}

/** The URL with every password replaced by stars; works on malformed ones too, for messages and logs. */
export function redactDatabaseUrl(url: string): string {
  return url
    .replace(/^([a-z0-9+.-]+:\/\/[^:/?#]*):[\s\S]*@/i, '$1:***@')
    .replace(/([?&](?:password|passwd|pwd)=)[^&#]*/gi, '$1***');
}

/** How a database is named in messages: the file, or host, port and database; never a credential. */
export function describeAddress(address: DatabaseAddress): string {
  return address.dialect === 'sqlite'
    ? `SQLite file ${address.file}`
    : `${address.dialect} ${address.host}:${address.port}/${address.database}`;
}

function sqliteFile(url: string, rest: string): string {
  const path = rest.split('?')[0] ?? '';
  if (path === ':memory:' || path === '//' || path === '///:memory:') return ':memory:';
  if (!path.startsWith('//')) {
    if (path === '') throw unreadable(url, 'it names no file');
    return path;
  }
  if (!path.startsWith('///')) throw unreadable(url, 'write sqlite:///relative.db or sqlite:////absolute.db');
  const file = path.slice(3);
  if (file === '' || file === '/') throw unreadable(url, 'it names no file');
  return file;
}

function serverAddress(
  dialect: 'mysql' | 'postgresql',
  url: string,
  rest: string,
  separatePassword: string | undefined,
): ServerAddress {
  const parts = rest.startsWith('//') && URL.canParse(`db:${rest}`) ? new URL(`db:${rest}`) : undefined;
  if (parts === undefined) {
    throw unreadable(url, 'it must look like scheme://user:password@host:port/database, special characters as %XX');
  }
  const database = decode(url, parts.pathname.replace(/^\//, ''));
  if (database === '' || database.includes('/')) throw unreadable(url, 'it must name one database after the host');
  return {
    dialect,
    host: decode(url, parts.hostname).replace(/^\[(.*)\]$/, '$1') || 'localhost',
    port: parts.port === '' ? DEFAULTS[dialect].port : Number(parts.port),
    database,
    user: decode(url, parts.username) || DEFAULTS[dialect].user,
    password: separatePassword || decode(url, parts.password),
    tls: tlsMode(url, parts.searchParams),
  };
}

function tlsMode(url: string, parameters: URLSearchParams): TlsMode {
  for (const name of TLS_PARAMETERS) {
    const value = parameters.get(name);
    if (value === null) continue;
    const mode = TLS_MODES[value.toLowerCase()];
    if (mode === undefined) throw unreadable(url, `${name} must be disable, require, verify-ca or verify-full`);
    return mode;
  }
  return 'off';
}

function decode(url: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw unreadable(url, 'a % must be followed by two hexadecimal digits (write % itself as %25)');
  }
}

function unreadable(url: string, reason: string): Error {
  return new Error(`The database URL "${redactDatabaseUrl(url)}" cannot be read: ${reason}.`);
}
