export const up: readonly string[] = [
  'create table `task_file_parts` (`task_id` integer not null, `token` text not null, `part` integer not null, `content` blob not null, primary key (`task_id`, `token`, `part`), constraint `task_file_parts_task_id_foreign` foreign key (`task_id`) references `tasks` (`id`) on update no action on delete cascade)',
  'alter table `tasks` add column `file_name` text null',
  'alter table `tasks` add column `file_type` text null',
  'alter table `tasks` add column `file_bytes` integer null',
  'alter table `tasks` add column `file_token` text null',
];

export const down: readonly string[] = [
  'drop table if exists `task_file_parts`',
  'alter table `tasks` drop column `file_name`',
  'alter table `tasks` drop column `file_type`',
  'alter table `tasks` drop column `file_bytes`',
  'alter table `tasks` drop column `file_token`',
];
