export const up: readonly string[] = [
  'drop index `tasks_handler_state_index`',
  'drop index `tasks_key_state_index`',
  'drop index `tasks_lease_token_index`',
  'drop index `tasks_state_lease_until_index`',
  'create index `tasks_job_id_id_index` on `tasks` (`job_id`, `id`)',
  'create index `tasks_handler_id_index` on `tasks` (`handler`, `id`)',
];

export const down: readonly string[] = [
  'drop index `tasks_job_id_id_index`',
  'drop index `tasks_handler_id_index`',
  'create index `tasks_handler_state_index` on `tasks` (`handler`, `state`)',
  'create index `tasks_key_state_index` on `tasks` (`key`, `state`)',
  'create index `tasks_lease_token_index` on `tasks` (`lease_token`)',
  'create index `tasks_state_lease_until_index` on `tasks` (`state`, `lease_until`)',
];
