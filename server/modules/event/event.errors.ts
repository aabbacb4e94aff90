import { defineErrors } from '#core/errors.ts';

export const eventErrors = defineErrors('event', {
  too_many_streams: [429, '已打开的事件流过多，请关闭其他页面', 'Too many event streams are open; close other pages'],
});
