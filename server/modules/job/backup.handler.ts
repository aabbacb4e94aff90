import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fromRoot } from '#config';
import { text } from '#core/i18n.ts';
import { Type } from '#core/schema.ts';
import { defineTask } from '#core/task.ts';
import { backUpSqlite, sqliteFileOf } from '#extensions/database/sqlite-backup.ts';

const NAME = /^backup-\d{8}T\d{6}Z\.db$/;

/** Copies the SQLite database while it is used, and deletes the oldest copies beyond BACKUP_KEEP. */
export const backupHandler = defineTask({
  name: 'database.backup',
  title: text('备份 SQLite 数据库', 'Back up the SQLite database'),
  description: text(
    '在 DATA_DIR/backups 中保留最近的 BACKUP_KEEP 份备份；其他数据库请使用各自的工具',
    'Keeps the last BACKUP_KEEP copies in DATA_DIR/backups; other databases have tools of their own',
  ),
  args: Type.Object({}, { additionalProperties: false }),
  concurrency: 1,
  mayOverlap: false,
  attempts: 1,
  timeoutMs: 3_600_000,
  async run(ctx, _args, task) {
    const source = sqliteFileOf(ctx.settings.DATABASE_URL);
    if (source === null) throw new Error('only SQLite is backed up here; use mysqldump or pg_dump');
    const folder = join(fromRoot(ctx.settings.DATA_DIR), 'backups');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const name = `backup-${ctx
      .now()
      .toISOString()
      .replace(/[-:]|\.\d+/g, '')}.db`;
    const unfinished = join(folder, `.${name}`);
    try {
      await backUpSqlite(fromRoot(source), unfinished, (done, total) => {
        task.signal.throwIfAborted();
        task.progress(done, total);
      });
      await rename(unfinished, join(folder, name));
    } finally {
      await rm(unfinished, { force: true });
    }
    const kept = (await readdir(folder)).filter((file) => NAME.test(file)).sort();
    for (const old of kept.slice(0, -ctx.settings.BACKUP_KEEP)) await rm(join(folder, old), { force: true });
    const { size } = await stat(join(folder, name));
    task.log(`${name}: ${size} bytes`);
    return { file: name, bytes: size };
  },
});
