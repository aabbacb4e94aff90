export const up: readonly string[] = [
  'create table `sign_in_challenges` (`id` integer not null primary key autoincrement, `token_hash` text not null, `user_id` integer not null, `method` text not null, `proven` text not null, `wanted` text not null, `origin_hash` text not null, `attempts` integer not null default 0, `created_at` datetime not null, `expires_at` datetime not null, `used_at` datetime null, constraint `sign_in_challenges_user_id_foreign` foreign key (`user_id`) references `users` (`id`) on update no action on delete cascade)',
  'create index `sign_in_challenges_user_id_index` on `sign_in_challenges` (`user_id`)',
  'create index `sign_in_challenges_expires_at_index` on `sign_in_challenges` (`expires_at`)',
  'create unique index `sign_in_challenges_token_hash_unique` on `sign_in_challenges` (`token_hash`)',
  "alter table `sessions` add column `method` text not null default 'password'",
  "alter table `sessions` add column `factors` text not null default 'password'",
];

export const down: readonly string[] = [
  'drop table if exists `sign_in_challenges`',
  'alter table `sessions` drop column `method`',
  'alter table `sessions` drop column `factors`',
];
