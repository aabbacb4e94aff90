import { randomBytes } from 'node:crypto';

/** What ties together everything that one request led to, here and elsewhere (W3C Trace Context). */
export interface Trace {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** The span of the caller, where a trusted proxy named one. */
  readonly parentId: string | null;
  /** Whether the caller records it; null when nobody said. */
  readonly isSampled: boolean | null;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Reads a `traceparent` header by its rules: a later version may bring more parts, version ff and ids of zeros are none. */
export function readTraceparent(header: unknown): Trace | null {
  const [, version = '', traceId = '', parentId = '', flags = '', more] = TRACEPARENT.exec(String(header)) ?? [];
  if (!version || version === 'ff' || (version === '00' && more !== undefined)) return null;
  if (/^0+$/.test(traceId) || /^0+$/.test(parentId)) return null;
  return { traceId, parentId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** A trace as a `traceparent` for what it leads to, where no span is recorded; without an id a trace of its own begins. */
export function writeTraceparent(traceId: string | null): string {
  return `00-${traceId ?? randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-00`;
}

/** The trace of a request that nobody else traces. Its id is the request's where that is a UUID, so that one leads to the other. */
export function ownTrace(requestId: string): Trace {
  const traceId = UUID.test(requestId) ? requestId.replaceAll('-', '') : randomBytes(16).toString('hex');
  return { traceId, parentId: null, isSampled: null };
}
