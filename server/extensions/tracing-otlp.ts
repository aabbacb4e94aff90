import { type Context, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  RandomIdGenerator,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Trace } from '#core/trace.ts';
import type { SpanKind as Kind, Tracing } from '#core/tracing.ts';
import type { TracingOptions } from './tracing.ts';

const KINDS: Readonly<Record<Kind, SpanKind>> = {
  server: SpanKind.SERVER,
  internal: SpanKind.INTERNAL,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
};

/** Traces that begin here keep the id that the request already has, so that log lines and answers name the same one. */
class GivenTraceIds extends RandomIdGenerator {
  given: string | null = null;
  override generateTraceId = () => this.given ?? this.#random();
  readonly #random = new RandomIdGenerator().generateTraceId;
}

/** Traces sent in batches to an OTLP/HTTP collector. Nothing is registered globally: two programs in one process do not mix. */
export function startTracing(options: TracingOptions): Tracing {
  const ids = new GivenTraceIds();
  const headers = Object.fromEntries(
    options.headers
      .split(',')
      .filter(Boolean)
      .map((pair) => [
        pair.slice(0, pair.indexOf('=')).trim(),
        decodeURIComponent(pair.slice(pair.indexOf('=') + 1).trim()),
      ]),
  );
  const exporter = new OTLPTraceExporter({ url: `${options.endpoint.replace(/\/$/, '')}/v1/traces`, headers });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': options.serviceName,
      'service.version': options.serviceVersion,
      'service.instance.id': `${process.pid}`,
    }),
    idGenerator: ids,
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(options.percent / 100) }),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  });
  const tracer = provider.getTracer(options.serviceName);
  const active = new AsyncLocalStorageContextManager().enable();

  /** Begins a span below the current one, or as part of a trace that began elsewhere. */
  const begin = (
    name: string,
    kind: Kind,
    from: Trace | undefined,
    startTime?: number,
  ): { span: Span; context: Context } => {
    const context = from ? contextOf(from) : active.active();
    ids.given = from?.traceId ?? null;
    const span = tracer.startSpan(name, { kind: KINDS[kind], ...(startTime && { startTime }) }, context);
    ids.given = null;
    return { span, context: trace.setSpan(context, span) };
  };

  /** What belongs to no request, such as looking for work once a second, would drown everything else. */
  const isRecording = () => trace.getSpan(active.active())?.isRecording() === true;

  return {
    isOn: true,
    get isRecording() {
      return isRecording();
    },
    request(method, from) {
      const { span, context } = begin(method, 'server', from);
      return {
        run: (next) => active.with(context, next),
        end(route, status) {
          span.updateName(`${method} ${route ?? 'unknown'}`);
          span.setAttributes({ 'http.request.method': method, 'http.response.status_code': status });
          if (route) span.setAttribute('http.route', route);
          if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
          span.end();
        },
      };
    },
    async span(name, kind, values, work, from) {
      const { span, context } = begin(name, kind, from);
      span.setAttributes(values);
      try {
        return await active.with(context, work);
      } catch (error) {
        fail(span, error);
        throw error;
      } finally {
        span.end();
      }
    },
    ended(name, kind, durationMs, values, error) {
      if (!isRecording()) return;
      const { span } = begin(name, kind, undefined, Date.now() - durationMs);
      span.setAttributes(values);
      if (error !== undefined) fail(span, error);
      span.end();
    },
    current() {
      const context = trace.getSpanContext(active.active());
      return context ? `00-${context.traceId}-${context.spanId}-0${context.traceFlags & TraceFlags.SAMPLED}` : null;
    },
    async close() {
      // A collector that is away must not hold up the end.
      await provider.shutdown().catch(() => undefined);
      active.disable();
    },
  };
}

function contextOf({ traceId, parentId, isSampled }: Trace): Context {
  if (!parentId) return ROOT_CONTEXT;
  const traceFlags = isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: parentId, traceFlags, isRemote: true });
}

/** Only the kind of the error: its message can hold what somebody typed. */
function fail(span: Span, error: unknown): void {
  const type = error instanceof Error ? ((error as { code?: unknown }).code ?? error.name) : 'unknown';
  span.setAttribute('error.type', String(type));
  span.setStatus({ code: SpanStatusCode.ERROR });
}
