import { RETRY_WHILE_ARCHIVE_IS_AWAY } from '#core/archive.ts';
import { text } from '#core/i18n.ts';
import { Type } from '#core/schema.ts';
import { defineTask } from '#core/task.ts';
import { cutChain, sealChain } from './chain.service.ts';

const nothing = Type.Object({}, { additionalProperties: false });

export const sealAuditHandler = defineTask({
  name: 'audit.seal',
  title: text('封存审计链', 'Seal the audit chain'),
  description: text(
    '为新的审计记录编号、计算链式哈希并签名',
    'Gives new audit records their place and hash, and signs how far the chain reaches',
  ),
  args: nothing,
  concurrency: 1,
  mayOverlap: false,
  async run(ctx) {
    return { sealed: await sealChain(ctx) };
  },
});

export const cutAuditHandler = defineTask({
  ...RETRY_WHILE_ARCHIVE_IS_AWAY,
  name: 'audit.prune',
  title: text('清理审计日志', 'Prune the audit'),
  description: text(
    '删除早于 AUDIT_RETENTION_DAYS 天的审计记录，并对截断处签名',
    'Deletes audit records that are older than AUDIT_RETENTION_DAYS days, and signs up to where',
  ),
  args: nothing,
  concurrency: 1,
  mayOverlap: false,
  async run(ctx) {
    const sealed = await sealChain(ctx);
    return { sealed, deleted: await cutChain(ctx) };
  },
});
