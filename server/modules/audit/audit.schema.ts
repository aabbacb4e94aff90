import { AUDIT_ACTIONS } from '#core/audit-trail.ts';
import {
  id,
  line,
  MAX_VERSION,
  message,
  moment,
  nullable,
  oneOf,
  pageOf,
  pageQuery,
  ref,
  type Static,
  Type,
} from '#core/schema.ts';

const value = (description: string) => Type.Unsafe<unknown>({ description });
const table = line(64, { pattern: '^[a-z][a-z0-9_]*$', description: 'the kind of row, such as `users`' });

export const AuditName = message('AuditName', { value: Type.String(), name: Type.String() });

export const AuditChange = message('AuditChange', {
  field: Type.String(),
  kind: oneOf(['value', 'masked', 'relation'], { description: 'of a masked field only that it changed is kept' }),
  before: value('null for a row that was not there'),
  after: value('null for a row that is gone'),
  added: Type.Array(value('what a relation gained')),
  removed: Type.Array(value('what a relation lost')),
  names: Type.Array(ref(AuditName), {
    description: 'what the ids among the values are called, as far as the caller may see it',
  }),
  may_restore: Type.Boolean({ description: 'whether the caller can put the former value back' }),
});
export type AuditChange = Static<typeof AuditChange>;

export const AuditLogOut = message('AuditLog', {
  id: id(),
  created_at: moment(),
  action: oneOf(AUDIT_ACTIONS),
  entity: nullable(Type.String({ description: 'the kind of row' })),
  row_id: nullable(Type.String()),
  row_label: nullable(Type.String({ description: 'what the row was called then' })),
  changes: Type.Array(ref(AuditChange)),
  detail: value('what was called, exported or refused'),
  actor_id: nullable(
    Type.Integer({ description: 'null for the program itself, and for somebody who was not signed in' }),
  ),
  actor_name: nullable(Type.String({ description: 'the username then' })),
  session_id: nullable(Type.String()),
  api_key_id: nullable(Type.Integer()),
  api_key_name: nullable(Type.String()),
  viewer_id: nullable(Type.Integer({ description: 'who looked at the program as the actor' })),
  viewer_name: nullable(Type.String()),
  task_id: nullable(Type.Integer()),
  task_name: nullable(Type.String()),
  address: nullable(Type.String()),
  request_id: Type.String({ description: 'the request in the logs of the service' }),
  trace_id: nullable(Type.String({ description: 'the trace that the request, or the task, is part of' })),
  sequence: nullable(Type.Integer({ description: 'the place in the chain; null until it is sealed' })),
});
export type AuditLogOut = Static<typeof AuditLogOut>;
export const AuditLogPage = pageOf(AuditLogOut);

export const AuditLogQuery = Type.Object(
  {
    ...pageQuery(['id', 'created_at']),
    entity: Type.Optional(table),
    row_id: Type.Optional(line(64, { description: 'with `entity`: the history of one row' })),
    action: Type.Optional(oneOf(AUDIT_ACTIONS)),
    actor_id: Type.Optional(id()),
    actor_name: Type.Optional(line(50, { description: 'part of the name of the actor' })),
    keyword: Type.Optional(line(50, { description: 'part of the name of the row or of the actor' })),
    request_id: Type.Optional(line(64)),
    created_at_from: Type.Optional(moment()),
    created_at_to: Type.Optional(moment()),
    archived: Type.Optional(Type.Boolean({ description: 'reads the archive instead, where there is one' })),
  },
  { additionalProperties: false },
);
export type AuditLogQuery = Static<typeof AuditLogQuery>;

export const AuditEntities = message('AuditEntities', {
  items: Type.Array(Type.String(), { description: 'the kinds of rows whose writes are kept' }),
});

export const AuditRestore = message('AuditRestore', {
  fields: Type.Optional(
    Type.Array(line(64), { minItems: 1, maxItems: 50, uniqueItems: true, description: 'all that can be, if left out' }),
  ),
  version: Type.Optional(
    Type.Integer({ minimum: 1, maximum: MAX_VERSION, description: 'the version of the row that the caller saw' }),
  ),
});
export type AuditRestore = Static<typeof AuditRestore>;
