export const up: readonly string[] = [
  'create table "outside_flows" ("id" bigserial primary key, "state_hash" varchar(64) not null, "browser_hash" varchar(64) not null, "provider" varchar(40) not null, "nonce" varchar(64) not null, "code_verifier" varchar(128) not null, "return_path" varchar(500) not null, "session_id" varchar(36) null, "created_at" timestamptz(3) not null, "expires_at" timestamptz(3) not null)',
  'create index "outside_flows_expires_at_index" on "outside_flows" ("expires_at")',
  'alter table "outside_flows" add constraint "outside_flows_state_hash_unique" unique ("state_hash")',
  'create table "user_identities" ("id" bigserial primary key, "user_id" bigint not null, "provider" varchar(40) not null, "issuer" varchar(200) not null, "subject" varchar(255) not null, "label" varchar(100) null, "created_at" timestamptz(3) not null, "last_used_at" timestamptz(3) null)',
  'create index "user_identities_user_id_index" on "user_identities" ("user_id")',
  'alter table "user_identities" add constraint "user_identities_issuer_subject_unique" unique ("issuer", "subject")',
  'alter table "user_identities" add constraint "user_identities_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete cascade',
];

export const down: readonly string[] = [
  'drop table if exists "outside_flows" cascade',
  'drop table if exists "user_identities" cascade',
];
