export const up: readonly string[] = [
  'create index "sign_in_logs_created_at_outcome_user_id_index" on "sign_in_logs" ("created_at", "outcome", "user_id")',
];

export const down: readonly string[] = ['drop index "sign_in_logs_created_at_outcome_user_id_index"'];
