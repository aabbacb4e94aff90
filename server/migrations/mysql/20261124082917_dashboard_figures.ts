export const up: readonly string[] = ['alter table `sessions` add index `sessions_created_at_index` (`created_at`)'];

export const down: readonly string[] = ['alter table `sessions` drop index `sessions_created_at_index`'];
