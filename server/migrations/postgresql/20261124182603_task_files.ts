export const up: readonly string[] = [
  'create table "task_file_parts" ("task_id" bigint not null, "token" varchar(36) not null, "part" int not null, "content" bytea not null, primary key ("task_id", "token", "part"))',
  'alter table "tasks" add "file_name" varchar(255) null, add "file_type" varchar(100) null, add "file_bytes" int null, add "file_token" varchar(36) null',
  'alter table "task_file_parts" add constraint "task_file_parts_task_id_foreign" foreign key ("task_id") references "tasks" ("id") on update no action on delete cascade',
];

export const down: readonly string[] = [
  'drop table if exists "task_file_parts" cascade',
  'alter table "tasks" drop column "file_name", drop column "file_type", drop column "file_bytes", drop column "file_token"',
];
