import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Kysely, sql } from 'kysely';
import { col, defineEntity, type Entity } from '#core/entity.ts';
import type { Database } from '#extensions/database/index.ts';
import { migrateDown, migrateUp } from '#extensions/database/migrations.ts';
import { testDialects } from '#extensions/database/testing.ts';
import { makeMigration } from './make.ts';
import { diffDatabase } from './schema-diff.ts';
import { onTestDatabase, testFolder } from './testing.ts';

const teams = defineEntity({
  table: 'teams',
  columns: { id: col.id(), name: col.text(50).unique(), path: col.path().unique() },
  scope: { none: 'test' },
  audit: { none: 'test' },
});
const peopleColumns = {
  id: col.id(),
  team_id: col.ref('teams').nullable(),
  chief_id: col.ref('people', 'set null').nullable(),
  name: col.text(50),
  nick: col.text(50).nullable(),
  settings: col.json().nullable(),
  born_at: col.datetime(),
};
const tags = defineEntity({
  table: 'tags',
  columns: { id: col.text(36).primary(), label: col.text(20) },
  scope: { none: 'test' },
  audit: { none: 'test' },
});
const peopleTags = defineEntity({
  table: 'people_tags',
  columns: { person_id: col.ref('people', 'cascade').primary(), tag_id: col.textRef('tags', 36, 'restrict').primary() },
  scope: { none: 'test' },
  audit: { none: 'test' },
});
const looserPeopleTags: Entity = {
  ...peopleTags,
  columns: { ...peopleTags.columns, tag_id: col.textRef('tags', 36, 'cascade').primary() },
};
const badges = defineEntity({
  table: 'badges',
  columns: { id: col.id(), person_id: col.ref('people', 'cascade'), note: col.longtext().nullable() },
  indexes: [['person_id', 'id']],
  scope: { none: 'test' },
  audit: { none: 'test' },
});

const pairs = defineEntity({
  table: 'pairs',
  columns: { person_id: col.ref('people', 'cascade').primary(), rank: col.integer().primary() },
  scope: { none: 'test' },
  audit: { none: 'test' },
});

const withPeople = (columns: Entity['columns'], more: Partial<Entity> = {}): Entity =>
  defineEntity({ table: 'people', columns, scope: { none: 'test' }, audit: { none: 'test' }, ...more });

const level = {
  level: col.integer().default(3),
  is_loud: col.boolean().default(false),
  motto: col.text(30).default('so; it is'),
  hint: col.text(9).default(''),
};
const freed = {
  ...peopleColumns,
  ...level,
  team_id: col.ref('teams', 'set null').nullable(),
  rank: col.integer().default(7),
};
const { nick: _nick, ...withoutNick } = freed;
const renamed = { ...withoutNick, alias: col.text(50).nullable() };
const strict = { ...withoutNick, alias: col.text(80).default('none') };
const { chief_id: _chief, motto: _motto, ...smaller } = strict;

interface Version {
  readonly name: string;
  readonly entities: readonly Entity[];
  readonly renames?: Parameters<typeof makeMigration>[0]['renames'];
  /** What the migration must contain on SQLite, to know that the case is the one that is meant. */
  readonly sqlite: RegExp;
}

const rest = [teams, tags, peopleTags];
const versions: readonly Version[] = [
  { name: 'initial', entities: [...rest, withPeople(peopleColumns)], sqlite: /create table `people`/ },
  {
    name: 'nullable_column',
    entities: [...rest, withPeople({ ...peopleColumns, note: col.text(20).nullable() })],
    sqlite: /^alter table `people` add column `note`/,
  },
  {
    name: 'default_column',
    entities: [...rest, withPeople({ ...peopleColumns, ...level })],
    sqlite: /add column `level`/,
  },
  { name: 'foreign_key_rule', entities: [...rest, withPeople(freed)], sqlite: /drop table `people`;/ },
  {
    name: 'unique',
    entities: [...rest, withPeople(freed, { uniques: [['name', 'born_at']] })],
    sqlite: /^create unique index `people_name_born_at_unique`/,
  },
  { name: 'table', entities: [...rest, badges, pairs, withPeople(freed)], sqlite: /create table `badges`/ },
  {
    name: 'rename',
    entities: [...rest, badges, pairs, withPeople(renamed)],
    renames: [{ table: 'people', from: 'nick', to: 'alias' }],
    sqlite: /rename column `nick` to `alias`/,
  },
  { name: 'not_null', entities: [...rest, badges, pairs, withPeople(strict)], sqlite: /coalesce\(`alias`, 'none'\)/ },
  {
    name: 'column_with_key_removed',
    entities: [...rest, badges, pairs, withPeople(smaller)],
    sqlite: /drop table `people`;/,
  },
  {
    name: 'composite_key_table',
    entities: [teams, tags, looserPeopleTags, badges, pairs, withPeople(smaller)],
    sqlite: /drop table `people_tags`;/,
  },
  {
    name: 'table_removed',
    entities: [teams, tags, looserPeopleTags, withPeople(smaller)],
    sqlite: /^drop table if exists `badges`/,
  },
];

type Plain = Kysely<Record<string, Record<string, unknown>>>;
const plain = (database: Database): Plain => database.kysely as unknown as Plain;

