export const up: readonly string[] = [
  'create table `request_logs` (`id` integer not null primary key autoincrement, `created_at` datetime not null, `request_id` text not null, `trace_id` text not null, `method` text not null, `route` text null, `path` text not null, `status` integer not null, `duration_ms` integer not null, `bytes` integer not null, `user_id` integer null, `username` text null, `session_id` text null, `api_key_id` integer null, `api_key_name` text null, `viewer_id` integer null, `viewer_name` text null, `address` text null, `user_agent` text null)',
  'create index `request_logs_created_at_id_index` on `request_logs` (`created_at`, `id`)',
  'create index `request_logs_user_id_id_index` on `request_logs` (`user_id`, `id`)',
  'create index `request_logs_route_id_index` on `request_logs` (`route`, `id`)',
  'create index `request_logs_status_id_index` on `request_logs` (`status`, `id`)',
  'create index `request_logs_duration_ms_id_index` on `request_logs` (`duration_ms`, `id`)',
  'create index `request_logs_request_id_id_index` on `request_logs` (`request_id`, `id`)',
];

export const down: readonly string[] = ['drop table if exists `request_logs`'];
