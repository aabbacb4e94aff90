import { defineErrors } from '#core/errors.ts';

export const monitorErrors = defineErrors('monitor', {
  cache_unknown: [404, '没有这个缓存', 'There is no cache of this name'],
  module_unknown: [400, '没有这个日志模块', 'No part of the program logs under this name'],
});
