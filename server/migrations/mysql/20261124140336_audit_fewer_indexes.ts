export const up: readonly string[] = ['alter table `audit_logs` drop index `audit_logs_entity_id_index`'];

export const down: readonly string[] = [
  'alter table `audit_logs` add index `audit_logs_entity_id_index` (`entity`, `id`)',
];
