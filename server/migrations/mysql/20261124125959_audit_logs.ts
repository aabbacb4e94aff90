export const up: readonly string[] = [
  'create table `audit_checkpoints` (`sequence` int not null, `kind` varchar(10) not null, `hash` varchar(64) not null, `created_at` datetime(3) not null, `signature` varchar(200) not null, primary key (`sequence`)) default character set utf8mb4 collate utf8mb4_bin engine = InnoDB',
  'create table `audit_heads` (`name` varchar(20) not null, `sequence` int not null, `hash` varchar(64) not null, `sealed_at` datetime(3) not null, `signature` varchar(200) not null, primary key (`name`)) default character set utf8mb4 collate utf8mb4_bin engine = InnoDB',
  'create table `audit_logs` (`id` bigint not null auto_increment primary key, `created_at` datetime(3) not null, `action` varchar(20) not null, `entity` varchar(64) null, `row_id` varchar(64) null, `row_label` varchar(255) null, `changes` mediumtext null, `detail` mediumtext null, `actor_id` int null, `actor_name` varchar(50) null, `session_id` varchar(36) null, `api_key_id` int null, `api_key_name` varchar(100) null, `viewer_id` int null, `viewer_name` varchar(50) null, `task_id` int null, `task_name` varchar(150) null, `address` varchar(64) null, `request_id` varchar(64) not null, `dept_id` int null, `owner_id` int null, `subject_id` int null, `sequence` int null, `hash` varchar(64) null) default character set utf8mb4 collate utf8mb4_bin engine = InnoDB',
  'alter table `audit_logs` add index `audit_logs_created_at_id_index` (`created_at`, `id`)',
  'alter table `audit_logs` add index `audit_logs_entity_id_index` (`entity`, `id`)',
  'alter table `audit_logs` add index `audit_logs_entity_row_id_id_index` (`entity`, `row_id`, `id`)',
  'alter table `audit_logs` add index `audit_logs_action_id_index` (`action`, `id`)',
  'alter table `audit_logs` add index `audit_logs_actor_id_id_index` (`actor_id`, `id`)',
  'alter table `audit_logs` add index `audit_logs_dept_id_id_index` (`dept_id`, `id`)',
  'alter table `audit_logs` add index `audit_logs_owner_id_id_index` (`owner_id`, `id`)',
  'alter table `audit_logs` add index `audit_logs_subject_id_id_index` (`subject_id`, `id`)',
  'alter table `audit_logs` add unique `audit_logs_sequence_unique` (`sequence`)',
];

export const down: readonly string[] = [
  'drop table if exists `audit_checkpoints`',
  'drop table if exists `audit_heads`',
  'drop table if exists `audit_logs`',
];
