import { isKept, keyColumns } from './audit-change.ts';
import { constraintName, type Entity, referencesOf, uniquesOf } from './entity.ts';
import type { ErrorFactory } from './errors.ts';
import type { Feature } from './feature.ts';
import type { Restorer } from './restore.ts';
import type { AnyTaskHandler, BuiltInJob } from './task.ts';

/** What the features declare, checked for contradictions. */
export interface Registry {
  readonly features: readonly Feature[];
  readonly entities: ReadonlyMap<string, Entity>;
  /** The error a broken constraint means, by its name. */
  readonly constraints: ReadonlyMap<string, ErrorFactory>;
  readonly handlers: ReadonlyMap<string, AnyTaskHandler>;
  readonly jobs: readonly BuiltInJob[];
  readonly restorers: ReadonlyMap<string, readonly Restorer[]>;
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
  const handlers = new Map<string, AnyTaskHandler>();
  for (const handler of features.flatMap((feature) => feature.tasks ?? [])) {
    if (handlers.has(handler.name)) problems.push(`the task handler ${handler.name} is declared twice`);
    if ((handler.run === undefined) === (handler.thread === undefined))
      problems.push(`the task handler ${handler.name} must have either run or thread`);
    handlers.set(handler.name, handler);
  }
  const jobs = features.flatMap((feature) => feature.jobs ?? []);
  for (const { code, handler } of jobs) {
    if (!handlers.has(handler)) problems.push(`the job ${code} names the unknown task handler ${handler}`);
  }
  const restorers = new Map(features.flatMap((feature) => Object.entries(feature.restorers ?? {})));
  for (const table of restorers.keys()) {
    if (!entities.has(table)) problems.push(`values of the unknown table ${table} are put back`);
  }
  if (problems.length > 0)
    throw new Error(`The features contradict each other:\n${problems.map((p) => `  - ${p}`).join('\n')}`);
  return { features, entities, constraints, handlers, jobs, restorers };
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
  problems.push(...problemsOfAudit(entity, entities));
  for (const { column, table } of referencesOf(entity)) {
    if (!entities.has(table)) problems.push(`${entity.table}.${column} refers to an unknown table ${table}`);
  }
  for (const columns of [...(entity.uniques ?? []), ...(entity.indexes ?? [])]) {
    for (const column of columns) needColumn(column, 'index');
  }
  return problems;
}

function problemsOfAudit(entity: Entity, entities: ReadonlyMap<string, Entity>): string[] {
  const { table, columns, scope } = entity;
  const { audit } = entity as { audit?: Entity['audit'] };
  if (!audit) return [`${table} does not say what is kept of its writes (audit)`];
  if ('none' in audit) return audit.none.trim() ? [] : [`the writes of ${table} are not kept, without a reason`];
  const problems: string[] = [];
  const named =
    'of' in audit ? [audit.by, audit.value] : [audit.label, ...(audit.masked ?? []), ...(audit.quiet ?? [])];
  for (const column of [...named, ...(audit.ignored ?? [])]) {
    if (column !== undefined && !columns[column]) problems.push(`${table} has no column ${column} (audit)`);
  }
  const hasId = keyColumns(entity).join() === 'id';
  if ('of' in audit) {
    const owner = entities.get(audit.of);
    if (!owner || 'none' in owner.audit) problems.push(`${table} is kept with ${audit.of}, whose writes are not kept`);
    for (const column of Object.keys(columns)) {
      if (isKept(entity, column) && column !== audit.by && column !== audit.value)
        problems.push(`${table}.${column} is no part of the relation that is kept`);
    }
  } else {
    if (!hasId) problems.push(`the writes of ${table} are kept by its id, which it has not`);
    if ('through' in scope && 'through' in (entities.get(scope.through.table)?.scope ?? {}))
      problems.push(`the writes of ${table} are kept, and it is seen through more than one table`);
  }
  for (const [column, { options }] of Object.entries(columns)) {
    const { references } = options;
    const parent = references && entities.get(references.table);
    if (references?.onDelete === 'cascade' && parent && 'none' in parent.audit)
      problems.push(`${table}.${column} lets rows go with those of ${parent.table}, whose writes are not kept`);
  }
  return problems;
}
