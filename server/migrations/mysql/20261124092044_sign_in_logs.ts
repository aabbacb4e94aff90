export const up: readonly string[] = [
  'create table `sign_in_logs` (`id` bigint not null auto_increment primary key, `user_id` bigint null, `username` varchar(50) not null, `outcome` varchar(20) not null, `reason` varchar(20) null, `method` varchar(50) not null, `address` varchar(64) null, `user_agent` varchar(255) null, `browser` varchar(50) null, `os` varchar(50) null, `device` varchar(10) not null, `session_id` varchar(36) null, `request_id` varchar(64) not null, `created_at` datetime(3) not null) default character set utf8mb4 collate utf8mb4_bin engine = InnoDB',
  'alter table `sign_in_logs` add index `sign_in_logs_user_id_index` (`user_id`)',
  'alter table `sign_in_logs` add index `sign_in_logs_created_at_id_index` (`created_at`, `id`)',
  'alter table `sign_in_logs` add index `sign_in_logs_user_id_id_index` (`user_id`, `id`)',
  'alter table `sign_in_logs` add index `sign_in_logs_outcome_id_index` (`outcome`, `id`)',
  'alter table `sign_in_logs` add index `sign_in_logs_address_id_index` (`address`, `id`)',
  'alter table `sign_in_logs` add constraint `sign_in_logs_user_id_foreign` foreign key (`user_id`) references `users` (`id`) on update no action on delete set null',
];

export const down: readonly string[] = ['drop table if exists `sign_in_logs`'];
