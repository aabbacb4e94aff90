import { headOf } from './text.ts';

const MOST_LINES = 2000;
const MOST_CHARACTERS = 2 ** 22;
/** Of the message, and of each field. */
const LONGEST_TEXT = 8192;

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
    for (let oldest = this.#kept[0]; oldest && this.#isTooMuch(oldest); oldest = this.#kept[0]) {
      this.#kept.shift();
      this.#count -= oldest.count;
      this.#characters -= oldest.text.length;
    }
  }

  /** Whether there are enough lines without the oldest, or too many characters with them. What came last always stays. */
  #isTooMuch(oldest: Lines): boolean {
    if (this.#kept.length === 1) return false;
    return this.#count - oldest.count >= MOST_LINES || this.#characters > MOST_CHARACTERS;
  }

  /** The newest lines that match, newest first. */
  find({ levels, module, keyword, after = 0, limit }: TailQuery): TailLine[] {
    const found: TailLine[] = [];
    const before = Math.max(after, this.#written - MOST_LINES);
    const wanted = keyword?.toLowerCase();
    let number = this.#written + 1;
    for (const { text } of this.#kept.toReversed()) {
      for (const whole of text.split('\n').slice(0, -1).reverse()) {
        number -= 1;
        if (number <= before || found.length >= limit) return found;
        if (wanted && !whole.toLowerCase().includes(wanted)) continue;
        const line = read(whole, number);
        if (levels && !levels.includes(line.level)) continue;
        if (module && line.module !== module) continue;
        found.push(line);
      }
    }
    return found;
  }
}

/** It is read whole and cut then, so that a long line still says which request it belongs to. */
function read(text: string, number: number): TailLine {
  try {
    const { time, level, module = null, msg, ...fields } = JSON.parse(text) as Record<string, unknown>;
    return {
      number,
      at: String(time),
      level: String(level),
      module: module === null ? null : String(module),
      message: headOf(String(msg ?? ''), LONGEST_TEXT),
      fields: Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, cut(value)])),
    };
  } catch {
    // It is none of ours.
    const at = /"time":"([^"]+)"/.exec(text)?.[1] ?? new Date(0).toISOString();
    const level = /"level":"(\w+)"/.exec(text)?.[1] ?? 'info';
    const module = /"module":"([\w-]+)"/.exec(text)?.[1] ?? null;
    return { number, at, level, module, message: headOf(text, LONGEST_TEXT), fields: {} };
  }
}

/** What is longer as text than is shown becomes the beginning of that text. */
function cut(value: unknown): unknown {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > LONGEST_TEXT ? headOf(text, LONGEST_TEXT) : value;
}
