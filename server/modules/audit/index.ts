import type { Feature } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { auditRoutes } from './audit.controller.ts';
import { auditCheckpointEntity, auditHeadEntity, auditLogEntity } from './audit.entity.ts';
import { cutAuditHandler, sealAuditHandler } from './audit.handlers.ts';

export const audit: Feature = {
  name: 'audit',
  title: text('审计日志', 'Audit'),
  description: 'Who changed what: every write of every audited table, and what was called, exported or refused.',
  entities: [auditLogEntity, auditCheckpointEntity, auditHeadEntity],
  routes: auditRoutes,
  tasks: [sealAuditHandler, cutAuditHandler],
  jobs: [
    {
      code: 'seal-audit',
      name: text('封存审计链', 'Seal the audit chain'),
      handler: 'audit.seal',
      cron: '*/5 * * * *',
    },
    { code: 'prune-audit', name: text('清理审计日志', 'Prune the audit'), handler: 'audit.prune', cron: '35 3 * * *' },
  ],
};
