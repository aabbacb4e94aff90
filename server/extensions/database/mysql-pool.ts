import { type ConnectionOptions, createPool, type Pool, type PoolConnection } from 'mysql2';
import type { ServerAddress } from './url.ts';

/**
 * What makes a session answer like the other databases, and safe: the driver escapes parameters with backslashes on our side, so a
 * server-wide NO_BACKSLASH_ESCAPES, or a character set in which a backslash is half a character, would let text become SQL.
 */
const SESSION_STATEMENTS = [
  'set names utf8mb4 collate utf8mb4_bin',
  "set session sql_mode='STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO', time_zone='+00:00'",
  'set session transaction isolation level read committed',
];

/** How a connection to MySQL or MariaDB is made. Dates, JSON and decimals stay text: `values.ts` reads them. */
export function mysqlConnectionOptions(address: ServerAddress, timeoutMs: number): ConnectionOptions {
  const { host, port, database, user, password, tls } = address;
  return {
    host,
    port,
    database,
    user,
    password,
    connectTimeout: timeoutMs,
    charset: 'UTF8MB4_BIN',
    timezone: 'Z',
    dateStrings: true,
    jsonStrings: true,
    supportBigNumbers: true,
    ...(tls === 'off'
      ? undefined
      : { ssl: { rejectUnauthorized: tls !== 'encrypt', verifyIdentity: tls === 'verify-full' } }),
  };
}

/** A pool of at most `max` connections; none is opened before it is needed, all are kept until the server drops them. */
export function createMysqlPool(address: ServerAddress, max: number, timeoutMs: number): Pool {
  return createPool({
    ...mysqlConnectionOptions(address, timeoutMs),
    connectionLimit: max,
    // With fewer, the driver closes every free connection above them once a second, however busy the pool has just been.
    maxIdle: max,
  });
}

/** Takes a connection out of the pool; a new one is made ready first. */
export async function checkOutMysql(pool: Pool, ready: WeakSet<PoolConnection>): Promise<PoolConnection> {
  const connection = await new Promise<PoolConnection>((resolve, reject) => {
    pool.getConnection((error, taken) => (error ? reject(error) : resolve(taken)));
  });
  if (ready.has(connection)) return connection;
  try {
    for (const statement of SESSION_STATEMENTS) {
      await new Promise<void>((resolve, reject) => {
        connection.query(statement, (error) => (error ? reject(error) : resolve()));
      });
    }
  } catch (error) {
    connection.destroy();
    throw error;
  }
  ready.add(connection);
  return connection;
}

/** What the driver knows of its pool but does not tell in its types. */
interface CountedPool {
  readonly _allConnections?: { readonly length: number };
  readonly _freeConnections?: { readonly length: number };
  readonly _connectionQueue?: { readonly length: number };
}

/** How many connections there are, how many of them wait for work, and how many callers wait for one. */
export function mysqlPoolFigures(pool: Pool): { open: number; idle: number; waiting: number } {
  const { _allConnections: all, _freeConnections: free, _connectionQueue: queue } = pool as unknown as CountedPool;
  return { open: all?.length ?? 0, idle: free?.length ?? 0, waiting: queue?.length ?? 0 };
}
