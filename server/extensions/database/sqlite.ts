import { DialectAdapterBase, type Dialect as KyselyDialect, SqliteIntrospector } from 'kysely';
import { SqliteCompiler } from './sqlite-compiler.ts';
import { SqliteDriver, type SqliteOptions } from './sqlite-driver.ts';

/**
 * Kysely on the built-in `node:sqlite`: one writer behind a queue with a timeout, one read-only connection beside it (WAL), so that
 * a query next to an open transaction answers at once and a write next to it fails with a clear error instead of hanging.
 */
export function sqliteDialect(options: SqliteOptions): KyselyDialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new SqliteDriver(options),
    createIntrospector: (database) => new SqliteIntrospector(database),
    createQueryCompiler: () => new SqliteCompiler(),
  };
}

/** `begin immediate` already keeps every other writer out, so migrations need no lock of their own. */
class SqliteAdapter extends DialectAdapterBase {
  override get supportsMultipleConnections() {
    return true;
  }
  override get supportsTransactionalDdl() {
    return true;
  }
  override get supportsReturning() {
    return true;
  }
  override async acquireMigrationLock() {}
  override async releaseMigrationLock() {}
}
