export const up: readonly string[] = [
  'create table `audit_checkpoints` (`sequence` integer not null primary key, `kind` text not null, `hash` text not null, `created_at` datetime not null, `signature` text not null)',
  'create table `audit_heads` (`name` text not null primary key, `sequence` integer not null, `hash` text not null, `sealed_at` datetime not null, `signature` text not null)',
  'create table `audit_logs` (`id` integer not null primary key autoincrement, `created_at` datetime not null, `action` text not null, `entity` text null, `row_id` text null, `row_label` text null, `changes` text null, `detail` text null, `actor_id` integer null, `actor_name` text null, `session_id` text null, `api_key_id` integer null, `api_key_name` text null, `viewer_id` integer null, `viewer_name` text null, `task_id` integer null, `task_name` text null, `address` text null, `request_id` text not null, `dept_id` integer null, `owner_id` integer null, `subject_id` integer null, `sequence` integer null, `hash` text null)',
  'create index `audit_logs_created_at_id_index` on `audit_logs` (`created_at`, `id`)',
  'create index `audit_logs_entity_id_index` on `audit_logs` (`entity`, `id`)',
  'create index `audit_logs_entity_row_id_id_index` on `audit_logs` (`entity`, `row_id`, `id`)',
  'create index `audit_logs_action_id_index` on `audit_logs` (`action`, `id`)',
  'create index `audit_logs_actor_id_id_index` on `audit_logs` (`actor_id`, `id`)',
  'create index `audit_logs_dept_id_id_index` on `audit_logs` (`dept_id`, `id`)',
  'create index `audit_logs_owner_id_id_index` on `audit_logs` (`owner_id`, `id`)',
  'create index `audit_logs_subject_id_id_index` on `audit_logs` (`subject_id`, `id`)',
  'create unique index `audit_logs_sequence_unique` on `audit_logs` (`sequence`)',
];

export const down: readonly string[] = [
  'drop table if exists `audit_checkpoints`',
  'drop table if exists `audit_heads`',
  'drop table if exists `audit_logs`',
];
