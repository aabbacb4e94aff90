import { posix } from 'node:path';

/** Part of a feature by the suffix of its file, from the front door inwards; other files of a feature count as `service`. */
const LAYERS = ['controller', 'service', 'crud', 'entity'] as const;
type Layer = (typeof LAYERS)[number] | 'schema' | 'errors' | 'index';

/** What each part of a feature may import from its own feature. */
const INWARDS: Readonly<Record<Layer, readonly Layer[]>> = {
  index: ['index', 'controller', 'service', 'crud', 'entity', 'schema', 'errors'],
  controller: ['service', 'schema', 'errors'],
  service: ['service', 'crud', 'entity', 'schema', 'errors'],
  crud: ['crud', 'entity', 'schema', 'errors'],
  entity: ['entity'],
  schema: ['schema', 'entity', 'errors'],
  errors: ['errors'],
};

/** What lies below what: a folder may import itself and what is named here. */
const BELOW: Readonly<Record<string, readonly string[]>> = {
  core: [],
  extensions: ['core'],
  migrations: [],
  modules: ['core', 'extensions', 'config'],
  scripts: ['core', 'extensions', 'modules', 'config', 'program', 'migrations'],
  program: ['core', 'extensions', 'modules', 'config', 'scripts'],
  config: ['core'],
};

export interface Import {
  readonly specifier: string;
  /** Whether only types are taken, which leave nothing at run time. */
  readonly typesOnly: boolean;
  readonly names: readonly string[];
}

/** Every import of a source, static and dynamic. */
export function importsOf(source: string): Import[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const found: Import[] = [];
  for (const [, type, clause = '', specifier = ''] of code.matchAll(
    /^\s*(?:import|export)\s+(type\s)?([^'";]*?)\s*from\s*['"]([^'"]+)['"]/gm,
  )) {
    const names = (/\{([^}]*)\}/.exec(clause)?.[1] ?? clause).split(',').map((name) => name.trim());
    const values = names.filter((name) => name !== '' && !name.startsWith('type '));
    const plain = values.map((name) => name.split(/\s+as\s+/)[0] as string);
    found.push({ specifier, typesOnly: type !== undefined || values.length === 0, names: plain });
  }
  for (const [, specifier = ''] of code.matchAll(/(?:^\s*import|\bimport\()\s*['"]([^'"]+)['"]/gm))
    found.push({ specifier, typesOnly: false, names: [] });
  return found;
}

/** Which file below `server/` an import means; null for a package. */
function targetOf(file: string, specifier: string): string | null {
  if (specifier === '#app') return 'app.ts';
  if (specifier === '#config') return 'config.ts';
  if (specifier.startsWith('#')) return specifier.slice(1);
  if (specifier.startsWith('.')) return posix.normalize(posix.join(posix.dirname(file), specifier));
  return null;
}

function areaOf(file: string): string {
  const [folder = ''] = file.split('/');
  if (folder !== file) return folder;
  return file.startsWith('config.') ? 'config' : 'program';
}

const featureOf = (file: string) => /^modules\/([^/]+)\//.exec(file)?.[1];

function layerOf(file: string): Layer {
  if (file.endsWith('/index.ts')) return 'index';
  const kind = /\.(\w+)\.ts$/.exec(file)?.[1];
  return kind !== undefined && kind in INWARDS ? (kind as Layer) : 'service';
}

/**
 * Lists every import against the direction of the house as `file → target: why`. `order` names the features as they are registered:
 * one may use the services of those before it.
 */
export function importsAgainstDirection(sources: ReadonlyMap<string, string>, order: readonly string[]): string[] {
  const offenders: string[] = [];
  for (const [file, source] of sources) {
    for (const { specifier } of importsOf(source)) {
      const target = targetOf(file, specifier);
      const why = target && whyForbidden(file, target, order);
      if (why) offenders.push(`${file} → ${target}: ${why}`);
    }
  }
  return offenders;
}

function whyForbidden(file: string, target: string, order: readonly string[]): string | null {
  const [from, to] = [areaOf(file), areaOf(target)];
  if (from !== to) return BELOW[from]?.includes(to) ? null : `${from} must not know ${to}`;
  const [feature, other] = [featureOf(file), featureOf(target)];
  if (from === 'extensions') {
    const [, own] = file.split('/');
    const [, theirs] = target.split('/');
    return own?.endsWith('.ts') || own === theirs ? null : 'extensions do not know each other';
  }
  if (from !== 'modules' || feature === undefined) return null;
  if (other === undefined) return 'the registry knows the features, not the other way round';
  const [own, theirs] = [layerOf(file), layerOf(target)];
  if (feature === other) return INWARDS[own].includes(theirs) ? null : `${own} must not know ${theirs}`;
  if (theirs === 'entity') return null;
  // What a service may throw belongs to what it promises, so controllers may declare it.
  const isPromise = theirs === 'errors' && own === 'controller';
  if (!isPromise && !target.endsWith('.service.ts')) return 'features meet only through services and entities';
  if (own !== 'controller' && own !== 'service' && own !== 'index') return `${own} must not know services`;
  return order.indexOf(other) < order.indexOf(feature) ? null : `${other} is not registered above ${feature}`;
}

/** A rule about the text of sources: where it holds, what it looks for. */
export interface TextRule {
  readonly name: string;
  readonly allowed: (file: string) => boolean;
  readonly finds: (source: string) => boolean;
}

/** Statements that no builder can say, and why each is where it is. */
export const RAW_STATEMENTS: Readonly<Record<string, string>> = {
  'modules/dept/dept.crud.ts': 'moving a subtree rewrites the beginning of all its paths in one statement',
};

const under =
  (...folders: string[]) =>
  (file: string) =>
    folders.some((folder) => file.startsWith(folder));

export const TEXT_RULES: readonly TextRule[] = [
  {
    name: 'raw statements and database handles stay in core/ and extensions/',
    allowed: under('core/', 'extensions/', 'scripts/migrate/', 'migrations/', ...Object.keys(RAW_STATEMENTS)),
    finds: (source) =>
      importsOf(source).some(
        ({ specifier, names, typesOnly }) => specifier === 'kysely' && !typesOnly && names.length > 0,
      ),
  },
  {
    name: 'the scope is looked past only by core/context.ts, which hands out the rows',
    allowed: under('core/context.ts', 'app.ts', 'extensions/', 'scripts/migrate/'),
    finds: (source) => /\.kysely\b/.test(source),
  },
  {
    name: 'the environment is read by config.ts alone',
    allowed: under('config.ts'),
    finds: (source) => /\bprocess\s*\.\s*env\b|\bprocess\s*\[|\benv\b[^;\n]*from 'node:process'/.test(source),
  },
  {
    name: 'MikroORM is a tool of the migrations',
    allowed: under('scripts/migrate/'),
    finds: (source) => importsOf(source).some(({ specifier }) => specifier.startsWith('@mikro-orm/')),
  },
];

/** Lists the files that break a rule. */
export function filesAgainst(rule: TextRule, sources: ReadonlyMap<string, string>): string[] {
  return [...sources].filter(([file, source]) => !rule.allowed(file) && rule.finds(source)).map(([file]) => file);
}
