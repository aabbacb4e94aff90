export const up: readonly string[] = [
  'create table `password_history` (`id` bigint not null auto_increment primary key, `user_id` bigint not null, `hashed_password` varchar(255) not null, `created_at` datetime(3) not null) default character set utf8mb4 collate utf8mb4_bin engine = InnoDB',
  'alter table `password_history` add index `password_history_user_id_index` (`user_id`)',
  'alter table `users` add `password_changed_at` datetime(3) null',
  'alter table `password_history` add constraint `password_history_user_id_foreign` foreign key (`user_id`) references `users` (`id`) on update no action on delete cascade',
];

export const down: readonly string[] = [
  'drop table if exists `password_history`',
  'alter table `users` drop column `password_changed_at`',
];
