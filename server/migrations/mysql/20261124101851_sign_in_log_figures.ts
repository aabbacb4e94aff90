export const up: readonly string[] = [
  'alter table `sign_in_logs` add index `sign_in_logs_created_at_outcome_user_id_index` (`created_at`, `outcome`, `user_id`)',
];

export const down: readonly string[] = [
  'alter table `sign_in_logs` drop index `sign_in_logs_created_at_outcome_user_id_index`',
];
