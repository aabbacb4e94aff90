export const up: readonly string[] = [
  'create table `api_keys` (`id` bigint not null auto_increment primary key, `user_id` bigint not null, `name` varchar(100) not null, `prefix` varchar(16) not null, `key_hash` varchar(64) not null, `permissions` json not null, `addresses` json not null, `rate_per_minute` int not null, `expires_at` datetime(3) not null, `last_used_at` datetime(3) null, `revoked_at` datetime(3) null, `created_at` datetime(3) not null) default character set utf8mb4 collate utf8mb4_bin engine = InnoDB',
  'alter table `api_keys` add index `api_keys_user_id_index` (`user_id`)',
  'alter table `api_keys` add index `api_keys_user_id_revoked_at_index` (`user_id`, `revoked_at`)',
  'alter table `api_keys` add unique `api_keys_key_hash_unique` (`key_hash`)',
  'alter table `sessions` add `viewed_user_id` bigint null',
  'alter table `sessions` add constraint `sessions_viewed_user_id_foreign` foreign key (`viewed_user_id`) references `users` (`id`) on update no action on delete cascade',
  'alter table `sessions` add index `sessions_viewed_user_id_index` (`viewed_user_id`)',
  'alter table `api_keys` add constraint `api_keys_user_id_foreign` foreign key (`user_id`) references `users` (`id`) on update no action on delete cascade',
];

export const down: readonly string[] = [
  'drop table if exists `api_keys`',
  'alter table `sessions` drop foreign key `sessions_viewed_user_id_foreign`',
  'alter table `sessions` drop index `sessions_viewed_user_id_index`',
  'alter table `sessions` drop column `viewed_user_id`',
];
