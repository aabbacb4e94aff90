export const up: readonly string[] = [
  'alter table `sessions` add column `opened_from_id` text null',
  'create index `sessions_opened_from_id_index` on `sessions` (`opened_from_id`)',
];

export const down: readonly string[] = [
  'drop index `sessions_opened_from_id_index`',
  'alter table `sessions` drop column `opened_from_id`',
];
