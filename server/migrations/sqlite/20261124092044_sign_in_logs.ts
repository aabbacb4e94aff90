export const up: readonly string[] = [
  'create table `sign_in_logs` (`id` integer not null primary key autoincrement, `user_id` integer null, `username` text not null, `outcome` text not null, `reason` text null, `method` text not null, `address` text null, `user_agent` text null, `browser` text null, `os` text null, `device` text not null, `session_id` text null, `request_id` text not null, `created_at` datetime not null, constraint `sign_in_logs_user_id_foreign` foreign key (`user_id`) references `users` (`id`) on update no action on delete set null)',
  'create index `sign_in_logs_user_id_index` on `sign_in_logs` (`user_id`)',
  'create index `sign_in_logs_created_at_id_index` on `sign_in_logs` (`created_at`, `id`)',
  'create index `sign_in_logs_user_id_id_index` on `sign_in_logs` (`user_id`, `id`)',
  'create index `sign_in_logs_outcome_id_index` on `sign_in_logs` (`outcome`, `id`)',
  'create index `sign_in_logs_address_id_index` on `sign_in_logs` (`address`, `id`)',
];

export const down: readonly string[] = ['drop table if exists `sign_in_logs`'];
