export const up: readonly string[] = [
  'create table "password_history" ("id" bigserial primary key, "user_id" bigint not null, "hashed_password" varchar(255) not null, "created_at" timestamptz(3) not null)',
  'create index "password_history_user_id_index" on "password_history" ("user_id")',
  'alter table "users" add "password_changed_at" timestamptz(3) null',
  'alter table "password_history" add constraint "password_history_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete cascade',
];

export const down: readonly string[] = [
  'drop table if exists "password_history" cascade',
  'alter table "users" drop column "password_changed_at"',
];
