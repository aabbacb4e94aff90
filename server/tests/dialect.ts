import type { Dialect } from '#extensions/database/index.ts';

/** The database this run of the tests is about; `npm test` runs once for each that is configured. */
export function testDialect(): Dialect {
  const dialect = process.env['TEST_DIALECT'] ?? 'sqlite';
  if (dialect === 'sqlite' || dialect === 'mysql' || dialect === 'postgresql') return dialect;
  throw new Error(`TEST_DIALECT must be sqlite, mysql or postgresql, not ${dialect}`);
}
