import { noTracing, type Tracing } from '#core/tracing.ts';

export interface TracingOptions {
  /** Of an OTLP/HTTP collector, without the path of traces; empty for none. */
  readonly endpoint: string;
  /** Sent with every batch, as `name=value,name=value`. */
  readonly headers: string;
  readonly serviceName: string;
  readonly serviceVersion: string;
  /** How many percent of the traces that begin here are recorded. */
  readonly percent: number;
}

/** Opens tracing. OpenTelemetry is loaded only where there is a collector. */
export async function openTracing(options: TracingOptions): Promise<Tracing> {
  if (!options.endpoint) return noTracing;
  const { startTracing } = await import('./tracing-otlp.ts');
  return startTracing(options);
}
