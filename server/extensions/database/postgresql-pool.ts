import { type ClientConfig, Pool, types } from 'pg';
import type { ServerAddress } from './url.ts';
import { type Decoder, decodeDatetime, decodeNumber } from './values.ts';

/** The session settings that make a value look the same whatever the server's own configuration says. */
const SESSION = "set timezone to 'UTC'; set datestyle to 'ISO'; set default_transaction_isolation to 'read committed'";

const OWN_PARSERS = new Map<number, Decoder>([
  [types.builtins.INT8, decodeNumber],
  [types.builtins.NUMERIC, decodeNumber],
  [types.builtins.TIMESTAMPTZ, decodeDatetime],
  [types.builtins.TIMESTAMP, decodeDatetime],
  // A day without a time stays text: as a Date it would move with the time zone of the process.
  [types.builtins.DATE, (value) => value],
]);

/** How a connection to PostgreSQL is made. Its value parsers hold for this connection only, not for the process. */
export function postgresClientOptions(address: ServerAddress, timeoutMs: number): ClientConfig {
  const { host, port, database, user, password, tls } = address;
  return {
    host,
    port,
    database,
    user,
    password,
    connectionTimeoutMillis: timeoutMs,
    keepAlive: true,
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        OWN_PARSERS.get(oid) ?? types.getTypeParser(oid, format ?? 'text'),
    },
    ssl:
      tls === 'off'
        ? false
        : {
            rejectUnauthorized: tls !== 'encrypt',
            ...(tls === 'verify-ca' ? { checkServerIdentity: () => undefined } : undefined),
          },
  };
}

/** A pool of at most `max` connections that keeps `min` of them when idle; none is opened before it is needed. */
export function createPostgresPool(address: ServerAddress, min: number, max: number, timeoutMs: number): Pool {
  const pool = new Pool({
    ...postgresClientOptions(address, timeoutMs),
    min,
    max,
    idleTimeoutMillis: 60_000,
    onConnect: async (client) => {
      await client.query(SESSION);
    },
  });
  // A server that restarts breaks connections nobody is using; the pool replaces them, the process must not end.
  const survive = () => undefined;
  pool.on('error', survive);
  pool.on('connect', (client) => client.on('error', survive));
  return pool;
}
