import { route } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { CacheKeys, CacheList, CacheParams } from './cache.schema.ts';
import { clearCache, listCacheKeys, listCaches } from './cache.service.ts';
import { monitorErrors } from './monitor.errors.ts';

export const cacheRoutes = [
  route({
    method: 'GET',
    path: '/monitor/cache',
    access: 'monitor:cache:query',
    summary: 'List the caches',
    description: 'With the figures of the process that answers.',
    response: CacheList,
    handle: (ctx) => listCaches(ctx),
  }),
  route({
    method: 'GET',
    path: '/monitor/cache/:name/keys',
    access: 'monitor:cache:query',
    summary: 'List the entries of a cache',
    description: 'Of the process that answers. Values are shown only where they say nothing of people.',
    params: CacheParams,
    response: CacheKeys,
    errors: [monitorErrors.cache_unknown],
    handle: (ctx, { params }) => listCacheKeys(ctx, params.name),
  }),
  route({
    method: 'DELETE',
    path: '/monitor/cache/:name',
    access: 'monitor:cache:delete',
    summary: 'Empty a cache, on every instance',
    description: 'Touches neither sessions nor jobs.',
    params: CacheParams,
    message: text('缓存已清空', 'Cache emptied'),
    errors: [monitorErrors.cache_unknown],
    handle: (ctx, { params }) => clearCache(ctx, params.name),
  }),
];
