/** Tells other instances; see extensions/bus.ts. */
type TellOthers = (topic: string, message: unknown) => void;
type Listener = (message: unknown) => void;

/**
 * What happened, told to whoever listens in this process and, through the bus, in every other one. A signal may be lost (Redis is away,
 * an instance is down), so it only says where to look sooner; what counts is what is stored.
 */
export class Signals {
  readonly #listeners = new Map<string, Set<Listener>>();
  #tellOthers: TellOthers = () => undefined;

  /** Calls `listener` for each signal of the topic; returns how to stop that. */
  on(topic: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  emit(topic: string, message: unknown = null): void {
    this.hear(topic, message);
    this.#tellOthers(topic, message);
  }

  /** A signal from another instance. */
  hear(topic: string, message: unknown): void {
    for (const listener of this.#listeners.get(topic) ?? []) listener(message);
  }

  tellOthersBy(tell: TellOthers): void {
    this.#tellOthers = tell;
  }
}
