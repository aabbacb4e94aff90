export const up: readonly string[] = [
  'create table "menus" ("id" bigserial primary key, "parent_id" bigint null, "kind" varchar(20) not null, "name" varchar(100) not null, "title" varchar(50) not null, "title_en" varchar(50) null, "path" varchar(200) null, "component" varchar(200) null, "redirect" varchar(200) null, "link" varchar(500) null, "icon" varchar(50) null, "order" int not null default 0, "permission" varchar(100) null, "active_menu" varchar(200) null, "is_visible" boolean not null default true, "is_enabled" boolean not null default true, "is_keep_alive" boolean not null default false, "is_affix" boolean not null default false, "is_builtin" boolean not null default false, "is_orphan" boolean not null default false, "version" int not null default 1, "created_at" timestamptz(3) not null, "updated_at" timestamptz(3) not null)',
  'create index "menus_parent_id_index" on "menus" ("parent_id")',
  'create index "menus_permission_index" on "menus" ("permission")',
  'alter table "menus" add constraint "menus_name_unique" unique ("name")',
  'create table "positions" ("id" bigserial primary key, "code" varchar(50) not null, "name" varchar(50) not null, "order" int not null default 0, "is_enabled" boolean not null default true, "remark" varchar(255) null, "version" int not null default 1, "created_at" timestamptz(3) not null, "updated_at" timestamptz(3) not null)',
  'alter table "positions" add constraint "positions_code_unique" unique ("code")',
  'create table "user_positions" ("user_id" bigint not null, "position_id" bigint not null, primary key ("user_id", "position_id"))',
  'create index "user_positions_position_id_index" on "user_positions" ("position_id")',
  'alter table "roles" add "includes_below" boolean not null default false',
  'alter table "menus" add constraint "menus_parent_id_foreign" foreign key ("parent_id") references "menus" ("id") on update no action on delete restrict',
  'alter table "user_positions" add constraint "user_positions_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete cascade',
  'alter table "user_positions" add constraint "user_positions_position_id_foreign" foreign key ("position_id") references "positions" ("id") on update no action on delete restrict',
];

export const down: readonly string[] = [
  'alter table "menus" drop constraint "menus_parent_id_foreign"',
  'alter table "user_positions" drop constraint "user_positions_position_id_foreign"',
  'drop table if exists "menus" cascade',
  'drop table if exists "positions" cascade',
  'drop table if exists "user_positions" cascade',
  'alter table "roles" drop column "includes_below"',
];
