import { defineErrors } from '#core/errors.ts';

export const dashboardErrors = defineErrors('dashboard', {
  time_zone_unknown: [
    400,
    '未知的时区，请使用 Asia/Shanghai 之类的名称或 +08:00 之类的偏移',
    'This time zone is unknown; use a name such as Asia/Shanghai or an offset such as +08:00',
  ],
});
