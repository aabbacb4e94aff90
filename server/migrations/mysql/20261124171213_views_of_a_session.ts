export const up: readonly string[] = [
  'alter table `sessions` add `opened_from_id` varchar(36) null',
  'alter table `sessions` add index `sessions_opened_from_id_index` (`opened_from_id`)',
];

export const down: readonly string[] = [
  'alter table `sessions` drop index `sessions_opened_from_id_index`',
  'alter table `sessions` drop column `opened_from_id`',
];
