export const up: readonly string[] = ['alter table "audit_logs" add "trace_id" varchar(32) null'];

export const down: readonly string[] = ['alter table "audit_logs" drop column "trace_id"'];
