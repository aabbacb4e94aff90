export const up: readonly string[] = [
  "create table `passkey_challenges` (`challenge_hash` varchar(64) not null, `purpose` varchar(20) not null, `bound_to` varchar(64) not null default '', `expires_at` datetime(3) not null, `created_at` datetime(3) not null, primary key (`challenge_hash`)) default character set utf8mb4 collate utf8mb4_bin engine = InnoDB",
  'alter table `passkey_challenges` add index `passkey_challenges_expires_at_index` (`expires_at`)',
  'create table `totp_secrets` (`id` bigint not null auto_increment primary key, `user_id` bigint not null, `sealed_secret` varchar(255) not null, `last_step` int not null default 0, `confirmed_at` datetime(3) null, `last_used_at` datetime(3) null, `created_at` datetime(3) not null) default character set utf8mb4 collate utf8mb4_bin engine = InnoDB',
  'alter table `totp_secrets` add unique `totp_secrets_user_id_unique` (`user_id`)',
  'create table `recovery_codes` (`user_id` bigint not null, `code_hash` varchar(64) not null, `used_at` datetime(3) null, `created_at` datetime(3) not null, primary key (`user_id`, `code_hash`)) default character set utf8mb4 collate utf8mb4_bin engine = InnoDB',
  "create table `passkeys` (`id` bigint not null auto_increment primary key, `user_id` bigint not null, `name` varchar(50) not null, `credential_hash` varchar(64) not null, `credential_id` mediumtext not null, `public_key` mediumtext not null, `user_handle` varchar(64) not null, `sign_count` int not null default 0, `transports` varchar(100) not null default '', `is_backed_up` tinyint(1) not null default false, `last_used_at` datetime(3) null, `created_at` datetime(3) not null) default character set utf8mb4 collate utf8mb4_bin engine = InnoDB",
  'alter table `passkeys` add index `passkeys_user_id_index` (`user_id`)',
  'alter table `passkeys` add unique `passkeys_credential_hash_unique` (`credential_hash`)',
  'alter table `sessions` add `proven_at` datetime(3) null',
  'alter table `roles` add `requires_second_factor` tinyint(1) not null default false',
  'alter table `totp_secrets` add constraint `totp_secrets_user_id_foreign` foreign key (`user_id`) references `users` (`id`) on update no action on delete cascade',
  'alter table `recovery_codes` add constraint `recovery_codes_user_id_foreign` foreign key (`user_id`) references `users` (`id`) on update no action on delete cascade',
  'alter table `passkeys` add constraint `passkeys_user_id_foreign` foreign key (`user_id`) references `users` (`id`) on update no action on delete cascade',
];

export const down: readonly string[] = [
  'drop table if exists `passkey_challenges`',
  'drop table if exists `totp_secrets`',
  'drop table if exists `recovery_codes`',
  'drop table if exists `passkeys`',
  'alter table `roles` drop column `requires_second_factor`',
  'alter table `sessions` drop column `proven_at`',
];
