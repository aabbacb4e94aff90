import { defineErrors } from '#core/errors.ts';

export const auditErrors = defineErrors('audit', {
  not_found: [404, '审计记录不存在', 'There is no such record'],
  not_restorable: [
    409,
    '此记录没有可以恢复的值',
    'Nothing of this record can be put back: only changes of rows that are still there can, and nothing that is masked',
  ],
  field_not_restorable: [409, '该字段不能恢复', 'This field cannot be put back'],
});
