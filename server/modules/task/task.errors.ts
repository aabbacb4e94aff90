import { defineErrors } from '#core/errors.ts';

export const taskErrors = defineErrors('task', {
  not_found: [404, '任务不存在', 'Task not found'],
  handler_unknown: [422, '没有名为 {handler} 的处理器', 'There is no handler named {handler}'],
  arguments_invalid: [422, '处理器的参数有误，请检查标出的字段', 'The arguments do not fit the handler; see details'],
  timezone_unknown: [422, '未知的时区：{timezone}', 'There is no time zone {timezone}'],
  file_not_found: [404, '该任务没有可下载的文件', 'The task has left no file that you may fetch'],
  not_cancellable: [409, '任务已结束，无法取消', 'The task has ended already and cannot be cancelled'],
  not_retryable: [409, '只有失败或已取消的任务可以重试', 'Only a task that failed or was cancelled can be tried again'],
});
