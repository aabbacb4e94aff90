export const up: readonly string[] = ['alter table "tasks" add "traceparent" varchar(55) null'];

export const down: readonly string[] = ['alter table "tasks" drop column "traceparent"'];
