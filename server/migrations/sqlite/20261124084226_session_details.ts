export const up: readonly string[] = [
  'alter table `sessions` add column `browser` text null',
  'alter table `sessions` add column `os` text null',
  "alter table `sessions` add column `device` text not null default 'unknown'",
  'create index `sessions_revoked_at_last_seen_at_index` on `sessions` (`revoked_at`, `last_seen_at`)',
  'create index `sessions_user_id_revoked_at_index` on `sessions` (`user_id`, `revoked_at`)',
];

export const down: readonly string[] = [
  'drop index `sessions_revoked_at_last_seen_at_index`',
  'drop index `sessions_user_id_revoked_at_index`',
  'alter table `sessions` drop column `browser`',
  'alter table `sessions` drop column `os`',
  'alter table `sessions` drop column `device`',
];
