import { constraintName, type Entity, referencesOf, uniquesOf } from './entity.ts';
import type { ErrorFactory } from './errors.ts';
import type { Feature } from './feature.ts';

/** What the features declare, checked for contradictions. */
export interface Registry {
  readonly features: readonly Feature[];
  readonly entities: ReadonlyMap<string, Entity>;
  /** The error a broken constraint means, by its name. */
  readonly constraints: ReadonlyMap<string, ErrorFactory>;
}

/** Throws with every contradiction at once: duplicate tables or routes, scopes and references that lead nowhere. */
export function checkedRegistry(features: readonly Feature[]): Registry {
  const problems: string[] = [];
  const entities = new Map<string, Entity>();
  for (const entity of features.flatMap((feature) => feature.entities ?? [])) {
    if (entities.has(entity.table)) problems.push(`the table ${entity.table} is declared twice`);
    entities.set(entity.table, entity);
  }
  for (const entity of entities.values()) problems.push(...problemsOfEntity(entity, entities));

  const constraintNames = new Set(
    [...entities.values()].flatMap((entity) => [
      ...uniquesOf(entity).map((columns) => constraintName(entity.table, columns, 'unique')),
      ...referencesOf(entity).map(({ column }) => constraintName(entity.table, [column], 'foreign')),
    ]),
  );
  const constraints = new Map<string, ErrorFactory>();
  for (const [name, factory] of features.flatMap((feature) => Object.entries(feature.constraints ?? {}))) {
    if (!constraintNames.has(name)) problems.push(`no entity has the constraint ${name}`);
    constraints.set(name, factory);
  }

  const addresses = new Set<string>();
  for (const { method, path } of features.flatMap((feature) => feature.routes ?? [])) {
    const address = `${method} ${path.replace(/:\w+/g, ':')}`;
    if (addresses.has(address)) problems.push(`the route ${method} ${path} is declared twice`);
    addresses.add(address);
  }
  if (problems.length > 0)
    throw new Error(`The features contradict each other:\n${problems.map((p) => `  - ${p}`).join('\n')}`);
  return { features, entities, constraints };
}

function problemsOfEntity(entity: Entity, entities: ReadonlyMap<string, Entity>): string[] {
  const problems: string[] = [];
  const needColumn = (column: string | undefined, role: string) => {
    if (column !== undefined && !entity.columns[column])
      problems.push(`${entity.table} has no column ${column} (${role})`);
  };
  const { scope } = entity as { scope?: Entity['scope'] };
  if (!scope) problems.push(`${entity.table} does not declare its data scope`);
  else if ('none' in scope) {
    if (!scope.none.trim()) problems.push(`${entity.table} is outside the data scope without a reason`);
  } else if ('through' in scope) {
    needColumn(scope.through.column, 'scope');
    if (!entities.has(scope.through.table))
      problems.push(`${entity.table} is seen through an unknown table ${scope.through.table}`);
  } else {
    for (const column of [scope.dept, scope.path, ...(scope.owner ?? [])]) needColumn(column, 'scope');
    if (!scope.dept && !scope.path && !scope.owner?.length)
      problems.push(`${entity.table} declares an empty data scope`);
  }
  for (const { column, table } of referencesOf(entity)) {
    if (!entities.has(table)) problems.push(`${entity.table}.${column} refers to an unknown table ${table}`);
  }
  for (const columns of [...(entity.uniques ?? []), ...(entity.indexes ?? [])]) {
    for (const column of columns) needColumn(column, 'index');
  }
  return problems;
}
