import { monitorEventLoopDelay, performance } from 'node:perf_hooks';

/** One look at the process. */
export interface ProcessSample {
  readonly at: Date;
  /** Processors that this process kept busy since the sample before. */
  readonly cpu: number;
  /** Resident memory in bytes. */
  readonly rss: number;
  readonly heapUsed: number;
  /** The longest wait of 99 % of the event loop's turns since the sample before, in milliseconds. */
  readonly loopDelayMs: number;
  /** How much of the time since the sample before the event loop was busy, 0 to 1. */
  readonly utilization: number;
}

const SAMPLE_EVERY_MS = 15_000;
const MOST_SAMPLES = 240;
/** How often the delay of the event loop is measured; a delay is only what goes beyond it. */
const RESOLUTION_MS = 20;

/** Looks at the process four times a minute while it is started, and remembers an hour. */
export class ProcessStats {
  readonly #now: () => Date;
  readonly #samples: ProcessSample[] = [];
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #cpu = { used: process.cpuUsage(), at: performance.now() };
  #busy = performance.eventLoopUtilization();
  #timer: NodeJS.Timeout | undefined;

  constructor(now: () => Date) {
    this.#now = now;
  }

  start(): void {
    this.#delay.enable();
    this.#timer = setInterval(() => this.sample(), SAMPLE_EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#delay.disable();
  }

  sample(): void {
    const { rss, heapUsed } = process.memoryUsage();
    const busy = performance.eventLoopUtilization();
    const cpu = { used: process.cpuUsage(), at: performance.now() };
    const used = cpu.used.user + cpu.used.system - this.#cpu.used.user - this.#cpu.used.system;
    this.#samples.push({
      at: this.#now(),
      cpu: cpu.at > this.#cpu.at ? used / 1000 / (cpu.at - this.#cpu.at) : 0,
      rss,
      heapUsed,
      loopDelayMs: Math.max(0, this.#delay.percentile(99) / 1e6 - RESOLUTION_MS),
      utilization: performance.eventLoopUtilization(busy, this.#busy).utilization,
    });
    if (this.#samples.length > MOST_SAMPLES) this.#samples.shift();
    this.#busy = busy;
    this.#cpu = cpu;
    this.#delay.reset();
  }

  /** The samples of the last hour, oldest first; at least one. */
  samples(): readonly ProcessSample[] {
    if (this.#samples.length === 0) this.sample();
    return this.#samples;
  }
}
