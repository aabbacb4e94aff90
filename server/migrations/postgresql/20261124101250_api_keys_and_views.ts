export const up: readonly string[] = [
  'create table "api_keys" ("id" bigserial primary key, "user_id" bigint not null, "name" varchar(100) not null, "prefix" varchar(16) not null, "key_hash" varchar(64) not null, "permissions" jsonb not null, "addresses" jsonb not null, "rate_per_minute" int not null, "expires_at" timestamptz(3) not null, "last_used_at" timestamptz(3) null, "revoked_at" timestamptz(3) null, "created_at" timestamptz(3) not null)',
  'create index "api_keys_user_id_index" on "api_keys" ("user_id")',
  'create index "api_keys_user_id_revoked_at_index" on "api_keys" ("user_id", "revoked_at")',
  'alter table "api_keys" add constraint "api_keys_key_hash_unique" unique ("key_hash")',
  'alter table "sessions" add "viewed_user_id" bigint null',
  'alter table "sessions" add constraint "sessions_viewed_user_id_foreign" foreign key ("viewed_user_id") references "users" ("id") on update no action on delete cascade',
  'create index "sessions_viewed_user_id_index" on "sessions" ("viewed_user_id")',
  'alter table "api_keys" add constraint "api_keys_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete cascade',
];

export const down: readonly string[] = [
  'drop table if exists "api_keys" cascade',
  'alter table "sessions" drop constraint "sessions_viewed_user_id_foreign"',
  'drop index "sessions_viewed_user_id_index"',
  'alter table "sessions" drop column "viewed_user_id"',
];
