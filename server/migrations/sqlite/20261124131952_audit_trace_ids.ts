export const up: readonly string[] = ['alter table `audit_logs` add column `trace_id` text null'];

export const down: readonly string[] = ['alter table `audit_logs` drop column `trace_id`'];
