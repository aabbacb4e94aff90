import { ByRoute } from './by-route.ts';

/** Seconds; the bounds that dashboards of the field expect. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

/** How often something took how long. */
export class Durations {
  readonly #counts = new Uint32Array(BOUNDS.length + 1);
  #sum = 0;

  add(ms: number): void {
    const seconds = ms / 1000;
    let index = 0;
    while (index < BOUNDS.length && seconds > (BOUNDS[index] as number)) index += 1;
    (this.#counts[index] as number) += 1;
    this.#sum += seconds;
  }

  lines(name: string, labels: string): string[] {
    const separator = labels && ',';
    let total = 0;
    const buckets = [...BOUNDS, '+Inf'].map((bound, index) => {
      total += this.#counts[index] as number;
      return `${name}_bucket{${labels}${separator}le="${bound}"} ${total}`;
    });
    const braces = labels && `{${labels}}`;
    return [...buckets, `${name}_sum${braces} ${this.#sum}`, `${name}_count${braces} ${total}`];
  }
}

/**
 * What is counted by labels: each set of their values has a number of its own. One that begins with its first event hides that event
 * from `rate()`, so what is known in advance begins at 0.
 */
export class Counter {
  readonly #labels: readonly string[];
  readonly #counts = new Map<string, number>();

  constructor(labels: readonly string[]) {
    this.#labels = labels;
    if (labels.length === 0) this.begin();
  }

  /** Says that these values will be counted. */
  begin(...values: readonly string[]): void {
    const key = values.join('\0');
    if (!this.#counts.has(key)) this.#counts.set(key, 0);
  }

  add(...values: readonly string[]): void {
    const key = values.length === 1 ? (values[0] as string) : values.join('\0');
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  lines(name: string): string[] {
    return [...this.#counts].map(([key, count]) => `${name}${bracesOf(this.#labels, key.split('\0'))} ${count}`);
  }
}

/** A number that is looked up when somebody asks; several by the value of one label. */
type Reading = number | Readonly<Record<string, number>>;
export interface Gauge {
  readonly name: string;
  readonly help: string;
  readonly type?: 'gauge' | 'counter';
  readonly label?: string;
  read(): Reading | Promise<Reading>;
}

class RouteMetric {
  readonly durations = new Durations();
  readonly byStatus = new Map<number, number>();
}

/**
 * What Prometheus reads: counted while the program works, written as its text format (0.0.4) when it is asked for. Names of routes,
 * statuses and codes are the only labels, so that their number is bounded and nothing that a client sends becomes one.
 */
export class Metrics {
  readonly statements = new Durations();
  readonly failedStatements = new Counter([]);
  /** By outcome and way. */
  readonly signIns = new Counter(['outcome', 'method']);
  /** By the code of the error that a request was refused with. */
  readonly refusals = new Counter(['error']);
  /** Runs, by handler and how they ended. */
  readonly tasks = new Counter(['handler', 'state']);
  readonly #routes = new ByRoute(() => new RouteMetric());
  readonly #gauges: Gauge[] = [];

  request(method: string, route: string, status: number, durationMs: number): void {
    const metric = this.#routes.of(method, route);
    if (!metric) return;
    metric.durations.add(durationMs);
    metric.byStatus.set(status, (metric.byStatus.get(status) ?? 0) + 1);
  }

  /** Adds numbers that are looked up when somebody asks. */
  watch(...gauges: readonly Gauge[]): void {
    this.#gauges.push(...gauges);
  }

  async text(): Promise<string> {
    const lines: string[] = [];
    const add = (name: string, type: string, help: string, values: readonly string[]) => {
      if (values.length > 0) lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...values);
    };
    const routes = this.#routes.all().map(({ method, path, value }) => ({
      labels: `method="${method}",route="${escaped(path)}"`,
      metric: value,
    }));
    const requests = routes.flatMap(({ labels, metric }) =>
      [...metric.byStatus].map(([status, count]) => `http_requests_total{${labels},status="${status}"} ${count}`),
    );
    const durations = 'http_request_duration_seconds';
    add('http_requests_total', 'counter', 'Requests answered.', requests);
    add(
      durations,
      'histogram',
      'How long requests took.',
      routes.flatMap(({ labels, metric }) => metric.durations.lines(durations, labels)),
    );
    const statements = 'db_statement_duration_seconds';
    add(statements, 'histogram', 'How long statements took.', this.statements.lines(statements, ''));
    const counters = [
      ['db_statement_errors_total', 'Statements that failed.', this.failedStatements],
      ['sign_ins_total', 'Attempts to sign in.', this.signIns],
      ['refusals_total', 'Requests refused with 401, 403 or 429, by the code of the error.', this.refusals],
      ['task_runs_total', 'Runs of tasks that ended, each try, as this process recorded them.', this.tasks],
    ] as const;
    for (const [name, help, counter] of counters) add(name, 'counter', help, counter.lines(name));
    for (const { name, help, type = 'gauge', label = '', read } of this.#gauges)
      add(name, type, help, await readings(name, label, read));
    return `${lines.join('\n')}\n`;
  }
}

/** What cannot be looked up, because the database is away for one, is left out: the rest must still be told. */
async function readings(name: string, label: string, read: Gauge['read']): Promise<string[]> {
  try {
    const value = await read();
    if (typeof value === 'number') return [`${name} ${value}`];
    return Object.entries(value).map(([key, number]) => `${name}${bracesOf([label], [key])} ${number}`);
  } catch {
    return [];
  }
}

const escaped = (value: string) => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
const bracesOf = (labels: readonly string[], values: readonly string[]) =>
  labels.length === 0
    ? ''
    : `{${labels.map((label, index) => `${label}="${escaped(values[index] ?? '')}"`).join(',')}}`;
