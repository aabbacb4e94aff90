import { onScopeDispose } from 'vue';
import { authorizedFetch } from './api.ts';
import { queryClient } from './query.ts';
import { rightsMayHaveChanged, sessionHasEnded } from './session.ts';

/** Something that happened, as the service tells it while it happens. */
export interface LiveEvent {
  readonly id: number | null;
  readonly topic: string;
  readonly data: Record<string, unknown>;
}

type Listener = (data: Record<string, unknown>) => void;
const listeners = new Map<string, Set<Listener>>();

/** Calls `listener` for each event of a topic while the component that asked lives. */
export function onEvent(topic: string, listener: Listener): void {
  const others = listeners.get(topic) ?? new Set();
  listeners.set(topic, others.add(listener));
  onScopeDispose(() => others.delete(listener));
}

const SHORTEST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;
/** The service says something at least every fifteen seconds. */
const SILENCE_MS = 40_000;

/**
 * Listens for as long as somebody is signed in: one connection for the whole browser. The tab that holds the lock has it and passes on
 * what it hears; when it is closed another one takes over, from the last event that it has heard of.
 */
export function listenToEvents(userId: number): () => void {
  const stop = new AbortController();
  const channel = new BroadcastChannel(`events-${userId}`);
  let last: number | null = null;
  const hear = (event: LiveEvent) => {
    last = event.id ?? last;
    for (const listener of listeners.get(event.topic) ?? []) listener(event.data);
    react(event);
  };
  channel.onmessage = ({ data }: MessageEvent<LiveEvent>) => hear(data);
  const pass = (event: LiveEvent) => {
    hear(event);
    channel.postMessage(event);
  };
  navigator.locks
    .request(`events-${userId}`, { signal: stop.signal }, () => keepListening(stop.signal, () => last, pass))
    .catch(() => undefined);
  return () => {
    stop.abort();
    channel.close();
  };
}

async function keepListening(
  signal: AbortSignal,
  lastId: () => number | null,
  pass: (event: LiveEvent) => void,
): Promise<void> {
  for (let waitMs = SHORTEST_WAIT_MS; !signal.aborted; ) {
    const started = Date.now();
    try {
      await listenOnce(signal, lastId(), pass);
    } catch {
      // The network, the service, or the session: it is tried again until somebody stops it.
    }
    waitMs = Date.now() - started > LONGEST_WAIT_MS ? SHORTEST_WAIT_MS : Math.min(LONGEST_WAIT_MS, waitMs * 2);
    // Not all browsers at once, when the service is back.
    await pause(waitMs * (0.5 + Math.random() / 2), signal);
  }
}

async function listenOnce(signal: AbortSignal, lastId: number | null, pass: (event: LiveEvent) => void) {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    const response = await authorizedFetch(
      new Request('/api/v1/events', {
        headers: lastId === null ? {} : { 'last-event-id': String(lastId) },
        signal: AbortSignal.any([signal, silence.signal]),
      }),
    );
    if (!response.ok || !response.body) return;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
      const blocks = (text + value).split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const event = readEvent(block);
        if (event) pass(event);
      }
    }
  } finally {
    clearTimeout(timer);
  }
}

/** One block of an event stream; null for a comment. */
export function readEvent(block: string): LiveEvent | null {
  const fields = new Map<string, string>();
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).trimStart());
  }
  const topic = fields.get('event');
  if (!topic) return null;
  const id = fields.get('id');
  return { id: id ? Number(id) : null, topic, data: JSON.parse(fields.get('data') ?? '{}') };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}

/** What is shown of what changed is read anew; the events themselves hold no rows. */
const SHOWN: Readonly<Record<string, readonly string[]>> = {
  'task.changed': ['own-tasks'],
  'job.run': ['job-runs', 'jobs', 'task'],
  'queue.changed': ['tasks', 'task', 'queue-state'],
};

function react({ topic }: LiveEvent): void {
  if (topic === 'rights.changed') void rightsMayHaveChanged();
  else if (topic === 'session.ended') sessionHasEnded();
  else if (topic === 'reset') void queryClient.invalidateQueries();
  else for (const key of SHOWN[topic] ?? []) readSoon(key);
}

const due = new Map<string, ReturnType<typeof setTimeout>>();
/** A busy queue changes many times a second; once is enough to look. */
function readSoon(key: string): void {
  if (due.has(key)) return;
  const timer = setTimeout(() => {
    due.delete(key);
    void queryClient.invalidateQueries({ queryKey: [key] });
  }, 500);
  due.set(key, timer);
}
