export const up: readonly string[] = [
  'create table `live_event_counters` (`name` text not null primary key, `value` integer not null)',
  'create table `live_events` (`id` integer not null primary key, `user_id` integer null, `topic` text not null, `data` json not null, `created_at` datetime not null, constraint `live_events_user_id_foreign` foreign key (`user_id`) references `users` (`id`) on update no action on delete cascade)',
  'create index `live_events_user_id_index` on `live_events` (`user_id`)',
  'create index `live_events_created_at_index` on `live_events` (`created_at`)',
  'create index `live_events_user_id_id_index` on `live_events` (`user_id`, `id`)',
];

export const down: readonly string[] = [
  'drop table if exists `live_event_counters`',
  'drop table if exists `live_events`',
];
