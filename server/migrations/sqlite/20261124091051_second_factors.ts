export const up: readonly string[] = [
  "create table `passkey_challenges` (`challenge_hash` text not null primary key, `purpose` text not null, `bound_to` text not null default '', `expires_at` datetime not null, `created_at` datetime not null)",
  'create index `passkey_challenges_expires_at_index` on `passkey_challenges` (`expires_at`)',
  'create table `totp_secrets` (`id` integer not null primary key autoincrement, `user_id` integer not null, `sealed_secret` text not null, `last_step` integer not null default 0, `confirmed_at` datetime null, `last_used_at` datetime null, `created_at` datetime not null, constraint `totp_secrets_user_id_foreign` foreign key (`user_id`) references `users` (`id`) on update no action on delete cascade)',
  'create unique index `totp_secrets_user_id_unique` on `totp_secrets` (`user_id`)',
  'create table `recovery_codes` (`user_id` integer not null, `code_hash` text not null, `used_at` datetime null, `created_at` datetime not null, primary key (`user_id`, `code_hash`), constraint `recovery_codes_user_id_foreign` foreign key (`user_id`) references `users` (`id`) on update no action on delete cascade)',
  "create table `passkeys` (`id` integer not null primary key autoincrement, `user_id` integer not null, `name` text not null, `credential_hash` text not null, `credential_id` text not null, `public_key` text not null, `user_handle` text not null, `sign_count` integer not null default 0, `transports` text not null default '', `is_backed_up` boolean not null default false, `last_used_at` datetime null, `created_at` datetime not null, constraint `passkeys_user_id_foreign` foreign key (`user_id`) references `users` (`id`) on update no action on delete cascade)",
  'create index `passkeys_user_id_index` on `passkeys` (`user_id`)',
  'create unique index `passkeys_credential_hash_unique` on `passkeys` (`credential_hash`)',
  'alter table `sessions` add column `proven_at` datetime null',
  'alter table `roles` add column `requires_second_factor` boolean not null default false',
];

export const down: readonly string[] = [
  'drop table if exists `passkey_challenges`',
  'drop table if exists `totp_secrets`',
  'drop table if exists `recovery_codes`',
  'drop table if exists `passkeys`',
  'alter table `roles` drop column `requires_second_factor`',
  'alter table `sessions` drop column `proven_at`',
];
