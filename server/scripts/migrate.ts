import { parseArgs } from 'node:util';
import { MigrationError } from '#extensions/database/migration-error.ts';
import { ConfigError } from '../config.ts';

const USAGE = `Usage: npm run migrate -- <command>

  make <name> [--rename table.old:new]   write the migration from the entities, for every dialect; needs no database
  up [--to <name>]                       apply what is pending
  down [--steps <n>] [--yes]             take back the newest one, or n
  status                                 what is applied, pending, changed or missing
  check [--offline]                      compare entities with the snapshots, and with the database; exit 1 if they differ
  sql [--dialect <d>] [--down]           print what is pending in the database, or everything for sqlite, mysql or postgresql`;

/** Runs one command of the migrations; answers with the exit code: 0 done, 1 refused or different, 2 not understood. */
async function main(parameters: readonly string[]): Promise<number> {
  let input: ReturnType<typeof parse>;
  try {
    input = parse(parameters);
  } catch (error) {
    return usage((error as Error).message);
  }
  const { values, positionals } = input;
  const [command, ...rest] = positionals;
  const allowed = OPTIONS[command ?? ''];
  if (!allowed) return usage(command ? `There is no command "${command}".` : 'Which command?');
  const stray = Object.keys(values).find((option) => !allowed.includes(option));
  if (stray) return usage(`"${command}" has no option --${stray}.`);
  if (rest.length !== (command === 'make' ? 1 : 0)) {
    return usage(command === 'make' ? '"make" takes one name.' : `"${command}" takes no "${rest.join(' ')}".`);
  }
  const steps = Number(values.steps ?? 1);
  if (!Number.isInteger(steps) || steps < 1) return usage('--steps takes a whole number from 1.');
  const renames = (values.rename ?? []).map(toRename);
  if (renames.includes(undefined)) return usage('--rename takes table.old:new.');
  if (values.dialect !== undefined && !isDialect(values.dialect)) {
    return usage('--dialect takes sqlite, mysql or postgresql.');
  }
  const commands = await import('./migrate/commands.ts');
  switch (command) {
    case 'make':
      return commands.make(rest[0] as string, renames as NonNullable<(typeof renames)[0]>[]);
    case 'up':
      return commands.up(values.to);
    case 'down':
      return commands.down(steps, values.yes ?? false);
    case 'status':
      return commands.status();
    case 'check':
      return commands.check(values.offline ?? false);
    default:
      return commands.printSql(values.dialect, values.down ?? false);
  }
}

const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  make: ['rename'],
  up: ['to'],
  down: ['steps', 'yes'],
  status: [],
  check: ['offline'],
  sql: ['dialect', 'down'],
};

function parse(parameters: readonly string[]) {
  return parseArgs({
    args: [...parameters],
    allowPositionals: true,
    options: {
      rename: { type: 'string', multiple: true },
      to: { type: 'string' },
      steps: { type: 'string' },
      yes: { type: 'boolean' },
      offline: { type: 'boolean' },
      dialect: { type: 'string' },
      down: { type: 'boolean' },
    },
  });
}

function toRename(text: string) {
  const [, table, from, to] = /^(\w+)\.(\w+):(\w+)$/.exec(text) ?? [];
  return table && from && to ? { table, from, to } : undefined;
}

function isDialect(text: string): text is 'sqlite' | 'mysql' | 'postgresql' {
  return ['sqlite', 'mysql', 'postgresql'].includes(text);
}

function usage(problem: string): number {
  console.error(`${problem}\n\n${USAGE}`);
  return 2;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const isExpected = error instanceof MigrationError || error instanceof ConfigError;
  console.error(isExpected ? error.message : error);
  process.exitCode = 1;
}
