export const up: readonly string[] = [
  'create table "passkey_challenges" ("challenge_hash" varchar(64) not null, "purpose" varchar(20) not null, "bound_to" varchar(64) not null default \'\', "expires_at" timestamptz(3) not null, "created_at" timestamptz(3) not null, primary key ("challenge_hash"))',
  'create index "passkey_challenges_expires_at_index" on "passkey_challenges" ("expires_at")',
  'create table "totp_secrets" ("id" bigserial primary key, "user_id" bigint not null, "sealed_secret" varchar(255) not null, "last_step" int not null default 0, "confirmed_at" timestamptz(3) null, "last_used_at" timestamptz(3) null, "created_at" timestamptz(3) not null)',
  'alter table "totp_secrets" add constraint "totp_secrets_user_id_unique" unique ("user_id")',
  'create table "recovery_codes" ("user_id" bigint not null, "code_hash" varchar(64) not null, "used_at" timestamptz(3) null, "created_at" timestamptz(3) not null, primary key ("user_id", "code_hash"))',
  'create table "passkeys" ("id" bigserial primary key, "user_id" bigint not null, "name" varchar(50) not null, "credential_hash" varchar(64) not null, "credential_id" text not null, "public_key" text not null, "user_handle" varchar(64) not null, "sign_count" int not null default 0, "transports" varchar(100) not null default \'\', "is_backed_up" boolean not null default false, "last_used_at" timestamptz(3) null, "created_at" timestamptz(3) not null)',
  'create index "passkeys_user_id_index" on "passkeys" ("user_id")',
  'alter table "passkeys" add constraint "passkeys_credential_hash_unique" unique ("credential_hash")',
  'alter table "sessions" add "proven_at" timestamptz(3) null',
  'alter table "roles" add "requires_second_factor" boolean not null default false',
  'alter table "totp_secrets" add constraint "totp_secrets_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete cascade',
  'alter table "recovery_codes" add constraint "recovery_codes_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete cascade',
  'alter table "passkeys" add constraint "passkeys_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete cascade',
];

export const down: readonly string[] = [
  'drop table if exists "passkey_challenges" cascade',
  'drop table if exists "totp_secrets" cascade',
  'drop table if exists "recovery_codes" cascade',
  'drop table if exists "passkeys" cascade',
  'alter table "roles" drop column "requires_second_factor"',
  'alter table "sessions" drop column "proven_at"',
];
