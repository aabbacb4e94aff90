import { col, defineEntity, type TableOf } from '#core/entity.ts';

/** Which seed sets have run on this database; a set runs once, so what an administrator deletes stays deleted. */
export const seedRunEntity = defineEntity({
  table: 'seed_runs',
  columns: { name: col.text(100).primary(), applied_at: col.datetime() },
  scope: { none: 'bookkeeping of the installation' },
  audit: { none: 'bookkeeping of the installation' },
});

declare module '#core/entity.ts' {
  interface Tables {
    seed_runs: TableOf<typeof seedRunEntity>;
  }
}
