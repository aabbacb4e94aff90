export const up: readonly string[] = ['create index "sessions_created_at_index" on "sessions" ("created_at")'];

export const down: readonly string[] = ['drop index "sessions_created_at_index"'];
