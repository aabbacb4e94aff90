export const up: readonly string[] = [
  'alter table `audit_logs` modify `actor_id` bigint null',
  'alter table `audit_logs` modify `api_key_id` bigint null',
  'alter table `audit_logs` modify `dept_id` bigint null',
  'alter table `audit_logs` modify `owner_id` bigint null',
  'alter table `audit_logs` modify `subject_id` bigint null',
  'alter table `audit_logs` modify `task_id` bigint null',
  'alter table `audit_logs` modify `viewer_id` bigint null',
  'alter table `request_logs` modify `api_key_id` bigint null',
  'alter table `request_logs` modify `user_id` bigint null',
  'alter table `request_logs` modify `viewer_id` bigint null',
];

export const down: readonly string[] = [
  'alter table `audit_logs` modify `actor_id` int null',
  'alter table `audit_logs` modify `api_key_id` int null',
  'alter table `audit_logs` modify `viewer_id` int null',
  'alter table `audit_logs` modify `task_id` int null',
  'alter table `audit_logs` modify `dept_id` int null',
  'alter table `audit_logs` modify `owner_id` int null',
  'alter table `audit_logs` modify `subject_id` int null',
  'alter table `request_logs` modify `user_id` int null',
  'alter table `request_logs` modify `api_key_id` int null',
  'alter table `request_logs` modify `viewer_id` int null',
];
