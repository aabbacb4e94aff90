export const up: readonly string[] = [
  'alter table "sessions" add "browser" varchar(50) null, add "os" varchar(50) null, add "device" varchar(10) not null default \'unknown\'',
  'create index "sessions_revoked_at_last_seen_at_index" on "sessions" ("revoked_at", "last_seen_at")',
  'create index "sessions_user_id_revoked_at_index" on "sessions" ("user_id", "revoked_at")',
];

export const down: readonly string[] = [
  'drop index "sessions_revoked_at_last_seen_at_index"',
  'drop index "sessions_user_id_revoked_at_index"',
  'alter table "sessions" drop column "browser", drop column "os", drop column "device"',
];
