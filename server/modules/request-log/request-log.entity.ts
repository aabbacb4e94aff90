import { col, defineEntity, type TableOf } from '#core/entity.ts';
import { LONGEST_AGENT, LONGEST_PATH } from '#core/request-records.ts';

/**
 * Requests to the API that were stored. No foreign keys: a request is written some seconds after it was answered, and its user, session or
 * key may be gone by then; the names are those of that time.
 */
export const requestLogEntity = defineEntity({
  table: 'request_logs',
  columns: {
    id: col.id(),
    created_at: col.datetime(),
    request_id: col.text(64),
    trace_id: col.text(32),
    method: col.text(20),
    route: col.text(255).nullable(),
    path: col.text(LONGEST_PATH),
    status: col.integer(),
    duration_ms: col.integer(),
    bytes: col.integer(),
    user_id: col.idOf().nullable(),
    username: col.text(50).nullable(),
    session_id: col.text(36).nullable(),
    api_key_id: col.idOf().nullable(),
    api_key_name: col.text(100).nullable(),
    viewer_id: col.idOf().nullable(),
    viewer_name: col.text(50).nullable(),
    address: col.text(64).nullable(),
    user_agent: col.text(LONGEST_AGENT).nullable(),
  },
  indexes: [
    ['created_at', 'id'],
    ['user_id', 'id'],
    ['route', 'id'],
    ['status', 'id'],
    ['duration_ms', 'id'],
    ['request_id', 'id'],
  ],
  scope: { through: { column: 'user_id', table: 'users' } },
  audit: { none: 'a log itself' },
});

declare module '#core/entity.ts' {
  interface Tables {
    request_logs: TableOf<typeof requestLogEntity>;
  }
}