async function fill(database: Database): Promise<void> {
  const db = plain(database);
  const born_at = new Date('2001-02-03T04:05:06.789Z');
  await db
    .insertInto('teams')
    .values([
      { name: 'a', path: '/1/' },
      { name: 'b', path: '/1/2/' },
    ])
    .execute();
  await db
    .insertInto('tags')
    .values([
      { id: 't-1', label: 'x' },
      { id: 't-2', label: 'y' },
    ])
    .execute();
  const people = [1, 2, 3].map((n) => ({ name: `p${n}`, nick: n === 2 ? null : `n${n}`, team_id: 1, born_at }));
  await db.insertInto('people').values(people).execute();
  await db.updateTable('people').set({ chief_id: 1 }).where('id', '=', 2).execute();
  const pairs = [1, 2, 3].flatMap((person_id) => ['t-1', 't-2'].map((tag_id) => ({ person_id, tag_id })));
  await db.insertInto('people_tags').values(pairs).execute();
}

/** The rows that every version has in common, as one text. */
async function rowsOf(database: Database): Promise<string> {
  const db = plain(database);
  return JSON.stringify([
    await db.selectFrom('teams').select(['id', 'name', 'path']).orderBy('id').execute(),
    await db.selectFrom('people').select(['id', 'name', 'team_id', 'born_at']).orderBy('id').execute(),
    await db.selectFrom('people_tags').select(['person_id', 'tag_id']).orderBy('person_id').orderBy('tag_id').execute(),
  ]);
}

for (const dialect of testDialects()) {
  describe(`migrations made from changed entities, on ${dialect}`, () => {
    it('apply to a database with rows, leave every row, meet the entities exactly, and go back the same way', async (t) => {
      const folder = testFolder();
      t.after(folder.remove);
      const everything = versions.at(-1)!.entities;
      await onTestDatabase(dialect, everything, async (database) => {
        let expected = '';
        for (const [index, { name, entities, renames = [], sqlite }] of versions.entries()) {
          const now = new Date(Date.UTC(2030, 0, 1, 0, 0, index));
          const made = await makeMigration({ folder: folder.path, entities, name, renames, now });
          assert.equal(made.files.length, 3, name);
          const { up } = await import(`${folder.path}/sqlite/${made.files[0]!.slice('sqlite/'.length)}`);
          assert.match(`${up.join(';\n')};`, new RegExp(sqlite, 'm'), name);
          const { applied } = await migrateUp(database, { folder: folder.path });
          assert.equal(applied.length, 1, name);
          if (index === 0) await fill(database);
          expected ||= await rowsOf(database);
          assert.equal(await rowsOf(database), expected, `rows after ${name}`);
          assert.deepEqual(await diffDatabase(entities, database), [], `drift after ${name}`);
        }
        const { rows } =
          await sql`select alias, rank_value from (select alias, ${sql.ref('rank')} as rank_value, id from people) as p
          order by id`.execute(database.kysely);
        assert.deepEqual(
          rows,
          [1, 2, 3].map((n) => ({ alias: n === 2 ? 'none' : `n${n}`, rank_value: 7 })),
        );
        for (const { name, entities } of versions.slice(0, -1).toReversed()) {
          assert.equal((await migrateDown(database, { folder: folder.path })).reverted.length, 1);
          assert.equal(await rowsOf(database), expected, `rows after going back to ${name}`);
          assert.deepEqual(await diffDatabase(entities, database), [], `drift after going back to ${name}`);
        }
        await migrateDown(database, { folder: folder.path });
        await migrateUp(database, { folder: folder.path });
        assert.deepEqual(await diffDatabase(everything, database), []);
      });
    });

    it('are told apart from changes made by hand', async (t) => {
      const folder = testFolder();
      t.after(folder.remove);
      const { entities } = versions[0]!;
      await makeMigration({ folder: folder.path, entities, name: 'initial' });
      await onTestDatabase(dialect, entities, async (database) => {
        await migrateUp(database, { folder: folder.path });
        for (const statement of [
          'alter table people add column extra integer',
          'drop index people_team_id_index',
          'alter table tags drop column label',
        ]) {
          const drop =
            dialect === 'mysql'
              ? statement.replace(
                  'drop index people_team_id_index',
                  'alter table people drop foreign key people_team_id_foreign',
                )
              : statement;
          const before = await diffDatabase(entities, database);
          await sql.raw(drop).execute(database.kysely);
          assert.ok((await diffDatabase(entities, database)).length > before.length, drop);
        }
      });
    });
  });
}

describe('a rebuild on sqlite', () => {
  it('never gives an id again that was given before', async (t) => {
    const folder = testFolder();
    t.after(folder.remove);
    const node = (onDelete: 'restrict' | 'set null') =>
      defineEntity({
        table: 'nodes',
        columns: { id: col.id(), parent_id: col.ref('nodes', onDelete).nullable() },
        scope: { none: 'test' },
        audit: { none: 'test' },
      });
    const migrate = async (database: Database, onDelete: 'restrict' | 'set null', second: number) => {
      const now = new Date(Date.UTC(2030, 0, 1, 0, 0, second));
      await makeMigration({ folder: folder.path, entities: [node(onDelete)], name: 'nodes', now });
      await migrateUp(database, { folder: folder.path });
    };
    const insert = async (database: Database) =>
      Number((await plain(database).insertInto('nodes').values({ parent_id: null }).executeTakeFirst()).insertId);
    await onTestDatabase('sqlite', [node('restrict')], async (database) => {
      await migrate(database, 'restrict', 0);
      for (const _ of [1, 2, 3]) await insert(database);
      await plain(database).deleteFrom('nodes').where('id', '=', 3).execute();
      await migrate(database, 'set null', 1);
      assert.equal(await insert(database), 4, 'with rows left');
      await plain(database).deleteFrom('nodes').execute();
      await migrate(database, 'restrict', 2);
      assert.equal(await insert(database), 5, 'with none left');
    });
  });
});
