export const up: readonly string[] = [
  'create table `outside_flows` (`id` integer not null primary key autoincrement, `state_hash` text not null, `browser_hash` text not null, `provider` text not null, `nonce` text not null, `code_verifier` text not null, `return_path` text not null, `session_id` text null, `created_at` datetime not null, `expires_at` datetime not null)',
  'create index `outside_flows_expires_at_index` on `outside_flows` (`expires_at`)',
  'create unique index `outside_flows_state_hash_unique` on `outside_flows` (`state_hash`)',
  'create table `user_identities` (`id` integer not null primary key autoincrement, `user_id` integer not null, `provider` text not null, `issuer` text not null, `subject` text not null, `label` text null, `created_at` datetime not null, `last_used_at` datetime null, constraint `user_identities_user_id_foreign` foreign key (`user_id`) references `users` (`id`) on update no action on delete cascade)',
  'create index `user_identities_user_id_index` on `user_identities` (`user_id`)',
  'create unique index `user_identities_issuer_subject_unique` on `user_identities` (`issuer`, `subject`)',
];

export const down: readonly string[] = [
  'drop table if exists `outside_flows`',
  'drop table if exists `user_identities`',
];
