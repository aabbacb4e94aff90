export const up: readonly string[] = [
  'create table `menus` (`id` integer not null primary key autoincrement, `parent_id` integer null, `kind` text not null, `name` text not null, `title` text not null, `title_en` text null, `path` text null, `component` text null, `redirect` text null, `link` text null, `icon` text null, `order` integer not null default 0, `permission` text null, `active_menu` text null, `is_visible` boolean not null default true, `is_enabled` boolean not null default true, `is_keep_alive` boolean not null default false, `is_affix` boolean not null default false, `is_builtin` boolean not null default false, `is_orphan` boolean not null default false, `version` integer not null default 1, `created_at` datetime not null, `updated_at` datetime not null, constraint `menus_parent_id_foreign` foreign key (`parent_id`) references `menus` (`id`) on update no action on delete restrict)',
  'create index `menus_parent_id_index` on `menus` (`parent_id`)',
  'create index `menus_permission_index` on `menus` (`permission`)',
  'create unique index `menus_name_unique` on `menus` (`name`)',
  'create table `positions` (`id` integer not null primary key autoincrement, `code` text not null, `name` text not null, `order` integer not null default 0, `is_enabled` boolean not null default true, `remark` text null, `version` integer not null default 1, `created_at` datetime not null, `updated_at` datetime not null)',
  'create unique index `positions_code_unique` on `positions` (`code`)',
  'create table `user_positions` (`user_id` integer not null, `position_id` integer not null, primary key (`user_id`, `position_id`), constraint `user_positions_user_id_foreign` foreign key (`user_id`) references `users` (`id`) on update no action on delete cascade, constraint `user_positions_position_id_foreign` foreign key (`position_id`) references `positions` (`id`) on update no action on delete restrict)',
  'create index `user_positions_position_id_index` on `user_positions` (`position_id`)',
  'alter table `roles` add column `includes_below` boolean not null default false',
];

export const down: readonly string[] = [
  'drop table if exists `menus`',
  'drop table if exists `positions`',
  'drop table if exists `user_positions`',
  'alter table `roles` drop column `includes_below`',
];
