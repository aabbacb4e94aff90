export const up: readonly string[] = [
  'create table `password_history` (`id` integer not null primary key autoincrement, `user_id` integer not null, `hashed_password` text not null, `created_at` datetime not null, constraint `password_history_user_id_foreign` foreign key (`user_id`) references `users` (`id`) on update no action on delete cascade)',
  'create index `password_history_user_id_index` on `password_history` (`user_id`)',
  'alter table `users` add column `password_changed_at` datetime null',
];

export const down: readonly string[] = [
  'drop table if exists `password_history`',
  'alter table `users` drop column `password_changed_at`',
];
