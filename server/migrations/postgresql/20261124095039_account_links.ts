export const up: readonly string[] = [
  'create table "account_links" ("id" bigserial primary key, "purpose" varchar(20) not null, "token_hash" varchar(64) not null, "user_id" bigint null, "email" varchar(100) not null, "created_at" timestamptz(3) not null, "expires_at" timestamptz(3) not null, "used_at" timestamptz(3) null)',
  'create index "account_links_user_id_index" on "account_links" ("user_id")',
  'create index "account_links_expires_at_index" on "account_links" ("expires_at")',
  'create index "account_links_email_purpose_index" on "account_links" ("email", "purpose")',
  'alter table "account_links" add constraint "account_links_token_hash_unique" unique ("token_hash")',
  'alter table "account_links" add constraint "account_links_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete cascade',
];

export const down: readonly string[] = ['drop table if exists "account_links" cascade'];
