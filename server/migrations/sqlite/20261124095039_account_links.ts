export const up: readonly string[] = [
  'create table `account_links` (`id` integer not null primary key autoincrement, `purpose` text not null, `token_hash` text not null, `user_id` integer null, `email` text not null, `created_at` datetime not null, `expires_at` datetime not null, `used_at` datetime null, constraint `account_links_user_id_foreign` foreign key (`user_id`) references `users` (`id`) on update no action on delete cascade)',
  'create index `account_links_user_id_index` on `account_links` (`user_id`)',
  'create index `account_links_expires_at_index` on `account_links` (`expires_at`)',
  'create index `account_links_email_purpose_index` on `account_links` (`email`, `purpose`)',
  'create unique index `account_links_token_hash_unique` on `account_links` (`token_hash`)',
];

export const down: readonly string[] = ['drop table if exists `account_links`'];
