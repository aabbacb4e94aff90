import { route } from '#core/feature.ts';
import { Type } from '#core/schema.ts';
import { eventErrors } from './event.errors.ts';
import * as service from './event.service.ts';

const EventHeaders = Type.Object(
  {
    last_event_id: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 2_147_483_647,
        description: 'what the header Last-Event-ID says, for clients that cannot set it',
      }),
    ),
  },
  { additionalProperties: false },
);

export const eventRoutes = [
  route({
    method: 'GET',
    path: '/events',
    access: 'signed-in',
    summary: 'Listen to what happens',
    description:
      'Server-sent events (`text/event-stream`): `task.changed`, `job.run`, `queue.changed`, `rights.changed`, `session.ended`, `reset` (read everything anew). Those with an id are told again from `Last-Event-ID` on.',
    query: EventHeaders,
    file: 'text/event-stream',
    isStream: true,
    errors: [eventErrors.too_many_streams],
    handle: (ctx, { query, request, reply }) => {
      const header = request.headers['last-event-id'];
      const fromHeader = typeof header === 'string' && /^\d{1,10}$/.test(header) ? Number(header) : undefined;
      reply.header('cache-control', 'no-store').header('x-accel-buffering', 'no');
      const { text, stop } = service.streamEvents(ctx, fromHeader ?? query.last_event_id, () => {
        reply.raw.destroy();
      });
      reply.raw.once('close', stop);
      return text;
    },
  }),
];
