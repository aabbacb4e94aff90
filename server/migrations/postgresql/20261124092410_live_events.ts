export const up: readonly string[] = [
  'create table "live_event_counters" ("name" varchar(20) not null, "value" int not null, primary key ("name"))',
  'create table "live_events" ("id" int not null, "user_id" bigint null, "topic" varchar(50) not null, "data" jsonb not null, "created_at" timestamptz(3) not null, primary key ("id"))',
  'create index "live_events_user_id_index" on "live_events" ("user_id")',
  'create index "live_events_created_at_index" on "live_events" ("created_at")',
  'create index "live_events_user_id_id_index" on "live_events" ("user_id", "id")',
  'alter table "live_events" add constraint "live_events_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete cascade',
];

export const down: readonly string[] = [
  'drop table if exists "live_event_counters" cascade',
  'drop table if exists "live_events" cascade',
];
