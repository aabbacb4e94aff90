import type { FastifyBaseLogger } from 'fastify';
import type { Metrics } from '#core/metrics.ts';
import { headOf } from '#core/text.ts';
import type { Tracing } from '#core/tracing.ts';
import type { StatementListener } from './index.ts';
import { logSlowStatements } from './slow.ts';

export interface Observers {
  readonly log: FastifyBaseLogger;
  /** Statements that take longer are logged; 0 for none. */
  readonly slowMs: number;
  readonly metrics: Metrics;
  readonly tracing: Tracing;
}

/** Tells of every statement: to the log if it was slow, to the metrics, and as a span of the trace that it belongs to. */
export function observeStatements({ log, slowMs, metrics, tracing }: Observers): StatementListener {
  const warn = logSlowStatements(log, slowMs);
  return (statement) => {
    const { sql, durationMs, error } = statement;
    warn(statement);
    metrics.statements.add(durationMs);
    if (error !== undefined) metrics.failedStatements.add();
    if (!tracing.isRecording) return;
    tracing.ended(nameOf(sql), 'client', durationMs, { 'db.query.text': headOf(sql, 2000) }, error);
  };
}

/** `select users`: the verb and the first table. */
function nameOf(sql: string): string {
  const [, update, verb = update ?? 'sql', table = ''] =
    /^\s*(?:(update)|(\w+)[\s\S]*?\b(?:from|into))\s+["`]?(\w+)/i.exec(sql) ?? [];
  return `${verb.toLowerCase()} ${table}`.trim();
}
