export const up: readonly string[] = [
  'create table `live_event_counters` (`name` varchar(20) not null, `value` int not null, primary key (`name`)) default character set utf8mb4 collate utf8mb4_bin engine = InnoDB',
  'create table `live_events` (`id` int not null, `user_id` bigint null, `topic` varchar(50) not null, `data` json not null, `created_at` datetime(3) not null, primary key (`id`)) default character set utf8mb4 collate utf8mb4_bin engine = InnoDB',
  'alter table `live_events` add index `live_events_user_id_index` (`user_id`)',
  'alter table `live_events` add index `live_events_created_at_index` (`created_at`)',
  'alter table `live_events` add index `live_events_user_id_id_index` (`user_id`, `id`)',
  'alter table `live_events` add constraint `live_events_user_id_foreign` foreign key (`user_id`) references `users` (`id`) on update no action on delete cascade',
];

export const down: readonly string[] = [
  'drop table if exists `live_event_counters`',
  'drop table if exists `live_events`',
];
