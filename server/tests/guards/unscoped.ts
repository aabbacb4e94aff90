/** One look past the data scope: in which file, at which table, for which reason. */
export interface Unscoped {
  readonly file: string;
  readonly table: string;
  readonly reason: string;
}

/** Every `unscoped(…)` of the sources. A reason that is a constant is read in its file, or where it is exported. */
export function unscopedUses(sources: ReadonlyMap<string, string>): Unscoped[] {
  const uses: Unscoped[] = [];
  const exported = [...sources.values()]
    .flatMap((source) => source.match(/^export const \w+ =\s*(['"`]).*?\1;/gms) ?? [])
    .join('\n');
  for (const [file, source] of sources) {
    for (const [, argument = ''] of source.matchAll(/\.unscoped\s*\(([^)]*)\)/g)) {
      const [table = '', ...rest] = argument.split(',');
      uses.push({ file, table: literal(table, source), reason: literal(rest.join(','), `${source}\n${exported}`) });
    }
  }
  return uses;
}

/** The text that an expression stands for, or the expression itself where it is not known beforehand. */
function literal(expression: string, source: string): string {
  const trimmed = expression.trim().replace(/,$/, '').trim();
  const text = /^(['"`])(.*)\1$/s.exec(trimmed)?.[2];
  if (text !== undefined) return text;
  const constant = new RegExp(
    `\\bconst ${trimmed.replace(/\W/g, '\\$&')}(?::\\s*\\w+)? =\\s*(['"\`])(.*?)\\1;`,
    's',
  ).exec(source);
  return constant?.[2] ?? trimmed;
}

/** `file: table — reason`, each once, sorted. */
export function listOf(uses: readonly Unscoped[]): string[] {
  return [...new Set(uses.map(({ file, table, reason }) => `${file}: ${table} — ${reason}`))].sort();
}
