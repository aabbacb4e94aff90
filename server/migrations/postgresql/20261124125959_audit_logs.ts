export const up: readonly string[] = [
  'create table "audit_checkpoints" ("sequence" int not null, "kind" varchar(10) not null, "hash" varchar(64) not null, "created_at" timestamptz(3) not null, "signature" varchar(200) not null, primary key ("sequence"))',
  'create table "audit_heads" ("name" varchar(20) not null, "sequence" int not null, "hash" varchar(64) not null, "sealed_at" timestamptz(3) not null, "signature" varchar(200) not null, primary key ("name"))',
  'create table "audit_logs" ("id" bigserial primary key, "created_at" timestamptz(3) not null, "action" varchar(20) not null, "entity" varchar(64) null, "row_id" varchar(64) null, "row_label" varchar(255) null, "changes" text null, "detail" text null, "actor_id" int null, "actor_name" varchar(50) null, "session_id" varchar(36) null, "api_key_id" int null, "api_key_name" varchar(100) null, "viewer_id" int null, "viewer_name" varchar(50) null, "task_id" int null, "task_name" varchar(150) null, "address" varchar(64) null, "request_id" varchar(64) not null, "dept_id" int null, "owner_id" int null, "subject_id" int null, "sequence" int null, "hash" varchar(64) null)',
  'create index "audit_logs_created_at_id_index" on "audit_logs" ("created_at", "id")',
  'create index "audit_logs_entity_id_index" on "audit_logs" ("entity", "id")',
  'create index "audit_logs_entity_row_id_id_index" on "audit_logs" ("entity", "row_id", "id")',
  'create index "audit_logs_action_id_index" on "audit_logs" ("action", "id")',
  'create index "audit_logs_actor_id_id_index" on "audit_logs" ("actor_id", "id")',
  'create index "audit_logs_dept_id_id_index" on "audit_logs" ("dept_id", "id")',
  'create index "audit_logs_owner_id_id_index" on "audit_logs" ("owner_id", "id")',
  'create index "audit_logs_subject_id_id_index" on "audit_logs" ("subject_id", "id")',
  'alter table "audit_logs" add constraint "audit_logs_sequence_unique" unique ("sequence")',
];

export const down: readonly string[] = [
  'drop table if exists "audit_checkpoints" cascade',
  'drop table if exists "audit_heads" cascade',
  'drop table if exists "audit_logs" cascade',
];
