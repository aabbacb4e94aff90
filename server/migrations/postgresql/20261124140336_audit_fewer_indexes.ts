export const up: readonly string[] = ['drop index "audit_logs_entity_id_index"'];

export const down: readonly string[] = ['create index "audit_logs_entity_id_index" on "audit_logs" ("entity", "id")'];
