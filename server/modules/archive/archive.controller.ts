import { route } from '#core/feature.ts';
import { ArchiveState } from './archive.schema.ts';

export const archiveRoutes = [
  route({
    method: 'GET',
    path: '/archive',
    access: 'signed-in',
    summary: 'Read whether logs have an archive',
    description: 'The lists of the logs read it with `archived=true`.',
    response: ArchiveState,
    handle: (ctx) => ({ is_on: ctx.archive.isOn }),
  }),
];
