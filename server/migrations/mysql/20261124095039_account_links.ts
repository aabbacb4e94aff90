export const up: readonly string[] = [
  'create table `account_links` (`id` bigint not null auto_increment primary key, `purpose` varchar(20) not null, `token_hash` varchar(64) not null, `user_id` bigint null, `email` varchar(100) not null, `created_at` datetime(3) not null, `expires_at` datetime(3) not null, `used_at` datetime(3) null) default character set utf8mb4 collate utf8mb4_bin engine = InnoDB',
  'alter table `account_links` add index `account_links_user_id_index` (`user_id`)',
  'alter table `account_links` add index `account_links_expires_at_index` (`expires_at`)',
  'alter table `account_links` add index `account_links_email_purpose_index` (`email`, `purpose`)',
  'alter table `account_links` add unique `account_links_token_hash_unique` (`token_hash`)',
  'alter table `account_links` add constraint `account_links_user_id_foreign` foreign key (`user_id`) references `users` (`id`) on update no action on delete cascade',
];

export const down: readonly string[] = ['drop table if exists `account_links`'];
