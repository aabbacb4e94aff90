import { route } from '#core/feature.ts';
import { ServerState } from './server.schema.ts';
import { getServerState } from './server.service.ts';

export const serverRoutes = [
  route({
    method: 'GET',
    path: '/monitor/server',
    access: 'monitor:server:query',
    summary: 'Read how the service is',
    description: 'The process that answers, its machine, the database and Redis; with the last hour of the process.',
    response: ServerState,
    handle: (ctx) => getServerState(ctx),
  }),
];
