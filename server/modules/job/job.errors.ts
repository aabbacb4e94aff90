import { defineErrors } from '#core/errors.ts';

export const jobErrors = defineErrors('job', {
  not_found: [404, '定时任务不存在', 'Job not found'],
  name_taken: [409, '任务名称已存在', 'This job name is already taken'],
  cron_invalid: [422, 'Cron 表达式无效：{reason}', 'The cron expression cannot be read: {reason}'],
  timezone_unknown: [422, '未知的时区：{timezone}', 'There is no time zone {timezone}'],
  never_due: [422, '按此计划任务永远不会执行', 'By this schedule the job would never run'],
  ends_before_start: [422, '结束时间必须晚于开始时间', 'The end must be after the start'],
  may_not_overlap: [422, '该处理器不允许并行执行', 'Runs of this handler may not overlap'],
});
