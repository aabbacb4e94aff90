export const up: readonly string[] = [
  'create table "sign_in_challenges" ("id" bigserial primary key, "token_hash" varchar(64) not null, "user_id" bigint not null, "method" varchar(50) not null, "proven" varchar(100) not null, "wanted" varchar(100) not null, "origin_hash" varchar(64) not null, "attempts" int not null default 0, "created_at" timestamptz(3) not null, "expires_at" timestamptz(3) not null, "used_at" timestamptz(3) null)',
  'create index "sign_in_challenges_user_id_index" on "sign_in_challenges" ("user_id")',
  'create index "sign_in_challenges_expires_at_index" on "sign_in_challenges" ("expires_at")',
  'alter table "sign_in_challenges" add constraint "sign_in_challenges_token_hash_unique" unique ("token_hash")',
  'alter table "sessions" add "method" varchar(50) not null default \'password\', add "factors" varchar(100) not null default \'password\'',
  'alter table "sign_in_challenges" add constraint "sign_in_challenges_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete cascade',
];

export const down: readonly string[] = [
  'drop table if exists "sign_in_challenges" cascade',
  'alter table "sessions" drop column "method", drop column "factors"',
];
