export const up: readonly string[] = [
  'create table `api_keys` (`id` integer not null primary key autoincrement, `user_id` integer not null, `name` text not null, `prefix` text not null, `key_hash` text not null, `permissions` json not null, `addresses` json not null, `rate_per_minute` integer not null, `expires_at` datetime not null, `last_used_at` datetime null, `revoked_at` datetime null, `created_at` datetime not null, constraint `api_keys_user_id_foreign` foreign key (`user_id`) references `users` (`id`) on update no action on delete cascade)',
  'create index `api_keys_user_id_index` on `api_keys` (`user_id`)',
  'create index `api_keys_user_id_revoked_at_index` on `api_keys` (`user_id`, `revoked_at`)',
  'create unique index `api_keys_key_hash_unique` on `api_keys` (`key_hash`)',
  'alter table `sessions` add column `viewed_user_id` integer null constraint `sessions_viewed_user_id_foreign` references `users` (`id`) on update no action on delete cascade',
  'create index `sessions_viewed_user_id_index` on `sessions` (`viewed_user_id`)',
];

export const down: readonly string[] = [
  'drop table if exists `api_keys`',
  "create table `sessions__new` (`address` text null, `browser` text null, `created_at` datetime not null, `device` text not null default 'unknown', `expires_at` datetime not null, `factors` text not null default 'password', `id` text not null primary key, `last_seen_at` datetime not null, `method` text not null default 'password', `os` text null, `proven_at` datetime null, `revoked_at` datetime null, `revoked_reason` text null, `user_agent` text null, `user_id` integer not null, constraint `sessions_user_id_foreign` foreign key (`user_id`) references `users` (`id`) on delete cascade)",
  'insert into `sessions__new` (`address`, `browser`, `created_at`, `device`, `expires_at`, `factors`, `id`, `last_seen_at`, `method`, `os`, `proven_at`, `revoked_at`, `revoked_reason`, `user_agent`, `user_id`) select `address`, `browser`, `created_at`, `device`, `expires_at`, `factors`, `id`, `last_seen_at`, `method`, `os`, `proven_at`, `revoked_at`, `revoked_reason`, `user_agent`, `user_id` from `sessions`',
  'drop table `sessions`',
  'alter table `sessions__new` rename to `sessions`',
  'create index `sessions_created_at_index` on `sessions` (`created_at`)',
  'create index `sessions_expires_at_index` on `sessions` (`expires_at`)',
  'create index `sessions_revoked_at_last_seen_at_index` on `sessions` (`revoked_at`, `last_seen_at`)',
  'create index `sessions_user_id_index` on `sessions` (`user_id`)',
  'create index `sessions_user_id_revoked_at_index` on `sessions` (`user_id`, `revoked_at`)',
];
