import { headOf } from './text.ts';

const MOST_LINES = 2000;
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

/** The last lines that this process has logged, secrets already taken out: kept as they were written, read only when somebody asks. */
export class LogTail {
  readonly #lines: string[] = [];
  #written = 0;

  add(line: string): void {
    this.#lines[this.#written % MOST_LINES] = headOf(line, LONGEST_LINE);
    this.#written += 1;
  }

  /** The newest lines that match, newest first. */
  find({ levels, module, keyword, after = 0, limit }: TailQuery): TailLine[] {
    const found: TailLine[] = [];
    const wanted = keyword?.toLowerCase();
    const oldest = Math.max(after, this.#written - this.#lines.length);
    for (let number = this.#written; number > oldest && found.length < limit; number--) {
      const text = this.#lines[(number - 1) % MOST_LINES] as string;
      if (wanted && !text.toLowerCase().includes(wanted)) continue;
      const line = read(text, number);
      if (levels && !levels.includes(line.level)) continue;
      if (module && line.module !== module) continue;
      found.push(line);
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
