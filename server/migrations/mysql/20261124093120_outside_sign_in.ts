export const up: readonly string[] = [
  'create table `outside_flows` (`id` bigint not null auto_increment primary key, `state_hash` varchar(64) not null, `browser_hash` varchar(64) not null, `provider` varchar(40) not null, `nonce` varchar(64) not null, `code_verifier` varchar(128) not null, `return_path` varchar(500) not null, `session_id` varchar(36) null, `created_at` datetime(3) not null, `expires_at` datetime(3) not null) default character set utf8mb4 collate utf8mb4_bin engine = InnoDB',
  'alter table `outside_flows` add index `outside_flows_expires_at_index` (`expires_at`)',
  'alter table `outside_flows` add unique `outside_flows_state_hash_unique` (`state_hash`)',
  'create table `user_identities` (`id` bigint not null auto_increment primary key, `user_id` bigint not null, `provider` varchar(40) not null, `issuer` varchar(200) not null, `subject` varchar(255) not null, `label` varchar(100) null, `created_at` datetime(3) not null, `last_used_at` datetime(3) null) default character set utf8mb4 collate utf8mb4_bin engine = InnoDB',
  'alter table `user_identities` add index `user_identities_user_id_index` (`user_id`)',
  'alter table `user_identities` add unique `user_identities_issuer_subject_unique` (`issuer`, `subject`)',
  'alter table `user_identities` add constraint `user_identities_user_id_foreign` foreign key (`user_id`) references `users` (`id`) on update no action on delete cascade',
];

export const down: readonly string[] = [
  'drop table if exists `outside_flows`',
  'drop table if exists `user_identities`',
];
