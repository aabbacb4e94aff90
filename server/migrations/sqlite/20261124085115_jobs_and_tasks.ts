export const up: readonly string[] = [
  'create table `task_locks` (`handler` text not null primary key, `locked_at` datetime not null)',
  "create table `jobs` (`id` integer not null primary key autoincrement, `code` text null, `name` text not null, `handler` text not null, `args` json not null, `trigger_type` text not null, `expression` text null, `timezone` text null, `seconds` integer null, `at` datetime null, `misfire` text not null default 'run_once', `overlap` text not null default 'skip', `starts_at` datetime null, `ends_at` datetime null, `is_enabled` boolean not null default true, `next_run_at` datetime null, `last_run_at` datetime null, `remark` text null, `version` integer not null default 1, `created_by` integer null, `created_at` datetime not null, `updated_at` datetime not null, constraint `jobs_created_by_foreign` foreign key (`created_by`) references `users` (`id`) on update no action on delete set null)",
  'create index `jobs_created_by_index` on `jobs` (`created_by`)',
  'create index `jobs_is_enabled_next_run_at_index` on `jobs` (`is_enabled`, `next_run_at`)',
  'create index `jobs_handler_id_index` on `jobs` (`handler`, `id`)',
  'create unique index `jobs_code_unique` on `jobs` (`code`)',
  'create unique index `jobs_name_unique` on `jobs` (`name`)',
  "create table `tasks` (`id` integer not null primary key autoincrement, `handler` text not null, `args` json not null, `job_id` integer null, `job_name` text null, `trigger` text not null default 'code', `scheduled_at` datetime null, `state` text not null default 'queued', `priority` integer not null default 0, `key` text null, `attempt` integer not null default 0, `max_attempts` integer not null default 1, `available_at` datetime not null, `lease_token` text null, `lease_until` datetime null, `instance` text null, `cancel_requested` boolean not null default false, `progress_done` integer null, `progress_total` integer null, `progress_note` text null, `result` json null, `error` text null, `error_stack` text null, `started_at` datetime null, `finished_at` datetime null, `duration_ms` integer null, `request_id` text null, `created_by` integer null, `created_at` datetime not null, `updated_at` datetime not null, constraint `tasks_job_id_foreign` foreign key (`job_id`) references `jobs` (`id`) on update no action on delete set null, constraint `tasks_created_by_foreign` foreign key (`created_by`) references `users` (`id`) on update no action on delete set null)",
  'create index `tasks_job_id_index` on `tasks` (`job_id`)',
  'create index `tasks_lease_token_index` on `tasks` (`lease_token`)',
  'create index `tasks_finished_at_index` on `tasks` (`finished_at`)',
  'create index `tasks_created_by_index` on `tasks` (`created_by`)',
  'create index `tasks_created_at_index` on `tasks` (`created_at`)',
  'create index `tasks_state_priority_available_at_id_index` on `tasks` (`state`, `priority`, `available_at`, `id`)',
  'create index `tasks_state_lease_until_index` on `tasks` (`state`, `lease_until`)',
  'create index `tasks_handler_state_index` on `tasks` (`handler`, `state`)',
  'create index `tasks_key_state_index` on `tasks` (`key`, `state`)',
  'create unique index `tasks_job_id_scheduled_at_unique` on `tasks` (`job_id`, `scheduled_at`)',
  'create table `task_logs` (`id` integer not null primary key autoincrement, `task_id` integer not null, `attempt` integer not null, `level` text not null, `message` text not null, `created_at` datetime not null, constraint `task_logs_task_id_foreign` foreign key (`task_id`) references `tasks` (`id`) on update no action on delete cascade)',
  'create index `task_logs_task_id_index` on `task_logs` (`task_id`)',
];

export const down: readonly string[] = [
  'drop table if exists `task_locks`',
  'drop table if exists `jobs`',
  'drop table if exists `tasks`',
  'drop table if exists `task_logs`',
];
