export const up: readonly string[] = [
  'alter table `tasks` drop index `tasks_handler_state_index`',
  'alter table `tasks` drop index `tasks_key_state_index`',
  'alter table `tasks` drop index `tasks_lease_token_index`',
  'alter table `tasks` drop index `tasks_state_lease_until_index`',
  'alter table `tasks` add index `tasks_job_id_id_index` (`job_id`, `id`)',
  'alter table `tasks` add index `tasks_handler_id_index` (`handler`, `id`)',
];

export const down: readonly string[] = [
  'alter table `tasks` drop index `tasks_job_id_id_index`',
  'alter table `tasks` drop index `tasks_handler_id_index`',
  'alter table `tasks` add index `tasks_handler_state_index` (`handler`, `state`)',
  'alter table `tasks` add index `tasks_key_state_index` (`key`, `state`)',
  'alter table `tasks` add index `tasks_lease_token_index` (`lease_token`)',
  'alter table `tasks` add index `tasks_state_lease_until_index` (`state`, `lease_until`)',
];
