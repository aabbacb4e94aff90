import type { FastifyBaseLogger } from 'fastify';
import type { StatementListener } from './index.ts';

const MOST_CHARACTERS = 2000;

/** A warning for each statement that takes longer; 0 for none. What it was sent with stays out: only its text is told. */
export function logSlowStatements(log: FastifyBaseLogger, slowMs: number): StatementListener {
  return ({ sql, durationMs }) => {
    if (slowMs === 0 || durationMs < slowMs) return;
    log.warn({ duration_ms: Math.round(durationMs * 100) / 100, sql: sql.slice(0, MOST_CHARACTERS) }, 'slow statement');
  };
}
