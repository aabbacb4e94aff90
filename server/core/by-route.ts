/** Names beyond this many are not counted by themselves, which a program with fixed routes never reaches. */
const MOST_ROUTES = 1000;

/** Something for each route: by method, then by path, since joining them for every request would cost more than counting it. */
export class ByRoute<T> {
  readonly #make: () => T;
  readonly #methods = new Map<string, Map<string, T>>();
  #size = 0;

  constructor(make: () => T) {
    this.#make = make;
  }

  /** What a route has, made at its first request; undefined beyond the bound. */
  of(method: string, path: string): T | undefined {
    let paths = this.#methods.get(method);
    if (!paths) {
      paths = new Map();
      this.#methods.set(method, paths);
    }
    let value = paths.get(path);
    if (value === undefined && this.#size < MOST_ROUTES) {
      value = this.#make();
      paths.set(path, value);
      this.#size += 1;
    }
    return value;
  }

  all(): { method: string; path: string; value: T }[] {
    return [...this.#methods].flatMap(([method, paths]) =>
      [...paths].map(([path, value]) => ({ method, path, value })),
    );
  }
}
