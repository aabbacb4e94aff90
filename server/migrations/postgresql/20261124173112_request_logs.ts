export const up: readonly string[] = [
  'create table "request_logs" ("id" bigserial primary key, "created_at" timestamptz(3) not null, "request_id" varchar(64) not null, "trace_id" varchar(32) not null, "method" varchar(20) not null, "route" varchar(255) null, "path" varchar(500) not null, "status" int not null, "duration_ms" int not null, "bytes" int not null, "user_id" int null, "username" varchar(50) null, "session_id" varchar(36) null, "api_key_id" int null, "api_key_name" varchar(100) null, "viewer_id" int null, "viewer_name" varchar(50) null, "address" varchar(64) null, "user_agent" varchar(255) null)',
  'create index "request_logs_created_at_id_index" on "request_logs" ("created_at", "id")',
  'create index "request_logs_user_id_id_index" on "request_logs" ("user_id", "id")',
  'create index "request_logs_route_id_index" on "request_logs" ("route", "id")',
  'create index "request_logs_status_id_index" on "request_logs" ("status", "id")',
  'create index "request_logs_duration_ms_id_index" on "request_logs" ("duration_ms", "id")',
  'create index "request_logs_request_id_id_index" on "request_logs" ("request_id", "id")',
];

export const down: readonly string[] = ['drop table if exists "request_logs" cascade'];
