import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { entities } from '#modules/index.ts';
import { diffDatabase } from '../../scripts/migrate/schema-diff.ts';
import { onTestDatabase, openTestDatabase, type TestFolder, testFolder } from '../../scripts/migrate/testing.ts';
import type { Database, Dialect } from './index.ts';
import { migrateDown, migrateUp, migrationStatus } from './migrations.ts';
import { createTestDatabase, testDialects } from './testing.ts';

const SCRIPT = resolve(import.meta.dirname, '../../scripts/migrate.ts');

/** Runs the command line in a process of its own, without a terminal. */
async function migrate(url: string, ...parameters: string[]): Promise<{ code: number | null; output: string }> {
  const env = { ...process.env, APP_ENV: 'testing', DATABASE_URL: url };
  const child = spawn(process.execPath, [SCRIPT, ...parameters], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  const code = await new Promise<number | null>((done) => child.on('close', done));
  return { code, output };
}

const run = (database: Database, statement: string) =>
  sql.raw<Record<string, unknown>>(statement).execute(database.kysely);
const fileOf = (url: string): string => url.slice('sqlite:'.length);
const backupsOf = (url: string): string[] =>
  readdirSync(dirname(fileOf(url))).filter((entry) => entry.startsWith(`${basename(fileOf(url))}.bak-`));

let folder: TestFolder;
beforeEach(() => {
  folder = testFolder();
});
afterEach(() => folder.remove());

const onDatabase = (dialect: Dialect, work: (database: Database, url: string) => Promise<void>) =>
  onTestDatabase(dialect, entities, work);

for (const dialect of testDialects()) {
  describe(`the migrations of the service, on ${dialect}`, () => {
    it('make the schema of the entities, go back to nothing, and make it again', async () => {
      await onDatabase(dialect, async (database) => {
        const { applied } = await migrateUp(database);
        assert.ok(applied.length > 0);
        assert.deepEqual(await diffDatabase(entities, database), []);
        await migrateDown(database, { steps: applied.length });
        assert.ok((await diffDatabase(entities, database)).some((statement) => statement.startsWith('create table')));
        assert.deepEqual((await migrateUp(database)).applied, applied);
        assert.deepEqual(await diffDatabase(entities, database), []);
      });
    });

    it('cost one statement when nothing is pending', async () => {
      await onDatabase(dialect, async (database) => {
        await migrateUp(database);
        const before = database.statements;
        assert.deepEqual(await migrateUp(database), { applied: [] });
        assert.equal(database.statements - before, 1);
      });
    });

    it('are applied once by three processes that start together', async () => {
      await onDatabase(dialect, async (database, url) => {
        await database.ping();
        // They all come to the lock before it is free, so that they meet there.
        const release = await holdLock(database, url);
        const processes = [1, 2, 3].map(() => migrate(url, 'up'));
        await sleep(2000);
        await release();
        const results = await Promise.all(processes);
        const outputs = results.map(({ output }) => output).join('\n---\n');
        assert.deepEqual(
          results.map(({ code }) => code),
          [0, 0, 0],
          outputs,
        );
        assert.equal(outputs.match(/^applied \d+_initial$/gm)?.length, 1, outputs);
        assert.deepEqual(await diffDatabase(entities, database), []);
      });
    });

    it('wait for another process that migrates, and say so when it does not end', async () => {
      await folder.write('20300101000000_one', ['create table one (id integer)']);
      await onDatabase(dialect, async (database, url) => {
        await database.ping();
        const release = await holdLock(database, url);
        try {
          const attempt = migrateUp(database, { folder: folder.path, lockTimeoutMs: 300 });
          await assert.rejects(attempt, {
            name: 'MigrationError',
            message: /Another process has been (migrating|writing)/,
          });
          const patient = migrateUp(database, { folder: folder.path, lockTimeoutMs: 10_000 });
          setTimeout(release, 200);
          assert.deepEqual((await patient).applied, ['20300101000000_one']);
        } finally {
          await release();
        }
      });
    });

    it('say which statement failed and what became of the database', async () => {
      await folder.write('20300101000000_good', ['create table good (id integer)']);
      await folder.write('20300101000001_bad', ['create table half (id integer)', 'insert into nowhere values (1)']);
      await onDatabase(dialect, async (database) => {
        const { message } = (await migrateUp(database, { folder: folder.path }).catch((error) => error)) as Error;
        assert.match(message, /20300101000001_bad \(up\) failed at statement 2 of 2: .*nowhere/s);
        const states = (await migrationStatus(database, { folder: folder.path })).map(({ state }) => state);
        if (dialect === 'mysql') {
          assert.match(message, /the 1 statements before it stay done/);
          assert.deepEqual(states, ['applied', 'partly applied']);
          await assert.rejects(migrateDown(database, { folder: folder.path }), /applied only in part/);
        } else {
          assert.match(message, /Everything was rolled back/);
          assert.deepEqual(states, ['pending', 'pending']);
          await assert.rejects(run(database, 'select * from good'));
        }
      });
    });

    it('refuse a database that another version migrated, and a late migration', async (t) => {
      await folder.write('20300101000000_one', ['create table one (id integer)']);
      await folder.write('20300101000002_three', ['create table three (id integer)']);
      const other = testFolder();
      t.after(other.remove);
      await other.write('20300101000000_one', ['create table one (id integer)']);
      await onDatabase(dialect, async (database) => {
        await migrateUp(database, { folder: folder.path });
        await assert.rejects(
          migrateUp(database, { folder: other.path }),
          /20300101000002_three applied, but no such file/,
        );
        await assert.rejects(migrateDown(database, { folder: other.path }), /no such file/);
        await folder.write('20300101000001_two', ['create table two (id integer)']);
        await assert.rejects(migrateUp(database, { folder: folder.path }), /20300101000001_two pending, although/);
        await other.write('20300101000000_one', ['create table one (id bigint)']);
        const states = (await migrationStatus(database, { folder: other.path })).map(({ state }) => state);
        assert.deepEqual(states.slice(1), ['missing']);
      });
    });

    it('notice that a file was changed after it was applied', async (t) => {
      const other = testFolder();
      t.after(other.remove);
      await folder.write('20300101000000_one', ['create table one (id integer)'], ['drop table one']);
      await other.write('20300101000000_one', ['create table one (id bigint)'], ['drop table one']);
      await onDatabase(dialect, async (database) => {
        await migrateUp(database, { folder: folder.path });
        assert.equal((await migrationStatus(database, { folder: folder.path }))[0]?.state, 'applied');
        assert.equal((await migrationStatus(database, { folder: other.path }))[0]?.state, 'changed');
      });
    });

    it('go up to a name and down by steps', async () => {
      for (const n of [1, 2, 3]) {
        await folder.write(`2030010100000${n}_t${n}`, [`create table t${n} (id integer)`], [`drop table t${n}`]);
      }
      await onDatabase(dialect, async (database) => {
        const options = { folder: folder.path };
        const to = '20300101000002_t2';
        assert.equal((await migrateUp(database, { ...options, to })).applied.length, 2);
        assert.deepEqual((await migrateUp(database, { ...options, to })).applied, []);
        assert.deepEqual((await migrateUp(database, options)).applied, ['20300101000003_t3']);
        assert.deepEqual(
          (await migrateUp(database, { ...options, to })).applied,
          [],
          'an applied target takes nothing back',
        );
        assert.deepEqual((await migrateDown(database, { ...options, steps: 2 })).reverted, ['20300101000003_t3', to]);
        assert.deepEqual((await migrateDown(database, { ...options, steps: 9 })).reverted, ['20300101000001_t1']);
        assert.deepEqual((await migrateDown(database, options)).reverted, []);
        assert.equal((await migrateUp(database, options)).applied.length, 3);
        await assert.rejects(migrateUp(database, { ...options, to: 'nothing' }), /no migration "nothing"/);
      });
    });
  });
}

/** Takes the lock as another process would; answers with how to give it back. */
async function holdLock(database: Database, url: string): Promise<() => Promise<void>> {
  if (database.dialect === 'sqlite') {
    const other = new DatabaseSync(fileOf(url));
    other.exec('begin immediate');
    return async () => {
      if (other.isOpen) other.close();
    };
  }
  const other = await openTestDatabase(url, []);
  const { onlyOne } = await import('./migration-lock.ts');
  const { promise, resolve: release } = Promise.withResolvers<void>();
  const { promise: held, resolve: isHeld } = Promise.withResolvers<void>();
  const work = onlyOne(other, { lockTimeoutMs: 1000, log: () => {} }, async () => {
    isHeld();
    await promise;
  });
  await held;
  let closed: Promise<void> | undefined;
  return () => {
    release();
    closed ??= work.then(() => other.close());
    return closed;
  };
}

describe('a migration that stopped half-way, on mysql', { skip: !testDialects().includes('mysql') }, () => {
  const name = '20300101000000_many';
  const good = [
    'create table log_lines (id integer)',
    'insert into log_lines values (1)',
    'create table late (id integer)',
  ];

  it('goes on with the statement that failed, once the cause is gone', async (t) => {
    const corrected = testFolder();
    t.after(corrected.remove);
    await folder.write(name, [...good.slice(0, 2), 'create table broken (', good[2]!]);
    await corrected.write(name, good);
    await onDatabase('mysql', async (database) => {
      await assert.rejects(migrateUp(database, { folder: folder.path }), /failed at statement 3 of 4/);
      assert.deepEqual((await migrateUp(database, { folder: corrected.path })).applied, [name]);
      assert.equal((await run(database, 'select * from log_lines')).rows.length, 1, 'what had run does not run again');
      assert.equal((await migrationStatus(database, { folder: corrected.path }))[0]?.state, 'applied');
    });
  });

  it('refuses to go on when the statements that had run were changed', async (t) => {
    const other = testFolder();
    t.after(other.remove);
    await folder.write(name, [...good, 'create table broken (']);
    await other.write(name, ['create table another (id integer)', ...good.slice(1)]);
    await onDatabase('mysql', async (database) => {
      await assert.rejects(migrateUp(database, { folder: folder.path }), /failed at statement 4/);
      await assert.rejects(migrateUp(database, { folder: other.path }), /have already run, but the file holds others/);
    });
  });

  it('knows a statement that ran although the process was killed before it could write that down', async (t) => {
    await folder.write(name, [...good, 'create table broken (']);
    const corrected = testFolder();
    t.after(corrected.remove);
    await corrected.write(name, good);
    await onDatabase('mysql', async (database) => {
      await assert.rejects(migrateUp(database, { folder: folder.path }));
      const { checksum } = await import('./migration-files.ts');
      const killedInThird = `done = 2, checksum = '${checksum(good.slice(0, 2))}'`;
      await run(database, `update schema_migrations_progress set ${killedInThird}`);
      await assert.rejects(
        migrateUp(database, { folder: corrected.path }),
        /failed at statement 3 of 3.*already exists/s,
      );
      await run(database, 'update schema_migrations_progress set is_running = 1');
      assert.deepEqual((await migrateUp(database, { folder: corrected.path })).applied, [name]);
    });
  });

  it('refuses to go up from a way down that stopped half-way, and finishes it', async () => {
    await folder.write(name, ['create table a (id integer)'], ['create table gone (id integer)', 'drop table b']);
    await onDatabase('mysql', async (database) => {
      await migrateUp(database, { folder: folder.path });
      await assert.rejects(migrateDown(database, { folder: folder.path }), /\(down\) failed at statement 2 of 2/);
      assert.equal((await migrationStatus(database, { folder: folder.path }))[0]?.state, 'partly reverted');
      await folder.write('20300101000001_next', ['create table c (id integer)']);
      await assert.rejects(migrateUp(database, { folder: folder.path }), /reverted only in part/);
      await run(database, 'create table b (id integer)');
      assert.deepEqual((await migrateDown(database, { folder: folder.path })).reverted, [name]);
    });
  });
});

describe('a migration on sqlite', () => {
  const rebuild = [
    'create table `new` (id integer primary key autoincrement, name text)',
    'insert into `new` select id, name from parents',
    'drop table parents',
    'alter table `new` rename to parents',
  ];
  const tables = [
    'create table parents (id integer primary key autoincrement, name text)',
    'create table children (parent_id integer not null references parents (id) on delete cascade)',
  ];
  const fill = async (database: Database) => {
    await run(database, `insert into parents (name) values ('a'), ('b')`);
    await run(database, 'insert into children values (1), (2)');
  };

  it('rebuilds a table without touching the rows that point to it, and switches the checks back on', async () => {
    await folder.write('20300101000000_tables', tables);
    await onDatabase('sqlite', async (database) => {
      await migrateUp(database, { folder: folder.path });
      await fill(database);
      await folder.write('20300101000001_rebuild', rebuild);
      await migrateUp(database, { folder: folder.path });
      assert.equal((await run(database, 'select * from children')).rows.length, 2);
      await assert.rejects(run(database, 'insert into children values (99)'), /FOREIGN KEY/);
    });
  });

  it('is undone when it leaves rows that point to nothing', async () => {
    await folder.write('20300101000000_tables', tables);
    await onDatabase('sqlite', async (database) => {
      await migrateUp(database, { folder: folder.path });
      await fill(database);
      await folder.write('20300101000001_loss', ['delete from parents where id = 2']);
      const attempt = migrateUp(database, { folder: folder.path });
      await assert.rejects(attempt, /1 rows would point to rows that do not exist \(children row 2 → parents\)/);
      assert.equal((await run(database, 'select * from parents')).rows.length, 2);
      assert.equal((await migrationStatus(database, { folder: folder.path }))[1]?.state, 'pending');
    });
  });

  it('refuses an entry of two statements, of which SQLite would run the first in silence', async () => {
    await folder.write('20300101000000_two', ['create table a (id integer); create table b (id integer)']);
    await onDatabase('sqlite', async (database) => {
      await assert.rejects(migrateUp(database, { folder: folder.path }), /More than one statement in one entry/);
    });
  });

  it('keeps no copy when it fails, so that a restart again and again does not push older copies out', async () => {
    await folder.write('20300101000000_tables', tables);
    await onDatabase('sqlite', async (database, url) => {
      await migrateUp(database, { folder: folder.path });
      await folder.write('20300101000001_bad', ['create table ok (id integer)', 'nonsense']);
      const before = readdirSync(dirname(fileOf(url))).sort();
      await assert.rejects(migrateUp(database, { folder: folder.path }), /nonsense/);
      assert.deepEqual(readdirSync(dirname(fileOf(url))).sort(), before);
    });
  });

  it('saves a database that has tables first, the newest three times, no looser than the original', async () => {
    await folder.write('20300101000000_t0', ['create table t0 (id integer)']);
    await onDatabase('sqlite', async (database, url) => {
      await migrateUp(database, { folder: folder.path });
      assert.deepEqual(backupsOf(url), [], 'a fresh database is not worth it');
      await run(database, 'insert into t0 values (42)');
      for (const n of [1, 2, 3, 4]) {
        await folder.write(`2030010100000${n}_t${n}`, [`create table t${n} (id integer)`]);
        await migrateUp(database, { folder: folder.path });
        await migrateUp(database, { folder: folder.path });
      }
      const backups = backupsOf(url).sort();
      assert.equal(backups.length, 3);
      const newest = join(dirname(fileOf(url)), backups.at(-1)!);
      assert.equal(statSync(newest).mode & 0o777, statSync(fileOf(url)).mode & 0o777);
      const saved = new DatabaseSync(newest, { readOnly: true });
      assert.deepEqual({ ...saved.prepare('select id from t0').get() }, { id: 42 });
      assert.throws(() => saved.prepare('select id from t4'), /no such table/);
      saved.close();
    });
  });
});

describe('the command line', { skip: !testDialects().includes('sqlite') }, () => {
  it('answers 2 with its usage to what it does not understand, and 1 to what it refuses', async () => {
    const { url, drop } = await createTestDatabase('sqlite');
    for (const parameters of [
      [],
      ['bogus'],
      ['up', '--yes'],
      ['make'],
      ['down', '--steps', '0'],
      ['sql', '--dialect', 'x'],
    ]) {
      const { code, output } = await migrate(url, ...parameters);
      assert.equal(code, 2, parameters.join(' '));
      assert.match(output, /Usage: npm run migrate/);
    }
    assert.match((await migrate(url, 'status')).output, /no database yet/);
    assert.equal((await migrate(url, 'check')).code, 1);
    assert.deepEqual(readdirSync(dirname(fileOf(url))), [], 'looking creates no database');
    await migrate(url, 'up');
    const refused = await migrate(url, 'down');
    assert.equal(refused.code, 1);
    assert.match(refused.output, /say so with --yes/);
    const database = await openTestDatabase(url, entities);
    await run(database, 'alter table users add column by_hand integer');
    await database.close();
    const drift = await migrate(url, 'check');
    assert.equal(drift.code, 1);
    assert.match(drift.output, /alter table `users` drop column `by_hand`/);
    assert.equal((await migrate(url, 'check', '--offline')).code, 0);
    const { code, output } = await migrate(url, 'down', '--yes');
    assert.equal(code, 0);
    assert.match(output, /reverted/);
    await drop();
  });
});
