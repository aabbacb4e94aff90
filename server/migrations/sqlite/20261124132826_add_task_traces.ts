export const up: readonly string[] = ['alter table `tasks` add column `traceparent` text null'];

export const down: readonly string[] = ['alter table `tasks` drop column `traceparent`'];
