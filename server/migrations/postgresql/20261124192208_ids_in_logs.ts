export const up: readonly string[] = [
  'alter table "audit_logs" alter column "actor_id" type bigint using ("actor_id"::bigint)',
  'alter table "audit_logs" alter column "api_key_id" type bigint using ("api_key_id"::bigint)',
  'alter table "audit_logs" alter column "dept_id" type bigint using ("dept_id"::bigint)',
  'alter table "audit_logs" alter column "owner_id" type bigint using ("owner_id"::bigint)',
  'alter table "audit_logs" alter column "subject_id" type bigint using ("subject_id"::bigint)',
  'alter table "audit_logs" alter column "task_id" type bigint using ("task_id"::bigint)',
  'alter table "audit_logs" alter column "viewer_id" type bigint using ("viewer_id"::bigint)',
  'alter table "request_logs" alter column "api_key_id" type bigint using ("api_key_id"::bigint)',
  'alter table "request_logs" alter column "user_id" type bigint using ("user_id"::bigint)',
  'alter table "request_logs" alter column "viewer_id" type bigint using ("viewer_id"::bigint)',
];

export const down: readonly string[] = [
  'alter table "audit_logs" alter column "actor_id" type int using ("actor_id"::int)',
  'alter table "audit_logs" alter column "api_key_id" type int using ("api_key_id"::int)',
  'alter table "audit_logs" alter column "viewer_id" type int using ("viewer_id"::int)',
  'alter table "audit_logs" alter column "task_id" type int using ("task_id"::int)',
  'alter table "audit_logs" alter column "dept_id" type int using ("dept_id"::int)',
  'alter table "audit_logs" alter column "owner_id" type int using ("owner_id"::int)',
  'alter table "audit_logs" alter column "subject_id" type int using ("subject_id"::int)',
  'alter table "request_logs" alter column "user_id" type int using ("user_id"::int)',
  'alter table "request_logs" alter column "api_key_id" type int using ("api_key_id"::int)',
  'alter table "request_logs" alter column "viewer_id" type int using ("viewer_id"::int)',
];
