export const up: readonly string[] = [
  'create table "sign_in_logs" ("id" bigserial primary key, "user_id" bigint null, "username" varchar(50) not null, "outcome" varchar(20) not null, "reason" varchar(20) null, "method" varchar(50) not null, "address" varchar(64) null, "user_agent" varchar(255) null, "browser" varchar(50) null, "os" varchar(50) null, "device" varchar(10) not null, "session_id" varchar(36) null, "request_id" varchar(64) not null, "created_at" timestamptz(3) not null)',
  'create index "sign_in_logs_user_id_index" on "sign_in_logs" ("user_id")',
  'create index "sign_in_logs_created_at_id_index" on "sign_in_logs" ("created_at", "id")',
  'create index "sign_in_logs_user_id_id_index" on "sign_in_logs" ("user_id", "id")',
  'create index "sign_in_logs_outcome_id_index" on "sign_in_logs" ("outcome", "id")',
  'create index "sign_in_logs_address_id_index" on "sign_in_logs" ("address", "id")',
  'alter table "sign_in_logs" add constraint "sign_in_logs_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete set null',
];

export const down: readonly string[] = ['drop table if exists "sign_in_logs" cascade'];
