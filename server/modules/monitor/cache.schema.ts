import { line, message, moment, nullable, oneOf, ref, type Static, Type } from '#core/schema.ts';

const count = () => Type.Integer({ minimum: 0 });

export const CacheState = message('CacheState', {
  name: Type.String(),
  title: Type.String({ description: 'in the language of the caller' }),
  tags: Type.Array(Type.String(), { description: 'what its entries are made of' }),
  holds_identities: Type.Boolean({
    description: 'whether its entries say something of people, so that no value is shown',
  }),
  ttl_seconds: count(),
  grace_seconds: count(),
  entries: count(),
  bytes: nullable(count()),
  hits: count(),
  misses: count(),
  hit_rate: nullable(Type.Number({ minimum: 0, maximum: 1, description: 'null while nothing was asked for' })),
  forgotten_at: nullable(moment({ description: 'when it was emptied last, since the process began' })),
});
export type CacheState = Static<typeof CacheState>;

export const CacheList = message('CacheList', {
  instance: Type.String(),
  store: oneOf(['memory', 'redis']),
  is_hearing: Type.Boolean({ description: 'whether the other instances are heard' }),
  items: Type.Array(ref(CacheState)),
});
export type CacheList = Static<typeof CacheList>;

export const CacheKey = message('CacheKey', {
  key: Type.String(),
  bytes: nullable(count()),
  expires_at: nullable(moment()),
  value: nullable(Type.String({ description: 'as JSON, cut where it is long; null where it is shown to nobody' })),
});

export const CacheKeys = message('CacheKeys', { items: Type.Array(ref(CacheKey)) });
export type CacheKeys = Static<typeof CacheKeys>;

export const CacheParams = message('CacheParams', { name: line(50, { pattern: '^[a-z][a-z0-9-]*$' }) });
