const MOST_LINES = 2000;
const MOST_CHARACTERS = 2 ** 22;
const LONGEST_LINE = 8192;

/** A line of the log as it is shown. */
export interface TailLine {
  /** Grows with every line of this process. */
  readonly number: number;
  readonly at: string;
  readonly level: string;
  readonly module: string | null;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface TailQuery {
  /** Lines of these levels only. */
  readonly levels?: readonly string[];
  readonly module?: string;
  /** Text that stands anywhere in the line. */
  readonly keyword?: string;
  /** Lines after this one only. */
  readonly after?: number;
  readonly limit: number;
}

/** Lines that came together. */
interface Lines {
  readonly text: string;
  readonly count: number;
}

/** The last lines that this process has logged, secrets already taken out: kept as they were written, read only when somebody asks. */
export class LogTail {
  /** Oldest first. */
  readonly #kept: Lines[] = [];
  #count = 0;
  #characters = 0;
  #written = 0;

  /** Adds lines, each with its end. */
  add(text: string, count: number): void {
    this.#kept.push({ text, count });
    this.#count += count;
    this.#characters += text.length;
    this.#written += count;
    while (this.#kept.length > 1 && (this.#count > MOST_LINES || this.#characters > MOST_CHARACTERS)) {
      const oldest = this.#kept.shift() as Lines;
      this.#count -= oldest.count;
      this.#characters -= oldest.text.length;
    }
  }

  /** The newest lines that match, newest first. */
  find({ levels, module, keyword, after = 0, limit }: TailQuery): TailLine[] {
    const found: TailLine[] = [];
    const wanted = keyword?.toLowerCase();
    let number = this.#written + 1;
    for (const { text } of this.#kept.toReversed()) {
      for (const whole of text.split('\n').slice(0, -1).reverse()) {
        number -= 1;
        if (number <= after || found.length >= limit) return found;
        if (wanted && !whole.toLowerCase().includes(wanted)) continue;
        const line = read(whole.slice(0, LONGEST_LINE), number);
        if (levels && !levels.includes(line.level)) continue;
        if (module && line.module !== module) continue;
        found.push(line);
      }
    }
    return found;
  }
}

function read(text: string, number: number): TailLine {
  try {
    const { time, level, module = null, msg, ...fields } = JSON.parse(text) as Record<string, unknown>;
    return {
      number,
      at: String(time),
      level: String(level),
      module: module === null ? null : String(module),
      message: String(msg ?? ''),
      fields,
    };
  } catch {
    // It was cut.
    const at = /"time":"([^"]+)"/.exec(text)?.[1] ?? new Date(0).toISOString();
    const level = /"level":"(\w+)"/.exec(text)?.[1] ?? 'info';
    return { number, at, level, module: /"module":"([\w-]+)"/.exec(text)?.[1] ?? null, message: text, fields: {} };
  }
}
