import type { Trace } from './trace.ts';

export type SpanKind = 'server' | 'internal' | 'client' | 'producer' | 'consumer';
export type SpanValues = Readonly<Record<string, string | number | boolean>>;

/** A request that is being traced. */
export interface RequestSpan {
  /** Goes on inside it. */
  run(next: () => void): void;
  end(route: string | null, status: number): void;
}

/**
 * Says to a collector what was done, inside what, and how long it took. Where there is no collector nothing of it is loaded, and every
 * call of it does its work and no more.
 */
export interface Tracing {
  readonly isOn: boolean;
  /** Whether what happens now is part of a trace that is recorded: what is dropped needs no name and no values. */
  readonly isRecording: boolean;
  /** Begins the span of a request of that trace. */
  request(method: string, trace: Trace): RequestSpan | null;
  /** Does `work` inside a span; of another trace, if one is given. */
  span<T>(name: string, kind: SpanKind, values: SpanValues, work: () => Promise<T>, trace?: Trace): Promise<T>;
  /** Notes what has just ended, where a trace is recorded. */
  ended(name: string, kind: SpanKind, durationMs: number, values: SpanValues, error?: unknown): void;
  /** Where we are, as a `traceparent`; null outside any span. */
  current(): string | null;
  /** Sends what is still kept. */
  close(): Promise<void>;
}

export const noTracing: Tracing = {
  isOn: false,
  isRecording: false,
  request: () => null,
  span: (_name, _kind, _values, work) => work(),
  ended: () => undefined,
  current: () => null,
  close: async () => undefined,
};
