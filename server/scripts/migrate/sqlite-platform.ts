import type { Configuration } from '@mikro-orm/core';
import { AbstractSqlDriver, BaseSqliteConnection, SqlitePlatform } from '@mikro-orm/sql';
import { SafeSqliteSchemaHelper } from './sqlite-rebuild.ts';

/** SQLite as MikroORM knows it, except for how a table is rebuilt and that `boolean` is a type of its own. */
class SafeSqlitePlatform extends SqlitePlatform {
  protected override readonly schemaHelper = new SafeSqliteSchemaHelper(this);

  override getBooleanTypeDeclarationSQL(): string {
    return 'boolean';
  }
}

export class SafeSqliteDriver extends AbstractSqlDriver<BaseSqliteConnection> {
  constructor(config: Configuration) {
    super(config, new SafeSqlitePlatform(), BaseSqliteConnection, ['kysely']);
  }
}
