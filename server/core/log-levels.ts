import type { FastifyBaseLogger } from 'fastify';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A level for a while: of one module, or with null of all. Without a level the settings count again at once. */
export interface LevelChange {
  readonly module: string | null;
  readonly level: LogLevel | null;
  /** Milliseconds since 1970 at which the settings count again. */
  readonly until: number;
}

interface Settings {
  readonly level: LogLevel;
  readonly modules?: ReadonlyMap<string, LogLevel>;
}

/**
 * How much each part of the program logs: what the settings say, and for a while what was changed while it runs. What is said of a
 * module counts before what is said of all. Parts that log outside a request do it by `logger`, which follows every change.
 */
export class LogLevels {
  readonly #root: FastifyBaseLogger;
  readonly #settings: Settings;
  readonly #now: () => number;
  readonly #changes = new Map<string | null, { readonly level: LogLevel; readonly until: number }>();
  readonly #loggers = new Map<string | null, FastifyBaseLogger>();
  readonly #known = new Set<string>();
  #tellOthers: (change: LevelChange) => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(root: FastifyBaseLogger, settings: Settings, now: () => number = Date.now) {
    this.#root = root;
    this.#settings = settings;
    this.#now = now;
  }

  /** The level of a module now; with null that of what belongs to none. */
  levelOf(module: string | null): LogLevel {
    const { level, modules } = this.#settings;
    const own = module === null ? undefined : modules?.get(module);
    return this.#changes.get(module)?.level ?? this.#changes.get(null)?.level ?? own ?? level;
  }

  get settings(): Settings {
    return this.#settings;
  }

  /** What was changed and still counts. */
  get changes(): readonly LevelChange[] {
    return [...this.#changes].map(([module, change]) => ({ module, ...change }));
  }

  /** Names modules that may log, so that they can be chosen before they have. */
  know(modules: readonly string[]): void {
    for (const module of modules) this.#known.add(module);
  }

  /** Modules that may log, or that something was said of. */
  get modules(): readonly string[] {
    const said = this.#changes.keys();
    return [...new Set([...this.#known, ...this.#loggers.keys(), ...(this.#settings.modules?.keys() ?? []), ...said])]
      .filter((module) => module !== null)
      .sort();
  }

  /** The logger of a part of the program, or with null of what belongs to none; always the same one. */
  logger(module: string | null): FastifyBaseLogger {
    const known = this.#loggers.get(module);
    if (known) return known;
    const logger = this.#root.child(module === null ? {} : { module }, { level: this.levelOf(module) });
    this.#loggers.set(module, logger);
    return logger;
  }

  /** Changes a level here and on every other instance. */
  change(change: LevelChange): void {
    this.hear(change);
    this.#tellOthers(change);
  }

  /** A change that another instance was told of. */
  hear({ module, level, until }: LevelChange): void {
    if (level === null) this.#changes.delete(module);
    else if (until > this.#now()) this.#changes.set(module, { level, until });
    this.expire();
  }

  tellOthersBy(tell: (change: LevelChange) => void): void {
    this.#tellOthers = tell;
  }

  /** Takes back what has ended, and looks again when the next change ends. */
  expire(): void {
    const now = this.#now();
    for (const [module, { until }] of this.#changes) if (until <= now) this.#changes.delete(module);
    for (const [module, logger] of this.#loggers) logger.level = this.levelOf(module);
    clearTimeout(this.#timer);
    const ends = [...this.#changes.values()].map(({ until }) => until);
    if (ends.length > 0) this.#timer = setTimeout(() => this.expire(), Math.min(...ends) - now).unref();
  }
}
